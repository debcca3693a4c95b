/* SPDX-License-Identifier: Apache-2.0 */
/* test_options.c - the command line, as argparse would read it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <uv.h>

#include "err.h"
#include "mem.h"
#include "options.h"
#include "scarce.h"
#include "values.h"

enum { MAX_ARGS = 12 };

struct values {
    bool debug;
    char *region;
    char *profile;
    char *color;
    unsigned verbose;
    char *local_socket;
    int64_t local_port;
    int64_t number;
    int64_t linger;
};

#define AT(field) offsetof(struct values, field)

static const char *const colors[] = {"on", "off", "auto", NULL};

static const struct option table[] = {
    {"debug", OPTION_FLAG, AT(debug), NULL, "", NULL, 0, 0},
    {"region", OPTION_STRING, AT(region), "R", "", NULL, OPTION_FILES, 0},
    {"profile", OPTION_STRING, AT(profile), "P", "", NULL, 0, 'p'},
    {"color", OPTION_CHOICE, AT(color), "C", "", colors, 0, 0},
    {"verbose", OPTION_COUNT, AT(verbose), NULL, "", NULL, OPTION_OURS, 'v'},
    {"local-socket", OPTION_STRING, AT(local_socket), "S", "", NULL,
     OPTION_OURS, 0},
    {"local-port", OPTION_PORT, AT(local_port), "N", "", NULL, 0, 0},
    {"number", OPTION_INT, AT(number), "N", "", NULL, 0, 0},
    {"linger", OPTION_SECONDS, AT(linger), "S", "", NULL, OPTION_OURS, 0},
    {"proxy", OPTION_STRING, AT(local_socket), "S", "", NULL, 0, 0},
    {.name = NULL},
};

/* One parse: what it made of the command line. */
struct parse {
    struct values v;
    struct option_set set;
    const char *list[MAX_ARGS];
    struct option_args args;
    struct err e;
    int rv;
};

/* Parse the words of @line, separated by '|'. */
static struct parse *parse_tier(const char *line, bool ours_too)
{
    struct parse *p = calloc(1, sizeof *p);
    char *copy = strdup(line);
    char *rest = copy;
    char *word;

    p->v.local_port = OPTION_UNSET;
    p->v.number = OPTION_UNSET;
    p->v.linger = OPTION_UNSET;
    p->set = (struct option_set){table, &p->v};
    p->args.list = p->list;
    while (*line != '\0' && (word = strsep(&rest, "|")) != NULL) {
        p->list[p->args.n++] = word;
    }
    p->rv = options_parse(&p->set, &p->args, ours_too, &p->e);
    p->list[MAX_ARGS - 1] = copy;
    return p;
}

static struct parse *parse(const char *line)
{
    return parse_tier(line, true);
}

static void done(struct parse *p)
{
    char *copy = (char *)(uintptr_t)p->list[MAX_ARGS - 1];

    options_free(&p->set);
    free(copy);
    free(p);
}

/* What is left, joined as it was. */
static void assert_left(const struct parse *p, const char *expected)
{
    char left[256] = "";
    size_t i;

    for (i = 0; i < p->args.n; i++) {
        strcat(left, i > 0 ? "|" : "");
        strcat(left, p->args.list[i]);
    }
    assert_string_equal(left, expected);
}

static void test_options_stand_anywhere(void **state)
{
    struct parse *p = parse("ssh|--region|eu|me@x|--debug|--unknown|5|-vv|-z");

    (void)state;
    assert_int_equal(p->rv, 0);
    assert_string_equal(p->v.region, "eu");
    assert_true(p->v.debug);
    assert_int_equal(p->v.verbose, 2);
    assert_left(p, "ssh|me@x|--unknown|5|-z");
    done(p);
}

