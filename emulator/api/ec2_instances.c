/* SPDX-License-Identifier: Apache-2.0 */
/* ec2_instances.c - DescribeInstances. */
#include <stdio.h>
#include <string.h>

#include "ec2.h"

/* The numbers of the states, in the order of the enum. */
static const int state_codes[] = {0, 16, 32, 48, 64, 80};

/* --- DescribeInstances -------------------------------------------------- */

static size_t count(const struct world *w)
{
    return world_n_instances(w);
}

static const void *at(const struct world *w, size_t i)
{
    return world_instance_at(w, i);
}

static const char *id_of(const void *item)
{
    return ((const struct world_instance *)item)->id;
}

static const struct world_vpc *vpc_of(const void *item)
{
    return ((const struct world_instance *)item)->subnet->vpc;
}

static const char *const filters[] = {
    "architecture",
    "availability-zone",
    "availability-zone-id",
    "dns-name",
    "group-id",
    "group-name",
    "host-id",
    "image-id",
    "instance.group-id",
    "instance.group-name",
    "instance-id",
    "instance-state-code",
    "instance-state-name",
    "instance-type",
    "ip-address",
    "ipv6-address",
    "key-name",
    "network-interface.addresses.private-ip-address",
    "network-interface.group-id",
    "network-interface.ipv6-addresses.ipv6-address",
    "network-interface.network-interface-id",
    "network-interface.private-ip-address",
    "network-interface.subnet-id",
    "network-interface.vpc-id",
    "owner-id",
    "platform",
    "platform-details",
    "private-dns-name",
    "private-ip-address",
    "reservation-id",
    "subnet-id",
    "tag:",
    "tag-key",
    "tag-value",
    "tenancy",
    "vpc-id",
    NULL};

/* Plain filters: one value of the instance each. */
static const char *plain_value(const struct world_instance *in,
                               const char *name, bool *known)
{
    const struct {
        const char *name;
        const char *value;
    } values[] = {
        {"architecture", in->architecture},
        {"availability-zone", in->subnet->zone},
        {"availability-zone-id", in->subnet->zone_id},
        {"dns-name", in->public_dns},
        {"host-id", in->host_id},
        {"image-id", in->image_id},
        {"instance-id", in->id},
        {"instance-state-name", in->state_name},
        {"instance-type", in->type},
        {"key-name", in->key_name},
        {"network-interface.network-interface-id", in->eni_id},
        {"network-interface.subnet-id", in->subnet->id},
        {"network-interface.vpc-id", in->subnet->vpc->id},
        {"owner-id", in->subnet->vpc->account->id},
        {"platform", in->platform},
        {"platform-details", in->platform_details},
        {"private-dns-name", in->private_dns},
        {"reservation-id", in->reservation_id},
        {"subnet-id", in->subnet->id},
        {"tenancy", in->tenancy},
        {"vpc-id", in->subnet->vpc->id},
    };
    size_t i;

    for (i = 0; i < sizeof values / sizeof values[0]; i++) {
        if (strcmp(values[i].name, name) == 0) {
            *known = true;
            return values[i].value;
        }
    }
    *known = false;
    return NULL;
}

/* Whether one of @n addresses fits. */
static bool has_ip(const struct filter *f, const struct ip *ips, size_t n)
{
    char text[IP_TEXT_SIZE];
    size_t i;

    for (i = 0; ips != NULL && i < n; i++) {
        ip_format(text, &ips[i]);
        if (filter_has(f, text)) {
            return true;
        }
    }
    return false;
}

static bool has_group(const struct filter *f, const struct world_instance *in,
                      bool by_name)
{
    size_t i;

    for (i = 0; i < in->n_groups; i++) {
        if (filter_has(f, by_name ? in->groups[i]->name : in->groups[i]->id)) {
            return true;
        }
    }
    return false;
}

