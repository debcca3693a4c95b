/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_ec2.c - the EC2 actions: answers, filters, pages, every error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base64.h"
#include "emu_rig.h"
#include "filter.h"
#include "utf8.h"

#define INSTANCE "reservationSet/item/instancesSet/item/"
#define ENDPOINT "instanceConnectEndpointSet/item/"

/* --- wildcards ---------------------------------------------------------- */

static void test_wildcards(void **state)
{
    static const struct {
        const char *pattern;
        const char *text;
        bool match;
    } cases[] = {
        {"", "", true},           {"", "a", false},
        {"a", "a", true},         {"a", "A", false},
        {"*", "", true},          {"*", "anything", true},
        {"a*", "abc", true},      {"a*c", "abbbc", true},
        {"a*c", "abbbd", false},  {"?", "x", true},
        {"?", "", false},         {"a?c", "abc", true},
        {"\\*", "*", true},       {"\\*", "x", false},
        {"a\\?", "a?", true},     {"a\\?", "ab", false},
        {"*a*b*", "xaxbx", true}, {"*a*b*", "xbxax", false},
        {"a\\", "a\\", true},     {"**", "abc", true},
    };
    char hard[64];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(filter_glob(cases[i].pattern, cases[i].text),
                         cases[i].match);
    }
    memset(hard, 'a', sizeof hard);
    hard[sizeof hard - 1] = '\0';
    assert_false(filter_glob("*a*a*a*a*a*a*a*a*a*a*b", hard));
}

static void test_utf8(void **state)
{
    static const struct {
        const char *text;
        const char *repaired; /* NULL: it was right */
    } cases[] = {
        {"", NULL},
        {"a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", NULL},
        {"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbd", NULL},
        {"a\xc3", "a?"}, /* Cut short */
        {"\xe2\x82", "??"},
        {"\xf0\x9f\x98", "???"},
        {"\x80z", "?z"},    /* A tail alone */
        {"\xc0\xaf", "??"}, /* Overlong */
        {"\xe0\x80\xaf", "???"},
        {"\xf0\x80\x80\xaf", "????"},
        {"\xed\xa0\x80", "???"},      /* A surrogate */
        {"\xf4\x90\x80\x80", "????"}, /* Beyond U+10FFFF */
        {"\xff\xfe", "??"},
        {"\xef\xbf\xbe", "???"}, /* U+FFFE: not in XML */
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *want =
            cases[i].repaired != NULL ? cases[i].repaired : cases[i].text;
        char copy[32];

        assert_int_equal(utf8_valid(cases[i].text, strlen(cases[i].text)),
                         cases[i].repaired == NULL);
        strcpy(copy, cases[i].text);
        utf8_repair(copy);
        assert_string_equal(copy, want);
    }
}

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

/* --- endpoints ---------------------------------------------------------- */

#define CREATE "Action=CreateInstanceConnectEndpoint"
#define MODIFY                                                                 \
    "Action=ModifyInstanceConnectEndpoint&InstanceConnectEndpointId="          \
    "eice-0123456789abcdef0"
#define DELETE                                                                 \
    "Action=DeleteInstanceConnectEndpoint&InstanceConnectEndpointId="          \
    "eice-0123456789abcdef0"
#define DESCRIBE "Action=DescribeInstanceConnectEndpoints"

static void test_an_endpoint_as_the_client_reads_it(void **state)
{
    struct rig *r = *state;
    static const struct {
        const char *path;
        const char *value;
    } want[] = {
        {ENDPOINT "ownerId", "111122223333"},
        {ENDPOINT "instanceConnectEndpointId", "eice-0123456789abcdef0"},
        {ENDPOINT "instanceConnectEndpointArn",
         "arn:aws:ec2:eu-central-1:111122223333:instance-connect-endpoint/"
         "eice-0123456789abcdef0"},
        {ENDPOINT "state", "create-complete"},
        {ENDPOINT "stateMessage", ""},
        {ENDPOINT "dnsName",
         "eice-0123456789abcdef0.0123abcd.ec2-instance-connect-endpoint."
         "eu-central-1.amazonaws.com"},
        {ENDPOINT "vpcId", "vpc-0000000a"},
        {ENDPOINT "subnetId", "subnet-0000000a"},
        {ENDPOINT "availabilityZone", "eu-central-1a"},
        {ENDPOINT "createdAt", "2026-01-01T00:00:00.000Z"},
        {ENDPOINT "preserveClientIp", "false"},
        {ENDPOINT "securityGroupIdSet/item", "sg-0000000a"},
        {ENDPOINT "ipAddressType", "dualstack"},
        {ENDPOINT "tagSet/item/value", "dev"},
    };
    size_t i;

    rig_ec2(r, DESCRIBE);
    for (i = 0; i < sizeof want / sizeof want[0]; i++) {
        const char *value = rig_xml(r, want[i].path);

        if (value == NULL || strcmp(value, want[i].value) != 0) {
            fail_msg("%s: %s", want[i].path, value);
        }
    }
    assert_non_null(strstr(rig_xml(r, ENDPOINT "fipsDnsName"),
                           ".fips.ec2-instance-connect-endpoint."));
}

