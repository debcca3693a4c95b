/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_ec2.c - EC2: the frame of all actions, instances and networks,
 * filters, pages, errors on order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "emu_rig.h"

#define INSTANCE "reservationSet/item/instancesSet/item/"

/* --- the frame ---------------------------------------------------------- */

static void test_frame_refusals(void **state)
{
    static const struct rig_refusal cases[] = {
        {"Action=", 400, "MissingParameter", NULL},
        {"Foo=1", 400, "MissingParameter",
         "The request must contain the parameter Action"},
        {"Action=RunInstances", 400, "InvalidAction",
         "The action RunInstances is not valid for this web service."},
        {"Action=DescribeVpcs&Colour=red", 400, "UnknownParameter",
         "The parameter Colour is not recognized"},
        {"Action=DescribeVpcs&VpcId.x=1", 400, "UnknownParameter", NULL},
        {"Action=DescribeVpcs&DryRun=perhaps", 400, "InvalidParameterValue",
         NULL},
        {"Action=DescribeVpcs&MaxResults=5&MaxResults=6", 400,
         "InvalidParameterValue", NULL},
        {"Action=DescribeVpcs&a=%zz", 400, "MalformedQueryString", NULL},
        {"Action=DescribeVpcs&a=%00", 400, "MalformedQueryString", NULL},
        {"Action=DescribeVpcs&a=%ff", 400, "MalformedQueryString", NULL},
        {"Action=DescribeVpcs&DryRun=true", 412, "DryRunOperation",
         "Request would have succeeded, but DryRun flag is set."},
    };

    RIG_REFUSES(*state, cases);
}

static void test_the_error_has_ec2s_shape(void **state)
{
    struct rig *r = *state;
    char want[512];

    rig_ec2(r, "Action=Nope");
    snprintf(want, sizeof want,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
             "<Response><Errors><Error><Code>InvalidAction</Code><Message>The "
             "action Nope is not valid for this web service.</Message></Error>"
             "</Errors><RequestID>%s</RequestID></Response>",
             rig_xml(r, "RequestID"));
    assert_string_equal(r->body, want);
    assert_non_null(strstr(r->headers, "x-amzn-RequestId: "));
    assert_non_null(strstr(r->headers, rig_xml(r, "RequestID")));
}

static void test_too_many_parameters_are_refused(void **state)
{
    struct rig *r = *state;
    const char *headers[] = {"host: x", NULL};
    char *body = malloc(40000);
    size_t n = (size_t)sprintf(body, "Action=DescribeVpcs");
    int i;

    for (i = 0; i < 2000; i++) {
        n += (size_t)sprintf(body + n, "&VpcId.%d=v", i);
    }
    rig_send(r, "POST", "/", headers, body);
    assert_int_equal(r->status, 400);
    assert_string_equal(rig_error(r), "RequestEntityTooLarge");
    free(body);
}

static void test_unauthorized_people_are_refused(void **state)
{
    struct rig *r = *state;
    static const struct rig_refusal cases[] = {
        {"Action=GetConsoleOutput&InstanceId=i-0123456789abcdef0", 403,
         "UnauthorizedOperation", NULL},
        {"Action=GetPasswordData&InstanceId=i-0123456789abcdef0", 403,
         "UnauthorizedOperation", NULL},
        {"Action=CreateInstanceConnectEndpoint&SubnetId=subnet-0000000b", 403,
         "UnauthorizedOperation", NULL},
        {"Action=ModifyInstanceConnectEndpoint&InstanceConnectEndpointId="
         "eice-0123456789abcdef0&PreserveClientIp=false",
         403, "UnauthorizedOperation", NULL},
        {"Action=DeleteInstanceConnectEndpoint&InstanceConnectEndpointId="
         "eice-0123456789abcdef0",
         403, "UnauthorizedOperation", NULL},
        /* An unknown id tells nothing to who may not look. */
        {"Action=GetConsoleOutput&InstanceId=i-00000000", 403,
         "UnauthorizedOperation", NULL},
    };

    rig_as(r, "limited");
    RIG_REFUSES(r, cases);
    assert_non_null(
        strstr(rig_message(r),
               "You are not authorized to perform this operation. User: "
               "arn:aws:iam::111122223333:user/limited is not authorized to "
               "perform: ec2:GetConsoleOutput on resource: "
               "arn:aws:ec2:eu-central-1:111122223333:instance/i-00000000"));
    rig_as(r, "boundary"); /* Everything by identity, describe by boundary */
    RIG_REFUSES(r, cases);
    rig_ec2(r, "Action=DescribeInstances");
    assert_int_equal(r->status, 200);
    rig_as(r, "root");
    rig_ec2(r, "Action=GetConsoleOutput&InstanceId=i-0123456789abcdef0");
    assert_int_equal(r->status, 200);
}

