/* SPDX-License-Identifier: Apache-2.0 */
/* test_request.c - what requests send, and what they make of answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ask_rig.h"
#include "err.h"
#include "test_http.h"
#include "test_server.h"

static void test_get_sends_nothing_of_its_own(void **state)
{
    struct net_rig rig;
    struct test_http *h;
    struct ask ask = {0};
    char want[256];

    (void)state;
    h = ask_server(&rig, ask_echo, NULL);
    ask_whole(&ask, &rig, h, "/a/../path?q=" NET_RIG_SECRET);
    assert_int_equal(ask.status, 200);
    assert_string_equal(ask.type_got, "text/plain");
    snprintf(want, sizeof want,
             "GET /a/../path?q=" NET_RIG_SECRET "\n"
             "Host: 127.0.0.1:%u\r\n"
             "User-Agent: eice-test/1\r\n\n",
             test_http_port(h));
    assert_string_equal(ask.body_got, want);
    assert_int_equal(ask.n_prepared, 1);
    assert_string_equal(ask.retries, "");
    ask_end(&rig, h);
}

static void test_post_sends_headers_and_body_as_given(void **state)
{
    static const struct header headers[] = {
        {"Content-Type", "application/x-amz-json-1.1"},
        {"User-Agent", "other/2"},
        {"X-Empty", ""},
        {"Authorization", NET_RIG_SECRET}};
    struct net_rig rig;
    struct test_http *h;
    struct ask ask = {.method = "POST",
                      .headers = headers,
                      .n_headers = 4,
                      .body = "{\"secret\":\"" NET_RIG_SECRET "\"}"};

    (void)state;
    h = ask_server(&rig, ask_echo, NULL);
    ask_whole(&ask, &rig, h, "/");
    assert_int_equal(ask.status, 200);
    assert_non_null(strstr(ask.body_got, "POST /\n"));
    assert_non_null(strstr(ask.body_got, "X-Empty:\r\n"));
    assert_non_null(
        strstr(ask.body_got, "Authorization: " NET_RIG_SECRET "\r\n"));
    assert_non_null(
        strstr(ask.body_got, "Content-Type: application/x-amz-json-1.1\r\n"));
    assert_non_null(strstr(ask.body_got, "User-Agent: other/2\r\n"));
    assert_null(strstr(ask.body_got, "eice-test"));
    assert_null(strstr(ask.body_got, "Expect"));
    assert_null(strstr(ask.body_got, "Accept"));
    assert_non_null(
        strstr(ask.body_got, "{\"secret\":\"" NET_RIG_SECRET "\"}"));
    ask_end(&rig, h);
}

static void test_put_without_a_body(void **state)
{
    struct net_rig rig;
    struct test_http *h;
    struct ask ask = {.method = "PUT"};

    (void)state;
    h = ask_server(&rig, ask_echo, NULL);
    ask_whole(&ask, &rig, h, "/token");
    assert_int_equal(ask.status, 200);
    assert_non_null(strstr(ask.body_got, "PUT /token\n"));
    assert_non_null(strstr(ask.body_got, "Content-Length: 0\r\n"));
    assert_null(strstr(ask.body_got, "Content-Type"));
    ask_end(&rig, h);
}

static void test_answers_of_every_framing(void **state)
{
    static const struct {
        const char *path;
        int status;
        const char *body;
        size_t len;
    } cases[] = {{"/chunked", 200, "hello, world", 12},
                 {"/early", 204, "", 0},
                 {"/end", 200, "to the end", 10},
                 {"/nul", 200, "a", 3},
                 {"/redirect", 302, "", 0}};
    struct net_rig rig;
    struct test_http *h;
    size_t i;

    (void)state;
    h = ask_server(&rig, ask_odd_answers, NULL);
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ask ask = {0};

        ask_whole(&ask, &rig, h, cases[i].path);
        assert_int_equal(ask.status, cases[i].status);
        assert_string_equal(ask.body_got, cases[i].body);
        assert_int_equal(ask.body_len, cases[i].len);
    }
    ask_end(&rig, h);
}

static void test_connections_are_used_again(void **state)
{
    struct net_rig rig;
    struct test_http *h;
    int i;

    (void)state;
    h = ask_server(&rig, ask_odd_answers, NULL);
    for (i = 0; i < 5; i++) {
        struct ask ask = {0};

        ask_whole(&ask, &rig, h, "/");
        assert_int_equal(ask.status, 200);
    }
    assert_int_equal(test_http_connections(h), 1);
    ask_end(&rig, h);
}

static void test_a_connection_closed_while_idle_is_replaced(void **state)
{
    struct net_rig rig;
    struct test_http *h;
    int i;

    (void)state;
    h = ask_server(&rig, ask_close_after, NULL);
    for (i = 0; i < 3; i++) {
        struct ask ask = {0};

        ask_whole(&ask, &rig, h, "/");
        assert_int_equal(ask.status, 200);
        test_loop_turns(&rig.t, 5);
    }
    ask_end(&rig, h);
}

/* --- limits ------------------------------------------------------------ */

