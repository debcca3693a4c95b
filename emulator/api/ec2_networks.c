/* SPDX-License-Identifier: Apache-2.0 */
/* ec2_networks.c - DescribeVpcs, DescribeSubnets. */
#include <stdio.h>
#include <string.h>

#include "ec2.h"

/* The first block of a family, as text; NULL when there is none. */
static const char *first_block(const struct cidr *list, size_t n, int version,
                               char out[static EC2_CIDR_SIZE])
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (list[i].base.version == version) {
            return ec2_cidr_text(&list[i], out);
        }
    }
    return NULL;
}

/* A set of blocks of one family with their association state. */
static void write_blocks(struct api_call *c, const struct cidr *list, size_t n,
                         int version, const char *set, const char *name,
                         const char *state, const char *id)
{
    char text[EC2_CIDR_SIZE];
    size_t i;

    call_xml_open(c, set);
    for (i = 0; i < n; i++) {
        if (list[i].base.version != version) {
            continue;
        }
        call_xml_open(c, "item");
        call_xml(c, name, ec2_cidr_text(&list[i], text));
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
    char block[EC2_CIDR_SIZE];
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
    char block[EC2_CIDR_SIZE];

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
    char block[EC2_CIDR_SIZE];
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
    char block[EC2_CIDR_SIZE];
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

static const char *const vpc_params[] = {"VpcId.N",          "Filter.N.Name",
                                         "Filter.N.Value.N", "MaxResults",
                                         "NextToken",        NULL};
static const char *const subnet_params[] = {"SubnetId.N",       "Filter.N.Name",
                                            "Filter.N.Value.N", "MaxResults",
                                            "NextToken",        NULL};
const struct ec2_action ec2_network_actions[] = {
    {"DescribeVpcs", vpc_params, describe_vpcs},
    {"DescribeSubnets", subnet_params, describe_subnets},
    {NULL, NULL, NULL},
};
