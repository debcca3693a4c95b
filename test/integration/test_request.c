/* SPDX-License-Identifier: Apache-2.0 */
/* test_request.c - HTTP requests against a server on the same loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/pem.h>

#include "err.h"
#include "mem.h"
#include "net_rig.h"
#include "request.h"
#include "retry.h"
#include "test_http.h"
#include "test_server.h"

/* One request under test and what became of it. */
struct ask {
    struct net_rig *rig;
    struct request *req;
    char url[256];
    const char *method;
    const struct header *headers;
    size_t n_headers;
    const char *body;
    int prepare_result;    /* What prepare returns */
    bool close_in_prepare; /* Instead of going on */
    bool close_in_judge;
    enum verdict verdict; /* What judge returns, if it is set */
    unsigned n_prepared;
    unsigned last_n;
    unsigned n_judged;
    unsigned n_done;
    bool done;
    bool keep;  /* Do not close when done */
    int status; /* HTTP status, 0 for a failure */
    char body_got[4096];
    size_t body_len;
    char type_got[64];
    char retries[64];
    struct err err;
    bool net_closed;
};

static int on_prepare(struct request *r, unsigned n, struct attempt *a,
                      struct err *e)
{
    struct ask *ask = request_data(r);

    (void)e;
    ask->n_prepared++;
    ask->last_n = n;
    assert_int_equal(n, ask->n_prepared);
    assert_int_equal(request_attempts(r), n);
    if (ask->close_in_prepare) {
        request_close(r);
        ask->req = NULL;
        return 0;
    }
    a->method = ask->method;
    a->url = ask->url;
    a->headers = ask->headers;
    a->n_headers = ask->n_headers;
    a->body = ask->body;
    a->body_len = ask->body != NULL ? strlen(ask->body) : 0;
    return ask->prepare_result;
}

static enum verdict on_judge(struct request *r, const struct response *resp,
                             int status)
{
    struct ask *ask = request_data(r);

    assert_true((resp == NULL) == (status != 0));
    ask->n_judged++;
    if (ask->close_in_judge) {
        request_close(r);
        ask->req = NULL;
    }
    return ask->verdict;
}

static void on_done(struct request *r, const struct response *resp,
                    const struct err *err)
{
    struct ask *ask = request_data(r);

    ask->n_done++;
    ask->done = true;
    request_retries_text(r, ask->retries, sizeof ask->retries);
    assert_true((resp == NULL) != (err == NULL));
    if (err != NULL) {
        ask->err = *err;
        net_rig_check_secret(err->msg);
        net_rig_check_secret(err->hint);
    }
    if (resp != NULL) {
        const char *type = response_header(resp, "content-type");

        ask->status = resp->status;
        ask->body_len = resp->body_len;
        snprintf(ask->body_got, sizeof ask->body_got, "%s", resp->body);
        snprintf(ask->type_got, sizeof ask->type_got, "%s",
                 type != NULL ? type : "");
    }
    if (!ask->keep) {
        request_close(r);
        ask->req = NULL;
    }
}

/* What most tests ask for: no real waiting between tries. */
static const struct request_config quick = {.label = "Test",
                                            .connect_timeout_ms = 5000,
                                            .timeout_ms = 10000,
                                            .max_attempts = 3,
                                            .max_body = 4000,
                                            .new_retries = true,
                                            .prepare = on_prepare};

/* Make and start a request to @path of the server at @port. */
static void ask_start(struct ask *ask, struct net_rig *rig,
                      const struct request_config *config, const char *scheme,
                      const char *host, unsigned port, const char *path)
{
    ask->rig = rig;
    snprintf(ask->url, sizeof ask->url, "%s://%s:%u%s", scheme, host, port,
             path);
    ask->req = request_new(rig->net, config, ask);
    assert_non_null(ask->req);
    request_start(ask->req, on_done);
    assert_int_equal(ask->n_done, 0);
}

static void ask_plain(struct ask *ask, struct net_rig *rig,
                      const struct test_http *h, const char *path)
{
    ask_start(ask, rig, &quick, "http", "127.0.0.1", test_http_port(h), path);
}

static void setup(struct net_rig *rig)
{
    net_rig_init(rig);
    net_rig_net(rig, rig->pki.ca_file, false);
}

/* --- what goes out and what comes back --------------------------------- */

/* Send back what was sent. */
static void echo(const struct test_http_request *req)
{
    char body[4000];

    snprintf(body, sizeof body, "%s %s\n%s\n%s", req->method, req->target,
             req->head, req->body);
    test_http_answer(req, 200, "Content-TYPE: text/plain\r\n", body);
}

