/* SPDX-License-Identifier: Apache-2.0 */
/* test_socks.c - greeting, password, request, and then bytes both ways. */
#include "test_socks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test_server.h"

enum phase { GREETING, PASSWORD, REQUEST, CONNECTING, RELAY };

struct test_socks {
    struct test_server *server;
    struct test_socks_config config;
    uv_loop_t *loop;
    unsigned n_requests;
    char target[300];
};

/* One client and where it leads. */
struct tunnel {
    struct test_socks *socks;
    struct test_peer *peer; /* NULL once it is closed */
    enum phase phase;
    unsigned char in[1024]; /* Until RELAY */
    size_t len;
    uv_tcp_t up;
    uv_connect_t connect;
    bool has_up;
    char buf[65536];
};

static void on_up_closed(uv_handle_t *handle)
{
    free(handle->data);
}

/* The client is closed: close what it led to. */
static void on_close(struct test_peer *p)
{
    struct tunnel *t = *test_peer_data(p);

    if (t == NULL) {
        return;
    }
    t->peer = NULL;
    if (t->has_up) {
        uv_close((uv_handle_t *)&t->up, on_up_closed);
    } else {
        free(t);
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct tunnel *t = handle->data;

    (void)suggested;
    *buf = uv_buf_init(t->buf, sizeof t->buf);
}

static void on_up_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct tunnel *t = stream->data;

    (void)buf;
    if (t->peer == NULL) {
        return;
    }
    if (n < 0) {
        test_peer_end(t->peer);
    } else if (n > 0) {
        test_peer_write(t->peer, t->buf, (size_t)n);
    }
}

/* A write upwards and its bytes. */
struct write {
    uv_write_t req;
    char bytes[];
};

static void on_written(uv_write_t *req, int status)
{
    (void)status;
    free(req);
}

/* Send @len bytes upwards. */
static void send_up(struct tunnel *t, const void *data, size_t len)
{
    struct write *w = malloc(sizeof *w + len);
    uv_buf_t buf;

    assert_non_null(w);
    memcpy(w->bytes, data, len);
    buf = uv_buf_init(w->bytes, (unsigned)len);
    if (uv_write(&w->req, (uv_stream_t *)&t->up, &buf, 1, on_written) != 0) {
        free(w);
    }
}

/* Answer the request with @code. */
static void reply(struct tunnel *t, unsigned char code)
{
    const unsigned char bytes[10] = {5, code, 0, 1};

    test_peer_write(t->peer, bytes, sizeof bytes);
    if (code != 0) {
        test_peer_end(t->peer);
    }
}

static void on_connect(uv_connect_t *req, int status)
{
    struct tunnel *t = req->data;

    if (t->peer == NULL) {
        return;
    }
    if (status != 0) {
        reply(t, 5);
        return;
    }
    t->phase = RELAY;
    reply(t, 0);
    uv_read_start((uv_stream_t *)&t->up, on_alloc, on_up_read);
    if (t->len > 0) {
        send_up(t, t->in, t->len);
    }
}

/* Drop the first @n bytes of what came. */
static void consume(struct tunnel *t, size_t n)
{
    memmove(t->in, t->in + n, t->len - n);
    t->len -= n;
}

/* 05 n methods... */
static bool greeting(struct tunnel *t)
{
    unsigned char method = t->socks->config.user != NULL ? 2 : 0;
    unsigned char answer[2] = {5, method};

    if (t->len < 2 || t->len < 2u + t->in[1]) {
        return false;
    }
    if (memchr(t->in + 2, method, t->in[1]) == NULL) {
        answer[1] = 0xff;
    }
    test_peer_write(t->peer, answer, 2);
    consume(t, 2u + t->in[1]);
    t->phase = method == 2 ? PASSWORD : REQUEST;
    return true;
}

