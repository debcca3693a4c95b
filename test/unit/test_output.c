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

/* What the format makes of the JSON @data, or why it cannot. */
static void expect_of(const char *data, const char *format, size_t width,
                      const char *text)
{
    const struct output how = {format, "SendSSHPublicKey", width};
    json_t *value = json_loads(data, JSON_DECODE_ANY, NULL);
    struct buf out;
    struct buf why;

    assert_non_null(value);
    buf_init(&out, 10000);
    buf_init(&why, 1000);
    if (output_format(&out, &how, value, &why) == 0) {
        assert_string_equal(buf_str(&out), text);
        assert_int_equal(why.len, 0);
    } else {
        assert_string_equal(buf_str(&why), text);
        assert_int_equal(out.len, 0);
    }
    buf_free(&out);
    buf_free(&why);
    json_decref(value);
}

static void expect(const char *format, const char *text)
{
    expect_of("{\"RequestId\": \"b6c1-e\", \"Success\": true}", format, 80,
              text);
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
                    "+------------+-----------+\n"
                    "|  RequestId |  Success  |\n"
                    "+------------+-----------+\n"
                    "|  b6c1-e    |  True     |\n"
                    "+------------+-----------+\n");
}

/* Texts and tables as the AWS CLI's own code made them of the same values. */
static const char nested[] =
    "{\"Owner\": \"me\", \"Items\": [{\"Id\": \"i-1\", \"Cost\": 1.5, "
    "\"Tags\": [{\"Key\": \"Name\", \"Value\": \"web\"}]}, {\"Id\": \"i-2\", "
    "\"State\": null, \"Tags\": []}], \"Zones\": [\"a\", \"b\"]}";

static void test_text(void **state)
{
    (void)state;
    expect_of(nested, "text", 80,
              "me\nITEMS\t1.5\ti-1\t\nTAGS\tName\tweb\n"
              "ITEMS\t\ti-2\tNone\nZONES\ta\nZONES\tb\n");
    expect_of("[[\"i-1\", \"x\"], [\"i-2\", null]]", "text", 80,
              "i-1\tx\ni-2\tNone\n");
    expect_of("[\"a\", 1, true]", "text", 80, "a\t1\tTrue\n");
    expect_of("[1, [2], {}]", "text", 80, "1\n2\n");
    expect_of("\"gr\xc3\xbcn\"", "text", 80, "gr\xc3\xbcn\n");
    expect_of("null", "text", 80, "None\n");
    expect_of("[]", "text", 80, "");
}

static void test_table(void **state)
{
    (void)state;
    expect_of(nested, "table", 80,
              "----------------------------\n"
              "|     SendSSHPublicKey     |\n"
              "+---------------+----------+\n"
              "|  Owner        |  me      |\n"
              "+---------------+----------+\n"
              "||          Items         ||\n"
              "|+------+-------+---------+|\n"
              "|| Cost |  Id   |  State  ||\n"
              "|+------+-------+---------+|\n"
              "||  1.5 |  i-1  |         ||\n"
              "|+------+-------+---------+|\n"
              "|||         Tags         |||\n"
              "||+---------+------------+||\n"
              "|||   Key   |   Value    |||\n"
              "||+---------+------------+||\n"
              "|||  Name   |  web       |||\n"
              "||+---------+------------+||\n"
              "||          Items         ||\n"
              "|+------+-------+---------+|\n"
              "|| Cost |  Id   |  State  ||\n"
              "|+------+-------+---------+|\n"
              "||      |  i-2  |  None   ||\n"
              "|+------+-------+---------+|\n"
              "||          Zones         ||\n"
              "|+------------------------+|\n"
              "||  a                     ||\n"
              "||  b                     ||\n"
              "|+------------------------+|\n");
    /* What is wider than the terminal has a line a member. */
    expect_of("{\"RequestId\": \"b6c1-e\", \"Success\": true}", "table", 24,
              "-------------------------\n"
              "|   SendSSHPublicKey    |\n"
              "+------------+----------+\n"
              "|  RequestId |  b6c1-e  |\n"
              "|  Success   |  True    |\n"
              "+------------+----------+\n");
    expect_of("\"x\"", "table", 80,
              "------------------\n|SendSSHPublicKey|\n+----------------+\n");
    expect_of("[]", "table", 80, "");
    expect_of("[[1, 2], [3]]", "table", 80,
              "Row should have 2 elements, instead it has 1");
    expect_of("[{\"a\": 1}, 2]", "table", 80,
              "A list of objects and other values makes no table.");
}

static void test_others(void **state)
{
    (void)state;
    expect_of(nested, "yaml", 80,
              "Owner: \"me\"\nItems:\n- Id: \"i-1\"\n  Cost: 1.5\n  Tags:\n"
              "  - Key: \"Name\"\n    Value: \"web\"\n- Id: \"i-2\"\n"
              "  State: null\n  Tags: []\nZones:\n- \"a\"\n- \"b\"\n");
    expect_of("{\"a\": {\"b\": {\"c\": 1}}}", "yaml-stream", 80,
              "- a:\n    b:\n      c: 1\n");
    expect_of("[[1, 2], []]", "yaml", 80, "- - 1\n  - 2\n- []\n");
    expect_of("\"a\"", "yaml", 80, "\"a\"\n");
    expect_of("\"a\"", "json", 80, "\"a\"\n");
    expect_of("null", "json", 80, "null\n");
    expect_of("{}", "json", 80, "");
    expect_of("[]", "json", 80, "[]\n");
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
        cmocka_unit_test(test_formats), cmocka_unit_test(test_text),
        cmocka_unit_test(test_table),   cmocka_unit_test(test_others),
        cmocka_unit_test(test_columns), cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_cells),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
