/* SPDX-License-Identifier: Apache-2.0 */
/* ec2_groups.c - DescribeSecurityGroups.
 *
 * Groups are told by id anywhere, by name in the default VPC only. */
#include <stdio.h>
#include <string.h>

#include "ec2.h"

static const void *group_at(const struct world *w, size_t i)
{
    return world_group_at(w, i);
}

static const char *group_id(const void *item)
{
    return ((const struct world_group *)item)->id;
}

static const struct world_vpc *group_vpc(const void *item)
{
    return ((const struct world_group *)item)->vpc;
}

/* The caller's default VPC in the region, or NULL. */
static const struct world_vpc *default_vpc(const struct api_call *c)
{
    size_t i;

    for (i = 0; i < world_n_vpcs(c->w); i++) {
        const struct world_vpc *vpc = world_vpc_at(c->w, i);

        if (vpc->is_default && ec2_visible(c, vpc)) {
            return vpc;
        }
    }
    return NULL;
}

/* The id of the default VPC's group called @name, or refuse. */
static const char *group_named(struct api_call *c, const char *name)
{
    const struct world_vpc *vpc = default_vpc(c);
    size_t i;

    if (vpc == NULL) {
        call_fail(c, 400, "VPCIdNotSpecified", "No default VPC for this user");
        return NULL;
    }
    for (i = 0; i < world_n_groups(c->w); i++) {
        const struct world_group *g = world_group_at(c->w, i);

        if (g->vpc == vpc && strcmp(g->name, name) == 0) {
            return g->id;
        }
    }
    call_fail(c, 400, "InvalidGroup.NotFound",
              "The security group '%.255s' does not exist in default VPC '%s'",
              name, vpc->id);
    return NULL;
}

/* A port of a rule, as a filter's values write it. */
static bool port_fits(const struct filter *f, int64_t port)
{
    char text[24];

    snprintf(text, sizeof text, "%lld", (long long)port);
    return filter_has(f, text);
}

/* Whether a block of @rule fits. */
static bool block_fits(const struct filter *f, const struct world_rule *rule,
                       int version)
{
    char text[EC2_CIDR_SIZE];
    size_t i;

    for (i = 0; i < rule->n_cidrs; i++) {
        if (rule->cidrs[i].base.version == version &&
            filter_has(f, ec2_cidr_text(&rule->cidrs[i], text))) {
            return true;
        }
    }
    return false;
}

/* Whether a group that @rule refers to fits, by its id or its name. */
static bool peer_fits(struct api_call *c, const struct filter *f,
                      const struct world_rule *rule, bool by_name)
{
    const struct world_group *g;
    size_t i;

    for (i = 0; i < rule->n_groups; i++) {
        g = world_group(c->w, rule->group_ids[i]);
        if (filter_has(f, !by_name    ? rule->group_ids[i]
                          : g != NULL ? g->name
                                      : NULL)) {
            return true;
        }
    }
    return false;
}

/* Whether one rule fits what a filter says of rules: "cidr", "to-port". */
static bool rule_fits(struct api_call *c, const struct filter *f,
                      const char *what, const struct world_group *g,
                      const struct world_rule *rule)
{
    bool ports = strcmp(rule->protocol, "-1") != 0;

    if (strcmp(what, "protocol") == 0) {
        return filter_has(f, rule->protocol);
    }
    if (strcmp(what, "from-port") == 0) {
        return ports && port_fits(f, rule->from);
    }
    if (strcmp(what, "to-port") == 0) {
        return ports && port_fits(f, rule->to);
    }
    if (strcmp(what, "cidr") == 0) {
        return block_fits(f, rule, 4);
    }
    if (strcmp(what, "ipv6-cidr") == 0) {
        return block_fits(f, rule, 6);
    }
    if (strcmp(what, "user-id") == 0) {
        return rule->n_groups > 0 && filter_has(f, g->vpc->account->id);
    }
    /* "prefix-list-id" is the one left: rules here name none. */
    return strncmp(what, "group-", 6) == 0 &&
           peer_fits(c, f, rule, strcmp(what, "group-name") == 0);
}

/* Whether any of the rules fits; different filters may mean different ones. */
static bool rules_fit(struct api_call *c, const struct filter *f,
                      const char *what, const struct world_group *g,
                      const struct world_rule *rules, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (rule_fits(c, f, what, g, &rules[i])) {
            return true;
        }
    }
    return false;
}

static bool group_fits(struct api_call *c, const void *item,
                       const struct filter *f)
{
    static const char in[] = "ip-permission.", out[] = "egress.ip-permission.";
    const struct world_group *g = item;
    const struct ec2_text values[] = {
        {"group-id", g->id},
        {"group-name", g->name},
        {"description", g->description},
        {"vpc-id", g->vpc->id},
        {"owner-id", g->vpc->account->id},
    };

    if (strncmp(f->name, in, sizeof in - 1) == 0) {
        return rules_fit(c, f, f->name + sizeof in - 1, g, g->ingress,
                         g->n_ingress);
    }
    if (strncmp(f->name, out, sizeof out - 1) == 0) {
        return rules_fit(c, f, f->name + sizeof out - 1, g, g->egress,
                         g->n_egress);
    }
    return ec2_fits(f, values, sizeof values / sizeof values[0], g->tags,
                    g->n_tags);
}