/* How many endpoints a query finds. */
static unsigned endpoints(struct rig *r, const char *more)
{
    char form[512];

    snprintf(form, sizeof form, DESCRIBE "%s", more);
    rig_ec2(r, form);
    assert_int_equal(r->status, 200);
    return rig_items(r, "instanceConnectEndpointSet");
}

static void test_filters_of_endpoints(void **state)
{
    struct rig *r = *state;

    /* As the AWS CLI asks. */
    assert_int_equal(
        endpoints(r, "&Filter.1.Name=state&Filter.1.Value.1=create-complete"
                     "&Filter.1.Value.2=update-in-progress"
                     "&Filter.1.Value.3=update-failed"
                     "&Filter.1.Value.4=update-complete"
                     "&Filter.2.Name=vpc-id&Filter.2.Value.1=vpc-0000000a"),
        1);
    assert_int_equal(endpoints(r, "&" F1("vpc-id", "vpc-1")), 0);
    assert_int_equal(endpoints(r, "&" F1("subnet-id", "subnet-*")), 1);
    assert_int_equal(
        endpoints(r, "&" F1("instance-connect-endpoint-id", "eice-0*")), 1);
    assert_int_equal(endpoints(r, "&" F1("tag:env", "dev")), 1);
    assert_int_equal(endpoints(r, "&" F1("tag-value", "prod")), 0);
    r->region = "us-east-1";
    assert_int_equal(endpoints(r, ""), 0);
}

static void test_creating_an_endpoint(void **state)
{
    struct rig *r = *state;
    struct world_endpoint *ep;
    char id[32];

    rig_ec2(r, DELETE);
    assert_int_equal(r->status, 200);
    assert_string_equal(rig_xml(r, "instanceConnectEndpoint/state"),
                        "delete-in-progress");
    assert_null(rig_xml(r, "instanceConnectEndpoint/dnsName"));
    r->now_ms += 2000;
    assert_int_equal(endpoints(r, ""), 1);
    assert_string_equal(rig_xml(r, ENDPOINT "state"), "delete-complete");
    r->now_ms += 60000;
    assert_int_equal(endpoints(r, ""), 0);

    rig_ec2(r, CREATE "&SubnetId=subnet-0000000b&ClientToken=one"
                      "&SecurityGroupId.1=sg-0000000a"
                      "&SecurityGroupId.2=sg-0000000b"
                      "&TagSpecification.1.ResourceType="
                      "instance-connect-endpoint"
                      "&TagSpecification.1.Tag.1.Key=env"
                      "&TagSpecification.1.Tag.1.Value=a%20b");
    assert_int_equal(r->status, 200);
    assert_string_equal(rig_xml(r, "instanceConnectEndpoint/state"),
                        "create-in-progress");
    assert_string_equal(rig_xml(r, "clientToken"), "one");
    assert_string_equal(rig_xml(r, "instanceConnectEndpoint/ipAddressType"),
                        "ipv4"); /* What the subnet has */
    assert_int_equal(rig_items(r, "instanceConnectEndpoint/securityGroupIdSet"),
                     2);
    assert_string_equal(rig_xml(r, "instanceConnectEndpoint/tagSet/item/value"),
                        "a b");
    strcpy(id, rig_xml(r, "instanceConnectEndpoint/"
                          "instanceConnectEndpointId"));
    ep = world_endpoint(r->w, id);
    assert_non_null(ep);
    assert_int_equal(strlen(id), 22);
    assert_int_equal(strncmp(ep->dns_name, id, strlen(id)), 0);
    r->now_ms += 2000;
    assert_int_equal(endpoints(r, ""), 1);
    assert_string_equal(rig_xml(r, ENDPOINT "state"), "create-complete");

    /* The same again is the same endpoint. */
    rig_ec2(r, CREATE "&SubnetId=subnet-0000000b&ClientToken=one"
                      "&SecurityGroupId.1=sg-0000000a"
                      "&SecurityGroupId.2=sg-0000000b"
                      "&TagSpecification.1.ResourceType="
                      "instance-connect-endpoint"
                      "&TagSpecification.1.Tag.1.Key=env"
                      "&TagSpecification.1.Tag.1.Value=a%20b");
    assert_int_equal(r->status, 200);
    assert_string_equal(
        rig_xml(r, "instanceConnectEndpoint/instanceConnectEndpointId"), id);
    rig_ec2(r, CREATE "&SubnetId=subnet-0000000b&ClientToken=one");
    assert_string_equal(rig_error(r), "IdempotentParameterMismatch");
    assert_int_equal(world_n_endpoints(r->w), 1);
}

