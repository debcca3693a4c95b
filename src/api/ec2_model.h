/* SPDX-License-Identifier: Apache-2.0 */
/* ec2_model.h - instances and Instance Connect Endpoints as EC2 tells of them.
 *
 * Pure: text in, plain structs out.  Every string is owned by its struct and
 * NULL when the answer does not hold it (or holds it empty). */
#ifndef EC2_MODEL_H
#define EC2_MODEL_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct err;

/* X(field, path below the item) */
#define EC2_INSTANCE_STRINGS(X)                                                \
    X(instance_id, "instanceId")                                               \
    X(state, "instanceState/name")                                             \
    X(instance_type, "instanceType")                                           \
    X(image_id, "imageId")                                                     \
    X(key_name, "keyName")                                                     \
    X(launch_time, "launchTime")                                               \
    X(architecture, "architecture")                                            \
    X(platform, "platform")                                                    \
    X(platform_details, "platformDetails")                                     \
    X(vpc_id, "vpcId")                                                         \
    X(subnet_id, "subnetId")                                                   \
    X(availability_zone, "placement/availabilityZone")                         \
    X(private_ip, "privateIpAddress")                                          \
    X(ipv6_address, "ipv6Address")                                             \
    X(public_ip, "ipAddress")                                                  \
    X(private_dns_name, "privateDnsName")                                      \
    X(public_dns_name, "dnsName")

#define EC2_ENDPOINT_STRINGS(X)                                                \
    X(endpoint_id, "instanceConnectEndpointId")                                \
    X(arn, "instanceConnectEndpointArn")                                       \
    X(owner_id, "ownerId")                                                     \
    X(state, "state")                                                          \
    X(state_message, "stateMessage")                                           \
    X(dns_name, "dnsName")                                                     \
    X(fips_dns_name, "fipsDnsName")                                            \
    X(vpc_id, "vpcId")                                                         \
    X(subnet_id, "subnetId")                                                   \
    X(availability_zone, "availabilityZone")                                   \
    X(created_at, "createdAt")                                                 \
    X(ip_address_type, "ipAddressType")

struct ec2_tag {
    char *key;
    char *value;
};

struct ec2_instance {
#define X(field, path) char *field;
    EC2_INSTANCE_STRINGS(X)
#undef X
    struct ec2_tag *tags;
    size_t n_tags;
};

struct ec2_endpoint {
#define X(field, path) char *field;
    EC2_ENDPOINT_STRINGS(X)
#undef X
    bool preserve_client_ip;
};

/* One page of DescribeInstances, in the service's order. */
struct ec2_instances {
    struct ec2_instance *items;
    size_t n_items;
    char *next_token; /* NULL on the last page */
};

/* One page of DescribeInstanceConnectEndpoints. */
struct ec2_endpoints {
    struct ec2_endpoint *items;
    size_t n_items;
    char *next_token;
};

/* Read an answer's body.  Returns 0, ERR_PARSE, ERR_TOO_BIG or UV_ENOMEM with
 * @e; *out is empty then.  The caller clears what it got. */
int ec2_instances_parse(struct ec2_instances *out, const char *body, size_t len,
                        struct err *e);
int ec2_endpoints_parse(struct ec2_endpoints *out, const char *body, size_t len,
                        struct err *e);

/* Read the name of the first image of DescribeImages' answer; NULL when there
 * is none.  The caller frees it with mem_free(). */
int ec2_image_name_parse(char **name, const char *body, size_t len,
                         struct err *e);

/* Append what GetConsoleOutput's answer holds to @out, decoded; nothing when
 * the console has said nothing yet. */
int ec2_console_parse(struct buf *out, const char *body, size_t len,
                      struct err *e);

/* GetPasswordData's answer. */
struct ec2_password {
    char *instance_id;
    char *timestamp; /* "2026-01-02T03:04:05.000Z" */
    char *data;      /* Base64 as it was sent, maybe with white space; "" when
                        there is no password yet */
};

/* Read it.  Returns 0, ERR_PARSE or UV_ENOMEM with @e; *out is empty then.
 * The caller clears what it got. */
int ec2_password_parse(struct ec2_password *out, const char *body, size_t len,
                       struct err *e);
void ec2_password_clear(struct ec2_password *p);

/* Free what @p holds and zero it. */
void ec2_instances_clear(struct ec2_instances *p);
void ec2_endpoints_clear(struct ec2_endpoints *p);

/* The same for one item that was moved out of its page. */
void ec2_instance_clear(struct ec2_instance *i);
void ec2_endpoint_clear(struct ec2_endpoint *p);

/* The value of a tag, or NULL. */
const char *ec2_instance_tag(const struct ec2_instance *i, const char *key);

/* Whether tunnels may go through an endpoint in this state. */
bool ec2_endpoint_usable(const struct ec2_endpoint *p);

/* The states ec2_endpoint_usable() accepts, as a filter's values. */
enum { EC2_N_USABLE_STATES = 4 };
extern const char *const ec2_usable_states[EC2_N_USABLE_STATES];

#endif /* EC2_MODEL_H */