static void test_get_sends_nothing_of_its_own(void **state)
{
    struct net_rig rig;
    struct test_http *h;
    struct ask ask = {0};
    char want[256];

    (void)state;
    setup(&rig);
    h = test_http_start(&rig.t.loop, NULL, echo, NULL);
    ask_plain(&ask, &rig, h, "/a/../path?q=" NET_RIG_SECRET);
    test_loop_until(&rig.t, &ask.done);
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
    test_http_close(h);
    net_rig_close(&rig);
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
    setup(&rig);
    h = test_http_start(&rig.t.loop, NULL, echo, NULL);
    ask_plain(&ask, &rig, h, "/");
    test_loop_until(&rig.t, &ask.done);
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
    test_http_close(h);
    net_rig_close(&rig);
}

static void test_put_without_a_body(void **state)
{
    struct net_rig rig;
    struct test_http *h;
    struct ask ask = {.method = "PUT"};

    (void)state;
    setup(&rig);
    h = test_http_start(&rig.t.loop, NULL, echo, NULL);
    ask_plain(&ask, &rig, h, "/token");
    test_loop_until(&rig.t, &ask.done);
    assert_int_equal(ask.status, 200);
    assert_non_null(strstr(ask.body_got, "PUT /token\n"));
    assert_non_null(strstr(ask.body_got, "Content-Length: 0\r\n"));
    assert_null(strstr(ask.body_got, "Content-Type"));
    test_http_close(h);
    net_rig_close(&rig);
}

/* Answers whose framing is the point. */
static void odd_answers(const struct test_http_request *req)
{
    static const char chunked[] = "HTTP/1.1 200 OK\r\n"
                                  "Transfer-Encoding: chunked\r\n\r\n"
                                  "5\r\nhello\r\n7;x=y\r\n, world\r\n"
                                  "0\r\nX-Trailer: t\r\n\r\n";
    static const char early[] = "HTTP/1.1 100 Continue\r\n\r\n"
                                "HTTP/1.1 204 No Content\r\n\r\n";
    static const char until_end[] = "HTTP/1.1 200 OK\r\n\r\nto the end";
    static const char nul[] =
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na\0b";
    static const char redirect[] = "HTTP/1.1 302 Found\r\nLocation: /echo\r\n"
                                   "Content-Length: 0\r\n\r\n";
    static const char half[] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab";
    static const char garbage[] = "220 smtp.example.com ESMTP\r\n";

    if (strcmp(req->target, "/chunked") == 0) {
        test_peer_write(req->peer, chunked, sizeof chunked - 1);
    } else if (strcmp(req->target, "/early") == 0) {
        test_peer_write(req->peer, early, sizeof early - 1);
    } else if (strcmp(req->target, "/end") == 0) {
        test_peer_write(req->peer, until_end, sizeof until_end - 1);
        test_peer_end(req->peer);
    } else if (strcmp(req->target, "/nul") == 0) {
        test_peer_write(req->peer, nul, sizeof nul - 1);
    } else if (strcmp(req->target, "/redirect") == 0) {
        test_peer_write(req->peer, redirect, sizeof redirect - 1);
    } else if (strcmp(req->target, "/garbage") == 0) {
        test_peer_write(req->peer, garbage, sizeof garbage - 1);
        test_peer_end(req->peer);
    } else if (strcmp(req->target, "/hangup") == 0) {
        test_peer_drop(req->peer);
    } else if (strcmp(req->target, "/half") == 0) {
        test_peer_write(req->peer, half, sizeof half - 1);
        test_peer_end(req->peer);
    } else {
        echo(req);
    }
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
    setup(&rig);
    h = test_http_start(&rig.t.loop, NULL, odd_answers, NULL);
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ask ask = {0};

        ask_plain(&ask, &rig, h, cases[i].path);
        test_loop_until(&rig.t, &ask.done);
        assert_int_equal(ask.status, cases[i].status);
        assert_string_equal(ask.body_got, cases[i].body);
        assert_int_equal(ask.body_len, cases[i].len);
    }
    test_http_close(h);
    net_rig_close(&rig);
}

static void test_connections_are_used_again(void **state)
{
    struct net_rig rig;
    struct test_http *h;
    int i;

    (void)state;
    setup(&rig);
    h = test_http_start(&rig.t.loop, NULL, odd_answers, NULL);
    for (i = 0; i < 5; i++) {
        struct ask ask = {0};

        ask_plain(&ask, &rig, h, "/");
        test_loop_until(&rig.t, &ask.done);
        assert_int_equal(ask.status, 200);
    }
    assert_int_equal(test_http_connections(h), 1);
    test_http_close(h);
    net_rig_close(&rig);
}

/* Answer, then close the connection that the client would use again. */
static void answer_and_close(const struct test_http_request *req)
{
    test_http_answer(req, 200, "", "bye");
    test_peer_end(req->peer);
}

