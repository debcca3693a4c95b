/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_groups.c - DescribeSecurityGroups by id, by name, by rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "emu_rig.h"

#define GROUP "securityGroupInfo/item/"

/* Two accounts and two regions: names mean those of one's own default VPC. */
#define WORLD(is_default)                                                      \
    "{\"region\": \"eu-central-1\", \"accounts\": ["                           \
    "{\"id\": \"111122223333\", \"users\": [{\"name\": \"admin\","             \
    " \"keys\": [{\"id\": \"AKIDEXAMPLE\","                                    \
    "  \"secret\": \"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\"}],"            \
    " \"policies\": [{\"Version\": \"2012-10-17\", \"Statement\": ["           \
    "  {\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\"}]}]}]}," \
    "{\"id\": \"444455556666\"}],"                                             \
    "\"vpcs\": ["                                                              \
    " {\"id\": \"vpc-0000000a\", \"cidrs\": [\"10.0.0.0/16\"],"                \
    "  \"account\": \"111122223333\"},"                                        \
    " {\"id\": \"vpc-0000000b\", \"cidrs\": [\"10.1.0.0/16\"],"                \
    "  \"account\": \"111122223333\", \"default\": " is_default "},"           \
    " {\"id\": \"vpc-0000000c\", \"cidrs\": [\"10.2.0.0/16\"],"                \
    "  \"account\": \"444455556666\", \"default\": true},"                     \
    " {\"id\": \"vpc-0000000d\", \"cidrs\": [\"10.3.0.0/16\"],"                \
    "  \"account\": \"111122223333\", \"region\": \"us-east-1\","              \
    "  \"default\": true}],"                                                   \
    "\"security_groups\": ["                                                   \
    " {\"id\": \"sg-0000000a\", \"name\": \"web\", \"vpc\": \"vpc-0000000a\"," \
    "  \"ingress\": [{\"protocol\": \"tcp\", \"port\": 22,"                    \
    "   \"cidrs\": [\"10.9.0.0/16\", \"2001:db8::/32\"]},"                     \
    "   {\"protocol\": \"udp\", \"from\": 5000, \"to\": 5010,"                 \
    "    \"groups\": [\"sg-0000000a\"]}],"                                     \
    "  \"egress\": [{\"protocol\": \"tcp\", \"port\": 443,"                    \
    "   \"cidrs\": [\"0.0.0.0/0\"]}]},"                                        \
    " {\"id\": \"sg-0000000b\", \"name\": \"web\", \"vpc\": \"vpc-0000000b\"," \
    "  \"ingress\": []},"                                                      \
    " {\"id\": \"sg-000000bb\", \"name\": \"ops\", \"vpc\": \"vpc-0000000b\"," \
    "  \"ingress\": [{\"protocol\": \"-1\","                                   \
    "   \"groups\": [\"sg-0000000b\"]}]},"                                     \
    " {\"id\": \"sg-0000000c\", \"name\": \"far\", \"vpc\": \"vpc-0000000c\"," \
    "  \"ingress\": []},"                                                      \
    " {\"id\": \"sg-0000000d\", \"name\": \"east\","                           \
    "  \"vpc\": \"vpc-0000000d\", \"ingress\": []}]}"

/* The ids that a query finds, joined by spaces. */
static const char *found(struct rig *r, const char *more)
{
    static char ids[256];
    char form[512];
    size_t used = 0;
    const char *at;

    snprintf(form, sizeof form, "Action=DescribeSecurityGroups%s", more);
    rig_ec2(r, form);
    if (r->status != 200) {
        fail_msg("%s: %s", more, r->body);
    }
    /* An item's own id comes right after its owner; those of rules do not. */
    ids[0] = '\0';
    at = r->body;
    while ((at = strstr(at, "</ownerId><groupId>")) != NULL) {
        at += strlen("</ownerId><groupId>");
        used +=
            (size_t)snprintf(ids + used, sizeof ids - used, "%s%.*s",
                             used > 0 ? " " : "", (int)strcspn(at, "<"), at);
    }
    return ids;
}

static void test_by_name_in_the_default_vpc(void **state)
{
    struct rig *r = rig_new(WORLD("true"));

    (void)state;
    assert_string_equal(found(r, "&GroupName.1=web"), "sg-0000000b");
    assert_string_equal(found(r, "&GroupName.1=ops&GroupName.2=web"),
                        "sg-0000000b sg-000000bb");
    assert_string_equal(rig_xml(r, GROUP "vpcId"), "vpc-0000000b");
    /* Every VPC has a group of that name; the default VPC's is meant. */
    found(r, "&GroupName.1=default");
    assert_int_equal(rig_items(r, "securityGroupInfo"), 1);
    assert_string_equal(rig_xml(r, GROUP "vpcId"), "vpc-0000000b");
    /* Ids and names together, and filters over both. */
    assert_string_equal(found(r, "&GroupName.1=ops&GroupId.1=sg-0000000a"),
                        "sg-0000000a sg-000000bb");
    assert_string_equal(found(r, "&GroupName.1=ops&GroupId.1=sg-0000000a"
                                 "&Filter.1.Name=vpc-id"
                                 "&Filter.1.Value.1=vpc-0000000a"),
                        "sg-0000000a");
    /* In the other region it is the other default VPC. */
    r->region = "us-east-1";
    assert_string_equal(found(r, "&GroupName.1=east"), "sg-0000000d");
    rig_free(r);
}

