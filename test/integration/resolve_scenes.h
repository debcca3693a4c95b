/* SPDX-License-Identifier: Apache-2.0 */
/* resolve_scenes.h - what EC2 says of an instance and of endpoints, and what
 * must come of it: one row for each rule and each refusal. */
#ifndef RESOLVE_SCENES_H
#define RESOLVE_SCENES_H

#include <stdbool.h>
#include <stddef.h>

#include "resolve.h"

#define ID "i-0123456789abcdef0"
#define REGION "eu-central-1"

/* One instance, in vpc-a and subnet-a, with the elements @more. */
#define INSTANCES(items)                                                       \
    "<DescribeInstancesResponse><reservationSet>" items                        \
    "</reservationSet></DescribeInstancesResponse>"
#define INSTANCE(more)                                                         \
    INSTANCES("<item><instancesSet><item><instanceId>" ID                      \
              "</instanceId><vpcId>vpc-a</vpcId><subnetId>subnet-a</subnetId>" \
              "<instanceState><name>running</name></instanceState>" more       \
              "</item></instancesSet></item>")
#define V4 "<privateIpAddress>10.0.0.5</privateIpAddress>"
#define V6 "<ipv6Address>2001:db8::5</ipv6Address>"

/* Endpoints; each is named after its id and has a FIPS name if @more says. */
#define PAGE(items, token)                                                     \
    "<DescribeInstanceConnectEndpointsResponse><"                              \
    "instanceConnectEndpointSet>" items                                        \
    "</instanceConnectEndpointSet><nextToken>" token                           \
    "</nextToken></DescribeInstanceConnectEndpointsResponse>"
#define ENDPOINT(id, state, vpc, subnet, more)                                 \
    "<item><instanceConnectEndpointId>" id "</instanceConnectEndpointId>"      \
    "<state>" state "</state><vpcId>" vpc "</vpcId><subnetId>" subnet          \
    "</subnetId><dnsName>" id ".example</dnsName>" more "</item>"
#define OK(id, vpc, subnet) ENDPOINT(id, "create-complete", vpc, subnet, "")
#define FIPS(id) "<fipsDnsName>" id ".fips.example</fipsDnsName>"
#define REFUSAL(code)                                                          \
    "<Response><Errors><Error><Code>" code "</Code><Message>no</Message>"      \
    "</Error></Errors><RequestID>rid-1</RequestID></Response>"

enum { MAX_PAGES = 4 };

/* What the server says, and what must come of it. */
struct scene {
    const char *name;
    struct resolve_query query;
    bool fips;
    int instance_status;              /* 0: 200 */
    const char *instances;            /* NULL: must not be asked for */
    int endpoint_status;              /* 0: 200 */
    const char *endpoints[MAX_PAGES]; /* First NULL: must not be asked for */
    /* Either */
    const char *address;
    const char *endpoint;
    const char *dns_name;
    /* or */
    int code;
    const char *msg;  /* In the message */
    const char *hint; /* In the hint; NULL: any */
};

/* The first is an ordinary one, which succeeds. */
extern const struct scene scenes[];
extern const size_t n_scenes;

/* The one with three pages: the longest way there is. */
const struct scene *three_pages(void);

#endif /* RESOLVE_SCENES_H */
