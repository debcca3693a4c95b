/* SPDX-License-Identifier: Apache-2.0 */
/* list_row.c - the columns of `eice list`. */
#include "list_row.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* X(name, member) */
#define COLUMNS(X)                                                             \
    X("id", instance_id)                                                       \
    X("name", name)                                                            \
    X("state", state)                                                          \
    X("type", instance_type)                                                   \
    X("image", image_id)                                                       \
    X("key", key_name)                                                         \
    X("launched", launch_time)                                                 \
    X("arch", architecture)                                                    \
    X("vpc", vpc_id)                                                           \
    X("subnet", subnet_id)                                                     \
    X("zone", availability_zone)                                               \
    X("private-ip", private_ip)                                                \
    X("ipv6", ipv6_address)                                                    \
    X("public-ip", public_ip)                                                  \
    X("private-dns", private_dns_name)                                         \
    X("public-dns", public_dns_name)

static const char *const made_columns[] = {"platform", "address", "endpoint",
                                           "reachable", NULL};

/* What runs on it; EC2 says "windows", or nothing, and details apart. */
static const char *platform_of(const struct eice_instance *i)
{
    if (i->platform_details != NULL) {
        return i->platform_details;
    }
    return i->platform != NULL ? "Windows" : "Linux/UNIX";
}

/* An endpoint that would be the one if it were usable, or NULL. */
static const struct eice_endpoint *lame_endpoint(const struct eice_instance *i,
                                                 const struct eice_found *f)
{
    size_t k;

    for (k = 0; k < f->n_endpoints; k++) {
        const struct eice_endpoint *p = &f->endpoints[k];

        if (p->vpc_id != NULL && i->vpc_id != NULL &&
            strcmp(p->vpc_id, i->vpc_id) == 0) {
            return p;
        }
    }
    return NULL;
}

void list_reason(char out[static LIST_REASON_SIZE],
                 const struct eice_instance *i, const struct eice_found *f)
{
    const struct eice_endpoint *lame;

    out[0] = '\0';
    if (i->state == NULL || strcmp(i->state, "running") != 0) {
        snprintf(out, LIST_REASON_SIZE, "%s",
                 i->state != NULL ? i->state : "state unknown");
    } else if (i->private_ip == NULL && i->ipv6_address == NULL) {
        snprintf(out, LIST_REASON_SIZE, "no address");
    } else if (i->endpoint < 0) {
        lame = lame_endpoint(i, f);
        if (lame != NULL) {
            snprintf(out, LIST_REASON_SIZE, "%s is %s", lame->endpoint_id,
                     lame->state != NULL ? lame->state : "not usable");
        } else {
            snprintf(out, LIST_REASON_SIZE, "no endpoint in %s",
                     i->vpc_id != NULL ? i->vpc_id : "its network");
        }
    }
}

bool list_column_known(const char *name)
{
    size_t i;

#define X(column, member)                                                      \
    if (strcmp(name, column) == 0) {                                           \
        return true;                                                           \
    }
    COLUMNS(X)
#undef X
    for (i = 0; made_columns[i] != NULL; i++) {
        if (strcmp(name, made_columns[i]) == 0) {
            return true;
        }
    }
    return strncmp(name, "tag:", 4) == 0 && name[4] != '\0';
}

void list_heading(char *out, size_t size, const char *name)
{
    bool tag = strncmp(name, "tag:", 4) == 0;
    size_t i;

    snprintf(out, size, "%s", tag ? name + 4 : name);
    for (i = 0; out[i] != '\0' && !tag; i++) {
        out[i] = out[i] == '-' ? ' ' : (char)toupper((unsigned char)out[i]);
    }
}

/* The value of a tag, or NULL. */
static const char *tag_of(const struct eice_instance *i, const char *key)
{
    size_t k;

    for (k = 0; k < i->n_tags; k++) {
        if (strcmp(i->tags[k].key, key) == 0) {
            return i->tags[k].value;
        }
    }
    return NULL;
}

const char *list_cell(const char *name, const struct eice_instance *i,
                      const struct eice_found *f, const char *reason)
{
#define X(column, member)                                                      \
    if (strcmp(name, column) == 0) {                                           \
        return i->member;                                                      \
    }
    COLUMNS(X)
#undef X
    if (strcmp(name, "platform") == 0) {
        return platform_of(i);
    }
    if (strcmp(name, "address") == 0) {
        return i->private_ip != NULL ? i->private_ip : i->ipv6_address;
    }
    if (strcmp(name, "endpoint") == 0) {
        return i->endpoint >= 0 ? f->endpoints[i->endpoint].endpoint_id : NULL;
    }
    if (strcmp(name, "reachable") == 0) {
        return reason[0] == '\0' ? "yes" : reason;
    }
    return tag_of(i, name + 4);
}

json_t *list_object(const struct eice_instance *i, const struct eice_found *f,
                    const char *reason)
{
    json_t *o;
    json_t *tags = json_object();
    size_t k;

    for (k = 0; k < i->n_tags; k++) {
        json_object_set_new(tags, i->tags[k].key,
                            json_string(i->tags[k].value));
    }
    o = json_pack(
        "{s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, "
        "s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:b, s:s?, s:o}",
        "InstanceId", i->instance_id, "Name", i->name, "State", i->state,
        "InstanceType", i->instance_type, "ImageId", i->image_id,
        "Architecture", i->architecture, "KeyName", i->key_name, "Platform",
        platform_of(i), "AvailabilityZone", i->availability_zone, "VpcId",
        i->vpc_id, "SubnetId", i->subnet_id, "PrivateIpAddress", i->private_ip,
        "Ipv6Address", i->ipv6_address, "PublicIpAddress", i->public_ip,
        "PrivateDnsName", i->private_dns_name, "PublicDnsName",
        i->public_dns_name, "LaunchTime", i->launch_time,
        "InstanceConnectEndpointId", list_cell("endpoint", i, f, reason),
        "Reachable", (int)(reason[0] == '\0'), "Reason",
        reason[0] != '\0' ? reason : NULL, "Tags", tags);
    return o;
}
