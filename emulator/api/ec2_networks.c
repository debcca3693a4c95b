/* SPDX-License-Identifier: Apache-2.0 */
/* ec2_networks.c - DescribeVpcs, DescribeSubnets, DescribeSecurityGroups. */
#include <stdio.h>
#include <string.h>

#include "ec2.h"

/* "10.0.0.0/16" */
static const char *cidr_text(const struct cidr *cidr,
                             char out[static IP_TEXT_SIZE + 4])
{
    char ip[IP_TEXT_SIZE];

    ip_format(ip, &cidr->base);
    snprintf(out, IP_TEXT_SIZE + 4, "%s/%u", ip, cidr->prefix);
    return out;
}

/* The first block of a family, as text; NULL when there is none. */
static const char *first_block(const struct cidr *list, size_t n, int version,
                               char out[static IP_TEXT_SIZE + 4])
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (list[i].base.version == version) {
            return cidr_text(&list[i], out);
        }
    }
    return NULL;
}

/* A set of blocks of one family with their association state. */
static void write_blocks(struct api_call *c, const struct cidr *list, size_t n,
                         int version, const char *set, const char *name,
                         const char *state, const char *id)
{
    char text[IP_TEXT_SIZE + 4];
    size_t i;

    call_xml_open(c, set);
    for (i = 0; i < n; i++) {
        if (list[i].base.version != version) {
            continue;
        }
        call_xml_open(c, "item");
        call_xml(c, name, cidr_text(&list[i], text));
        snprintf(text, sizeof text, "%s-cidr-assoc-%zu", id, i);
        call_xml(c, "associationId", text);
        call_xml_open(c, state);
        call_xml(c, "state", "associated");
        call_xml_close(c, state);
        call_xml_close(c, "item");
    }
    call_xml_close(c, set);
}

/* --- VPCs --------------------------------------------------------------- */

static const void *vpc_at(const struct world *w, size_t i)
{
    return world_vpc_at(w, i);
}

static const char *vpc_id(const void *item)
{
    return ((const struct world_vpc *)item)->id;
}

static const struct world_vpc *vpc_self(const void *item)
{
    return item;
}

static bool vpc_fits(struct api_call *c, const void *item,
                     const struct filter *f)
{
    const struct world_vpc *v = item;
    char block[IP_TEXT_SIZE + 4];
    const struct ec2_text values[] = {
        {"vpc-id", v->id},
        {"owner-id", v->account->id},
        {"state", "available"},
        {"is-default", v->is_default ? "true" : "false"},
        {"cidr", first_block(v->cidrs, v->n_cidrs, 4, block)},
    };

    (void)c;
    return ec2_fits(f, values, sizeof values / sizeof values[0], v->tags,
                    v->n_tags);
}

static void vpc_write(struct api_call *c, const void *item)
{
    const struct world_vpc *v = item;
    char block[IP_TEXT_SIZE + 4];

    call_xml(c, "vpcId", v->id);
    call_xml(c, "ownerId", v->account->id);
    call_xml(c, "state", "available");
    call_xml(c, "cidrBlock", first_block(v->cidrs, v->n_cidrs, 4, block));
    write_blocks(c, v->cidrs, v->n_cidrs, 4, "cidrBlockAssociationSet",
                 "cidrBlock", "cidrBlockState", v->id);
    write_blocks(c, v->cidrs, v->n_cidrs, 6, "ipv6CidrBlockAssociationSet",
                 "ipv6CidrBlock", "ipv6CidrBlockState", v->id);
    call_xml(c, "dhcpOptionsId", "default");
    call_xml(c, "instanceTenancy", "default");
    call_xml_bool(c, "isDefault", v->is_default);
    call_xml_tags(c, v->tags, v->n_tags);
}

static const char *const vpc_filters[] = {
    "vpc-id", "owner-id", "state",     "is-default", "cidr",
    "tag:",   "tag-key",  "tag-value", NULL};

static const struct ec2_describe vpcs = {
    .permission = "ec2:DescribeVpcs",
    .ids = "VpcId",
    .ids_name = "vpcSet",
    .prefix = "vpc-",
    .malformed = "InvalidVpcID.Malformed",
    .not_found = "InvalidVpcID.NotFound",
    .noun = "The vpc ID",
    .set = "vpcSet",
    .filters = vpc_filters,
    .least = 5,
    .most = 1000,
    .count = world_n_vpcs,
    .at = vpc_at,
    .id = vpc_id,
    .vpc = vpc_self,
    .fits = vpc_fits,
    .write = vpc_write,
};

static void describe_vpcs(struct api_call *c)
{
    ec2_describe(c, &vpcs);
}

/* --- subnets ------------------------------------------------------------ */

