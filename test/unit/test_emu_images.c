/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_images.c - DescribeImages: the images of the world's instances. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "emu_rig.h"

#define IMAGE "imagesSet/item/"
#define LINUX_IMAGE "ami-0123456789abcdef0"
#define WINDOWS_IMAGE "ami-0123456789abcdef1"

static void test_an_image_as_the_client_reads_it(void **state)
{
    struct rig *r = *state;

    rig_ec2(r, "Action=DescribeImages&ImageId.1=" LINUX_IMAGE);
    assert_int_equal(r->status, 200);
    assert_int_equal(rig_items(r, "imagesSet"), 1);
    assert_string_equal(rig_xml(r, IMAGE "imageId"), LINUX_IMAGE);
    assert_non_null(strstr(rig_xml(r, IMAGE "name"), "al2023-ami-"));
    assert_string_equal(rig_xml(r, IMAGE "imageState"), "available");
    assert_string_equal(rig_xml(r, IMAGE "imageOwnerId"), "111122223333");
    assert_string_equal(rig_xml(r, IMAGE "platformDetails"), "Linux/UNIX");
    assert_null(rig_xml(r, IMAGE "platform"));
    assert_string_equal(rig_trail(r, "eventName"), "DescribeImages");
    rig_ec2(r, "Action=DescribeImages&ImageId.1=" WINDOWS_IMAGE);
    assert_string_equal(rig_xml(r, IMAGE "platform"), "windows");
    assert_non_null(strstr(rig_xml(r, IMAGE "name"), "Windows_Server"));
}

/* How many images a query finds. */
static unsigned found(struct rig *r, const char *more)
{
    char form[256];

    snprintf(form, sizeof form, "Action=DescribeImages%s", more);
    rig_ec2(r, form);
    if (r->status != 200) {
        fail_msg("%s: %s", more, r->body);
    }
    return rig_items(r, "imagesSet");
}

static void test_each_image_is_shown_once(void **state)
{
    struct rig *r = *state;

    assert_int_equal(found(r, ""), 2);
    assert_int_equal(found(r, "&Owner.1=self"), 2);
    assert_int_equal(found(r, "&Owner.1=amazon&Owner.2=111122223333"), 2);
    assert_int_equal(found(r, "&Owner.1=amazon"), 0);
    assert_int_equal(found(r, "&Filter.1.Name=name&Filter.1.Value.1=Windows*"),
                     1);
    assert_int_equal(found(r, "&Filter.1.Name=tag:a&Filter.1.Value.1=*"), 0);
    assert_int_equal(found(r, "&MaxResults=1"), 1);
    assert_non_null(rig_xml(r, "nextToken"));
    rig_as(r, "other"); /* The same id in another account. */
    assert_int_equal(found(r, ""), 1);
    assert_string_equal(rig_xml(r, IMAGE "imageOwnerId"), "444455556666");
}

static void test_an_image_of_the_world_file(void **state)
{
    struct rig *r = rig_new(
        "{\"accounts\": [{\"id\": \"111122223333\", \"root\": {\"keys\": ["
        " {\"id\": \"AKIDEXAMPLE\","
        "  \"secret\": \"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\"}]}}],"
        "\"vpcs\": [{\"id\": \"vpc-0000000a\", \"cidrs\": [\"10.0.0.0/16\"]}],"
        "\"subnets\": [{\"id\": \"subnet-0000000a\","
        " \"vpc\": \"vpc-0000000a\", \"zone\": \"eu-central-1a\","
        " \"cidrs\": [\"10.0.1.0/24\"]}],"
        "\"instances\": [{\"id\": \"i-00000001\","
        " \"subnet\": \"subnet-0000000a\", \"private_ip\": \"10.0.1.5\","
        " \"image_id\": \"ami-0000000a\", \"image_name\": \"ubuntu/24.04\"},"
        " {\"id\": \"i-00000002\", \"subnet\": \"subnet-0000000a\","
        " \"private_ip\": \"10.0.1.6\", \"image_id\": \"ami-0000000b\"}]}");

    (void)state;
    rig_ec2(r, "Action=DescribeImages&ImageId.1=ami-0000000a");
    assert_string_equal(rig_xml(r, IMAGE "name"), "ubuntu/24.04");
    rig_ec2(r, "Action=DescribeImages&ImageId.1=ami-0000000b");
    assert_null(rig_xml(r, IMAGE "name"));
    rig_free(r);
}

static void test_refusals(void **state)
{
    static const struct {
        const char *more;
        int status;
        const char *code;
        const char *message;
    } cases[] = {
        {"&ImageId.1=ami-00000001", 400, "InvalidAMIID.NotFound",
         "The image id '[ami-00000001]' does not exist"},
        {"&ImageId.1=ami-00000001&ImageId.2=ami-00000002", 400,
         "InvalidAMIID.NotFound",
         "The image ids '[ami-00000001, ami-00000002]' do not exist"},
        {"&ImageId.1=web", 400, "InvalidAMIID.Malformed",
         "Invalid id: \"web\""},
        {"&DryRun=true", 412, "DryRunOperation", NULL},
        {"&Colour=red", 400, "UnknownParameter", NULL},
        {"&Filter.1.Name=colour&Filter.1.Value.1=x", 400,
         "InvalidParameterValue", NULL},
    };
    struct rig *r = *state;
    char form[256];
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(form, sizeof form, "Action=DescribeImages%s", cases[i].more);
        rig_ec2(r, form);
        assert_int_equal(r->status, cases[i].status);
        assert_string_equal(rig_error(r), cases[i].code);
        if (cases[i].message != NULL) {
            assert_string_equal(rig_message(r), cases[i].message);
        }
    }
    r->secret = "wrong";
    rig_ec2(r, "Action=DescribeImages");
    assert_string_equal(rig_error(r), "SignatureDoesNotMatch");
}

/* A policy names the action; "limited" may describe everything. */
static void test_the_permission_has_its_name(void **state)
{
    struct rig *r = *state;

    rig_as(r, "limited");
    assert_int_equal(found(r, ""), 2);
    r = rig_new(
        "{\"accounts\": [{\"id\": \"111122223333\", \"users\": ["
        " {\"name\": \"u\", \"keys\": [{\"id\": \"AKIDEXAMPLE\","
        "  \"secret\": \"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\"}],"
        "  \"policies\": [{\"Version\": \"2012-10-17\", \"Statement\": {"
        "   \"Effect\": \"Allow\", \"Action\": \"ec2:DescribeInstances\","
        "   \"Resource\": \"*\"}}]}]}]}");
    rig_ec2(r, "Action=DescribeImages");
    assert_int_equal(r->status, 403);
    assert_string_equal(rig_error(r), "UnauthorizedOperation");
    assert_non_null(strstr(rig_message(r), "ec2:DescribeImages"));
    rig_free(r);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_an_image_as_the_client_reads_it),
        TEST(test_each_image_is_shown_once),
        cmocka_unit_test(test_an_image_of_the_world_file),
        TEST(test_refusals),
        TEST(test_the_permission_has_its_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