static bool fits(struct api_call *c, const void *item, const struct filter *f)
{
    const struct world_instance *in = item;
    bool known;
    const char *value = plain_value(in, f->name, &known);
    char code[8];
    bool is_tag;
    bool tags = filter_tags(f, in->tags, in->n_tags, &is_tag);

    (void)c;
    if (known) {
        return filter_has(f, value);
    }
    if (is_tag) {
        return tags;
    }
    if (strcmp(f->name, "instance-state-code") == 0) {
        snprintf(code, sizeof code, "%d", state_codes[in->state]);
        return filter_has(f, code);
    }
    if (strstr(f->name, "group-name") != NULL) {
        return has_group(f, in, true);
    }
    if (strstr(f->name, "group-id") != NULL) {
        return has_group(f, in, false);
    }
    if (strcmp(f->name, "ip-address") == 0) {
        return has_ip(f, in->public_ip, 1);
    }
    if (strstr(f->name, "private-ip-address") != NULL) {
        return has_ip(f, in->private_ip, 1);
    }
    if (strstr(f->name, "ipv6-address") != NULL) {
        return has_ip(f, in->ipv6, in->n_ipv6);
    }
    return false; /* UNTESTED: every filter in the list is handled above */
}

/* <NAME>address</NAME>, when there is one. */
static void write_ip(struct api_call *c, const char *name, const struct ip *ip)
{
    char text[IP_TEXT_SIZE];

    if (ip != NULL) {
        ip_format(text, ip);
        call_xml(c, name, text);
    }
}

static void write_groups(struct api_call *c, const struct world_instance *in)
{
    size_t i;

    call_xml_open(c, "groupSet");
    for (i = 0; i < in->n_groups; i++) {
        call_xml_open(c, "item");
        call_xml(c, "groupId", in->groups[i]->id);
        call_xml(c, "groupName", in->groups[i]->name);
        call_xml_close(c, "item");
    }
    call_xml_close(c, "groupSet");
}

static void write_association(struct api_call *c,
                              const struct world_instance *in)
{
    if (in->public_ip != NULL) {
        call_xml_open(c, "association");
        write_ip(c, "publicIp", in->public_ip);
        call_xml(c, "publicDnsName", in->public_dns);
        call_xml(c, "ipOwnerId", "amazon");
        call_xml_close(c, "association");
    }
}

static void write_interface(struct api_call *c, const struct world_instance *in)
{
    size_t i;

    call_xml_open(c, "networkInterfaceSet");
    call_xml_open(c, "item");
    call_xml(c, "networkInterfaceId", in->eni_id);
    call_xml(c, "subnetId", in->subnet->id);
    call_xml(c, "vpcId", in->subnet->vpc->id);
    call_xml(c, "description", "");
    call_xml(c, "ownerId", in->subnet->vpc->account->id);
    call_xml(c, "status", "in-use");
    call_xml(c, "interfaceType", "interface");
    write_ip(c, "privateIpAddress", in->private_ip);
    call_xml(c, "sourceDestCheck", "true");
    write_groups(c, in);
    write_association(c, in);
    call_xml_open(c, "privateIpAddressesSet");
    if (in->private_ip != NULL) {
        call_xml_open(c, "item");
        write_ip(c, "privateIpAddress", in->private_ip);
        call_xml(c, "privateDnsName", in->private_dns);
        call_xml(c, "primary", "true");
        write_association(c, in);
        call_xml_close(c, "item");
    }
    call_xml_close(c, "privateIpAddressesSet");
    call_xml_open(c, "ipv6AddressesSet");
    for (i = 0; i < in->n_ipv6; i++) {
        call_xml_open(c, "item");
        write_ip(c, "ipv6Address", &in->ipv6[i]);
        call_xml_bool(c, "isPrimaryIpv6", i == 0);
        call_xml_close(c, "item");
    }
    call_xml_close(c, "ipv6AddressesSet");
    call_xml_close(c, "item");
    call_xml_close(c, "networkInterfaceSet");
}

