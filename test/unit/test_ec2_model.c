/* SPDX-License-Identifier: Apache-2.0 */
/* test_ec2_model.c - EC2's answers, whole, sparse, foreign and short of
 * memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include <cmocka.h>

#include "ec2_model.h"
#include "err.h"
#include "mem.h"
#include "scarce.h"

#define NS "xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\""

static const char two_reservations[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<DescribeInstancesResponse " NS "><requestId>r-1</requestId>"
    "<reservationSet><item><reservationId>r-0aa</reservationId><groupSet/>"
    "<instancesSet><item><instanceId>i-01</instanceId>"
    "<imageId>ami-0aa</imageId><instanceState><code>16</code>"
    "<name>running</name></instanceState>"
    "<privateDnsName>ip-10-0-1-5.internal</privateDnsName><dnsName/><reason/>"
    "<keyName>demo</keyName><instanceType>t3.micro</instanceType>"
    "<launchTime>2026-01-02T03:04:05.000Z</launchTime>"
    "<placement><availabilityZone>eu-central-1a</availabilityZone></placement>"
    "<subnetId>subnet-0aa</subnetId><vpcId>vpc-0aa</vpcId>"
    "<privateIpAddress>10.0.1.5</privateIpAddress>"
    "<ipAddress>203.0.113.7</ipAddress><ipv6Address>2001:db8::5</ipv6Address>"
    "<networkInterfaceSet><item><privateIpAddress>10.9.9.9</privateIpAddress>"
    "<subnetId>subnet-eni</subnetId></item></networkInterfaceSet>"
    "<tagSet><item><key>Name</key><value>web &amp; more</value></item>"
    "<item><key>empty</key><value/></item></tagSet>"
    "<platformDetails>Linux/UNIX</platformDetails></item></instancesSet></item>"
    "<item><instancesSet><item><instanceId>i-02</instanceId></item>"
    "<item><instanceId>i-03</instanceId><platform>windows</platform>"
    "<unknown><deep>x</deep></unknown></item></instancesSet></item>"
    "</reservationSet><nextToken>more</nextToken>"
    "</DescribeInstancesResponse>";

static const char two_endpoints[] =
    "<e:DescribeInstanceConnectEndpointsResponse xmlns:e=\"urn:x\">"
    "<e:instanceConnectEndpointSet><e:item><e:ownerId>111122223333</e:ownerId>"
    "<e:instanceConnectEndpointId>eice-0abc</e:instanceConnectEndpointId>"
    "<e:instanceConnectEndpointArn>arn:x</e:instanceConnectEndpointArn>"
    "<e:state>create-complete</e:state><e:stateMessage/>"
    "<e:dnsName>eice-0abc.example</e:dnsName>"
    "<e:fipsDnsName>eice-0abc.fips.example</e:fipsDnsName>"
    "<e:vpcId>vpc-0aa</e:vpcId><e:subnetId>subnet-0aa</e:subnetId>"
    "<e:preserveClientIp>true</e:preserveClientIp>"
    "<e:ipAddressType>dualstack</e:ipAddressType></e:item>"
    "<e:item><e:instanceConnectEndpointId>eice-0def"
    "</e:instanceConnectEndpointId><e:state>delete-in-progress</e:state>"
    "<e:preserveClientIp>false</e:preserveClientIp></e:item>"
    "</e:instanceConnectEndpointSet><e:nextToken/>"
    "</e:DescribeInstanceConnectEndpointsResponse>";

static void test_instances(void **state)
{
    struct ec2_instances page;
    const struct ec2_instance *i;
    struct err e;

    (void)state;
    assert_int_equal(ec2_instances_parse(&page, two_reservations,
                                         strlen(two_reservations), &e),
                     0);
    assert_int_equal(page.n_items, 3);
    assert_string_equal(page.next_token, "more");
    i = &page.items[0];
    assert_string_equal(i->instance_id, "i-01");
    assert_string_equal(i->state, "running");
    assert_string_equal(i->instance_type, "t3.micro");
    assert_string_equal(i->image_id, "ami-0aa");
    assert_string_equal(i->key_name, "demo");
    assert_string_equal(i->launch_time, "2026-01-02T03:04:05.000Z");
    assert_string_equal(i->platform_details, "Linux/UNIX");
    assert_string_equal(i->vpc_id, "vpc-0aa");
    assert_string_equal(i->subnet_id, "subnet-0aa");
    assert_string_equal(i->availability_zone, "eu-central-1a");
    assert_string_equal(i->private_ip, "10.0.1.5");
    assert_string_equal(i->public_ip, "203.0.113.7");
    assert_string_equal(i->ipv6_address, "2001:db8::5");
    assert_string_equal(i->private_dns_name, "ip-10-0-1-5.internal");
    assert_null(i->public_dns_name); /* Sent empty. */
    assert_null(i->platform);        /* Not sent. */
    assert_string_equal(ec2_instance_tag(i, "Name"), "web & more");
    assert_string_equal(ec2_instance_tag(i, "empty"), "");
    assert_null(ec2_instance_tag(i, "name"));
    assert_string_equal(page.items[1].instance_id, "i-02");
    assert_null(page.items[1].private_ip);
    assert_string_equal(page.items[2].instance_id, "i-03");
    assert_string_equal(page.items[2].platform, "windows");
    ec2_instances_clear(&page);
    ec2_instances_clear(&page);
}