static void test_refusals_of_creating(void **state)
{
    static const struct rig_refusal cases[] = {
        {CREATE, 400, "MissingParameter",
         "The request must contain the parameter SubnetId"},
        {CREATE "&SubnetId=subnet-1", 400, "InvalidSubnetID.NotFound",
         "The subnet ID 'subnet-1' does not exist"},
        {CREATE "&SubnetId=subnet-0000000d", 400, "InvalidSubnetID.NotFound",
         NULL}, /* Another account's */
        {CREATE "&SubnetId=subnet-0000000c&SecurityGroupId.1=sg-9", 400,
         "InvalidSecurityGroupID.NotFound", NULL},
        {CREATE "&SubnetId=subnet-0000000c&SecurityGroupId.1=sg-0000000a", 400,
         "InvalidParameter",
         "Security group sg-0000000a and subnet subnet-0000000c belong to "
         "different networks."},
        {CREATE "&SubnetId=subnet-0000000c&IpAddressType=ipv5", 400,
         "InvalidParameterValue", NULL},
        {CREATE "&SubnetId=subnet-0000000c&IpAddressType=ipv6", 400,
         "InvalidParameterValue",
         "The subnet subnet-0000000c does not support the IP address type "
         "ipv6"},
        {CREATE "&SubnetId=subnet-0000000a&IpAddressType=dualstack"
                "&PreserveClientIp=true",
         400, "InvalidParameterCombination", NULL},
        {CREATE "&SubnetId=subnet-0000000c&PreserveClientIp=yes", 400,
         "InvalidParameterValue", NULL},
        {CREATE "&SubnetId=subnet-0000000c"
                "&TagSpecification.1.ResourceType=instance"
                "&TagSpecification.1.Tag.1.Key=a",
         400, "InvalidParameterValue",
         "'instance' is not a valid taggable resource type for this "
         "operation."},
        {CREATE "&SubnetId=subnet-0000000c"
                "&TagSpecification.1.ResourceType=instance-connect-endpoint"
                "&TagSpecification.1.Tag.1.Key=a"
                "&TagSpecification.1.Tag.2.Key=a",
         400, "InvalidParameterValue", "Duplicate tag key 'a' specified."},
        {CREATE "&SubnetId=subnet-0000000c"
                "&TagSpecification.1.ResourceType=instance-connect-endpoint"
                "&TagSpecification.1.Tag.1.Key=aws:a",
         400, "InvalidParameterValue", NULL},
        {CREATE "&SubnetId=subnet-0000000c"
                "&TagSpecification.1.ResourceType=instance-connect-endpoint"
                "&TagSpecification.1.Tag.1.Value=a",
         400, "InvalidParameterValue", NULL},
        {CREATE "&SubnetId=subnet-0000000c&ClientToken=0123456789012345678901"
                "2345678901234567890123456789012345678901234",
         400, "InvalidParameterValue", NULL},
        {CREATE "&SubnetId=subnet-0000000c&ClientToken=%C3%A4", 400,
         "InvalidParameterValue", NULL},
        {CREATE "&SubnetId=subnet-0000000a", 400, "ResourceLimitExceeded",
         "The maximum number of EC2 Instance Connect Endpoints per subnet (1) "
         "has been reached for subnet-0000000a."},
        {CREATE "&SubnetId=subnet-0000000b", 400, "ResourceLimitExceeded",
         "The maximum number of EC2 Instance Connect Endpoints per VPC (1) has "
         "been reached for vpc-0000000a."},
        {CREATE "&SubnetId=subnet-0000000c&DryRun=true", 412, "DryRunOperation",
         NULL},
    };
    struct rig *r = *state;
    char form[1024];
    size_t n;
    int i;

    RIG_REFUSES(r, cases);
    assert_int_equal(world_n_endpoints(r->w), 1);
    n = (size_t)sprintf(form, CREATE "&SubnetId=subnet-0000000c");
    for (i = 1; i <= 17; i++) {
        n += (size_t)sprintf(form + n, "&SecurityGroupId.%d=sg-0000000d", i);
    }
    rig_ec2(r, form);
    assert_string_equal(rig_error(r), "InvalidParameterValue");
    world_settings_mut(r->w)->max_per_account = 1;
    rig_ec2(r, CREATE "&SubnetId=subnet-0000000c");
    assert_string_equal(rig_message(r),
                        "The maximum number of EC2 Instance Connect Endpoints "
                        "per account (1) has been reached.");
}