static void test_a_connection_closed_while_idle_is_replaced(void **state)
{
    struct net_rig rig;
    struct test_http *h;
    int i;

    (void)state;
    setup(&rig);
    h = test_http_start(&rig.t.loop, NULL, answer_and_close, NULL);
    for (i = 0; i < 3; i++) {
        struct ask ask = {0};

        ask_plain(&ask, &rig, h, "/");
        test_loop_until(&rig.t, &ask.done);
        assert_int_equal(ask.status, 200);
        test_loop_turns(&rig.t, 5);
    }
    test_http_close(h);
    net_rig_close(&rig);
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
    setup(&rig);
    h = test_http_start(&rig.t.loop, NULL, send_much, NULL);
    ask_plain(&ask, &rig, h, "/?" NET_RIG_SECRET);
    test_loop_until(&rig.t, &ask.done);
    assert_int_equal(ask.err.code, ERR_TOO_BIG);
    assert_non_null(strstr(ask.err.msg, "larger than 4000 bytes"));
    assert_int_equal(test_http_requests(h), 1);
    test_http_close(h);
    net_rig_close(&rig);
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
    setup(&rig);
    h = test_http_start(&rig.t.loop, NULL, send_many_headers, NULL);
    ask_plain(&ask, &rig, h, "/");
    test_loop_until(&rig.t, &ask.done);
    assert_int_equal(ask.err.code, ERR_TOO_BIG);
    assert_int_equal(test_http_requests(h), 1);
    test_http_close(h);
    net_rig_close(&rig);
}

/* --- trying again ------------------------------------------------------ */

/* Fail in different ways until the number in data is reached. */
static void fail_at_first(const struct test_http_request *req)
{
    unsigned good = *(const unsigned *)req->data;

    if (req->number >= good) {
        echo(req);
    } else if (req->number % 3 == 1) {
        test_http_answer(req, 503, "", "not now");
    } else if (req->number % 3 == 2) {
        test_peer_reset(req->peer);
    } else {
        test_http_answer(req, 500, "", "broken");
    }
}

static void test_failures_that_pass_are_tried_again(void **state)
{
    struct net_rig rig;
    struct test_http *h;
    struct ask ask = {0};
    struct retry_quota quota;
    struct request_config config = quick;
    unsigned good = 4;

    (void)state;
    setup(&rig);
    retry_quota_init(&quota);
    config.max_attempts = 5;
    config.quota = &quota;
    h = test_http_start(&rig.t.loop, NULL, fail_at_first, &good);
    ask_start(&ask, &rig, &config, "http", "127.0.0.1", test_http_port(h), "/");
    test_loop_until(&rig.t, &ask.done);
    assert_int_equal(ask.status, 200);
    assert_int_equal(ask.n_prepared, 4);
    assert_int_equal(ask.last_n, 4);
    assert_string_equal(ask.retries, "");
    assert_int_equal(quota.tokens, 500 - 3 * 14 + 14);
    test_http_close(h);
    net_rig_close(&rig);
}

static void test_the_last_answer_counts_when_tries_run_out(void **state)
{
    struct net_rig rig;
    struct test_http *h;
    struct ask ask = {0};
    unsigned good = 100;

    (void)state;
    setup(&rig);
    h = test_http_start(&rig.t.loop, NULL, fail_at_first, &good);
    ask_plain(&ask, &rig, h, "/");
    test_loop_until(&rig.t, &ask.done);
    assert_int_equal(ask.status, 500);
    assert_string_equal(ask.body_got, "broken");
    assert_int_equal(test_http_requests(h), 3);
    assert_string_equal(ask.retries, " (reached max retries: 2)");
    test_http_close(h);
    net_rig_close(&rig);
}

static void test_an_empty_quota_allows_no_retry(void **state)
{
    struct net_rig rig;
    struct test_http *h;
    struct ask ask = {0};
    struct retry_quota quota = {.tokens = 13};
    struct request_config config = quick;
    unsigned good = 2;

    (void)state;
    setup(&rig);
    config.quota = &quota;
    h = test_http_start(&rig.t.loop, NULL, fail_at_first, &good);
    ask_start(&ask, &rig, &config, "http", "127.0.0.1", test_http_port(h), "/");
    test_loop_until(&rig.t, &ask.done);
    assert_int_equal(ask.status, 503);
    assert_int_equal(test_http_requests(h), 1);
    assert_int_equal(quota.tokens, 13);
    assert_string_equal(ask.retries, "");
    test_http_close(h);
    net_rig_close(&rig);
}

static void test_a_judge_decides(void **state)
{
    struct net_rig rig;
    struct test_http *h;
    struct ask ask = {.verdict = VERDICT_THROTTLE};
    struct retry_quota quota;
    struct request_config config = quick;

    (void)state;
    setup(&rig);
    retry_quota_init(&quota);
    config.quota = &quota;
    config.judge = on_judge;
    config.max_attempts = 2;
    h = test_http_start(&rig.t.loop, NULL, echo, NULL);
    ask_start(&ask, &rig, &config, "http", "127.0.0.1", test_http_port(h), "/");
    test_loop_until(&rig.t, &ask.done);
    assert_int_equal(ask.status, 200);
    assert_int_equal(ask.n_judged, 2);
    assert_int_equal(quota.tokens, 500); /* -5 for the retry, +5 at the end */
    test_http_close(h);
    net_rig_close(&rig);
}

