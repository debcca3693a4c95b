/* SPDX-License-Identifier: Apache-2.0 */
/* conn_rig.c - one connection under test, and servers for it to reach. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "conn_rig.h"
#include "net_impl.h"

static bool through_libcurl;

int link_directly(void **state)
{
    (void)state;
    through_libcurl = false;
    return 0;
}

int link_through_libcurl(void **state)
{
    (void)state;
    through_libcurl = true;
    return 0;
}

/* The byte at @pos of what is sent in tests. */
static char pattern(size_t pos)
{
    return (char)(pos * 31 + pos / 251);
}

static void on_link_closed(void *data)
{
    struct link *l = data;

    assert_false(l->closed);
    l->closed = true;
}

void link_close(struct link *l)
{
    struct conn *c = l->conn;

    l->conn = NULL;
    l->t = NULL;
    conn_close(c, on_link_closed, l);
    assert_false(l->closed);
}

/* Note the end of the stream. */
static void link_end(struct link *l, ssize_t code)
{
    if (l->want > l->received) {
        l->t->ops->explain(l->t, (int)code, &l->err);
        fail_msg("after %zu bytes: %s", l->received, l->err.msg);
    }
    l->end = (int)code;
    l->ended = true;
    l->t->ops->watch(l->t, false, false);
}

/* Read what is there, at most @limit bytes (0: until nothing is). */
static void link_read(struct link *l, size_t limit)
{
    static char buf[65536];
    size_t done = 0;

    while (!l->ended && (limit == 0 || done < limit)) {
        size_t room =
            limit == 0 || limit - done > sizeof buf ? sizeof buf : limit - done;
        ssize_t n = l->t->ops->recv(l->t, buf, room);
        ssize_t i;

        if (n == UV_EAGAIN) {
            assert_false(l->t->ops->pending(l->t));
            return;
        }
        if (n <= 0) {
            link_end(l, n);
            return;
        }
        for (i = 0; i < n; i++) {
            if (buf[i] != pattern(l->received + (size_t)i)) {
                fail_msg("byte %zu differs", l->received + (size_t)i);
            }
        }
        l->received += (size_t)n;
        done += (size_t)n;
        l->got_want = l->received >= l->want;
    }
}

/* Send what is to be sent and can be. */
static void link_send(struct link *l)
{
    static char buf[50000]; /* The same memory each time */

    while (!l->ended && l->sent < l->to_send) {
        size_t len = l->to_send - l->sent;
        ssize_t n;
        size_t i;

        len = len > sizeof buf ? sizeof buf : len;
        for (i = 0; i < len; i++) {
            buf[i] = pattern(l->sent + i);
        }
        n = l->t->ops->send(l->t, buf, len);
        if (n == UV_EAGAIN) {
            return;
        }
        if (n <= 0) {
            link_end(l, n);
            return;
        }
        l->sent += (size_t)n;
    }
}

static void on_ready(struct transport *t, bool readable, bool writable)
{
    struct link *l = t->data;

    assert_true(readable || writable);
    l->n_ready++;
    if (l->close_in_ready) {
        link_close(l);
        return;
    }
    if (readable) {
        link_read(l, l->per_turn);
    }
    if (writable) {
        link_send(l);
    }
    if (!l->ended) {
        t->ops->watch(t, true, l->sent < l->to_send);
    }
}

void link_on_done(struct conn *c, struct transport *t, const struct err *err)
{
    struct link *l = conn_data(c);

    assert_true((t == NULL) != (err == NULL));
    assert_ptr_equal(c, l->conn);
    l->n_done++;
    l->done = true;
    l->t = t;
    if (err != NULL) {
        l->err = *err;
        net_rig_check_secret(err->msg);
        net_rig_check_secret(err->hint);
    }
    if (t != NULL) {
        t->data = l;
        t->ready_cb = on_ready;
    }
    if (l->close_in_done) {
        link_close(l);
    }
}

void link_start(struct link *l, struct net_rig *rig, const char *scheme,
                const char *host, unsigned port, uint64_t timeout_ms)
{
    struct conn_config config = {
        .url = l->url, .connect_timeout_ms = timeout_ms, .id = 7};

    l->rig = rig;
    rig->net->shares_openssl = !through_libcurl;
    snprintf(l->url, sizeof l->url, "%s://%s:%u", scheme, host, port);
    l->conn = conn_new(rig->net, &config, l);
    assert_non_null(l->conn);
    conn_start(l->conn, link_on_done);
    assert_int_equal(l->n_done, 0);
}

void link_open(struct link *l, struct net_rig *rig, const char *scheme,
               unsigned port)
{
    link_start(l, rig, scheme, "127.0.0.1", port, 20000);
    test_loop_until(&rig->t, &l->done);
    if (l->t == NULL) {
        fail_msg("%s: %s", err_name(l->err.code), l->err.msg);
    }
}

void link_finish(struct link *l)
{
    link_close(l);
    test_loop_until(&l->rig->t, &l->closed);
}

void link_echo(struct test_peer *p, const char *data, size_t len)
{
    test_peer_write(p, data, len);
}

struct test_server *link_server_cert(struct net_rig *rig,
                                     struct test_server_config *config,
                                     enum test_cert cert)
{
    struct test_server *s;

    net_rig_init(rig);
    net_rig_net(rig, rig->pki.ca_file, false);
    config->tls = test_pki_context(&rig->pki, cert);
    s = test_server_start(&rig->t.loop, config);
    SSL_CTX_free(config->tls);
    return s;
}

struct test_server *link_server(struct net_rig *rig,
                                struct test_server_config *config)
{
    return link_server_cert(rig, config, TEST_CERT_GOOD);
}

struct test_server *link_server_plain(struct net_rig *rig,
                                      struct test_server_config *config)
{
    net_rig_init(rig);
    net_rig_net(rig, NULL, false);
    return test_server_start(&rig->t.loop, config);
}

void link_send_pattern(struct test_peer *p)
{
    size_t len = *(const size_t *)test_server_data(test_peer_server(p));
    char *bytes = malloc(len);
    size_t i;

    assert_non_null(bytes);
    for (i = 0; i < len; i++) {
        bytes[i] = pattern(i);
    }
    test_peer_write(p, bytes, len);
    free(bytes);
}
