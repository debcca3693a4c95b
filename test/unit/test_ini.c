/* SPDX-License-Identifier: Apache-2.0 */
/* test_ini.c - one row per rule of the configuration grammar. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <uv.h>

#include "ini.h"
#include "mem.h"
#include "scarce.h"

/* A text, and what one key of it must be; @value NULL: absent. */
struct value_row {
    const char *why;
    const char *text;
    const char *section;
    const char *key;
    const char *value;
};

static const struct value_row values[] = {
    {"plain", "[a]\nk = v\n", "a", "k", "v"},
    {"colon", "[a]\nk : v\n", "a", "k", "v"},
    {"first delimiter splits", "[a]\nk = x:y=z\n", "a", "k", "x:y=z"},
    {"first delimiter splits", "[a]\nk:x = y\n", "a", "k", "x = y"},
    {"no newline at the end", "[a]\nk=v", "a", "k", "v"},
    {"CRLF", "[a]\r\nk = v\r\n", "a", "k", "v"},
    {"CR alone", "[a]\rk = v\r", "a", "k", "v"},
    {"keys are lower-cased and trimmed", "[a]\nReGion  = v\n", "a", "region",
     "v"},
    {"keys may hold blanks", "[a]\nmy key = v\n", "a", "my key", "v"},
    {"values keep their case", "[a]\nk = V w\n", "a", "k", "V w"},
    {"no inline comments", "[a]\nk = us-west-2 # x\n", "a", "k",
     "us-west-2 # x"},
    {"no inline comments", "[a]\nk = v ; x\n", "a", "k", "v ; x"},
    {"comment lines", "# c\n[a]\n; c = d\n  # e\nk = v\n", "a", "k", "v"},
    {"quotes stay", "[a]\nk=\"x\"\n", "a", "k", "\"x\""},
    {"no interpolation", "[a]\nk = %(x)s $HOME\n", "a", "k", "%(x)s $HOME"},
    {"empty value is present", "[a]\nk=\n", "a", "k", ""},
    {"empty value, then another key", "[a]\nk=\nl=1\n", "a", "k", ""},
    {"absent key", "[a]\nk=\n", "a", "l", NULL},
    {"absent section", "[a]\nk=\n", "b", "k", NULL},
    {"continuation", "[a]\nk = v\n  w\n  x\n", "a", "k", "v\nw\nx"},
    {"continuation keeps inner blank lines", "[a]\nk = v\n\n  w\n", "a", "k",
     "v\n\nw"},
    {"blank lines at the end go", "[a]\nk = v\n\n\nl = w\n", "a", "k", "v"},
    {"comment inside a continuation", "[a]\nk = v\n  # c\n  w\n", "a", "k",
     "v\nw"},
    {"indented header is part of the value", "[a]\nk = v\n [b]\n", "a", "k",
     "v\n[b]"},
    {"indented key is part of the value", "[a]\nk = v\n l = w\n", "a", "k",
     "v\nl = w"},
    {"peers of an indented first key", "[a]\n  k = v\n  l = w\n", "a", "l",
     "w"},
    {"less indented than the first key", "[a]\n  k = v\n l = w\n", "a", "l",
     "w"},
    {"a header is no key to continue", "[a]\n   k = v\n", "a", "k", "v"},
    {"a tab indents by one", "[a]\n  k = v\n\tl = w\n", "a", "l", "w"},
    {"header junk", "[profile a] junk\nk = v\n", "profile a", "k", "v"},
    {"up to the last bracket", "[a]b]c\nk = v\n", "a]b", "k", "v"},
    {"name is not trimmed", "[ a ]\nk = v\n", " a ", "k", "v"},
    {"name is not trimmed", "[ a ]\nk = v\n", "a", "k", NULL},
    {"DEFAULT reaches everywhere", "[DEFAULT]\nk = d\n[a]\n", "a", "k", "d"},
    {"DEFAULT reaches backwards", "[a]\n[DEFAULT]\nk = d\n", "a", "k", "d"},
    {"DEFAULT loses to the section", "[DEFAULT]\nk = d\n[a]\nk = v\n", "a", "k",
     "v"},
    {"DEFAULT is no section", "[DEFAULT]\nk = d\n", "DEFAULT", "k", NULL},
    {"Default is one", "[Default]\nk = d\n", "Default", "k", "d"},
    {"DEFAULT twice is fine", "[DEFAULT]\nk = d\n[DEFAULT]\nl = e\n[a]\n", "a",
     "l", "e"},
    {"no-break space is white space", "[a]\n\xc2\xa0k = v\xc2\xa0\n", "a", "k",
     "v"},
    {"UTF-8", "[\xc3\xa4]\nk = \xe2\x82\xac\n", "\xc3\xa4", "k",
     "\xe2\x82\xac"},
    {"a block has no plain value", "[a]\ns3 =\n  x = 1\n", "a", "s3", NULL},
};