/* --- DescribeInstances -------------------------------------------------- */

static void test_an_instance_as_the_client_reads_it(void **state)
{
    struct rig *r = *state;
    static const struct {
        const char *path;
        const char *value;
    } want[] = {
        {"reservationSet/item/ownerId", "111122223333"},
        {INSTANCE "instanceId", "i-0123456789abcdef0"},
        {INSTANCE "instanceState/code", "16"},
        {INSTANCE "instanceState/name", "running"},
        {INSTANCE "privateIpAddress", "10.0.1.5"},
        {INSTANCE "ipAddress", "203.0.113.5"},
        {INSTANCE "ipv6Address", "2001:db8:0:101::5"},
        {INSTANCE "privateDnsName",
         "ip-10-0-1-5.eu-central-1.compute.internal"},
        {INSTANCE "dnsName",
         "ec2-203-0-113-5.eu-central-1.compute.amazonaws.com"},
        {INSTANCE "vpcId", "vpc-0000000a"},
        {INSTANCE "subnetId", "subnet-0000000a"},
        {INSTANCE "keyName", "nokey"},
        {INSTANCE "launchTime", "2026-01-01T00:00:00.000Z"},
        {INSTANCE "placement/availabilityZone", "eu-central-1a"},
        {INSTANCE "placement/tenancy", "default"},
        {INSTANCE "platformDetails", "Linux/UNIX"},
        {INSTANCE "groupSet/item/groupId", "sg-0000000b"},
        {INSTANCE "tagSet/item/key", "Name"},
        {INSTANCE "tagSet/item/value", "web"},
        {INSTANCE "networkInterfaceSet/item/privateIpAddress", "10.0.1.5"},
        {INSTANCE "networkInterfaceSet/item/association/publicIp",
         "203.0.113.5"},
        {INSTANCE "networkInterfaceSet/item/ipv6AddressesSet/item/ipv6Address",
         "2001:db8:0:101::5"},
    };
    size_t i;

    rig_ec2(r, "Action=DescribeInstances&InstanceId.1=i-0123456789abcdef0");
    assert_int_equal(r->status, 200);
    for (i = 0; i < sizeof want / sizeof want[0]; i++) {
        const char *value = rig_xml(r, want[i].path);

        if (value == NULL || strcmp(value, want[i].value) != 0) {
            fail_msg("%s: %s", want[i].path, value);
        }
    }
    assert_null(rig_xml(r, INSTANCE "platform")); /* Only of Windows */
    assert_int_equal(rig_items(r, "reservationSet"), 1);
}

static void test_windows_and_terminated_instances(void **state)
{
    struct rig *r = *state;

    rig_ec2(r, "Action=DescribeInstances&InstanceId.1=i-0123456789abcdef2");
    assert_string_equal(rig_xml(r, INSTANCE "platform"), "windows");
    assert_string_equal(rig_xml(r, INSTANCE "platformDetails"), "Windows");
    rig_ec2(r, "Action=DescribeInstances&InstanceId.1=i-0123456789abcdef3");
    assert_string_equal(rig_xml(r, INSTANCE "instanceState/code"), "48");
    assert_null(rig_xml(r, INSTANCE "vpcId"));
    assert_null(rig_xml(r, INSTANCE "privateIpAddress"));
}

/* How many instances a query finds. */
static unsigned found(struct rig *r, const char *filters)
{
    char form[512];

    snprintf(form, sizeof form, "Action=DescribeInstances%s%s",
             filters[0] != '\0' ? "&" : "", filters);
    rig_ec2(r, form);
    if (r->status != 200) {
        fail_msg("%s: %s", filters, r->body);
    }
    return rig_items(r, "reservationSet");
}