static void test_one_attempt_means_one(void **state)
{
    struct net_rig rig;
    struct test_http *h;
    struct ask ask = {0};
    struct request_config config = quick;
    unsigned good = 100;

    (void)state;
    setup(&rig);
    config.max_attempts = 1;
    h = test_http_start(&rig.t.loop, NULL, fail_at_first, &good);
    ask_start(&ask, &rig, &config, "http", "127.0.0.1", test_http_port(h), "/");
    test_loop_until(&rig.t, &ask.done);
    assert_int_equal(test_http_requests(h), 1);
    assert_string_equal(ask.retries, " (reached max retries: 0)");
    test_http_close(h);
    net_rig_close(&rig);
}

/* --- failures and their words ------------------------------------------ */

/* Ask once and expect an error of @code whose message begins with @msg, and
 * whose hint has @hint in it. */
static void expect(struct net_rig *rig, const struct request_config *config,
                   const char *scheme, const char *host, unsigned port,
                   const char *path, int code, const char *msg,
                   const char *hint)
{
    struct ask ask = {0};

    ask_start(&ask, rig, config, scheme, host, port, path);
    test_loop_until(&rig->t, &ask.done);
    if (ask.err.code != code || strncmp(ask.err.msg, msg, strlen(msg)) != 0 ||
        strstr(ask.err.hint, hint) == NULL || ask.err.hint[0] == '\0') {
        fail_msg("%s: \"%s\", hint \"%s\", wanted %s: \"%s\", \"%s\"",
                 err_name(ask.err.code), ask.err.msg, ask.err.hint,
                 err_name(code), msg, hint);
    }
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
    struct request_config once = quick;
    struct test_server_config rudeness = {.on_data = be_rude};
    struct net_rig rig;
    struct test_http *h;
    struct test_server *rude;
    unsigned port;
    char want[256];

    (void)state;
    setup(&rig);
    once.max_attempts = 1;
    h = test_http_start(&rig.t.loop, NULL, odd_answers, NULL);
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
    test_http_close(h);
    net_rig_close(&rig);
}

static void stay_silent(const struct test_http_request *req)
{
    (void)req;
}

static void test_a_deadline_in_each_stage(void **state)
{
    struct request_config once = quick;
    struct test_server_config deaf = {.deaf = true};
    struct net_rig rig;
    struct test_http *h;
    struct test_server *s;
    int fds[TEST_BLACK_HOLE_FDS];
    unsigned hole;
    unsigned threads = test_count_threads();
    uint64_t begin;

    (void)state;
    setup(&rig);
    once.max_attempts = 1;
    once.connect_timeout_ms = 150;
    once.timeout_ms = 400;
    h = test_http_start(&rig.t.loop, NULL, stay_silent, NULL);
    s = test_server_start(&rig.t.loop, &deaf);
    hole = test_black_hole(fds);
    begin = uv_hrtime();

    if (net_rig_fakes_names()) {
        expect(&rig, &once, "https", "slow.test", 1, "/", UV_ETIMEDOUT,
               "Connect timeout on endpoint URL: \"https://slow.test:1/\"",
               "waiting for the address of slow.test");
    }
#ifdef __linux__
    expect(&rig, &once, "https", "127.0.0.1", hole, "/", UV_ETIMEDOUT,
           "Connect timeout on endpoint URL: \"https://127.0.0.1:",
           "waiting for a connection to 127.0.0.1");
#endif
    expect(&rig, &once, "https", "127.0.0.1", test_server_port(s), "/",
           UV_ETIMEDOUT,
           "Connect timeout on endpoint URL: \"https://127.0.0.1:",
           "waiting for the TLS handshake with");
    expect(&rig, &once, "http", "127.0.0.1", test_http_port(h), "/",
           UV_ETIMEDOUT, "Read timeout on endpoint URL: \"http://127.0.0.1:",
           "waiting for an answer from");
    /* A resolver that still sleeps must not have been waited for. */
    assert_true(uv_hrtime() - begin < (uint64_t)1700 * 1000 * 1000);

    test_wait_for_threads(threads);
    test_black_hole_close(fds);
    test_server_close(s);
    test_http_close(h);
    net_rig_close(&rig);
}

