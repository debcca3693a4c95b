/* SPDX-License-Identifier: Apache-2.0 */
/* test_request_fail.c - requests that fail: tried again, or told in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ask_rig.h"
#include "err.h"
#include "retry.h"
#include "test_http.h"
#include "test_server.h"

/* --- trying again ------------------------------------------------------ */

static void test_failures_that_pass_are_tried_again(void **state)
{
    struct net_rig rig;
    struct test_http *h;
    struct ask ask = {0};
    struct retry_quota quota;
    struct request_config config = ask_quick;
    unsigned good = 4;

    (void)state;
    ask_setup(&rig);
    retry_quota_init(&quota);
    config.max_attempts = 5;
    config.quota = &quota;
    h = test_http_start(&rig.t.loop, NULL, ask_fail_at_first, &good);
    ask_start(&ask, &rig, &config, "http", "127.0.0.1", test_http_port(h), "/");
    test_loop_until(&rig.t, &ask.done);
    assert_int_equal(ask.status, 200);
    assert_int_equal(ask.n_prepared, 4);
    assert_int_equal(ask.last_n, 4);
    assert_string_equal(ask.retries, "");
    assert_int_equal(quota.tokens, 500 - 3 * 14 + 14);
    ask_end(&rig, h);
}

static void test_the_last_answer_counts_when_tries_run_out(void **state)
{
    struct net_rig rig;
    struct test_http *h;
    struct ask ask = {0};
    unsigned good = 100;

    (void)state;
    h = ask_server(&rig, ask_fail_at_first, &good);
    ask_whole(&ask, &rig, h, "/");
    assert_int_equal(ask.status, 500);
    assert_string_equal(ask.body_got, "broken");
    assert_int_equal(test_http_requests(h), 3);
    assert_string_equal(ask.retries, " (reached max retries: 2)");
    ask_end(&rig, h);
}

static void test_an_empty_quota_allows_no_retry(void **state)
{
    struct net_rig rig;
    struct test_http *h;
    struct ask ask = {0};
    struct retry_quota quota = {.tokens = 13};
    struct request_config config = ask_quick;
    unsigned good = 2;

    (void)state;
    ask_setup(&rig);
    config.quota = &quota;
    h = test_http_start(&rig.t.loop, NULL, ask_fail_at_first, &good);
    ask_start(&ask, &rig, &config, "http", "127.0.0.1", test_http_port(h), "/");
    test_loop_until(&rig.t, &ask.done);
    assert_int_equal(ask.status, 503);
    assert_int_equal(test_http_requests(h), 1);
    assert_int_equal(quota.tokens, 13);
    assert_string_equal(ask.retries, "");
    ask_end(&rig, h);
}

static void test_a_judge_decides(void **state)
{
    struct net_rig rig;
    struct test_http *h;
    struct ask ask = {.verdict = VERDICT_THROTTLE};
    struct retry_quota quota;
    struct request_config config = ask_quick;

    (void)state;
    ask_setup(&rig);
    retry_quota_init(&quota);
    config.quota = &quota;
    config.judge = ask_on_judge;
    config.max_attempts = 2;
    h = test_http_start(&rig.t.loop, NULL, ask_echo, NULL);
    ask_start(&ask, &rig, &config, "http", "127.0.0.1", test_http_port(h), "/");
    test_loop_until(&rig.t, &ask.done);
    assert_int_equal(ask.status, 200);
    assert_int_equal(ask.n_judged, 2);
    assert_int_equal(quota.tokens, 500); /* -5 for the retry, +5 at the end */
    ask_end(&rig, h);
}

static void test_one_attempt_means_one(void **state)
{
    struct net_rig rig;
    struct test_http *h;
    struct ask ask = {0};
    struct request_config config = ask_quick;
    unsigned good = 100;

    (void)state;
    ask_setup(&rig);
    config.max_attempts = 1;
    h = test_http_start(&rig.t.loop, NULL, ask_fail_at_first, &good);
    ask_start(&ask, &rig, &config, "http", "127.0.0.1", test_http_port(h), "/");
    test_loop_until(&rig.t, &ask.done);
    assert_int_equal(test_http_requests(h), 1);
    assert_string_equal(ask.retries, " (reached max retries: 0)");
    ask_end(&rig, h);
}

