/* SPDX-License-Identifier: Apache-2.0 */
/* test_jmespath.c - JMESPath: answers, refusals, limits, short memory.
 *
 * test_jmespath.py compares far more expressions with the AWS CLI's library,
 * where that is installed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "jmespath.h"
#include "json.h"
#include "mem.h"
#include "scarce.h"

static const char text_of_data[] =
    "{\"a\": {\"b\": [1, 2, 3]}, \"n\": null, \"s\": \"gr\xc3\xbcn\","
    " \"l\": [{\"k\": \"x\", \"v\": 2}, {\"k\": \"y\", \"v\": 1}],"
    " \"d\": [[1], [2, [3]]], \"with space\": 0.5}";

/* Ask @expression of @value; the answer, or what was wrong, to @out. */
static int ask(struct buf *out, const char *expression, json_t *value)
{
    struct jmespath *q;
    json_t *result;
    int rv = jmespath_compile(&q, expression, out);

    if (rv == 0) {
        rv = jmespath_search(q, value, &result, out);
        if (rv == 0) {
            js_write(out, result, JS_COMPACT);
            json_decref(result);
        }
    }
    jmespath_free(q);
    return rv;
}

static void test_answers(void **state)
{
    static const struct {
        const char *expression;
        int rv;
        const char *text;
    } cases[] = {
        {"a.b", 0, "[1,2,3]"},
        {"a.b[-1]", 0, "3"},
        {"a.b[::-1]", 0, "[3,2,1]"},
        {"a.b[1:][0]", 0, "[]"},
        {"a.c.d", 0, "null"},
        {"\"with space\"", 0, "0.5"},
        {"l[*].k", 0, "[\"x\",\"y\"]"},
        {"l[?v > `1`].k | [0]", 0, "\"x\""},
        {"l[].{name: k, n: v}", 0,
         "[{\"name\":\"x\",\"n\":2},{\"name\":\"y\",\"n\":1}]"},
        {"sort_by(l, &v)[].k", 0, "[\"y\",\"x\"]"},
        {"d[]", 0, "[1,2,[3]]"},
        {"d[][]", 0, "[1,2,3]"},
        {"length(s)", 0, "4"},
        {"reverse(s)", 0, "\"n\xc3\xbcrg\""},
        {"n || s", 0, "\"gr\xc3\xbcn\""},
        {"!n && join('-', l[].k)", 0, "\"x-y\""},
        {"`1` == `1.0`", 0, "true"},
        {"`1` == `true`", 0, "false"},
        {"avg(a.b)", 0, "2.0"},
        {"", ERR_PARSE, "Invalid JMESPath expression: cannot be empty."},
        {"a.", ERR_PARSE,
         "Expecting: ['quoted_identifier', 'unquoted_identifier', 'lbracket', "
         "'lbrace'], got: eof: Parse error at column 2, token \"\" (EOF), for "
         "expression:\n\"a.\"\n   ^"},
        {"a[", ERR_PARSE,
         "Invalid jmespath expression: Incomplete expression:\n\"a[\"\n   ^"},
        {"\xc3\xbc", ERR_PARSE,
         "Bad jmespath expression: Unknown token \xc3\xbc:\n\xc3\xbc\n^"},
        {"length(n)", ERR_PARSE,
         "In function length(), invalid type for value: None, expected one of: "
         "['string', 'array', 'object'], received: \"null\""},
        {"length(s, s)", ERR_PARSE,
         "Expected 1 argument for function length(), received 2"},
        {"size(s)", ERR_PARSE, "Unknown function: size()"},
        {"a.b[::0]", ERR_PARSE, "slice step cannot be zero"},
        {"&a", ERR_PARSE,
         "An expression after '&' can only be an argument of a function."},
    };
    json_t *value = js_parse(text_of_data, strlen(text_of_data), NULL);
    struct buf out;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buf_init(&out, 10000);
        assert_int_equal(ask(&out, cases[i].expression, value), cases[i].rv);
        assert_string_equal(buf_str(&out), cases[i].text);
        buf_free(&out);
    }
    json_decref(value);
}

/* Deep or growing expressions end; none takes the stack or all memory. */
static void test_limits(void **state)
{
    json_t *value = json_integer(1);
    struct buf text;
    struct buf out;
    size_t i;

    (void)state;
    buf_init(&text, 10000);
    buf_init(&out, 100000);
    for (i = 0; i < 3000; i++) {
        buf_addc(&text, '(');
    }
    assert_int_equal(ask(&out, buf_str(&text), value), ERR_PARSE);
    assert_string_equal(buf_str(&out),
                        "Invalid jmespath expression: deeper than 200");

    buf_clear(&text);
    buf_clear(&out);
    buf_addc(&text, 'a');
    for (i = 0; i < 300; i++) {
        buf_adds(&text, "||a");
    }
    assert_int_equal(ask(&out, buf_str(&text), value), ERR_PARSE);

    buf_clear(&text);
    buf_clear(&out);
    buf_addc(&text, '@');
    for (i = 0; i < 40; i++) { /* 2^40 parts, all shared */
        buf_adds(&text, "|[@,@]");
    }
    assert_int_equal(ask(&out, buf_str(&text), value), ERR_TOO_BIG);

    buf_clear(&text);
    buf_clear(&out);
    buf_adds(&text, "[@]");
    for (i = 0; i < 40; i++) { /* 2^40 elements, truly there */
        buf_adds(&text, "|[@,@][]");
    }
    assert_int_equal(ask(&out, buf_str(&text), value), ERR_TOO_BIG);
    buf_free(&text);
    buf_free(&out);
    json_decref(value);
}

static void test_memory(void **state)
{
    static const char expression[] =
        "sort_by(l, &v)[].{a: k, b: [v, `[1]`, 'x']} | [?a == 'x'] | [0]";
    json_t *value = js_parse(text_of_data, strlen(text_of_data), NULL);
    struct scarce scarce;
    struct buf out;
    int n;
    int rv = UV_ENOMEM;

    (void)state;
    for (n = 0; rv != 0; n++) {
        assert_true(n < 1000);
        buf_init(&out, 10000);
        buf_adds(&out, " "); /* Memory for the text is there */
        scarce = (struct scarce){.left = n};
        mem_set_hook(scarce_one, &scarce);
        rv = ask(&out, expression, value);
        mem_set_hook(NULL, NULL);
        assert_true(rv == 0 || rv == UV_ENOMEM || rv == ERR_PARSE);
        buf_free(&out);
    }
    assert_true(n > 20);
    json_decref(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