static void test_creating_asks_for_every_permission(void **state)
{
    /* Each policy lacks one of them. */
    static const struct {
        const char *deny;
        const char *subnet;
        bool allowed;
    } cases[] = {
        {"{\"Action\": \"ec2:CreateInstanceConnectEndpoint\", "
         "\"Resource\": \"arn:aws:ec2:*:*:subnet/subnet-2\"}",
         "subnet-2", false},
        {"{\"Action\": \"ec2:CreateInstanceConnectEndpoint\", "
         "\"Resource\": \"arn:aws:ec2:*:*:subnet/subnet-1\"}",
         "subnet-2", true},
        {"{\"Action\": \"ec2:CreateInstanceConnectEndpoint\", "
         "\"Resource\": \"*\", \"Condition\": {\"StringEquals\": "
         "{\"ec2:SubnetID\": \"subnet-2\"}}}",
         "subnet-2", false},
        {"{\"Action\": \"ec2:CreateInstanceConnectEndpoint\", "
         "\"Resource\": \"*\", \"Condition\": {\"StringEquals\": "
         "{\"aws:RequestTag/env\": \"prod\"}}}",
         "subnet-2", false},
        {"{\"Action\": \"ec2:CreateTags\", \"Resource\": \"*\"}", "subnet-2",
         false},
        {"{\"Action\": \"ec2:CreateNetworkInterface\", \"Resource\": \"*\"}",
         "subnet-2", false},
        {"{\"Action\": \"iam:CreateServiceLinkedRole\", \"Resource\": \"*\"}",
         "subnet-2", false},
        {"{\"Action\": \"ec2:ModifyInstanceConnectEndpoint\", "
         "\"Resource\": \"*\"}",
         "subnet-2", true},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char world[2048];
        char form[512];
        struct rig *r;

        snprintf(world, sizeof world,
                 "{\"accounts\":[{\"id\":\"111122223333\",\"users\":[{"
                 "\"name\":\"u\",\"keys\":[{\"id\":\"AKID\",\"secret\":\"s\"}],"
                 "\"policies\":[{\"Version\":\"2012-10-17\",\"Statement\":["
                 "{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"},"
                 "{\"Effect\":\"Deny\",%s]}]}]}],"
                 "\"vpcs\":[{\"id\":\"vpc-1\",\"cidrs\":[\"10.0.0.0/16\"]}],"
                 "\"subnets\":[{\"id\":\"subnet-2\",\"vpc\":\"vpc-1\","
                 "\"zone\":\"eu-central-1a\",\"cidrs\":[\"10.0.1.0/24\"]}]}",
                 cases[i].deny + 1);
        r = rig_new(world);
        r->key_id = "AKID";
        r->secret = "s";
        snprintf(form, sizeof form,
                 CREATE "&SubnetId=%s&TagSpecification.1.ResourceType="
                        "instance-connect-endpoint"
                        "&TagSpecification.1.Tag.1.Key=env"
                        "&TagSpecification.1.Tag.1.Value=prod",
                 cases[i].subnet);
        rig_ec2(r, form);
        if ((r->status == 200) != cases[i].allowed) {
            fail_msg("%s: %s", cases[i].deny, r->body);
        }
        rig_free(r);
    }
}