static void test_endpoints(void **state)
{
    struct ec2_endpoints page;
    const struct ec2_endpoint *p;
    struct err e;

    (void)state;
    assert_int_equal(
        ec2_endpoints_parse(&page, two_endpoints, strlen(two_endpoints), &e),
        0);
    assert_int_equal(page.n_items, 2);
    assert_null(page.next_token); /* Empty is none. */
    p = &page.items[0];
    assert_string_equal(p->endpoint_id, "eice-0abc");
    assert_string_equal(p->arn, "arn:x");
    assert_string_equal(p->owner_id, "111122223333");
    assert_string_equal(p->dns_name, "eice-0abc.example");
    assert_string_equal(p->fips_dns_name, "eice-0abc.fips.example");
    assert_string_equal(p->vpc_id, "vpc-0aa");
    assert_string_equal(p->subnet_id, "subnet-0aa");
    assert_string_equal(p->ip_address_type, "dualstack");
    assert_true(p->preserve_client_ip);
    assert_true(ec2_endpoint_usable(p));
    assert_false(page.items[1].preserve_client_ip);
    assert_false(ec2_endpoint_usable(&page.items[1]));
    ec2_endpoints_clear(&page);
}

static void test_states(void **state)
{
    static const struct {
        const char *state;
        bool usable;
    } cases[] = {{"create-in-progress", false}, {"create-complete", true},
                 {"create-failed", false},      {"update-in-progress", true},
                 {"update-complete", true},     {"update-failed", true},
                 {"delete-in-progress", false}, {"delete-complete", false},
                 {"delete-failed", false},      {"", false}};
    struct ec2_endpoint p = {0};
    size_t i;

    (void)state;
    assert_false(ec2_endpoint_usable(&p));
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[32];

        strcpy(text, cases[i].state);
        p.state = text;
        assert_int_equal(ec2_endpoint_usable(&p), cases[i].usable);
    }
}

static void test_empty_and_foreign(void **state)
{
    static const char *const foreign[] = {
        "",
        "{}",
        "<html><body/></html>",
        "<DescribeInstancesResponse>",
        "<DescribeInstancesResponseX/>",
        "<DescribeInstances/>",
        "<!DOCTYPE a><DescribeInstancesResponse/>"};
    static const char empty[] = "<DescribeInstancesResponse>"
                                "<reservationSet/></DescribeInstancesResponse>";
    struct ec2_instances page;
    struct ec2_endpoints endpoints;
    struct err e;
    size_t i;

    (void)state;
    assert_int_equal(ec2_instances_parse(&page, empty, strlen(empty), &e), 0);
    assert_int_equal(page.n_items, 0);
    assert_null(page.next_token);
    ec2_instances_clear(&page);
    assert_int_equal(ec2_endpoints_parse(&endpoints, empty, strlen(empty), &e),
                     ERR_PARSE);
    for (i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        int rv = ec2_instances_parse(&page, foreign[i], strlen(foreign[i]), &e);

        print_message("%s: %s\n", foreign[i], e.msg);
        assert_int_equal(rv, ERR_PARSE);
        assert_int_equal(e.code, ERR_PARSE);
        assert_non_null(strstr(e.msg, "DescribeInstances"));
        assert_null(page.items);
    }
}

/* Fails the allocation whose turn it is. */
static void test_short_of_memory(void **state)
{
    unsigned n;

    (void)state;
    for (n = 0;; n++) {
        struct scarce c = {.left = n};
        struct ec2_instances page;
        struct ec2_endpoints endpoints;
        struct err e;
        int rv;

        mem_set_hook(scarce_one, &c);
        rv = ec2_instances_parse(&page, two_reservations,
                                 strlen(two_reservations), &e);
        if (rv == 0) {
            rv = ec2_endpoints_parse(&endpoints, two_endpoints,
                                     strlen(two_endpoints), &e);
            ec2_instances_clear(&page);
        }
        mem_set_hook(NULL, NULL);
        if (!c.fired) {
            assert_int_equal(rv, 0);
            ec2_endpoints_clear(&endpoints);
            break;
        }
        assert_int_equal(rv, UV_ENOMEM);
        assert_int_equal(e.code, UV_ENOMEM);
    }
    assert_true(n > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_instances),
        cmocka_unit_test(test_endpoints),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_empty_and_foreign),
        cmocka_unit_test(test_short_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