static void test_bad_input_is_refused(void **state)
{
    static const struct header smuggled[] = {
        {"X-Token", NET_RIG_SECRET "\r\nX-Evil: 1"}};
    struct net_rig rig;
    struct test_http *h;
    struct ask ask = {0};

    (void)state;
    setup(&rig);
    h = test_http_start(&rig.t.loop, NULL, echo, NULL);
    ask_start(&ask, &rig, &quick, "gopher", "x", 1, "/?" NET_RIG_SECRET);
    test_loop_until(&rig.t, &ask.done);
    assert_int_equal(ask.err.code, ERR_USAGE);
    assert_string_equal(ask.err.msg, "Invalid endpoint: gopher://x:1/?...");

    memset(&ask, 0, sizeof ask);
    ask.prepare_result = ERR_NO_CREDENTIALS;
    ask_plain(&ask, &rig, h, "/");
    test_loop_until(&rig.t, &ask.done);
    assert_int_equal(ask.err.code, ERR_NO_CREDENTIALS);
    assert_int_equal(ask.n_prepared, 1);

    memset(&ask, 0, sizeof ask);
    ask.headers = smuggled;
    ask.n_headers = 1;
    ask_plain(&ask, &rig, h, "/");
    test_loop_until(&rig.t, &ask.done);
    assert_int_equal(ask.err.code, ERR_USAGE);
    assert_non_null(strstr(ask.err.msg, "X-Token"));
    assert_int_equal(test_http_requests(h), 0);
    test_http_close(h);
    net_rig_close(&rig);
}

/* --- TLS --------------------------------------------------------------- */

