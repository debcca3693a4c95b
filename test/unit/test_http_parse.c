/* SPDX-License-Identifier: Apache-2.0 */
/* test_http_parse.c - what a request's head says, and which heads are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "http_parse.h"

/* Parse a copy of @text.  The copy lives until the next call. */
static int parse(const char *text, struct http_head *head)
{
    static char copy[8192];
    size_t len = strlen(text);

    assert_true(len < sizeof copy);
    memcpy(copy, text, len + 1);
    return http_parse_head(copy, len, head);
}

static void test_a_good_head_is_taken_apart(void **state)
{
    struct http_head head;

    (void)state;
    assert_int_equal(parse("POST /a%2Fb/?x=%20&y HTTP/1.1\r\n"
                           "Host: ec2.test:8443\r\n"
                           "X-Amz-Target:  Thing.Do \t\r\n"
                           "Content-Length: 12\r\n"
                           "Empty:\r\n"
                           "\r\n",
                           &head),
                     0);
    assert_string_equal(head.method, "POST");
    assert_string_equal(head.path, "/a%2Fb/");
    assert_string_equal(head.query, "x=%20&y");
    assert_int_equal(head.n_headers, 4);
    assert_string_equal(head.headers[1].name, "x-amz-target");
    assert_string_equal(head.headers[1].value, "Thing.Do");
    assert_string_equal(head.headers[3].value, "");
    assert_int_equal(head.content_length, 12);
    assert_true(head.keep_alive);
    assert_false(head.expect_continue);
}

static void test_what_follows_an_answer(void **state)
{
    static const struct {
        const char *text;
        bool keep_alive;
    } cases[] = {
        {"GET / HTTP/1.1\r\n\r\n", true},
        {"GET / HTTP/1.0\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nConnection: Close\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true},
        {"GET / HTTP/1.1\nConnection: Upgrade\n\n", true},
    };
    struct http_head head;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(parse(cases[i].text, &head), 0);
        assert_int_equal(head.keep_alive, cases[i].keep_alive);
    }
}

static void test_an_absolute_target_loses_its_host(void **state)
{
    struct http_head head;

    (void)state;
    assert_int_equal(
        parse("GET http://10.0.0.1:80/latest?x HTTP/1.1\r\n\r\n", &head), 0);
    assert_string_equal(head.path, "/latest");
    assert_string_equal(head.query, "x");
}

static void test_bad_heads_are_refused(void **state)
{
    static const struct {
        int status;
        const char *text;
    } cases[] = {
        {400, "\r\n\r\n"},
        {400, "GET\r\n\r\n"},
        {400, "GET / \r\n\r\n"},
        {400, "GET  / HTTP/1.1\r\n\r\n"},
        {400, " GET / HTTP/1.1\r\n\r\n"},
        {400, "G(T / HTTP/1.1\r\n\r\n"},
        {400, "GET x HTTP/1.1\r\n\r\n"},
        {400, "GET http://host HTTP/1.1\r\n\r\n"},
        {400, "GET /#f HTTP/1.1\r\n\r\n"},
        {400, "GET /\x80 HTTP/1.1\r\n\r\n"},
        {400, "GET / HTTP/1.1 x\r\n\r\n"},
        {505, "GET / HTTP/2.0\r\n\r\n"},
        {400, "GET / ICY/1.1\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nno colon\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n: nameless\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nname : blank\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\na: b\r\n folded\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\na: b\rc\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\na: \x01\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nContent-Length: 0x10\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nContent-Length:\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nContent-Length: 1\r\n"
              "Content-Length: 1\r\n\r\n"},
        {413, "GET / HTTP/1.1\r\nContent-Length: 9999999999999999999\r\n\r\n"},
        {501, "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"},
    };
    struct http_head head;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (parse(cases[i].text, &head) != cases[i].status) {
            fail_msg("%d expected for %s", cases[i].status, cases[i].text);
        }
    }
}

static void test_a_nul_is_no_way_to_hide_a_header(void **state)
{
    char text[] = "GET / HTTP/1.1\r\na: b\0c\r\n\r\n";
    struct http_head head;

    (void)state;
    assert_int_equal(http_parse_head(text, sizeof text - 1, &head), 400);
}

static void test_too_many_headers_are_431(void **state)
{
    char text[8192];
    struct http_head head;
    size_t n = (size_t)snprintf(text, sizeof text, "GET / HTTP/1.1\r\n");

    (void)state;
    for (int i = 0; i <= HTTP_MAX_HEADERS; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "h%d: v\r\n", i);
    }
    snprintf(text + n, sizeof text - n, "\r\n");
    assert_int_equal(parse(text, &head), 431);
}

/* However the bytes arrive, the end of the head is the same. */
static void test_the_end_is_found_byte_by_byte(void **state)
{
    static const char *const texts[] = {
        "GET / HTTP/1.1\r\na: b\r\n\r\nbody",
        "GET / HTTP/1.1\na: b\n\nbody",
        "GET / HTTP/1.1\r\na: b\n\r\nbody",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        size_t whole = strlen(texts[i]), seen = 0, found = 0;

        for (size_t n = 1; n <= whole && found == 0; n++) {
            found = http_head_length(texts[i], n, seen);
            seen = n;
        }
        assert_int_equal(found, whole - 4);
        assert_int_equal(http_head_length(texts[i], whole, 0), whole - 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_good_head_is_taken_apart),
        cmocka_unit_test(test_what_follows_an_answer),
        cmocka_unit_test(test_an_absolute_target_loses_its_host),
        cmocka_unit_test(test_bad_heads_are_refused),
        cmocka_unit_test(test_a_nul_is_no_way_to_hide_a_header),
        cmocka_unit_test(test_too_many_headers_are_431),
        cmocka_unit_test(test_the_end_is_found_byte_by_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