static void test_what_is_not_there(void **state)
{
    struct rig *r = rig_new(WORLD("true"));
    static const struct rig_refusal cases[] = {
        {"Action=DescribeSecurityGroups&GroupName.1=gateway", 400,
         "InvalidGroup.NotFound",
         "The security group 'gateway' does not exist in default VPC "
         "'vpc-0000000b'"},
        /* The name of one of another account, of another region. */
        {"Action=DescribeSecurityGroups&GroupName.1=web&GroupName.2=far", 400,
         "InvalidGroup.NotFound",
         "The security group 'far' does not exist in default VPC "
         "'vpc-0000000b'"},
        {"Action=DescribeSecurityGroups&GroupName.1=east", 400,
         "InvalidGroup.NotFound", NULL},
        /* An id is no name, and a name no id. */
        {"Action=DescribeSecurityGroups&GroupName.1=sg-0000000b", 400,
         "InvalidGroup.NotFound", NULL},
        {"Action=DescribeSecurityGroups&GroupId.1=web", 400,
         "InvalidGroupId.Malformed", "Invalid id: \"web\""},
        {"Action=DescribeSecurityGroups&GroupId.1=sg-0000000c", 400,
         "InvalidGroup.NotFound",
         "The security group 'sg-0000000c' does not exist"},
        {"Action=DescribeSecurityGroups&GroupId.1=sg-0000000d&GroupId.2="
         "sg-0000000e",
         400, "InvalidGroup.NotFound",
         "The security groups 'sg-0000000d, sg-0000000e' do not exist"},
        {"Action=DescribeSecurityGroups&GroupName=web", 400, "UnknownParameter",
         NULL},
        {"Action=DescribeSecurityGroups&Filter.1.Name=ip-permission.colour"
         "&Filter.1.Value.1=red",
         400, "InvalidParameterValue", NULL},
        {"Action=DescribeSecurityGroups&MaxResults=4", 400,
         "InvalidParameterValue", NULL},
    };

    (void)state;
    RIG_REFUSES(r, cases);
    rig_free(r);
}

static void test_no_default_vpc(void **state)
{
    struct rig *r = rig_new(WORLD("false"));
    static const struct rig_refusal cases[] = {
        {"Action=DescribeSecurityGroups&GroupName.1=web", 400,
         "VPCIdNotSpecified", "No default VPC for this user"},
    };

    (void)state;
    RIG_REFUSES(r, cases);
    assert_string_equal(found(r, "&GroupId.1=sg-0000000b"), "sg-0000000b");
    rig_free(r);
}

static void test_filters_on_rules(void **state)
{
    static const struct {
        const char *name, *value, *ids;
    } rows[] = {
        {"ip-permission.cidr", "10.9.0.0/16", "sg-0000000a"},
        {"ip-permission.cidr", "2001:db8::/32", ""},
        {"ip-permission.ipv6-cidr", "2001:db8::/32", "sg-0000000a"},
        {"ip-permission.from-port", "22", "sg-0000000a"},
        {"ip-permission.from-port", "5000", "sg-0000000a"},
        {"ip-permission.from-port", "5001", ""},
        {"ip-permission.to-port", "50*", "sg-0000000a"},
        {"ip-permission.protocol", "udp", "sg-0000000a"},
        {"ip-permission.group-id", "sg-0000000b", "sg-000000bb"},
        {"ip-permission.group-name", "web", "sg-0000000a sg-000000bb"},
        {"ip-permission.prefix-list-id", "*", ""},
        {"egress.ip-permission.to-port", "443", "sg-0000000a"},
        {"egress.ip-permission.from-port", "22", ""},
        {"egress.ip-permission.cidr", "10.9.0.0/16", ""},
        {"egress.ip-permission.group-id", "*", ""},
    };
    struct rig *r = rig_new(WORLD("true"));
    char query[160];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(query, sizeof query,
                 "&Filter.1.Name=%s&Filter.1.Value.1=%s"
                 "&Filter.2.Name=group-name&Filter.2.Value.1=web"
                 "&Filter.2.Value.2=ops",
                 rows[i].name, rows[i].value);
        assert_string_equal(found(r, query), rows[i].ids);
    }
    /* Every VPC's group called default lets its own members in. */
    found(r, "&Filter.1.Name=ip-permission.user-id"
             "&Filter.1.Value.1=111122223333&Filter.2.Name=group-name"
             "&Filter.2.Value.1=default");
    assert_int_equal(rig_items(r, "securityGroupInfo"), 2);
    /* Two filters on rules may be met by two rules. */
    assert_string_equal(found(r, "&Filter.1.Name=ip-permission.protocol"
                                 "&Filter.1.Value.1=udp"
                                 "&Filter.2.Name=ip-permission.to-port"
                                 "&Filter.2.Value.1=22"),
                        "sg-0000000a");
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_name_in_the_default_vpc),
        cmocka_unit_test(test_what_is_not_there),
        cmocka_unit_test(test_no_default_vpc),
        cmocka_unit_test(test_filters_on_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