static void send_much(const struct test_http_request *req)
{
    static char body[8001];

    memset(body, 'x', sizeof body - 1);
    test_http_answer(req, 200, "", body);
}

static void test_a_large_body_is_refused_and_not_tried_again(void **state)
{
    struct net_rig rig;
    struct test_http *h;
    struct ask ask = {0};

    (void)state;
    h = ask_server(&rig, send_much, NULL);
    ask_whole(&ask, &rig, h, "/?" NET_RIG_SECRET);
    assert_int_equal(ask.err.code, ERR_TOO_BIG);
    assert_non_null(strstr(ask.err.msg, "larger than 4000 bytes"));
    assert_int_equal(test_http_requests(h), 1);
    ask_end(&rig, h);
}

static void send_many_headers(const struct test_http_request *req)
{
    char line[1100];
    int i;

    snprintf(line, sizeof line, "X-A: %01000d\r\n", 0);
    test_peer_write(req->peer, "HTTP/1.1 200 OK\r\n", 17);
    for (i = 0; i < 1000; i++) {
        test_peer_write(req->peer, line, strlen(line));
    }
}

static void test_endless_headers_are_refused(void **state)
{
    struct net_rig rig;
    struct test_http *h;
    struct ask ask = {0};

    (void)state;
    h = ask_server(&rig, send_many_headers, NULL);
    ask_whole(&ask, &rig, h, "/");
    assert_int_equal(ask.err.code, ERR_TOO_BIG);
    assert_int_equal(test_http_requests(h), 1);
    ask_end(&rig, h);
}

static void test_addresses_need_no_resolver(void **state)
{
    struct net_rig rig;
    struct test_http *h;
    struct ask ask = {0};
    unsigned lookups = net_rig_lookups();
    unsigned threads = test_count_threads();

    (void)state;
    h = ask_server(&rig, ask_echo, NULL);
    ask_whole(&ask, &rig, h, "/");
    assert_int_equal(ask.status, 200);
    assert_int_equal(net_rig_lookups(), lookups);
    assert_int_equal(test_count_threads(), threads);
    ask_end(&rig, h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* First: later ones leave a resolver's thread behind. */
        cmocka_unit_test(test_addresses_need_no_resolver),
        cmocka_unit_test(test_get_sends_nothing_of_its_own),
        cmocka_unit_test(test_post_sends_headers_and_body_as_given),
        cmocka_unit_test(test_put_without_a_body),
        cmocka_unit_test(test_answers_of_every_framing),
        cmocka_unit_test(test_connections_are_used_again),
        cmocka_unit_test(test_a_connection_closed_while_idle_is_replaced),
        cmocka_unit_test(test_a_large_body_is_refused_and_not_tried_again),
        cmocka_unit_test(test_endless_headers_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
