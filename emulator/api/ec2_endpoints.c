/* SPDX-License-Identifier: Apache-2.0 */
/* ec2_endpoints.c - DescribeInstanceConnectEndpoints, and the parts that the
 * actions that change endpoints share. */
#include <stdio.h>
#include <string.h>

#include "ec2.h"
#include "ec2_endpoint.h"

/* --- DescribeInstanceConnectEndpoints ----------------------------------- */

static const void *at(const struct world *w, size_t i)
{
    return world_endpoint_at(w, i);
}

static const char *id_of(const void *item)
{
    return ((const struct world_endpoint *)item)->id;
}

static const struct world_vpc *vpc_of(const void *item)
{
    return ((const struct world_endpoint *)item)->subnet->vpc;
}

static bool fits(struct api_call *c, const void *item, const struct filter *f)
{
    const struct world_endpoint *ep = item;
    const struct {
        const char *name;
        const char *value;
    } values[] = {
        {"instance-connect-endpoint-id", ep->id},
        {"state", world_endpoint_state_name(ep->state)},
        {"subnet-id", ep->subnet->id},
        {"vpc-id", ep->subnet->vpc->id},
    };
    bool is_tag;
    bool match = filter_tags(f, ep->tags, ep->n_tags, &is_tag);
    size_t i;

    (void)c;
    for (i = 0; i < sizeof values / sizeof values[0] && !is_tag; i++) {
        if (strcmp(values[i].name, f->name) == 0) {
            return filter_has(f, values[i].value);
        }
    }
    return match;
}

/* <publicDnsNames>: the pattern of the dual-stack ones is not public, so both
 * families carry the names that are known. */
static void write_dns(struct api_call *c, const struct world_endpoint *ep)
{
    static const char *const families[] = {"ipv4", "dualstack"};
    size_t n = ep->now.ip_type == WORLD_IPV4 ? 1 : 2;
    char dns[WORLD_DNS_SIZE];
    size_t i;

    call_xml_open(c, "publicDnsNames");
    for (i = 0; i < n; i++) {
        call_xml_open(c, families[i]);
        call_xml(c, "dnsName", world_endpoint_dns(c->w, ep, false, dns));
        call_xml(c, "fipsDnsName", world_endpoint_dns(c->w, ep, true, dns));
        call_xml_close(c, families[i]);
    }
    call_xml_close(c, "publicDnsNames");
}

void ec2_endpoint_write(struct api_call *c, const struct world_endpoint *ep)
{
    bool gone = ep->state == WORLD_DELETE_IN_PROGRESS ||
                ep->state == WORLD_DELETE_COMPLETE;
    char arn[WORLD_ARN_SIZE];
    char dns[WORLD_DNS_SIZE];
    size_t i;

    call_xml(c, "ownerId", ep->subnet->vpc->account->id);
    call_xml(c, "instanceConnectEndpointId", ep->id);
    call_xml(c, "instanceConnectEndpointArn",
             world_endpoint_arn(c->w, ep, arn));
    call_xml(c, "state", world_endpoint_state_name(ep->state));
    call_xml(c, "stateMessage",
             ep->state_message != NULL ? ep->state_message : "");
    if (!gone) {
        call_xml(c, "dnsName", world_endpoint_dns(c->w, ep, false, dns));
        call_xml(c, "fipsDnsName", world_endpoint_dns(c->w, ep, true, dns));
    }
    call_xml_open(c, "networkInterfaceIdSet");
    if (!gone) {
        call_xml(c, "item", ep->eni_id);
    }
    call_xml_close(c, "networkInterfaceIdSet");
    call_xml(c, "vpcId", ep->subnet->vpc->id);
    call_xml(c, "availabilityZone", ep->subnet->zone);
    call_xml(c, "availabilityZoneId", ep->subnet->zone_id);
    call_xml_time(c, "createdAt", ep->created_ms);
    call_xml(c, "subnetId", ep->subnet->id);
    call_xml_bool(c, "preserveClientIp", ep->now.preserve_client_ip);
    call_xml_open(c, "securityGroupIdSet");
    for (i = 0; i < ep->now.n_groups; i++) {
        call_xml(c, "item", ep->now.groups[i]->id);
    }
    call_xml_close(c, "securityGroupIdSet");
    call_xml_tags(c, ep->tags, ep->n_tags);
    call_xml(c, "ipAddressType", world_ip_type_name(ep->now.ip_type));
    if (!gone) {
        write_dns(c, ep);
    }
}

static void write_item(struct api_call *c, const void *item)
{
    ec2_endpoint_write(c, item);
}

static const char *const filters[] = {"instance-connect-endpoint-id",
                                      "state",
                                      "subnet-id",
                                      "vpc-id",
                                      "tag:",
                                      "tag-key",
                                      "tag-value",
                                      NULL};

static const struct ec2_describe describe = {
    .permission = "ec2:DescribeInstanceConnectEndpoints",
    .ids = "InstanceConnectEndpointId",
    .ids_name = "instanceConnectEndpointIdSet",
    .prefix = "eice-",
    .malformed = "InvalidInstanceConnectEndpointId.Malformed",
    .not_found = "InvalidInstanceConnectEndpointId.NotFound",
    .noun = "The instance connect endpoint ID",
    .set = "instanceConnectEndpointSet",
    .filters = filters,
    .least = 1,
    .most = 50,
    .count = world_n_endpoints,
    .at = at,
    .id = id_of,
    .vpc = vpc_of,
    .fits = fits,
    .write = write_item,
};

static void describe_endpoints(struct api_call *c)
{
    ec2_describe(c, &describe);
}