#define F1(name, value) "Filter.1.Name=" name "&Filter.1.Value.1=" value
#define F2(name, value) "&Filter.2.Name=" name "&Filter.2.Value.1=" value

static void test_filters_of_instances(void **state)
{
    struct rig *r = *state;
    static const struct {
        const char *filters;
        unsigned n;
    } cases[] = {
        {"", 6}, /* Not the other account's, not the other region's */
        {F1("instance-id", "i-0123456789abcdef?"), 6},
        {F1("instance-state-name", "running"), 3},
        {F1("instance-state-name", "running") "&Filter.1.Value.2=stopped", 4},
        {F1("instance-state-code", "80"), 1},
        {F1("vpc-id", "vpc-0000000b"), 1},
        {F1("subnet-id", "subnet-0000000a"), 2},
        {F1("availability-zone", "*b"), 3},
        {F1("private-ip-address", "10.0.1.5"), 1},
        {F1("private-ip-address", "10.0.2.*"), 3},
        {F1("ip-address", "203.0.113.5"), 1},
        {F1("ipv6-address", "2001:db8:0:101::5"), 1},
        {F1("dns-name", "ec2-203*"), 1},
        {F1("private-dns-name", "ip-10-0-2-7.*"), 1},
        {F1("key-name", "nokey"), 1},
        {F1("image-id", "ami-*"), 6},
        {F1("instance-type", "m?.*"), 2},
        {F1("platform", "windows"), 1},
        {F1("platform-details", "Linux/UNIX"), 5},
        {F1("owner-id", "111122223333"), 6},
        {F1("owner-id", "444455556666"), 0},
        {F1("tag:env", "dev"), 1},
        {F1("tag:Name", "*b*"), 2},
        {F1("tag:Name", "WEB"), 0},
        {F1("tag-key", "env"), 2},
        {F1("tag-value", "prod"), 1},
        {F1("group-id", "sg-0000000b"), 2},
        {F1("instance.group-name", "instances"), 2},
        {F1("network-interface.subnet-id", "subnet-0000000b"), 3},
        {F1("network-interface.addresses.private-ip-address", "10.0.1.5"), 1},
        {F1("network-interface.ipv6-addresses.ipv6-address", "2001:*"), 1},
        {F1("architecture", "x86_64"), 6},
        {F1("tenancy", "host"), 0},
        {F1("reservation-id", "r-*"), 6},
        {F1("tag:env", "*") F2("instance-state-name", "running"), 1},
        {"Filter.7.Name=tag:env&Filter.7.Value.3=prod", 1},
        {"InstanceId.1=i-0123456789abcdef0&InstanceId.5=i-"
         "0123456789abcdef1&" F1("tag:env", "prod"),
         1},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned n = found(r, cases[i].filters);

        if (n != cases[i].n) {
            fail_msg("%s: %u", cases[i].filters, n);
        }
    }
}