/* 01 n user... n password... */
static bool password(struct tunnel *t)
{
    const struct test_socks_config *c = &t->socks->config;
    unsigned char answer[2] = {1, 1};
    size_t user = t->len > 1 ? t->in[1] : 0;
    size_t pass = t->len > 2 + user ? t->in[2 + user] : 0;

    if (t->len < 2 || t->len < 3 + user || t->len < 3 + user + pass) {
        return false;
    }
    if (user == strlen(c->user) && memcmp(t->in + 2, c->user, user) == 0 &&
        pass == strlen(c->password) &&
        memcmp(t->in + 3 + user, c->password, pass) == 0) {
        answer[1] = 0;
    }
    test_peer_write(t->peer, answer, 2);
    if (answer[1] != 0) {
        test_peer_end(t->peer);
        return false;
    }
    consume(t, 3 + user + pass);
    t->phase = REQUEST;
    return true;
}

/* 05 01 00 type address port */
static bool request(struct tunnel *t)
{
    struct test_socks *s = t->socks;
    struct sockaddr_in a;
    size_t n = t->len < 5      ? 0
               : t->in[3] == 1 ? 4
               : t->in[3] == 4 ? 16
                               : 1u + t->in[4];
    unsigned port;

    if (t->len < 5 || t->len < 6 + n) {
        return false;
    }
    if (t->in[3] == 1) {
        uv_inet_ntop(AF_INET, t->in + 4, s->target, sizeof s->target);
    } else if (t->in[3] == 4) {
        uv_inet_ntop(AF_INET6, t->in + 4, s->target, sizeof s->target);
    } else {
        snprintf(s->target, sizeof s->target, "%.*s", (int)n - 1,
                 (const char *)t->in + 5);
    }
    port = (unsigned)t->in[4 + n] << 8 | t->in[5 + n];
    consume(t, 6 + n);
    s->n_requests++;
    if (s->config.reply != 0) {
        reply(t, s->config.reply);
        return false;
    }
    t->phase = CONNECTING;
    assert_int_equal(uv_ip4_addr("127.0.0.1", (int)port, &a), 0);
    assert_int_equal(uv_tcp_init(s->loop, &t->up), 0);
    t->up.data = t;
    t->has_up = true;
    t->connect.data = t;
    assert_int_equal(uv_tcp_connect(&t->connect, &t->up,
                                    (const struct sockaddr *)&a, on_connect),
                     0);
    return false;
}

static void on_open(struct test_peer *p)
{
    struct tunnel *t = calloc(1, sizeof *t);

    assert_non_null(t);
    t->socks = test_server_data(test_peer_server(p));
    t->peer = p;
    *test_peer_data(p) = t;
}

static void on_data(struct test_peer *p, const char *data, size_t len)
{
    struct tunnel *t = *test_peer_data(p);
    bool more = true;

    if (t->phase == RELAY) {
        send_up(t, data, len);
        return;
    }
    assert_true(t->len + len <= sizeof t->in);
    memcpy(t->in + t->len, data, len);
    t->len += len;
    while (more) {
        more = (t->phase == GREETING && greeting(t)) ||
               (t->phase == PASSWORD && password(t)) ||
               (t->phase == REQUEST && request(t));
    }
}

static void on_server_closed(struct test_server *server)
{
    free(test_server_data(server));
}

struct test_socks *test_socks_start(uv_loop_t *loop,
                                    const struct test_socks_config *config)
{
    struct test_socks *s = calloc(1, sizeof *s);
    struct test_server_config server = {.data = s,
                                        .on_open = on_open,
                                        .on_data = on_data,
                                        .on_close = on_close,
                                        .on_server_closed = on_server_closed};

    assert_non_null(s);
    s->config = *config;
    s->loop = loop;
    s->server = test_server_start(loop, &server);
    return s;
}

unsigned test_socks_port(const struct test_socks *s)
{
    return test_server_port(s->server);
}

unsigned test_socks_requests(const struct test_socks *s)
{
    return s->n_requests;
}

const char *test_socks_target(const struct test_socks *s)
{
    return s->target;
}

void test_socks_close(struct test_socks *s)
{
    test_server_close(s->server);
}
