/* SPDX-License-Identifier: Apache-2.0 */
/* test_json.c - limits, getters, and text that must match Python's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "json.h"
#include "mem.h"
#include "scarce.h"

static json_t *parse(const char *text)
{
    json_t *value = js_parse(text, strlen(text), NULL);

    assert_non_null(value);
    return value;
}

static void test_getters(void **state)
{
    json_t *v = parse("{\"s\":\"x\",\"n\":-7,\"r\":1.5,\"t\":true,\"f\":false,"
                      "\"o\":{\"s\":\"y\"},\"a\":[1],\"z\":null}");
    const char *text = NULL;
    struct err e;
    int64_t n = 1;
    bool b = false;

    (void)state;
    assert_string_equal(js_str(v, "s"), "x");
    assert_null(js_str(v, "n"));
    assert_null(js_str(v, "absent"));
    assert_null(js_str(NULL, "s"));
    assert_string_equal(js_str(js_obj(v, "o"), "s"), "y");
    assert_null(js_obj(v, "a"));
    assert_null(js_arr(v, "o"));
    assert_int_equal(json_array_size(js_arr(v, "a")), 1);
    assert_true(js_int(v, "n", &n));
    assert_int_equal(n, -7);
    assert_false(js_int(v, "r", &n));
    assert_false(js_int(v, "s", &n));
    assert_int_equal(n, -7);
    assert_true(js_bool(v, "t", &b) && b);
    assert_true(js_bool(v, "f", &b) && !b);
    assert_false(js_bool(v, "z", &b));
    assert_int_equal(js_need_str(v, "s", &text, &e), 0);
    assert_string_equal(text, "x");
    assert_int_equal(js_need_str(v, "gone", &text, &e), ERR_PARSE);
    assert_string_equal(e.msg, "JSON: \"gone\" is missing");
    assert_int_equal(js_need_str(v, "n", &text, &e), ERR_PARSE);
    json_decref(v);
}

static void test_bad_text_is_refused(void **state)
{
    static const char *const bad[] = {
        "",           "1",     "\"x\"",         "{",
        "{\"a\":1,}", "[1] x", "[\"\\u0000\"]", "{\"a\":1,\"a\":2}",
        "[\"\xff\"]", "[NaN]", "['a']",
    };
    struct err e;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_null(js_parse(bad[i], strlen(bad[i]), &e));
        assert_int_equal(e.code, ERR_PARSE);
    }
    assert_null(js_parse("{\n \"a\": x}", 10, &e));
    assert_non_null(strstr(e.msg, "line 2"));
}

/* An array nested @depth deep, with brackets in a string besides. */
static json_t *nested(size_t depth, struct err *e)
{
    struct buf b;
    json_t *value;
    size_t i;

    buf_init(&b, 1000);
    for (i = 0; i < depth; i++) {
        buf_addc(&b, '[');
    }
    buf_adds(&b, "\"[[{{\\\"[[\"");
    for (i = 0; i < depth; i++) {
        buf_addc(&b, ']');
    }
    value = js_parse(buf_str(&b), b.len, e);
    buf_free(&b);
    return value;
}

static void test_limits(void **state)
{
    static char big[JS_MAX_BYTES + 1];
    struct err e;
    json_t *v = nested(JS_MAX_DEPTH, &e);

    (void)state;
    assert_non_null(v);
    json_decref(v);
    assert_null(nested(JS_MAX_DEPTH + 1, &e));
    assert_int_equal(e.code, ERR_TOO_BIG);
    memset(big, ' ', sizeof big);
    assert_null(js_parse(big, sizeof big, &e));
    assert_int_equal(e.code, ERR_TOO_BIG);
}

static void assert_written(const char *text, unsigned how, const char *want)
{
    json_t *v = parse(text);
    struct buf b;

    buf_init(&b, 10000);
    js_write(&b, v, how);
    assert_int_equal(buf_error(&b), 0);
    assert_string_equal(buf_str(&b), want);
    buf_free(&b);
    json_decref(v);
}

static void test_writing(void **state)
{
    (void)state;
    assert_written("{\"b\": [1, 2.5, {}], \"a\" : null, \"c\":[]}", JS_COMPACT,
                   "{\"b\":[1,2.5,{}],\"a\":null,\"c\":[]}");
    assert_written("{\"b\":[1,true],\"a\":false}", JS_SPACED | JS_SORTED,
                   "{\"a\": false, \"b\": [1, true]}");
    assert_written("{\"b\":[1,2],\"e\":{},\"l\":[]}", JS_PRETTY,
                   "{\n    \"b\": [\n        1,\n        2\n    ],\n"
                   "    \"e\": {},\n    \"l\": []\n}");
    assert_written("[0.1,1e300,3.0,-0.0,123456789012345678]", JS_COMPACT,
                   "[0.1,1e+300,3.0,-0.0,123456789012345678]");
    /* The role cache's text of a profile with an accent in its external id,
     * and what lies beyond the first plane. */
    assert_written(
        "{\"RoleArn\":\"arn:aws:iam::123456789012:role/r\","
        "\"ExternalId\":\"ext/\\u00e9\",\"DurationSeconds\":900}",
        JS_SPACED | JS_SORTED | JS_ASCII,
        "{\"DurationSeconds\": 900, \"ExternalId\": \"ext/\\u00e9\", "
        "\"RoleArn\": \"arn:aws:iam::123456789012:role/r\"}");
    assert_written("[\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u007f\\u20ac"
                   "\\ud83d\\ude00\"]",
                   JS_ASCII,
                   "[\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u007f\\u20ac"
                   "\\ud83d\\ude00\"]");
    assert_written("[\"\\u007f\\u20ac\\ud83d\\ude00\"]", JS_COMPACT,
                   "[\"\x7f\xe2\x82\xac\xf0\x9f\x98\x80\"]");
}

static void test_writing_without_memory_says_so(void **state)
{
    json_t *v = parse("{\"a\":1}");
    struct buf b;

    (void)state;
    buf_init(&b, 100);
    mem_set_hook(scarce_after, NULL);
    js_write(&b, v, JS_COMPACT);
    mem_set_hook(NULL, NULL);
    assert_int_equal(buf_error(&b), UV_ENOMEM);
    buf_free(&b);
    json_decref(v);
}

static void test_wiping_leaves_no_secret(void **state)
{
    static const char text[] = "{\"a\":[\"secret\",{\"b\":\"word\"}],\"c\":1}";
    json_t *doc = js_parse(text, sizeof text - 1, NULL);
    json_t *kept;

    (void)state;
    assert_non_null(doc);
    kept = json_incref(json_array_get(json_object_get(doc, "a"), 0));
    js_wipe(doc);
    assert_memory_equal(json_string_value(kept), "\0\0\0\0\0\0", 6);
    json_decref(kept);
    js_wipe(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wiping_leaves_no_secret),
        cmocka_unit_test(test_getters),
        cmocka_unit_test(test_bad_text_is_refused),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_writing),
        cmocka_unit_test(test_writing_without_memory_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