static void test_refusals_of_describing(void **state)
{
    static const struct rig_refusal cases[] = {
        {"Action=DescribeInstances&InstanceId.1=i-0123456789abcdeff", 400,
         "InvalidInstanceID.NotFound",
         "The instance ID 'i-0123456789abcdeff' does not exist"},
        {"Action=DescribeInstances&InstanceId.1=i-00000001&InstanceId.2="
         "i-00000002",
         400, "InvalidInstanceID.NotFound",
         "The instance IDs 'i-00000001, i-00000002' do not exist"},
        /* There, but not the caller's. */
        {"Action=DescribeInstances&InstanceId.1=i-0123456789abcdef5", 400,
         "InvalidInstanceID.NotFound", NULL},
        {"Action=DescribeInstances&InstanceId.1=i-0123456789abcdef6", 400,
         "InvalidInstanceID.NotFound", NULL},
        {"Action=DescribeInstances&InstanceId.1=web", 400,
         "InvalidInstanceID.Malformed", "Invalid id: \"web\""},
        {"Action=DescribeInstances&" F1("colour", "red"), 400,
         "InvalidParameterValue", "The filter 'colour' is invalid"},
        {"Action=DescribeInstances&" F1("tag:", "red"), 400,
         "InvalidParameterValue", NULL},
        {"Action=DescribeInstances&Filter.1.Name=vpc-id", 400,
         "InvalidParameterValue", "The filter 'vpc-id' has no value"},
        {"Action=DescribeInstances&Filter.1.Value.1=x", 400, "MissingParameter",
         "The request must contain the parameter Filter.1.Name"},
        {"Action=DescribeInstances&Filter.51.Name=vpc-id&Filter.51.Value.1=x",
         400, "FilterLimitExceeded", NULL},
        {"Action=DescribeInstances&MaxResults=4", 400, "InvalidParameterValue",
         "Value ( 4 ) for parameter maxResults is invalid. Expecting a value "
         "greater than or equal to 5."},
        {"Action=DescribeInstances&MaxResults=1001", 400,
         "InvalidParameterValue", NULL},
        {"Action=DescribeInstances&MaxResults=many", 400,
         "InvalidParameterValue", NULL},
        {"Action=DescribeInstances&NextToken=nonsense", 400,
         "InvalidPaginationToken", NULL},
        {"Action=DescribeInstances&MaxResults=5&InstanceId.1="
         "i-0123456789abcdef0",
         400, "InvalidParameterCombination", NULL},
        {"Action=DescribeVpcs&VpcId.1=vpc-12345678", 400,
         "InvalidVpcID.NotFound", "The vpc ID 'vpc-12345678' does not exist"},
        {"Action=DescribeSubnets&SubnetId.1=subnet-12345678", 400,
         "InvalidSubnetID.NotFound", NULL},
        {"Action=DescribeSubnets&SubnetId.1=x", 400,
         "InvalidSubnetID.Malformed", NULL},
        {"Action=DescribeSecurityGroups&GroupId.1=sg-12345678", 400,
         "InvalidGroup.NotFound",
         "The security group 'sg-12345678' does not exist"},
        {"Action=DescribeInstanceConnectEndpoints&InstanceConnectEndpointId.1="
         "eice-00000000000000000",
         400, "InvalidInstanceConnectEndpointId.NotFound", NULL},
        {"Action=DescribeInstanceConnectEndpoints&InstanceConnectEndpointId.1="
         "x",
         400, "InvalidInstanceConnectEndpointId.Malformed", NULL},
        {"Action=DescribeInstanceConnectEndpoints&MaxResults=51", 400,
         "InvalidParameterValue", NULL},
    };

    RIG_REFUSES(*state, cases);
}

static void test_too_many_filter_values(void **state)
{
    struct rig *r = *state;
    char form[8000];
    size_t n = (size_t)sprintf(form, "Action=DescribeVpcs&"
                                     "Filter.1.Name=vpc-id");
    int i;

    for (i = 1; i <= 201; i++) {
        n += (size_t)sprintf(form + n, "&Filter.1.Value.%d=v", i);
    }
    rig_ec2(r, form);
    assert_string_equal(rig_error(r), "FilterLimitExceeded");
}

static void test_pages_cover_everything_once(void **state)
{
    struct rig *r = *state;
    char form[512];
    const char *token;

    rig_ec2(r, "Action=DescribeInstances&MaxResults=5");
    assert_int_equal(rig_items(r, "reservationSet"), 5);
    token = rig_xml(r, "nextToken");
    assert_non_null(token);
    snprintf(form, sizeof form,
             "Action=DescribeInstances&MaxResults=5&NextToken=%s", token);
    rig_ec2(r, form);
    assert_int_equal(rig_items(r, "reservationSet"), 1);
    assert_string_equal(rig_xml(r, INSTANCE "instanceId"),
                        "i-0123456789abcdef7");
    assert_null(rig_xml(r, "nextToken"));
    /* A token is for its own action. */
    snprintf(form, sizeof form, "Action=DescribeVpcs&NextToken=%s", token);
    rig_ec2(r, form);
    assert_string_equal(rig_error(r), "InvalidPaginationToken");
    /* An exact page has no successor. */
    rig_ec2(r, "Action=DescribeInstances&MaxResults=6");
    assert_int_equal(rig_items(r, "reservationSet"), 6);
    assert_null(rig_xml(r, "nextToken"));
}