static void test_https_with_certificates_of_every_kind(void **state)
{
    static const struct {
        enum test_cert cert;
        const char *host;
        bool no_verify;
        int code; /* 0: works */
        const char *words;
    } cases[] = {
        {TEST_CERT_GOOD, "localhost", false, 0, ""},
        {TEST_CERT_GOOD, "127.0.0.1", false, 0, ""},
        {TEST_CERT_GOOD, "127.0.0.1", true, 0, ""},
        {TEST_CERT_EXPIRED, "127.0.0.1", true, 0, ""},
        {TEST_CERT_WRONG_HOST, "127.0.0.1", true, 0, ""},
        {TEST_CERT_SELF_SIGNED, "127.0.0.1", true, 0, ""},
        {TEST_CERT_EXPIRED, "127.0.0.1", false, ERR_CERTIFICATE,
         "certificate has expired"},
        {TEST_CERT_FUTURE, "127.0.0.1", false, ERR_CERTIFICATE,
         "not yet valid"},
        {TEST_CERT_WRONG_HOST, "localhost", false, ERR_CERTIFICATE,
         "not for localhost"},
        {TEST_CERT_WRONG_HOST, "127.0.0.1", false, ERR_CERTIFICATE,
         "not for 127.0.0.1"},
        {TEST_CERT_SELF_SIGNED, "127.0.0.1", false, ERR_CERTIFICATE,
         "self-signed certificate"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct net_rig rig;
        struct test_http *h;
        struct ask ask = {0};
        SSL_CTX *tls;

        net_rig_init(&rig);
        net_rig_net(&rig, cases[i].no_verify ? NULL : rig.pki.ca_file,
                    cases[i].no_verify);
        tls = test_pki_context(&rig.pki, cases[i].cert);
        h = test_http_start(&rig.t.loop, tls, echo, NULL);
        ask_start(&ask, &rig, &quick, "https", cases[i].host, test_http_port(h),
                  "/");
        test_loop_until(&rig.t, &ask.done);
        if (ask.err.code != cases[i].code ||
            strstr(ask.err.msg, cases[i].words) == NULL) {
            fail_msg("case %zu: %s: %s", i, err_name(ask.err.code),
                     ask.err.msg);
        }
        assert_int_equal(ask.status, cases[i].code == 0 ? 200 : 0);
        assert_int_equal(ask.n_prepared, 1); /* Not worth another try */
        SSL_CTX_free(tls);
        test_http_close(h);
        net_rig_close(&rig);
    }
}

static void test_authorities_from_every_source(void **state)
{
    static const struct {
        const char *variable; /* Set to the directory or file, or NULL */
        bool dir;
        bool given; /* To net_new() */
        int code;
    } cases[] = {
        {NULL, false, false, ERR_CERTIFICATE}, /* The system knows us not */
        {NULL, false, true, 0},
        {NULL, true, true, 0},
        {"SSL_CERT_FILE", false, false, 0},
        {"SSL_CERT_DIR", true, false, 0},
        {"CURL_CA_BUNDLE", false, false, 0},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct net_rig rig;
        struct test_http *h;
        const char *path;
        SSL_CTX *tls;
        int n;

        net_rig_init(&rig);
        path = cases[i].dir ? rig.pki.ca_dir : rig.pki.ca_file;
        if (cases[i].variable != NULL) {
            setenv(cases[i].variable, path, 1);
        }
        net_rig_net(&rig, cases[i].given ? path : NULL, false);
        tls = test_pki_context(&rig.pki, TEST_CERT_GOOD);
        h = test_http_start(&rig.t.loop, tls, answer_and_close, NULL);
        for (n = 0; n < 2; n++) {
            struct ask ask = {0};

            ask_start(&ask, &rig, &quick, "https", "127.0.0.1",
                      test_http_port(h), "/");
            test_loop_until(&rig.t, &ask.done);
            if (ask.err.code != cases[i].code) {
                fail_msg("case %zu: %s: %s", i, err_name(ask.err.code),
                         ask.err.msg);
            }
        }
        SSL_CTX_free(tls);
        test_http_close(h);
        net_rig_close(&rig);
    }
}

/* Expect net_new() to refuse the CA file at @path with @words. */
static void refuse_ca(struct net_rig *rig, const char *path, const char *words)
{
    struct net_config config = {.ca_bundle = path};
    struct net *net = NULL;
    struct err err = {0};

    assert_int_equal(net_new(&net, &rig->t.loop, &rig->log, &config, &err),
                     ERR_SETTING);
    assert_null(net);
    assert_int_equal(err.code, ERR_SETTING);
    if (strstr(err.msg, path) == NULL || strstr(err.msg, words) == NULL) {
        fail_msg("\"%s\", wanted \"%s\"", err.msg, words);
    }
}

/* Write @text to <dir>/@name and return its path in @path. */
static void write_file(const struct net_rig *rig, const char *name,
                       const char *text, char *path, size_t size)
{
    FILE *f;

    snprintf(path, size, "%s/%s", rig->pki.dir, name);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void test_a_bad_ca_file_is_named_with_its_line(void **state)
{
    struct net_rig rig;
    char path[128];
    char text[8192];
    char good[4096] = "";
    FILE *f;
    size_t n;

    (void)state;
    net_rig_init(&rig);
    f = fopen(rig.pki.ca_file, "r");
    assert_non_null(f);
    n = fread(good, 1, sizeof good - 1, f);
    fclose(f);
    good[n] = '\0';

    refuse_ca(&rig, "/nonexistent/ca.pem", "no such file or directory");
    write_file(&rig, "empty.pem", "", path, sizeof path);
    refuse_ca(&rig, path, "the file is empty");
    write_file(&rig, "text.pem", "hello\n", path, sizeof path);
    refuse_ca(&rig, path, "holds no certificate");
    snprintf(text, sizeof text,
             "# a comment\n%s-----BEGIN CERTIFICATE-----\nMIIB\n", good);
    write_file(&rig, "cut.pem", text, path, sizeof path);
    refuse_ca(&rig, path, "has no END line");
    snprintf(text, sizeof text,
             "-----BEGIN CERTIFICATE-----\nAAAA\nBB!B\n"
             "-----END CERTIFICATE-----\n%s",
             good);
    write_file(&rig, "bad.pem", text, path, sizeof path);
    refuse_ca(&rig, path, "line 3: unreadable certificate");
    snprintf(text, sizeof text,
             "%s-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
             good);
    write_file(&rig, "zero.pem", text, path, sizeof path);
    refuse_ca(&rig, path, "unreadable certificate");
    snprintf(path, sizeof path, "%s/nothing", rig.pki.dir);
    refuse_ca(&rig, rig.pki.dir, "holds no certificate under its hash");
    net_rig_close(&rig);
}

/* Append the file @from to the file @to. */
static void append(const char *to, const char *from)
{
    char text[8192];
    FILE *in = fopen(from, "r");
    FILE *out = fopen(to, "a");
    size_t n;

    assert_non_null(in);
    assert_non_null(out);
    n = fread(text, 1, sizeof text, in);
    assert_int_equal(fwrite(text, 1, n, out), n);
    fclose(in);
    fclose(out);
}

/* Ask a server with @tls, believing the CA file @path; returns the code. */
static int ask_trusting(struct net_rig *rig, SSL_CTX *tls, const char *path)
{
    struct ask ask = {0};
    struct test_http *h;

    net_rig_net(rig, path, false);
    h = test_http_start(&rig->t.loop, tls, answer_and_close, NULL);
    ask_start(&ask, rig, &quick, "https", "127.0.0.1", test_http_port(h), "/");
    test_loop_until(&rig->t, &ask.done);
    test_http_close(h);
    return ask.err.code;
}

static void test_bundles_of_every_shape(void **state)
{
    struct test_pki other[3];
    struct net_rig rig;
    char path[128];
    SSL_CTX *tls;
    FILE *f;
    int i;

    (void)state;
    /* Authorities of one name: the right one is found among them. */
    net_rig_init(&rig);
    write_file(&rig, "many.pem", "# many\r\n\n", path, sizeof path);
    for (i = 0; i < 3; i++) {
        test_pki_init(&other[i]);
        append(path, other[i].ca_file);
    }
    append(path, rig.pki.ca_file);
    append(path, other[0].ca_file);
    tls = test_pki_context(&rig.pki, TEST_CERT_GOOD);
    assert_int_equal(ask_trusting(&rig, tls, path), 0);
    net_rig_close(&rig);

    /* ... and missed where it is not. */
    net_rig_init(&rig);
    write_file(&rig, "many.pem", "", path, sizeof path);
    append(path, other[0].ca_file);
    append(path, other[1].ca_file);
    assert_int_equal(ask_trusting(&rig, tls, path), ERR_CERTIFICATE);
    net_rig_close(&rig);
    SSL_CTX_free(tls);

    /* In OpenSSL's own form, with a remark that follows the certificate. */
    net_rig_init(&rig);
    snprintf(path, sizeof path, "%s/trusted.pem", rig.pki.dir);
    f = fopen(path, "w");
    assert_non_null(f);
    X509_alias_set1(rig.pki.ca, (const unsigned char *)"ours", 4);
    assert_int_equal(PEM_write_X509_AUX(f, rig.pki.ca), 1);
    fclose(f);
    tls = test_pki_context(&rig.pki, TEST_CERT_GOOD);
    assert_int_equal(ask_trusting(&rig, tls, path), 0);
    SSL_CTX_free(tls);
    net_rig_close(&rig);

    /* A server's own certificate, beside its key. */
    net_rig_init(&rig);
    test_pki_write(&rig.pki, TEST_CERT_SELF_SIGNED, "self.pem", path,
                   sizeof path);
    tls = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate_file(tls, path, SSL_FILETYPE_PEM),
                     1);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(tls, path, SSL_FILETYPE_PEM),
                     1);
    assert_int_equal(ask_trusting(&rig, tls, path), 0);
    SSL_CTX_free(tls);
    net_rig_close(&rig);
    for (i = 0; i < 3; i++) {
        test_pki_free(&other[i]);
    }
}