static void test_modifying_an_endpoint(void **state)
{
    struct rig *r = *state;

    /* As the AWS CLI sends it. */
    rig_ec2(r, MODIFY "&IpAddressType=ipv4&SecurityGroupId.1=sg-0000000b"
                      "&PreserveClientIp=true");
    assert_int_equal(r->status, 200);
    assert_string_equal(rig_xml(r, "return"), "true");
    endpoints(r, "");
    assert_string_equal(rig_xml(r, ENDPOINT "state"), "update-in-progress");
    assert_string_equal(rig_xml(r, ENDPOINT "ipAddressType"), "dualstack");
    rig_ec2(r, MODIFY "&PreserveClientIp=false");
    assert_string_equal(rig_error(r), "IncorrectState");
    rig_ec2(r, DELETE);
    assert_string_equal(rig_error(r), "IncorrectState");
    r->now_ms += 2000;
    endpoints(r, "");
    assert_string_equal(rig_xml(r, ENDPOINT "state"), "update-complete");
    assert_string_equal(rig_xml(r, ENDPOINT "ipAddressType"), "ipv4");
    assert_string_equal(rig_xml(r, ENDPOINT "preserveClientIp"), "true");
    assert_string_equal(rig_xml(r, ENDPOINT "securityGroupIdSet/item"),
                        "sg-0000000b");
}

static void test_refusals_of_changing(void **state)
{
    static const struct rig_refusal cases[] = {
        {"Action=ModifyInstanceConnectEndpoint", 400, "MissingParameter", NULL},
        {MODIFY, 400, "MissingParameter",
         "The request must contain at least one parameter to modify"},
        {MODIFY "&PreserveClientIp=true", 400, "InvalidParameterCombination",
         NULL}, /* It is dualstack */
        {MODIFY "&SecurityGroupId.1=sg-0000000d", 400, "InvalidParameter",
         NULL},
        {MODIFY "&SecurityGroupId.1=sg-1", 400,
         "InvalidSecurityGroupID.NotFound", NULL},
        {MODIFY "&IpAddressType=x", 400, "InvalidParameterValue", NULL},
        {MODIFY "&PreserveClientIp=false&DryRun=true", 412, "DryRunOperation",
         NULL},
        {DELETE "&DryRun=true", 412, "DryRunOperation", NULL},
        {"Action=DeleteInstanceConnectEndpoint", 400, "MissingParameter", NULL},
        {"Action=DeleteInstanceConnectEndpoint&InstanceConnectEndpointId="
         "eice-00000000000000000",
         400, "InvalidInstanceConnectEndpointId.NotFound", NULL},
        {"Action=DeleteInstanceConnectEndpoint&InstanceConnectEndpointId=x",
         400, "InvalidInstanceConnectEndpointId.Malformed", NULL},
    };
    struct rig *r = *state;

    RIG_REFUSES(r, cases);
    endpoints(r, "");
    assert_string_equal(rig_xml(r, ENDPOINT "state"), "create-complete");
    /* Twice is once; gone is gone. */
    rig_ec2(r, DELETE);
    rig_ec2(r, DELETE);
    assert_int_equal(r->status, 200);
    r->now_ms += 2000;
    rig_ec2(r, DELETE);
    assert_string_equal(rig_error(r),
                        "InvalidInstanceConnectEndpointId.NotFound");
}

/* --- password and console ----------------------------------------------- */

/* A world with one instance that has @more. */
static struct rig *with_instance(const char *more)
{
    char world[8192];
    struct rig *r;

    snprintf(world, sizeof world,
             "{\"accounts\":[{\"id\":\"111122223333\",\"root\":{\"keys\":["
             "{\"id\":\"AKID\",\"secret\":\"s\"}]}}],"
             "\"vpcs\":[{\"id\":\"vpc-1\",\"cidrs\":[\"10.0.0.0/16\"]}],"
             "\"subnets\":[{\"id\":\"subnet-1\",\"vpc\":\"vpc-1\","
             "\"zone\":\"eu-central-1a\",\"cidrs\":[\"10.0.1.0/24\"]}],"
             "%s}",
             more);
    r = rig_new(world);
    r->key_id = "AKID";
    r->secret = "s";
    return r;
}

