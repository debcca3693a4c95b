/* SPDX-License-Identifier: Apache-2.0 */
/* ec2_groups.c - DescribeSecurityGroups. */
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

static bool group_fits(struct api_call *c, const void *item,
                       const struct filter *f)
{
    const struct world_group *g = item;
    const struct ec2_text values[] = {
        {"group-id", g->id},
        {"group-name", g->name},
        {"description", g->description},
        {"vpc-id", g->vpc->id},
        {"owner-id", g->vpc->account->id},
    };

    (void)c;
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

static const char *const group_filters[] = {
    "group-id", "group-name", "description", "vpc-id", "owner-id",
    "tag:",     "tag-key",    "tag-value",   NULL};

static const struct ec2_describe groups = {
    .permission = "ec2:DescribeSecurityGroups",
    .ids = "GroupId",
    .ids_name = "securityGroupSet",
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
    .vpc = group_vpc,
    .fits = group_fits,
    .write = group_write,
};

static void describe_groups(struct api_call *c)
{
    ec2_describe(c, &groups);
}

static const char *const group_params[] = {"GroupId.N",        "Filter.N.Name",
                                           "Filter.N.Value.N", "MaxResults",
                                           "NextToken",        NULL};

const struct ec2_action ec2_group_actions[] = {
    {"DescribeSecurityGroups", group_params, describe_groups},
    {NULL, NULL, NULL},
};