/* --- shared parts ------------------------------------------------------- */

bool ec2_endpoint_groups(struct api_call *c, const struct world_subnet *subnet,
                         struct world_endpoint_settings *out)
{
    const char *ids[WORLD_MAX_ENDPOINT_GROUPS];
    size_t n = params_list(&c->params, "SecurityGroupId", ids,
                           WORLD_MAX_ENDPOINT_GROUPS);
    size_t i;

    if (n > WORLD_MAX_ENDPOINT_GROUPS) {
        return call_fail(c, 400, "InvalidParameterValue",
                         "At most %d security groups can be specified",
                         WORLD_MAX_ENDPOINT_GROUPS);
    }
    for (i = 0; i < n; i++) {
        const struct world_group *g = world_group(c->w, ids[i]);

        if (g == NULL || !ec2_visible(c, g->vpc)) {
            return call_fail(c, 400, "InvalidSecurityGroupID.NotFound",
                             "The security group ID '%.64s' does not exist",
                             ids[i]);
        }
        if (g->vpc != subnet->vpc) {
            return call_fail(c, 400, "InvalidParameter",
                             "Security group %s and subnet %s belong to "
                             "different networks.",
                             g->id, subnet->id);
        }
        out->groups[i] = g;
    }
    if (n > 0) {
        out->n_groups = n;
    }
    return true;
}

bool ec2_endpoint_address(struct api_call *c, const struct world_subnet *subnet,
                          struct world_endpoint_settings *out)
{
    const char *type = params_get(&c->params, "IpAddressType");
    enum world_ip_type can = world_subnet_ip_type(subnet);
    bool given;

    if (type != NULL) {
        int parsed = world_ip_type_parse(type);

        if (parsed < 0) {
            return call_fail(c, 400, "InvalidParameterValue",
                             "Value (%.64s) for parameter IpAddressType is "
                             "invalid. Valid values are: ipv4, dualstack, "
                             "ipv6",
                             type);
        }
        out->ip_type = (enum world_ip_type)parsed;
    }
    if (can != WORLD_DUALSTACK && out->ip_type != can) {
        return call_fail(c, 400, "InvalidParameterValue",
                         "The subnet %s does not support the IP address type "
                         "%s",
                         subnet->id, world_ip_type_name(out->ip_type));
    }
    if (!ec2_bool(c, "PreserveClientIp", &out->preserve_client_ip, &given)) {
        return false;
    }
    if (out->preserve_client_ip && out->ip_type != WORLD_IPV4) {
        return call_fail(c, 400, "InvalidParameterCombination",
                         "PreserveClientIp is only supported when the IP "
                         "address type is ipv4");
    }
    return true;
}

struct world_endpoint *ec2_endpoint_named(struct api_call *c,
                                          const char *permission)
{
    const char *id = ec2_need(c, "InstanceConnectEndpointId");
    struct world_endpoint *ep;
    char arn[WORLD_ARN_SIZE];
    struct access_key subnet = {"ec2:SubnetID", NULL};
    struct access a = {.action = permission, .resource = arn};

    if (id == NULL) {
        return NULL;
    }
    ep = world_endpoint(c->w, id);
    if (ep != NULL && !ec2_visible(c, ep->subnet->vpc)) {
        ep = NULL;
    }
    snprintf(
        arn, sizeof arn, "arn:%s:ec2:%s:%s:instance-connect-endpoint/%.40s",
        world_settings(c->w)->partition, c->region, c->who.account->id, id);
    if (ep != NULL) {
        subnet.value = ep->subnet->id;
        a.keys = &subnet;
        a.n_keys = 1;
        a.resource_tags = ep->tags;
        a.n_resource_tags = ep->n_tags;
        call_resource(c, "AWS::EC2::InstanceConnectEndpoint", "%s", arn);
    }
    if (!access_demand(c, &a)) {
        return NULL;
    }
    if (ep == NULL && !ec2_id_well_formed("eice-", id)) {
        call_fail(c, 400, "InvalidInstanceConnectEndpointId.Malformed",
                  "Invalid id: \"%.64s\"", id);
    } else if (ep == NULL) {
        call_fail(c, 400, "InvalidInstanceConnectEndpointId.NotFound",
                  "The instance connect endpoint ID '%s' does not exist", id);
    }
    return ep;
}

static const char *const describe_params[] = {"InstanceConnectEndpointId.N",
                                              "Filter.N.Name",
                                              "Filter.N.Value.N",
                                              "MaxResults",
                                              "NextToken",
                                              NULL};
static const char *const create_params[] = {"SubnetId",
                                            "SecurityGroupId.N",
                                            "PreserveClientIp",
                                            "IpAddressType",
                                            "ClientToken",
                                            "TagSpecification.N.ResourceType",
                                            "TagSpecification.N.Tag.N.Key",
                                            "TagSpecification.N.Tag.N.Value",
                                            NULL};
static const char *const modify_params[] = {
    "InstanceConnectEndpointId", "SecurityGroupId.N", "PreserveClientIp",
    "IpAddressType", NULL};
static const char *const delete_params[] = {"InstanceConnectEndpointId", NULL};

const struct ec2_action ec2_endpoint_actions[] = {
    {"DescribeInstanceConnectEndpoints", describe_params, describe_endpoints},
    {"CreateInstanceConnectEndpoint", create_params, ec2_create_endpoint},
    {"ModifyInstanceConnectEndpoint", modify_params, ec2_modify_endpoint},
    {"DeleteInstanceConnectEndpoint", delete_params, ec2_delete_endpoint},
    {NULL, NULL, NULL},
};