/* --- life and death ---------------------------------------------------- */

static void test_closing_after_every_turn(void **state)
{
    struct request_config config = quick;
    unsigned turns;
    bool finished = false;

    (void)state;
    for (turns = 0; !finished; turns++) {
        struct net_rig rig;
        struct test_http *h;
        struct ask ask = {.keep = true, .method = "POST", .body = "x"};
        unsigned good = 3;
        SSL_CTX *tls;

        setup(&rig);
        tls = test_pki_context(&rig.pki, TEST_CERT_GOOD);
        h = test_http_start(&rig.t.loop, tls, fail_at_first, &good);
        ask_start(&ask, &rig, &config, "https", "localhost", test_http_port(h),
                  "/");
        test_loop_turns(&rig.t, turns);
        finished = ask.done;
        request_close(ask.req);
        SSL_CTX_free(tls);
        test_http_close(h);
        net_rig_close(&rig);
        assert_int_equal(ask.n_done, finished ? 1 : 0);
    }
    assert_true(turns > 10);
}

static void test_closing_inside_each_callback(void **state)
{
    struct request_config config = quick;
    struct net_rig rig;
    struct test_http *h;
    struct ask in_prepare = {.close_in_prepare = true};
    struct ask in_judge = {.close_in_judge = true, .verdict = VERDICT_RETRY};
    struct ask in_done = {0};

    (void)state;
    setup(&rig);
    config.judge = on_judge;
    h = test_http_start(&rig.t.loop, NULL, echo, NULL);
    ask_start(&in_prepare, &rig, &config, "http", "127.0.0.1",
              test_http_port(h), "/");
    ask_start(&in_judge, &rig, &config, "http", "127.0.0.1", test_http_port(h),
              "/");
    ask_start(&in_done, &rig, &config, "http", "127.0.0.1", test_http_port(h),
              "/");
    test_loop_until(&rig.t, &in_done.done);
    while (in_judge.n_judged == 0) {
        test_loop_turns(&rig.t, 1);
    }
    test_loop_turns(&rig.t, 3);
    assert_int_equal(in_prepare.n_done, 0);
    assert_int_equal(in_judge.n_done, 0);
    assert_int_equal(in_judge.n_judged, 1);
    assert_null(in_prepare.req);
    test_http_close(h);
    net_rig_close(&rig);
}

static void set_flag(void *data)
{
    *(bool *)data = true;
}

/* Close the request and then the net, all inside the report. */
static void close_all(struct request *r, const struct response *resp,
                      const struct err *err)
{
    struct ask *ask = request_data(r);
    struct net_rig *rig = ask->rig;

    (void)resp;
    (void)err;
    ask->done = true;
    request_close(r);
    net_close(rig->net, set_flag, &ask->net_closed);
    rig->net = NULL;
}

