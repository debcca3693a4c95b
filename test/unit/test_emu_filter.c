/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_filter.c - wildcards of filters, and text that is no UTF-8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "filter.h"
#include "utf8.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wildcards),
        cmocka_unit_test(test_utf8),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