#define PASSWORD "Action=GetPasswordData&InstanceId=i-00000000"
#define CONSOLE "Action=GetConsoleOutput&InstanceId=i-00000000"
#define IN                                                                     \
    "\"instances\":[{\"id\":\"i-00000000\",\"subnet\":\"subnet-1\","           \
    "\"private_ip\":\"10.0.1.5\","

static void test_password_opens_with_the_key_pair(void **state)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    BIO *bio = BIO_new(BIO_s_mem());
    unsigned char plain[512];
    size_t len = sizeof plain;
    char world[4096];
    char pem[2048];
    struct buf cipher;
    struct rig *r;
    char *text;
    long n;
    long i;
    size_t at = 0;

    (void)state;
    assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
    n = BIO_get_mem_data(bio, &text);
    for (i = 0; i < n; i++) { /* As a JSON string */
        if (text[i] == '\n') {
            pem[at++] = '\\';
            pem[at++] = 'n';
        } else {
            pem[at++] = text[i];
        }
    }
    pem[at] = '\0';
    snprintf(world, sizeof world,
             "\"key_pairs\":[{\"name\":\"k\",\"public_key\":\"%s\"}]," IN
             "\"platform\":\"windows\",\"key_name\":\"k\","
             "\"password\":\"S3cret!\\u00e4\"}]",
             pem);
    r = with_instance(world);
    rig_ec2(r, PASSWORD);
    assert_int_equal(r->status, 200);
    buf_init(&cipher, 4096);
    text = (char *)(uintptr_t)rig_xml(r, "passwordData");
    assert_int_equal(base64_decode(&cipher, text, strlen(text)), 0);
    assert_int_equal(EVP_PKEY_decrypt_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING), 1);
    assert_int_equal(EVP_PKEY_decrypt(ctx, plain, &len,
                                      (unsigned char *)cipher.data, cipher.len),
                     1);
    assert_int_equal(len, 9);
    assert_memory_equal(plain, "S3cret!\xc3\xa4", 9);
    buf_free(&cipher);
    rig_free(r);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    BIO_free(bio);
}

static void test_password_that_is_not_there(void **state)
{
    struct rig *r = with_instance(IN "\"platform\":\"windows\"}]");

    (void)state;
    rig_ec2(r, PASSWORD);
    assert_int_equal(r->status, 200);
    assert_string_equal(rig_xml(r, "passwordData"), "");
    rig_ec2(r, "Action=GetPasswordData");
    assert_string_equal(rig_error(r), "MissingParameter");
    rig_ec2(r, "Action=GetPasswordData&InstanceId=i-00000001");
    assert_string_equal(rig_error(r), "InvalidInstanceID.NotFound");
    rig_ec2(r, "Action=GetPasswordData&InstanceId=x");
    assert_string_equal(rig_error(r), "InvalidInstanceID.Malformed");
    rig_ec2(r, PASSWORD "&DryRun=true");
    assert_string_equal(rig_error(r), "DryRunOperation");
    rig_free(r);
    r = with_instance("\"key_pairs\":[{\"name\":\"k\"}]," IN
                      "\"key_name\":\"k\",\"password\":\"x\"}]");
    rig_ec2(r, PASSWORD);
    assert_string_equal(rig_error(r), "InvalidParameterValue");
    rig_free(r);
    r = with_instance("\"key_pairs\":[{\"name\":\"k\"}]," IN
                      "\"key_name\":\"k\",\"password\":\"x\","
                      "\"launched\":\"2100-01-02T03:04:05Z\","
                      "\"password_seconds\":60}]");
    rig_ec2(r, PASSWORD); /* Not yet */
    assert_string_equal(rig_xml(r, "passwordData"), "");
    rig_free(r);
}

/* The decoded console output. */
static const char *console(struct rig *r)
{
    static char text[8192];
    struct buf plain;
    const char *coded;

    rig_ec2(r, CONSOLE);
    assert_int_equal(r->status, 200);
    coded = rig_xml(r, "output");
    buf_init(&plain, sizeof text - 1);
    assert_int_equal(base64_decode(&plain, coded, strlen(coded)), 0);
    snprintf(text, sizeof text, "%s", buf_str(&plain));
    buf_free(&plain);
    return text;
}

#define HOSTKEY                                                                \
    "ssh-ed25519 "                                                             \
    "AAAAC3NzaC1lZDI1NTE5AAAAIFlV91SW8mo4auDShUcqoDhI7quWatKIy9E9bJBoD+jD"