/* --- failures and their words ------------------------------------------ */

/* Ask once; whether that is an error of @code whose message begins with @msg,
 * and whose hint has @hint in it. */
static bool fails(struct net_rig *rig, const struct request_config *config,
                  const char *scheme, const char *host, unsigned port,
                  const char *path, int code, const char *msg, const char *hint)
{
    struct ask ask = {0};

    ask_start(&ask, rig, config, scheme, host, port, path);
    test_loop_until(&rig->t, &ask.done);
    if (ask.err.code == code && strncmp(ask.err.msg, msg, strlen(msg)) == 0 &&
        strstr(ask.err.hint, hint) != NULL && ask.err.hint[0] != '\0') {
        return true;
    }
    print_message("%s: \"%s\", hint \"%s\", wanted %s: \"%s\", \"%s\"\n",
                  err_name(ask.err.code), ask.err.msg, ask.err.hint,
                  err_name(code), msg, hint);
    return false;
}

/* Fail unless it is that error. */
static void expect(struct net_rig *rig, const struct request_config *config,
                   const char *scheme, const char *host, unsigned port,
                   const char *path, int code, const char *msg,
                   const char *hint)
{
    assert_true(fails(rig, config, scheme, host, port, path, code, msg, hint));
}

/* What an HTTP server says to a TLS greeting. */
static void be_rude(struct test_peer *p, const char *data, size_t len)
{
    (void)data;
    (void)len;
    test_peer_write(p, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
}

static void test_connection_failures_in_the_cli_s_words(void **state)
{
    struct request_config once = ask_quick;
    struct test_server_config rudeness = {.on_data = be_rude};
    struct net_rig rig;
    struct test_http *h;
    struct test_server *rude;
    unsigned port;
    char want[256];

    (void)state;
    ask_setup(&rig);
    once.max_attempts = 1;
    h = test_http_start(&rig.t.loop, NULL, ask_odd_answers, NULL);
    rude = test_server_start(&rig.t.loop, &rudeness);

    port = test_free_port();
    snprintf(want, sizeof want,
             "Could not connect to the endpoint URL: "
             "\"https://127.0.0.1:%u/x\"",
             port);
    expect(&rig, &once, "https", "127.0.0.1", port, "/x?" NET_RIG_SECRET,
           ERR_CONNECT, want,
           "127.0.0.1 cannot be reached: connection refused");
    if (net_rig_fakes_names()) {
        snprintf(want, sizeof want,
                 "Could not connect to the endpoint URL: "
                 "\"https://nosuch.test:%u/\"",
                 port);
        expect(&rig, &once, "https", "nosuch.test", port, "/", ERR_DNS, want,
               "the name nosuch.test was not found");
    }
    port = test_http_port(h);
    expect(&rig, &once, "https", "127.0.0.1", test_server_port(rude), "/",
           ERR_TLS,
           "SSL validation failed for https://127.0.0.1:", "check the port");
    expect(&rig, &once, "http", "127.0.0.1", port, "/garbage", ERR_HTTP,
           "http://127.0.0.1:", "check the host and the port");
    snprintf(want, sizeof want,
             "Connection was closed before we received a valid response from "
             "endpoint URL: \"http://127.0.0.1:%u/hangup\".",
             port);
    expect(&rig, &once, "http", "127.0.0.1", port, "/hangup", ERR_HTTP, want,
           "closed the connection before");
    snprintf(want, sizeof want,
             "Connection was closed before we received a valid response from "
             "endpoint URL: \"http://127.0.0.1:%u/half\".",
             port);
    expect(&rig, &once, "http", "127.0.0.1", port, "/half", ERR_HTTP, want,
           "closed the connection before");
    test_server_close(rude);
    ask_end(&rig, h);
}

static void stay_silent(const struct test_http_request *req)
{
    (void)req;
}

/* Wait in vain in each stage, @times as long as usual: false if one was not
 * reached, or all took much longer. */
static bool waits_end(struct net_rig *rig, unsigned deaf, unsigned hole,
                      unsigned silent, unsigned times)
{
    struct request_config once = ask_quick;
    uint64_t begin = uv_hrtime();
    bool ok = true;

    once.max_attempts = 1;
    once.connect_timeout_ms = 150 * times;
    once.timeout_ms = 400 * times;
    if (net_rig_fakes_names()) { /* The resolver goes on after that. */
        ok = fails(rig, &once, "https", "slow.test", 1, "/", UV_ETIMEDOUT,
                   "Connect timeout on endpoint URL: \"https://slow.test:1/\"",
                   "waiting for the address of slow.test") &&
             ok;
    }
#ifdef __linux__
    ok = fails(rig, &once, "https", "127.0.0.1", hole, "/", UV_ETIMEDOUT,
               "Connect timeout on endpoint URL: \"https://127.0.0.1:",
               "waiting for a connection to 127.0.0.1") &&
         ok;
#else
    (void)hole;
#endif
    ok = fails(rig, &once, "https", "127.0.0.1", deaf, "/", UV_ETIMEDOUT,
               "Connect timeout on endpoint URL: \"https://127.0.0.1:",
               "waiting for the TLS handshake with") &&
         ok;
    ok = fails(rig, &once, "http", "127.0.0.1", silent, "/", UV_ETIMEDOUT,
               "Read timeout on endpoint URL: \"http://127.0.0.1:",
               "waiting for an answer from") &&
         ok;
    return ok && (uv_hrtime() - begin) / 1000000 < 1700 * times;
}

/* Tried with more time where the machine was too slow to come to waiting. */
static void test_a_deadline_in_each_stage(void **state)
{
    struct test_server_config deaf = {.deaf = true};
    struct net_rig rig;
    struct test_http *h;
    struct test_server *s;
    int fds[TEST_BLACK_HOLE_FDS];
    unsigned hole, times = 1;
    unsigned threads = test_count_threads();

    (void)state;
    ask_setup(&rig);
    h = test_http_start(&rig.t.loop, NULL, stay_silent, NULL);
    s = test_server_start(&rig.t.loop, &deaf);
    hole = test_black_hole(fds);
    while (
        !waits_end(&rig, test_server_port(s), hole, test_http_port(h), times)) {
        times *= 4;
        assert_true(times <= 16);
    }
    net_rig_end_slow();
    test_wait_for_threads(threads);
    test_black_hole_close(fds);
    test_server_close(s);
    ask_end(&rig, h);
}

static void test_bad_input_is_refused(void **state)
{
    static const struct header smuggled[] = {
        {"X-Token", NET_RIG_SECRET "\r\nX-Evil: 1"}};
    struct net_rig rig;
    struct test_http *h;
    struct ask ask = {0};

    (void)state;
    h = ask_server(&rig, ask_echo, NULL);
    ask_start(&ask, &rig, &ask_quick, "gopher", "x", 1, "/?" NET_RIG_SECRET);
    test_loop_until(&rig.t, &ask.done);
    assert_int_equal(ask.err.code, ERR_USAGE);
    assert_string_equal(ask.err.msg, "Invalid endpoint: gopher://x:1/?...");

    memset(&ask, 0, sizeof ask);
    ask.prepare_result = ERR_NO_CREDENTIALS;
    ask_whole(&ask, &rig, h, "/");
    assert_int_equal(ask.err.code, ERR_NO_CREDENTIALS);
    assert_int_equal(ask.n_prepared, 1);

    memset(&ask, 0, sizeof ask);
    ask.headers = smuggled;
    ask.n_headers = 1;
    ask_whole(&ask, &rig, h, "/");
    assert_int_equal(ask.err.code, ERR_USAGE);
    assert_non_null(strstr(ask.err.msg, "X-Token"));
    assert_int_equal(test_http_requests(h), 0);
    ask_end(&rig, h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failures_that_pass_are_tried_again),
        cmocka_unit_test(test_the_last_answer_counts_when_tries_run_out),
        cmocka_unit_test(test_an_empty_quota_allows_no_retry),
        cmocka_unit_test(test_a_judge_decides),
        cmocka_unit_test(test_one_attempt_means_one),
        cmocka_unit_test(test_connection_failures_in_the_cli_s_words),
        cmocka_unit_test(test_a_deadline_in_each_stage),
        cmocka_unit_test(test_bad_input_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