static void write_placement(struct api_call *c, const struct world_instance *in)
{
    call_xml_open(c, "placement");
    call_xml(c, "availabilityZone", in->subnet->zone);
    call_xml(c, "availabilityZoneId", in->subnet->zone_id);
    call_xml(c, "groupName", "");
    call_xml(c, "tenancy", in->tenancy);
    call_xml(c, "hostId", in->host_id);
    call_xml_close(c, "placement");
}

/* A terminated instance has lost its addresses and networks. */
static void write_network(struct api_call *c, const struct world_instance *in)
{
    if (in->state == WORLD_TERMINATED) {
        return;
    }
    call_xml(c, "subnetId", in->subnet->id);
    call_xml(c, "vpcId", in->subnet->vpc->id);
    write_ip(c, "privateIpAddress", in->private_ip);
    write_ip(c, "ipAddress", in->public_ip);
    write_ip(c, "ipv6Address", in->n_ipv6 > 0 ? &in->ipv6[0] : NULL);
    call_xml(c, "sourceDestCheck", "true");
    write_groups(c, in);
    write_interface(c, in);
}

static void write_instance(struct api_call *c, const struct world_instance *in)
{
    bool gone = in->state == WORLD_TERMINATED;

    call_xml(c, "instanceId", in->id);
    call_xml(c, "imageId", in->image_id);
    call_xml_open(c, "instanceState");
    call_xml_int(c, "code", state_codes[in->state]);
    call_xml(c, "name", in->state_name);
    call_xml_close(c, "instanceState");
    call_xml(c, "privateDnsName", gone ? "" : in->private_dns);
    call_xml(c, "dnsName", gone ? "" : in->public_dns);
    call_xml(c, "reason", "");
    call_xml(c, "keyName", in->key_name);
    call_xml_int(c, "amiLaunchIndex", 0);
    call_xml(c, "productCodes", "");
    call_xml(c, "instanceType", in->type);
    call_xml_time(c, "launchTime",
                  in->launch_ms != 0 ? in->launch_ms : 1767225600000);
    write_placement(c, in);
    call_xml(c, "platform", in->platform);
    call_xml_open(c, "monitoring");
    call_xml(c, "state", "disabled");
    call_xml_close(c, "monitoring");
    write_network(c, in);
    call_xml(c, "architecture", in->architecture);
    call_xml(c, "rootDeviceType", "ebs");
    call_xml(c, "virtualizationType", "hvm");
    call_xml(c, "hypervisor", "xen");
    call_xml_tags(c, in->tags, in->n_tags);
    call_xml(c, "platformDetails", in->platform_details);
}

/* Each instance was launched by a call of its own. */
static void write_reservation(struct api_call *c, const void *item)
{
    const struct world_instance *in = item;

    call_xml(c, "reservationId", in->reservation_id);
    call_xml(c, "ownerId", in->subnet->vpc->account->id);
    call_xml(c, "groupSet", "");
    call_xml_open(c, "instancesSet");
    call_xml_open(c, "item");
    write_instance(c, in);
    call_xml_close(c, "item");
    call_xml_close(c, "instancesSet");
}

static const struct ec2_describe describe = {
    .permission = "ec2:DescribeInstances",
    .ids = "InstanceId",
    .ids_name = "instancesSet",
    .prefix = "i-",
    .malformed = "InvalidInstanceID.Malformed",
    .not_found = "InvalidInstanceID.NotFound",
    .noun = "The instance ID",
    .set = "reservationSet",
    .filters = filters,
    .least = 5,
    .most = 1000,
    .count = count,
    .at = at,
    .id = id_of,
    .vpc = vpc_of,
    .fits = fits,
    .write = write_reservation,
};

static void describe_instances(struct api_call *c)
{
    ec2_describe(c, &describe);
}

static const char *const describe_params[] = {"InstanceId.N",
                                              "Filter.N.Name",
                                              "Filter.N.Value.N",
                                              "MaxResults",
                                              "NextToken",
                                              "IncludeManagedResources",
                                              NULL};

const struct ec2_action ec2_instance_actions[] = {
    {"DescribeInstances", describe_params, describe_instances},
    {NULL, NULL, NULL},
};