static void test_console_shows_host_keys(void **state)
{
    char path[] = "/tmp/eice-hostkey-XXXXXX";
    char world[1024];
    struct rig *r;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, HOSTKEY " me\n", sizeof HOSTKEY + 3),
                     sizeof HOSTKEY + 3);
    close(fd);
    snprintf(world, sizeof world,
             IN "\"host_keys\":[\"" HOSTKEY " x\"],"
                "\"host_key_files\":[\"%s\",\"/dev/null/none\"]}]",
             path);
    r = with_instance(world);
    assert_non_null(strstr(console(r),
                           "-----BEGIN SSH HOST KEY FINGERPRINTS-----\r\n"
                           "256 SHA256:"));
    assert_non_null(strstr(console(r), " root@ip-10-0-1-5 (ED25519)\r\n"));
    assert_non_null(strstr(
        console(r), "-----BEGIN SSH HOST KEY KEYS-----\r\n" HOSTKEY
                    " root@ip-10-0-1-5\r\n" HOSTKEY " root@ip-10-0-1-5\r\n"
                    "-----END SSH HOST KEY KEYS-----\r\n"));
    rig_free(r);
    unlink(path);
    r = with_instance(IN "\"console_output\":\"as it is\"}]");
    assert_string_equal(console(r), "as it is");
    rig_free(r);
}

/* --- faults and pages of lack ------------------------------------------- */

static void test_throttling_on_order_ends(void **state)
{
    struct rig *r = with_instance(
        "\"faults\":[{\"action\":\"Describe*\",\"skip\":1,\"times\":2,"
        "\"status\":503,\"code\":\"RequestLimitExceeded\","
        "\"message\":\"Request limit exceeded.\",\"delay_ms\":30},"
        "{\"action\":\"GetConsoleOutput\",\"times\":1,\"delay_ms\":70},"
        "{\"action\":\"GetPasswordData\",\"times\":1,\"status\":500,"
        "\"body\":\"<html>\"}]," IN "\"name\":\"x\"}]");

    (void)state;
    rig_ec2(r, "Action=DescribeVpcs");
    assert_int_equal(r->status, 200);
    rig_ec2(r, "Action=DescribeVpcs");
    assert_int_equal(r->status, 503);
    assert_string_equal(rig_error(r), "RequestLimitExceeded");
    assert_int_equal(r->delay_ms, 30);
    rig_ec2(r, "Action=DescribeSubnets");
    assert_int_equal(r->status, 503);
    rig_ec2(r, "Action=DescribeVpcs");
    assert_int_equal(r->status, 200);
    assert_int_equal(r->delay_ms, 0);
    rig_ec2(r, CONSOLE);
    assert_int_equal(r->status, 200);
    assert_int_equal(r->delay_ms, 70);
    rig_ec2(r, PASSWORD);
    assert_int_equal(r->status, 500);
    assert_string_equal(r->body, "<html>");
    rig_free(r);
}

static void test_transitions_fail_on_order(void **state)
{
    struct rig *r = with_instance(
        "\"faults\":[{\"action\":\"CreateInstanceConnectEndpoint\","
        "\"times\":1,\"fail_transition\":\"no addresses left\"}]");

    (void)state;
    rig_ec2(r, CREATE "&SubnetId=subnet-1");
    assert_int_equal(r->status, 200);
    r->now_ms += 2000;
    endpoints(r, "");
    assert_string_equal(rig_xml(r, ENDPOINT "state"), "create-failed");
    assert_string_equal(rig_xml(r, ENDPOINT "stateMessage"),
                        "no addresses left");
    rig_free(r);
}

#define RIGGED(test)                                                           \
    cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wildcards),
        cmocka_unit_test(test_utf8),
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
        RIGGED(test_an_endpoint_as_the_client_reads_it),
        RIGGED(test_filters_of_endpoints),
        RIGGED(test_creating_an_endpoint),
        RIGGED(test_refusals_of_creating),
        cmocka_unit_test(test_creating_asks_for_every_permission),
        RIGGED(test_modifying_an_endpoint),
        RIGGED(test_refusals_of_changing),
        cmocka_unit_test(test_password_opens_with_the_key_pair),
        cmocka_unit_test(test_password_that_is_not_there),
        cmocka_unit_test(test_console_shows_host_keys),
        cmocka_unit_test(test_throttling_on_order_ends),
        cmocka_unit_test(test_transitions_fail_on_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