static void test_other_accounts_and_regions_see_their_own(void **state)
{
    struct rig *r = *state;

    rig_as(r, "other");
    assert_int_equal(found(r, ""), 1);
    assert_string_equal(rig_xml(r, INSTANCE "instanceId"),
                        "i-0123456789abcdef5");
    rig_as(r, "admin");
    r->region = "us-east-1";
    assert_int_equal(found(r, ""), 1);
    assert_string_equal(rig_xml(r, INSTANCE "privateDnsName"),
                        "ip-10-0-1-5.ec2.internal");
    r->region = "eu-west-1";
    assert_int_equal(found(r, ""), 0);
}

/* --- networks ----------------------------------------------------------- */

static void test_networks(void **state)
{
    struct rig *r = *state;

    rig_ec2(r, "Action=DescribeVpcs");
    assert_int_equal(rig_items(r, "vpcSet"), 2);
    assert_string_equal(rig_xml(r, "vpcSet/item/cidrBlock"), "10.0.0.0/16");
    assert_string_equal(rig_xml(r,
                                "vpcSet/item/ipv6CidrBlockAssociationSet/item/"
                                "ipv6CidrBlock"),
                        "2001:db8:0:100::/56");
    rig_ec2(r, "Action=DescribeVpcs&" F1("tag:Name", "main"));
    assert_int_equal(rig_items(r, "vpcSet"), 1);
    rig_ec2(r, "Action=DescribeVpcs&VpcId.1=vpc-0000000b");
    assert_string_equal(rig_xml(r, "vpcSet/item/vpcId"), "vpc-0000000b");

    rig_ec2(r, "Action=DescribeSubnets&" F1("vpc-id", "vpc-0000000a"));
    assert_int_equal(rig_items(r, "subnetSet"), 2);
    assert_string_equal(rig_xml(r, "subnetSet/item/availabilityZoneId"),
                        "euc1-az1");
    rig_ec2(r, "Action=DescribeSubnets&" F1("cidr-block", "10.0.2.0/24"));
    assert_string_equal(rig_xml(r, "subnetSet/item/subnetId"),
                        "subnet-0000000b");
    rig_ec2(r, "Action=DescribeSubnets&" F1("availability-zone", "*1a")
                   F2("state", "available"));
    assert_int_equal(rig_items(r, "subnetSet"), 2);

    rig_ec2(r, "Action=DescribeSecurityGroups&GroupId.1=sg-0000000b");
    assert_string_equal(rig_xml(r, "securityGroupInfo/item/groupDescription"),
                        "a <b> & c");
    assert_non_null(strstr(r->body, "a &lt;b&gt; &amp; c"));
    assert_int_equal(rig_items(r, "securityGroupInfo/item/ipPermissions"), 2);
    assert_string_equal(
        rig_xml(r, "securityGroupInfo/item/ipPermissions/item/fromPort"), "22");
    assert_string_equal(rig_xml(r, "securityGroupInfo/item/ipPermissions/item/"
                                   "groups/item/groupId"),
                        "sg-0000000a");
    assert_string_equal(rig_xml(r, "securityGroupInfo/item/"
                                   "ipPermissionsEgress/item/ipProtocol"),
                        "-1");
    rig_ec2(r, "Action=DescribeSecurityGroups&" F1("group-name", "default"));
    assert_int_equal(rig_items(r, "securityGroupInfo"), 2);
    rig_ec2(r, "Action=DescribeSecurityGroups&" F1("tag:env", "dev"));
    assert_int_equal(rig_items(r, "securityGroupInfo"), 1);
}

#define RIGGED(test)                                                           \
    cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIGGED(test_frame_refusals),
        RIGGED(test_the_error_has_ec2s_shape),
        RIGGED(test_too_many_parameters_are_refused),
        RIGGED(test_unauthorized_people_are_refused),
        RIGGED(test_an_instance_as_the_client_reads_it),
        RIGGED(test_windows_and_terminated_instances),
        RIGGED(test_filters_of_instances),
        RIGGED(test_refusals_of_describing),
        RIGGED(test_too_many_filter_values),
        RIGGED(test_pages_cover_everything_once),
        RIGGED(test_other_accounts_and_regions_see_their_own),
        RIGGED(test_networks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