static void test_closing_the_net_inside_a_report(void **state)
{
    struct net_rig rig;
    struct test_http *h;
    struct ask ask = {0};

    (void)state;
    setup(&rig);
    h = test_http_start(&rig.t.loop, NULL, echo, NULL);
    ask.rig = &rig;
    snprintf(ask.url, sizeof ask.url, "http://127.0.0.1:%u/",
             test_http_port(h));
    ask.req = request_new(rig.net, &quick, &ask);
    request_start(ask.req, close_all);
    test_loop_until(&rig.t, &ask.done);
    test_http_close(h);
    net_rig_close(&rig);
}

static void test_many_at_once(void **state)
{
    enum { N = 60 };
    struct net_rig rig;
    struct test_http *h;
    static struct ask asks[N];
    SSL_CTX *tls;
    int i;

    (void)state;
    setup(&rig);
    memset(asks, 0, sizeof asks);
    tls = test_pki_context(&rig.pki, TEST_CERT_GOOD);
    h = test_http_start(&rig.t.loop, tls, echo, NULL);
    for (i = 0; i < N; i++) {
        ask_start(&asks[i], &rig, &quick, "https", "127.0.0.1",
                  test_http_port(h), "/");
    }
    for (i = 0; i < N; i++) {
        test_loop_until(&rig.t, &asks[i].done);
        assert_int_equal(asks[i].status, 200);
    }
    SSL_CTX_free(tls);
    test_http_close(h);
    net_rig_close(&rig);
}

static void test_lack_of_memory_anywhere(void **state)
{
    static const struct header headers[] = {{"X-A", "b"}};
    struct net_config config = {.user_agent = "eice-test/1"};
    struct net_rig rig;
    struct test_http *h;
    int n;
    bool passed = false;

    (void)state;
    net_rig_init(&rig);
    config.ca_bundle = rig.pki.ca_file;
    setenv("HTTP_PROXY", "http://u:" NET_RIG_SECRET "@unused", 1);
    h = test_http_start(&rig.t.loop, NULL, echo, NULL);
    for (n = 1; !passed; n++) {
        struct ask ask = {.headers = headers,
                          .n_headers = 1,
                          .method = "POST",
                          .body = "x",
                          .rig = &rig};
        struct err err = {0};
        int left = n;
        bool closed = false;
        int rv;

        snprintf(ask.url, sizeof ask.url, "http://127.0.0.1:%u/",
                 test_http_port(h));
        mem_set_hook(net_rig_refuse_nth, &left);
        rv = net_new(&rig.net, &rig.t.loop, &rig.log, &config, &err);
        if (rv == 0) {
            struct request_config once = quick;

            once.max_attempts = 1;
            ask.req = request_new(rig.net, &once, &ask);
            if (ask.req != NULL) {
                request_start(ask.req, on_done);
                test_loop_until(&rig.t, &ask.done);
            }
            mem_set_hook(NULL, NULL);
            net_close(rig.net, set_flag, &closed);
            test_loop_until(&rig.t, &closed);
        } else {
            mem_set_hook(NULL, NULL);
            assert_int_equal(rv, UV_ENOMEM);
        }
        passed = ask.status == 200;
        if (ask.done && !passed) {
            assert_int_equal(ask.err.code, UV_ENOMEM);
        }
    }
    assert_true(n > 15);
    rig.net = NULL;
    test_http_close(h);
    net_rig_close(&rig);
}

static void test_addresses_need_no_resolver(void **state)
{
    struct net_rig rig;
    struct test_http *h;
    struct ask ask = {0};
    unsigned lookups = net_rig_lookups();
    unsigned threads = test_count_threads();

    (void)state;
    setup(&rig);
    h = test_http_start(&rig.t.loop, NULL, echo, NULL);
    ask_plain(&ask, &rig, h, "/");
    test_loop_until(&rig.t, &ask.done);
    assert_int_equal(ask.status, 200);
    assert_int_equal(net_rig_lookups(), lookups);
    assert_int_equal(test_count_threads(), threads);
    test_http_close(h);
    net_rig_close(&rig);
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
        cmocka_unit_test(test_failures_that_pass_are_tried_again),
        cmocka_unit_test(test_the_last_answer_counts_when_tries_run_out),
        cmocka_unit_test(test_an_empty_quota_allows_no_retry),
        cmocka_unit_test(test_a_judge_decides),
        cmocka_unit_test(test_one_attempt_means_one),
        cmocka_unit_test(test_connection_failures_in_the_cli_s_words),
        cmocka_unit_test(test_a_deadline_in_each_stage),
        cmocka_unit_test(test_bad_input_is_refused),
        cmocka_unit_test(test_https_with_certificates_of_every_kind),
        cmocka_unit_test(test_authorities_from_every_source),
        cmocka_unit_test(test_a_bad_ca_file_is_named_with_its_line),
        cmocka_unit_test(test_bundles_of_every_shape),
        cmocka_unit_test(test_closing_after_every_turn),
        cmocka_unit_test(test_closing_inside_each_callback),
        cmocka_unit_test(test_closing_the_net_inside_a_report),
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_lack_of_memory_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
