/* SPDX-License-Identifier: Apache-2.0 */
/* ask_rig.c - one HTTP request under test, and servers for it to meet. */
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

enum verdict ask_on_judge(struct request *r, const struct response *resp,
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

void ask_on_done(struct request *r, const struct response *resp,
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

const struct request_config ask_quick = {.label = "Test",
                                         .connect_timeout_ms = 20000,
                                         .timeout_ms = 20000,
                                         .max_attempts = 3,
                                         .max_body = 4000,
                                         .new_retries = true,
                                         .prepare = on_prepare};

void ask_start(struct ask *ask, struct net_rig *rig,
               const struct request_config *config, const char *scheme,
               const char *host, unsigned port, const char *path)
{
    ask->rig = rig;
    snprintf(ask->url, sizeof ask->url, "%s://%s:%u%s", scheme, host, port,
             path);
    ask->req = request_new(rig->net, config, ask);
    assert_non_null(ask->req);
    request_start(ask->req, ask_on_done);
    assert_int_equal(ask->n_done, 0);
}

void ask_plain(struct ask *ask, struct net_rig *rig, const struct test_http *h,
               const char *path)
{
    ask_start(ask, rig, &ask_quick, "http", "127.0.0.1", test_http_port(h),
              path);
}

void ask_setup(struct net_rig *rig)
{
    net_rig_init(rig);
    net_rig_net(rig, rig->pki.ca_file, false);
}

struct test_http *ask_server(struct net_rig *rig, test_http_handler answer,
                             void *data)
{
    ask_setup(rig);
    return test_http_start(&rig->t.loop, NULL, answer, data);
}

void ask_end(struct net_rig *rig, struct test_http *h)
{
    test_http_close(h);
    net_rig_close(rig);
}

void ask_whole(struct ask *ask, struct net_rig *rig, const struct test_http *h,
               const char *path)
{
    ask_plain(ask, rig, h, path);
    test_loop_until(&rig->t, &ask->done);
}

/* Send back what was sent. */
void ask_echo(const struct test_http_request *req)
{
    char body[4000];

    snprintf(body, sizeof body, "%s %s\n%s\n%s", req->method, req->target,
             req->head, req->body);
    test_http_answer(req, 200, "Content-TYPE: text/plain\r\n", body);
}

/* Answers whose framing is the point. */
void ask_odd_answers(const struct test_http_request *req)
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
        ask_echo(req);
    }
}

/* Answer, then close the connection that the client would use again. */
void ask_close_after(const struct test_http_request *req)
{
    test_http_answer(req, 200, "", "bye");
    test_peer_end(req->peer);
}

/* Fail in different ways until the number in data is reached. */
void ask_fail_at_first(const struct test_http_request *req)
{
    unsigned good = *(const unsigned *)req->data;

    if (req->number >= good) {
        ask_echo(req);
    } else if (req->number % 3 == 1) {
        test_http_answer(req, 503, "", "not now");
    } else if (req->number % 3 == 2) {
        test_peer_reset(req->peer);
    } else {
        test_http_answer(req, 500, "", "broken");
    }
}