static void test_values_are_those_of_the_grammar(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof values / sizeof values[0]; i++) {
        const struct value_row *row = &values[i];
        struct ini ini;
        struct err e = {0};
        const char *value;

        print_message("%s: %s\n", row->why, row->section);
        assert_int_equal(ini_parse(&ini, row->text, strlen(row->text), &e), 0);
        value = ini_value(ini_section(&ini, row->section), row->key);
        if (row->value == NULL) {
            assert_null(value);
        } else {
            assert_non_null(value);
            assert_string_equal(value, row->value);
        }
        ini_free(&ini);
    }
}

/* A text and the message it is refused with. */
static const struct {
    const char *text;
    const char *message;
} faults[] = {
    {"k = v\n", "line 1: not in any section"},
    {"\xef\xbb\xbf[a]\n", "line 1: not in any section"},
    {"[]\n", "line 1: not in any section"},
    {"\n[a]\nword\n", "line 3: neither \"key = value\" nor \"[section]\""},
    {"[a]\n[b\nk = v\n", "line 2: neither \"key = value\" nor \"[section]\""},
    {"[a]\n= v\n", "line 2: neither \"key = value\" nor \"[section]\""},
    {"[a]\nk = v\nK : w\n", "line 3: key \"k\" again"},
    {"[DEFAULT]\nk = v\n[DEFAULT]\nk = w\n", "line 4: key \"k\" again"},
    {"[a]\nk = v\n[b]\n[a]\n", "line 4: section [a] again"},
    {"[a]\nk = \xff\n", "line 2: not UTF-8 text"},
    {"[a]\nk = \xed\xa0\x80\n", "line 2: not UTF-8 text"},
    {"[a]\nk = \xc0\xaf\n", "line 2: not UTF-8 text"},
    {"[a]\nk = \xe2\x82", "line 2: not UTF-8 text"},
    {"[a]\ns3 =\n  x = 1\n  word\n",
     "section [a]: no '=' in the block of \"s3\""},
    {"[a]\ns3 =\n  x : 1\n", "section [a]: no '=' in the block of \"s3\""},
};

static void test_faults_name_their_line(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct ini ini;
        struct err e = {0};

        assert_int_equal(
            ini_parse(&ini, faults[i].text, strlen(faults[i].text), &e),
            ERR_PARSE);
        assert_string_equal(e.msg, faults[i].message);
        assert_int_equal(ini.n, 0);
        assert_null(ini.sections);
    }
}

static void test_a_block_is_a_map(void **state)
{
    static const char text[] = "[services x]\n"
                               "ec2 = \n"
                               "  endpoint_url = http://a=b\n"
                               "\n"
                               "  Other= 1\xe2\x80\xa8 more = 3\n"
                               "  endpoint_url = http://c\n"
                               "plain = 2\n";
    const struct ini_section *s;
    struct ini ini;
    struct err e;

    (void)state;
    assert_int_equal(ini_parse(&ini, text, sizeof text - 1, &e), 0);
    s = ini_section(&ini, "services x");
    assert_true(ini_entry(s, "ec2")->is_block);
    assert_string_equal(ini_block_value(s, "ec2", "endpoint_url"), "http://c");
    assert_string_equal(ini_block_value(s, "ec2", "Other"), "1");
    assert_string_equal(ini_block_value(s, "ec2", "more"), "3");
    assert_null(ini_block_value(s, "ec2", "other"));
    assert_null(ini_block_value(s, "plain", "other"));
    assert_string_equal(ini_value(s, "plain"), "2");
    ini_free(&ini);
}

static void test_a_nul_byte_is_refused(void **state)
{
    struct ini ini;
    struct err e;

    (void)state;
    assert_int_equal(ini_parse(&ini, "[a]\nk=\0\n", 8, &e), ERR_PARSE);
}

static void test_lack_of_memory_at_any_point(void **state)
{
    static const char text[] = "[DEFAULT]\nd = 1\n[a]\nk = v\n w\n"
                               "[b]\ns3 =\n  x = 1\n  y = 2\n";
    int nth, rv = -1;

    (void)state;
    for (nth = 0; rv != 0; nth++) {
        struct ini ini;
        struct err e = {0};
        struct scarce scarce = {.left = nth};

        assert_true(nth < 200);
        mem_set_hook(scarce_one, &scarce);
        rv = ini_parse(&ini, text, sizeof text - 1, &e);
        mem_set_hook(NULL, NULL);
        if (rv != 0) {
            assert_int_equal(rv, UV_ENOMEM);
            assert_int_equal(e.code, UV_ENOMEM);
        } else {
            ini_free(&ini);
        }
    }
    assert_true(nth > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_those_of_the_grammar),
        cmocka_unit_test(test_faults_name_their_line),
        cmocka_unit_test(test_a_block_is_a_map),
        cmocka_unit_test(test_a_nul_byte_is_refused),
        cmocka_unit_test(test_lack_of_memory_at_any_point),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
