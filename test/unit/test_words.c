/* SPDX-License-Identifier: Apache-2.0 */
/* test_words.c - POSIX splitting, as the AWS CLI splits a credential_process
 * and the names in section headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <uv.h>

#include "mem.h"
#include "scarce.h"
#include "words.h"

/* A line and its words, joined with '|'; or the error. */
static const struct {
    const char *text;
    const char *words;
    const char *error;
} rows[] = {
    {"", "", NULL},
    {"  \t\r\n ", "", NULL},
    {"a", "a", NULL},
    {" a  b\tc\nd ", "a|b|c|d", NULL},
    {"profile \"a b\"", "profile|a b", NULL},
    {"profile 'x'", "profile|x", NULL},
    {"a'b c'd\"e f\"g", "ab cde fg", NULL},
    {"''", "", NULL},
    {"x '' \"\" y", "x|||y", NULL},
    {"a\\ b \\\"c\\' \\\\", "a b|\"c'|\\", NULL},
    {"'a\\b' \"a\\b\" \"a\\\"b\\\\c\"", "a\\b|a\\b|a\"b\\c", NULL},
    {"$HOME ~ *.c a|b > c # d", "$HOME|~|*.c|a|b|>|c|#|d", NULL},
    {"\"$HOME `x`\"", "$HOME `x`", NULL},
    {"'it'\"'\"'s'", "it's", NULL},
    {"\xc3\xa4 \xc2\xa0", "\xc3\xa4|\xc2\xa0", NULL},
    {"a 'b", NULL, "No closing quotation"},
    {"a \"b", NULL, "No closing quotation"},
    {"a \"b\\\"", NULL, "No closing quotation"},
    {"a \"b\\", NULL, "No escaped character"},
    {"a \\", NULL, "No escaped character"},
};

static void test_splitting(void **state)
{
    size_t i, k;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct words w;
        struct err e = {0};
        char joined[128] = "";
        int rv = words_split(&w, rows[i].text, &e);

        print_message("<%s>\n", rows[i].text);
        if (rows[i].error != NULL) {
            assert_int_equal(rv, ERR_PARSE);
            assert_string_equal(e.msg, rows[i].error);
            assert_null(w.v);
            continue;
        }
        assert_int_equal(rv, 0);
        for (k = 0; k < w.n; k++) {
            strcat(joined, k > 0 ? "|" : "");
            strcat(joined, w.v[k]);
        }
        assert_string_equal(joined, rows[i].words);
        assert_true(w.v == NULL || w.v[w.n] == NULL);
        words_free(&w);
    }
}

static void test_lack_of_memory_at_any_point(void **state)
{
    int nth, rv = -1;

    (void)state;
    for (nth = 0; rv != 0; nth++) {
        struct words w;
        struct scarce scarce = {.left = nth};

        assert_true(nth < 50);
        mem_set_hook(scarce_one, &scarce);
        rv = words_split(&w, "one 'two' three", NULL);
        mem_set_hook(NULL, NULL);
        if (rv == 0) {
            assert_int_equal(w.n, 3);
            words_free(&w);
        } else {
            assert_int_equal(rv, UV_ENOMEM);
            assert_null(w.v);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_splitting),
        cmocka_unit_test(test_lack_of_memory_at_any_point),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