static void test_values_and_repetition(void **state)
{
    static const struct {
        const char *line;
        const char *region;
    } rows[] = {
        {"--region|a", "a"},
        {"--region=a", "a"},
        {"--region=", ""},
        {"--region=a=b", "a=b"},
        {"--region|", ""},
        {"--reg|a", "a"},
        {"--r=a", "a"},
        {"--region|a|--region|b", "b"},
        {"--region=a|--reg|b|--region=c", "c"},
        {"--region|-1", "-1"},
        {"--region|-1.5", "-1.5"},
        {"--region|-.5", "-.5"},
        {"--region|-", "-"},
        {"--region|-a b", "-a b"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct parse *p = parse(rows[i].line);

        assert_int_equal(p->rv, 0);
        assert_string_equal(p->v.region, rows[i].region);
        assert_left(p, "");
        assert_false(p->v.debug);
        done(p);
    }
}

static void test_nothing_after_two_dashes(void **state)
{
    struct parse *p = parse("a|--|--debug|--region|x");

    (void)state;
    assert_int_equal(p->rv, 0);
    assert_false(p->v.debug);
    assert_null(p->v.region);
    assert_left(p, "a|--|--debug|--region|x");
    done(p);
}

static void test_beginnings_of_names(void **state)
{
    struct parse *p;

    (void)state;
    /* Ours never make one of the AWS CLI's ambiguous. */
    p = parse("--local|7|--l=8");
    assert_int_equal(p->rv, 0);
    assert_int_equal(p->v.local_port, 8);
    done(p);
    p = parse("--local-s|x|--verb");
    assert_string_equal(p->v.local_socket, "x");
    assert_int_equal(p->v.verbose, 1);
    done(p);
    /* In the first step ours have to be written out. */
    p = parse_tier("--local-s|x|--verb|--verbose", false);
    assert_int_equal(p->rv, 0);
    assert_null(p->v.local_socket);
    assert_int_equal(p->v.verbose, 1);
    assert_left(p, "--local-s|x|--verb");
    done(p);
    p = parse("--pro|x");
    assert_int_equal(p->rv, ERR_USAGE);
    assert_string_equal(p->e.msg,
                        "ambiguous option: --pro could match --profile, "
                        "--proxy");
    done(p);
    /* A whole name is never ambiguous. */
    p = parse("--prox=y|--number|1");
    assert_int_equal(p->rv, 0);
    assert_string_equal(p->v.local_socket, "y");
    assert_left(p, "");
    done(p);
}

static void test_letters(void **state)
{
    struct parse *p;

    (void)state;
    p = parse("-v|-vvp|x|-vq");
    assert_int_equal(p->rv, 0);
    assert_int_equal(p->v.verbose, 3);
    assert_string_equal(p->v.profile, "x");
    assert_left(p, "-vq");
    done(p);
    p = parse("-pname");
    assert_string_equal(p->v.profile, "name");
    done(p);
    p = parse("-p");
    assert_string_equal(p->e.msg, "argument --profile: expected one argument");
    done(p);
}

static void test_mistakes(void **state)
{
    static const struct {
        const char *line;
        int rv;
        const char *msg;
    } rows[] = {
        {"--region", ERR_USAGE, "argument --region: expected one argument"},
        {"--region|--debug", ERR_USAGE,
         "argument --region: expected one argument"},
        {"--region|--other", ERR_USAGE,
         "argument --region: expected one argument"},
        {"--region|-x", ERR_USAGE, "argument --region: expected one argument"},
        {"--region|--|x", ERR_USAGE,
         "argument --region: expected one argument"},
        /* Every argument is looked at before the first is taken. */
        {"--region|--debug=1|--pro", ERR_USAGE,
         "ambiguous option: --pro could match --profile, --proxy"},
        {"--color|blue|--color|on", ERR_USAGE,
         "argument --color: Found invalid choice 'blue'"},
        {"--region|--color=a b", ERR_USAGE,
         "argument --region: expected one argument"},
        {"--debug=1", ERR_USAGE,
         "argument --debug: ignored explicit argument "
         "'1'"},
        {"--color|blue", ERR_USAGE,
         "argument --color: Found invalid choice 'blue'"},
        {"--number|x", ERR_PARSE,
         "invalid literal for int() with base 10: 'x'"},
        {"--number=", ERR_PARSE, "invalid literal for int() with base 10: ''"},
        {"--local-port|Auto", ERR_PARSE,
         "invalid literal for int() with base 10: 'Auto'"},
        {"--linger|1s", ERR_USAGE,
         "argument --linger: expected a number of seconds, found '1s'"},
        /* Taking apart comes before converting. */
        {"--number|x|--region", ERR_USAGE,
         "argument --region: expected one argument"},
        {"--number|x|--color|blue", ERR_USAGE,
         "argument --color: Found invalid choice 'blue'"},
        {"--region|file:///nope", ERR_USAGE,
         "Error parsing parameter '--region': Unable to load paramfile "
         "file:///nope: [Errno 2] No such file or directory: '/nope'"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct parse *p = parse(rows[i].line);

        assert_int_equal(p->rv, rows[i].rv);
        assert_string_equal(p->e.msg, rows[i].msg);
        done(p);
    }
}

static void test_numbers_are_pythons(void **state)
{
    static const struct {
        const char *text;
        int rv;
        int64_t value;
    } rows[] = {
        {"0", 0, 0},
        {"22", 0, 22},
        {" 22\n", 0, 22},
        {"+5", 0, 5},
        {"-1", 0, -1},
        {"007", 0, 7},
        {"1_000", 0, 1000},
        {"9223372036854775807", 0, INT64_MAX},
        {"9223372036854775808", 0, INT64_MAX},
        {"99999999999999999999999999", 0, INT64_MAX},
        {"-9223372036854775808", 0, INT64_MIN},
        {"-99999999999999999999999999", 0, INT64_MIN},
        {"", ERR_PARSE, 0},
        {" ", ERR_PARSE, 0},
        {"_1", ERR_PARSE, 0},
        {"1_", ERR_PARSE, 0},
        {"1__0", ERR_PARSE, 0},
        {"0x10", ERR_PARSE, 0},
        {"1.0", ERR_PARSE, 0},
        {"1 2", ERR_PARSE, 0},
        {"--1", ERR_PARSE, 0},
        {"- 1", ERR_PARSE, 0},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t value = 0;

        assert_int_equal(value_int(rows[i].text, &value, NULL), rows[i].rv);
        if (rows[i].rv == 0) {
            assert_true(value == rows[i].value);
        }
    }
}

static void test_seconds(void **state)
{
    static const struct {
        const char *text;
        int64_t ms; /* -1: refused */
    } rows[] = {
        {"0", 0},     {"10", 10000},    {"0.5", 500},
        {".25", 250}, {"1.", 1000},     {"1.0009", 1000},
        {"", -1},     {".", -1},        {"-1", -1},
        {"1e3", -1},  {"1,5", -1},      {"31536000", 31536000000},
        {"1 ", -1},   {"31536001", -1}, {"99999999999999999999", -1},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ms = -1;
        int rv = value_seconds(rows[i].text, "linger", &ms, NULL);

        assert_int_equal(rv, rows[i].ms < 0 ? ERR_USAGE : 0);
        assert_true(ms == rows[i].ms);
    }
}

static void test_files_as_values(void **state)
{
    char path[] = "/tmp/eice-test-XXXXXX";
    char arg[128];
    struct parse *p;
    int fd = mkstemp(path);

    (void)state;
    assert_int_equal(write(fd, "eu-west-1\n", 10), 10);
    snprintf(arg, sizeof arg, "--region=file://%s", path);
    p = parse(arg);
    assert_int_equal(p->rv, 0);
    assert_string_equal(p->v.region, "eu-west-1\n");
    done(p);

    /* A variable and the home directory. */
    setenv("EICE_TEST_DIR", "/tmp", 1);
    setenv("HOME", "/tmp", 1);
    snprintf(arg, sizeof arg, "--region|fileb://${EICE_TEST_DIR}%s", path + 4);
    p = parse(arg);
    assert_string_equal(p->v.region, "eu-west-1\n");
    done(p);
    snprintf(arg, sizeof arg, "--region|file://~%s", path + 4);
    p = parse(arg);
    assert_string_equal(p->v.region, "eu-west-1\n");
    done(p);
    snprintf(arg, sizeof arg, "--region|file://$EICE_TEST_NONE%s", path);
    p = parse(arg);
    assert_int_equal(p->rv, ERR_USAGE);
    assert_non_null(strstr(p->e.msg, ": '$EICE_TEST_NONE/tmp/"));
    done(p);

    /* Options that are no API parameters are taken as they are. */
    p = parse("--profile|file:///nope");
    assert_string_equal(p->v.profile, "file:///nope");
    done(p);

    /* A NUL byte is no text. */
    assert_int_equal(write(fd, "\0", 1), 1);
    snprintf(arg, sizeof arg, "--region=file://%s", path);
    p = parse(arg);
    assert_int_equal(p->rv, ERR_USAGE);
    done(p);
    close(fd);
    unlink(path);
}

static void test_out_of_memory(void **state)
{
    struct parse *p;
    struct scarce scarce;
    int allowed;
    int rv = UV_ENOMEM;

    (void)state;
    for (allowed = 0; rv != 0; allowed++) {
        assert_true(allowed < 20);
        scarce = (struct scarce){.left = allowed};
        mem_set_hook(scarce_after, &scarce);
        p = parse("--region|x|--profile|y|--debug|--region|z");
        mem_set_hook(NULL, NULL);
        rv = p->rv;
        assert_true(rv == 0 || rv == UV_ENOMEM);
        done(p);
    }
    assert_true(allowed > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_stand_anywhere),
        cmocka_unit_test(test_values_and_repetition),
        cmocka_unit_test(test_nothing_after_two_dashes),
        cmocka_unit_test(test_beginnings_of_names),
        cmocka_unit_test(test_letters),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_numbers_are_pythons),
        cmocka_unit_test(test_seconds),
        cmocka_unit_test(test_files_as_values),
        cmocka_unit_test(test_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
