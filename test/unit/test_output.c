/* SPDX-License-Identifier: Apache-2.0 */
/* test_output.c - answers in every format, and the rows of `eice list`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <eice/eice.h>

#include "buf.h"
#include "list_row.h"
#include "output.h"

static void expect(const char *format, const char *text)
{
    json_t *value =
        json_pack("{s:s, s:b}", "RequestId", "b6c1-e", "Success", 1);
    struct buf out;

    buf_init(&out, 10000);
    output_format(&out, format, "SendSSHPublicKey", value);
    assert_string_equal(buf_str(&out), text);
    buf_free(&out);
    json_decref(value);
}

static void test_formats(void **state)
{
    (void)state;
    expect(NULL, "{\n    \"RequestId\": \"b6c1-e\",\n"
                 "    \"Success\": true\n}\n");
    expect("json", "{\n    \"RequestId\": \"b6c1-e\",\n"
                   "    \"Success\": true\n}\n");
    expect("text", "b6c1-e\tTrue\n");
    expect("yaml", "RequestId: \"b6c1-e\"\nSuccess: true\n");
    expect("yaml-stream", "- RequestId: \"b6c1-e\"\n  Success: true\n");
    expect("off", "");
    expect("table", "--------------------------\n"
                    "|    SendSSHPublicKey    |\n"
                    "+-------------+----------+\n"
                    "|  RequestId  |  b6c1-e  |\n"
                    "|  Success    |  True    |\n"
                    "+-------------+----------+\n");
}

static void test_columns(void **state)
{
    const char *const cells[] = {"NAME", "ID", "x", NULL, "gr\xc3\xbcn", "i-1"};
    struct buf out;

    (void)state;
    buf_init(&out, 1000);
    output_columns(&out, cells, 3, 2);
    assert_string_equal(buf_str(&out), "NAME  ID\n"
                                       "x     -\n"
                                       "gr\xc3\xbcn  i-1\n");
    buf_free(&out);
}

static const struct eice_endpoint endpoints[] = {
    {.endpoint_id = "eice-1", .vpc_id = "vpc-1", .state = "create-complete"},
    {.endpoint_id = "eice-2", .vpc_id = "vpc-2", .state = "create-failed"},
};
static const struct eice_found found = {.endpoints = endpoints,
                                        .n_endpoints = 2};

static void expect_reason(struct eice_instance i, const char *reason)
{
    char text[LIST_REASON_SIZE];

    list_reason(text, &i, &found);
    assert_string_equal(text, reason);
    assert_string_equal(list_cell("reachable", &i, &found, text),
                        reason[0] != '\0' ? reason : "yes");
}

static void test_reasons(void **state)
{
    struct eice_instance i = {.state = "running",
                              .private_ip = "10.0.1.5",
                              .vpc_id = "vpc-1",
                              .endpoint = 0};

    (void)state;
    expect_reason(i, "");
    i.private_ip = NULL;
    expect_reason(i, "no address");
    i.ipv6_address = "2001:db8::5";
    expect_reason(i, "");
    i.endpoint = -1;
    i.vpc_id = "vpc-2";
    expect_reason(i, "eice-2 is create-failed");
    i.vpc_id = "vpc-3";
    expect_reason(i, "no endpoint in vpc-3");
    i.state = "stopped";
    expect_reason(i, "stopped");
}

static void test_cells(void **state)
{
    const struct eice_tag tags[] = {{"env", "dev"}, {"Name", "web"}};
    const struct eice_instance i = {.instance_id = "i-1",
                                    .name = "web",
                                    .ipv6_address = "2001:db8::5",
                                    .platform = "windows",
                                    .tags = tags,
                                    .n_tags = 2,
                                    .endpoint = 0};
    char heading[20];
    json_t *o;

    (void)state;
    assert_string_equal(list_cell("id", &i, &found, ""), "i-1");
    assert_string_equal(list_cell("address", &i, &found, ""), "2001:db8::5");
    assert_string_equal(list_cell("endpoint", &i, &found, ""), "eice-1");
    assert_string_equal(list_cell("platform", &i, &found, ""), "Windows");
    assert_string_equal(list_cell("tag:env", &i, &found, ""), "dev");
    assert_null(list_cell("tag:none", &i, &found, ""));
    assert_null(list_cell("zone", &i, &found, ""));
    assert_true(list_column_known("private-dns"));
    assert_true(list_column_known("tag:x"));
    assert_false(list_column_known("tag:"));
    assert_false(list_column_known("names"));
    list_heading(heading, sizeof heading, "private-ip");
    assert_string_equal(heading, "PRIVATE IP");
    list_heading(heading, sizeof heading, "tag:env");
    assert_string_equal(heading, "env");
    o = list_object(&i, &found, "stopped");
    assert_string_equal(json_string_value(json_object_get(o, "Reason")),
                        "stopped");
    assert_true(json_is_false(json_object_get(o, "Reachable")));
    assert_true(json_is_null(json_object_get(o, "VpcId")));
    json_decref(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_cells),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
