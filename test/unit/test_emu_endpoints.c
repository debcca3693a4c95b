/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_endpoints.c - endpoints described, made, changed, deleted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "emu_rig.h"

#define F1(name, value) "Filter.1.Name=" name "&Filter.1.Value.1=" value
#define ENDPOINT "instanceConnectEndpointSet/item/"
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

static void test_transitions_fail_on_order(void **state)
{
    struct rig *r = rig_with_instance(
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
        RIGGED(test_an_endpoint_as_the_client_reads_it),
        RIGGED(test_filters_of_endpoints),
        RIGGED(test_creating_an_endpoint),
        RIGGED(test_refusals_of_creating),
        cmocka_unit_test(test_creating_asks_for_every_permission),
        RIGGED(test_modifying_an_endpoint),
        RIGGED(test_refusals_of_changing),
        cmocka_unit_test(test_transitions_fail_on_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