/* The blocks of one family that a rule names. */
static void write_ranges(struct api_call *c, const struct world_rule *rule,
                         int version, const char *set, const char *name)
{
    char text[EC2_CIDR_SIZE];
    size_t i;

    call_xml_open(c, set);
    for (i = 0; i < rule->n_cidrs; i++) {
        if (rule->cidrs[i].base.version == version) {
            call_xml_open(c, "item");
            call_xml(c, name, ec2_cidr_text(&rule->cidrs[i], text));
            call_xml(c, "description", rule->description);
            call_xml_close(c, "item");
        }
    }
    call_xml_close(c, set);
}

static void write_rules(struct api_call *c, const char *set,
                        const struct world_group *g,
                        const struct world_rule *rules, size_t n)
{
    size_t i;
    size_t k;

    call_xml_open(c, set);
    for (i = 0; i < n; i++) {
        const struct world_rule *rule = &rules[i];

        call_xml_open(c, "item");
        call_xml(c, "ipProtocol", rule->protocol);
        if (strcmp(rule->protocol, "-1") != 0) {
            call_xml_int(c, "fromPort", rule->from);
            call_xml_int(c, "toPort", rule->to);
        }
        call_xml_open(c, "groups");
        for (k = 0; k < rule->n_groups; k++) {
            call_xml_open(c, "item");
            call_xml(c, "userId", g->vpc->account->id);
            call_xml(c, "groupId", rule->group_ids[k]);
            call_xml(c, "description", rule->description);
            call_xml_close(c, "item");
        }
        call_xml_close(c, "groups");
        write_ranges(c, rule, 4, "ipRanges", "cidrIp");
        write_ranges(c, rule, 6, "ipv6Ranges", "cidrIpv6");
        call_xml(c, "prefixListIds", "");
        call_xml_close(c, "item");
    }
    call_xml_close(c, set);
}

static void group_write(struct api_call *c, const void *item)
{
    const struct world_group *g = item;
    char arn[WORLD_ARN_SIZE];

    call_xml(c, "ownerId", g->vpc->account->id);
    call_xml(c, "groupId", g->id);
    call_xml(c, "groupName", g->name);
    call_xml(c, "groupDescription", g->description);
    call_xml(c, "vpcId", g->vpc->id);
    call_xml(c, "securityGroupArn",
             ec2_arn(c, g->vpc, "security-group", g->id, arn));
    write_rules(c, "ipPermissions", g, g->ingress, g->n_ingress);
    write_rules(c, "ipPermissionsEgress", g, g->egress, g->n_egress);
    call_xml_tags(c, g->tags, g->n_tags);
}

#define RULE_FILTERS(of)                                                       \
    of "ip-permission.cidr", of "ip-permission.from-port",                     \
        of "ip-permission.group-id", of "ip-permission.group-name",            \
        of "ip-permission.ipv6-cidr", of "ip-permission.prefix-list-id",       \
        of "ip-permission.protocol", of "ip-permission.to-port",               \
        of "ip-permission.user-id"

static const char *const group_filters[] = {"group-id",
                                            "group-name",
                                            "description",
                                            "vpc-id",
                                            "owner-id",
                                            "tag:",
                                            "tag-key",
                                            "tag-value",
                                            RULE_FILTERS(""),
                                            RULE_FILTERS("egress."),
                                            NULL};

static const struct ec2_describe groups = {
    .permission = "ec2:DescribeSecurityGroups",
    .ids = "GroupId",
    .ids_name = "securityGroupSet",
    .names = "GroupName",
    .prefix = "sg-",
    .malformed = "InvalidGroupId.Malformed",
    .not_found = "InvalidGroup.NotFound",
    .noun = "The security group",
    .set = "securityGroupInfo",
    .filters = group_filters,
    .least = 5,
    .most = 1000,
    .count = world_n_groups,
    .at = group_at,
    .id = group_id,
    .named = group_named,
    .vpc = group_vpc,
    .fits = group_fits,
    .write = group_write,
};

static void describe_groups(struct api_call *c)
{
    ec2_describe(c, &groups);
}

static const char *const group_params[] = {"GroupId.N",
                                           "GroupName.N",
                                           "Filter.N.Name",
                                           "Filter.N.Value.N",
                                           "MaxResults",
                                           "NextToken",
                                           NULL};

const struct ec2_action ec2_group_actions[] = {
    {"DescribeSecurityGroups", group_params, describe_groups},
    {NULL, NULL, NULL},
};