static const void *subnet_at(const struct world *w, size_t i)
{
    return world_subnet_at(w, i);
}

static const char *subnet_id(const void *item)
{
    return ((const struct world_subnet *)item)->id;
}

static const struct world_vpc *subnet_vpc(const void *item)
{
    return ((const struct world_subnet *)item)->vpc;
}

static bool subnet_fits(struct api_call *c, const void *item,
                        const struct filter *f)
{
    const struct world_subnet *s = item;
    char block[IP_TEXT_SIZE + 4];
    char arn[WORLD_ARN_SIZE];
    const char *cidr = first_block(s->cidrs, s->n_cidrs, 4, block);
    const struct ec2_text values[] = {
        {"subnet-id", s->id},
        {"vpc-id", s->vpc->id},
        {"owner-id", s->vpc->account->id},
        {"state", "available"},
        {"availability-zone", s->zone},
        {"availability-zone-id", s->zone_id},
        {"cidr-block", cidr},
        {"cidr", cidr},
        {"subnet-arn", ec2_arn(c, s->vpc, "subnet", s->id, arn)},
    };

    return ec2_fits(f, values, sizeof values / sizeof values[0], s->tags,
                    s->n_tags);
}

static void subnet_write(struct api_call *c, const void *item)
{
    const struct world_subnet *s = item;
    char block[IP_TEXT_SIZE + 4];
    char arn[WORLD_ARN_SIZE];
    bool v4 = first_block(s->cidrs, s->n_cidrs, 4, block) != NULL;

    call_xml(c, "subnetId", s->id);
    call_xml(c, "subnetArn", ec2_arn(c, s->vpc, "subnet", s->id, arn));
    call_xml(c, "state", "available");
    call_xml(c, "ownerId", s->vpc->account->id);
    call_xml(c, "vpcId", s->vpc->id);
    call_xml(c, "cidrBlock", first_block(s->cidrs, s->n_cidrs, 4, block));
    write_blocks(c, s->cidrs, s->n_cidrs, 6, "ipv6CidrBlockAssociationSet",
                 "ipv6CidrBlock", "ipv6CidrBlockState", s->id);
    call_xml_bool(c, "ipv6Native", !v4);
    call_xml_int(c, "availableIpAddressCount", 250);
    call_xml(c, "availabilityZone", s->zone);
    call_xml(c, "availabilityZoneId", s->zone_id);
    call_xml_bool(c, "defaultForAz", false);
    call_xml_bool(c, "mapPublicIpOnLaunch", false);
    call_xml_tags(c, s->tags, s->n_tags);
}

static const char *const subnet_filters[] = {
    "subnet-id",  "vpc-id",    "owner-id",   "state", "availability-zone",
    "cidr-block", "cidr",      "subnet-arn", "tag:",  "availability-zone-id",
    "tag-key",    "tag-value", NULL};

static const struct ec2_describe subnets = {
    .permission = "ec2:DescribeSubnets",
    .ids = "SubnetId",
    .ids_name = "subnetSet",
    .prefix = "subnet-",
    .malformed = "InvalidSubnetID.Malformed",
    .not_found = "InvalidSubnetID.NotFound",
    .noun = "The subnet ID",
    .set = "subnetSet",
    .filters = subnet_filters,
    .least = 5,
    .most = 1000,
    .count = world_n_subnets,
    .at = subnet_at,
    .id = subnet_id,
    .vpc = subnet_vpc,
    .fits = subnet_fits,
    .write = subnet_write,
};

static void describe_subnets(struct api_call *c)
{
    ec2_describe(c, &subnets);
}

/* --- security groups ---------------------------------------------------- */

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
    char text[IP_TEXT_SIZE + 4];
    size_t i;

    call_xml_open(c, set);
    for (i = 0; i < rule->n_cidrs; i++) {
        if (rule->cidrs[i].base.version == version) {
            call_xml_open(c, "item");
            call_xml(c, name, cidr_text(&rule->cidrs[i], text));
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

static const char *const vpc_params[] = {"VpcId.N",          "Filter.N.Name",
                                         "Filter.N.Value.N", "MaxResults",
                                         "NextToken",        NULL};
static const char *const subnet_params[] = {"SubnetId.N",       "Filter.N.Name",
                                            "Filter.N.Value.N", "MaxResults",
                                            "NextToken",        NULL};
static const char *const group_params[] = {"GroupId.N",        "Filter.N.Name",
                                           "Filter.N.Value.N", "MaxResults",
                                           "NextToken",        NULL};

const struct ec2_action ec2_network_actions[] = {
    {"DescribeVpcs", vpc_params, describe_vpcs},
    {"DescribeSubnets", subnet_params, describe_subnets},
    {"DescribeSecurityGroups", group_params, describe_groups},
    {NULL, NULL, NULL},
};
