/* SPDX-License-Identifier: Apache-2.0 */
/* conn.c - having libcurl connect, and handing over what it connected.
 *
 * The happy path is: libcurl resolves, connects, speaks with the proxy and
 * completes TLS (CURLOPT_CONNECT_ONLY); we learn its socket and watch it from
 * then on as a stream.
 *
 * What can go wrong is: any of these steps (reported in words), or the peer
 * hangs up in the moment between (reported too).  Closing takes the easy handle
 * out of its multi, which closes the socket without waiting; before that nobody
 * of ours may watch it any more. */
#include "conn.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include <openssl/ssl.h>

#include "log.h"
#include "mem.h"
#include "net_impl.h"
#include "sm.h"
#include "stream.h"
#include "wipe.h"
#include "xfer.h"

enum {
    KEEPALIVE_IDLE_S = 30,     /* Quiet time before the first probe */
    KEEPALIVE_INTERVAL_S = 10, /* Between probes */
    SMALL_BUFFER = 1024,       /* libcurl's least: nothing is read into it */
    RECV_BUFFER = 65536        /* Most that curl_easy_recv() gives at once */
};

/*   NEW -> CONNECTING -> OPEN     CLOSED from anywhere
 *                   \--> FAILED                        */
enum state { NEW, CONNECTING, OPEN, FAILED, CLOSED, N_STATES };

static const char *const state_names[] = {"new", "connecting", "open", "failed",
                                          "closed"};
static_assert(sizeof state_names / sizeof state_names[0] == N_STATES,
              "a name for each state");

static const unsigned state_next[N_STATES] = {
    [NEW] = SM_BIT(CONNECTING) | SM_BIT(CLOSED),
    [CONNECTING] = SM_BIT(OPEN) | SM_BIT(FAILED) | SM_BIT(CLOSED),
    [OPEN] = SM_BIT(CLOSED),
    [FAILED] = SM_BIT(CLOSED),
};

static const struct sm_table states = {.object = "connection",
                                       .group = LOG_G_NET,
                                       .names = state_names,
                                       .next = state_next,
                                       .count = N_STATES};

struct conn {
    struct net *net;
    char *url;
    uint64_t timeout_ms;
    void *data; /* The owner's */
    struct sm sm;
    uv_timer_t timer; /* Begins, from the loop */
    struct xfer xfer;
    struct stream stream; /* While OPEN */
    unsigned n_open;      /* The timer, and the stream */
    conn_done_cb done_cb;
    conn_close_cb close_cb;
    void *close_data;
};

struct conn *conn_new(struct net *net, const struct conn_config *cfg,
                      void *data)
{
    struct conn *c = mem_zalloc(sizeof *c);
    int rv;

    if (c == NULL) {
        return NULL;
    }
    c->url = mem_strdup(cfg->url);
    if (c->url == NULL) {
        mem_free(c);
        return NULL;
    }
    c->net = net;
    c->timeout_ms = cfg->connect_timeout_ms;
    c->data = data;
    sm_init(&c->sm, &states, net->log, cfg->id);

    rv = uv_timer_init(net->loop, &c->timer);
    assert(rv == 0);
    c->timer.data = c;
    c->n_open = 1;
    net_hold(net);
    net->n_alive++;
    return c;
}

/* Report how it went. */
static void finish(struct conn *c, enum state state,
                   struct transport *transport, const struct err *err)
{
    conn_done_cb cb = c->done_cb;

    sm_move(&c->sm, state);
    c->done_cb = NULL;
    cb(c, transport, err); /* Last: the owner may have closed @c. */
}

/* The TLS session that may be used directly, or NULL. */
static SSL *usable_ssl(struct conn *c)
{
    struct curl_tlssessioninfo *tls = NULL;
    struct net *net = c->net;

    /* Two sessions are TLS inside the TLS of a proxy: libcurl's business. */
    if (!net->shares_openssl || c->xfer.n_tls != 1) {
        return NULL;
    }
    if (net->bio_method == NULL) {
        net->bio_method = tls_bio_method_new();
    }
    if (net->bio_method == NULL ||
        curl_easy_getinfo(c->xfer.easy, CURLINFO_TLS_SSL_PTR, &tls) !=
            CURLE_OK ||
        tls == NULL || tls->backend != CURLSSLBACKEND_OPENSSL) {
        return NULL;
    }
    return tls->internals;
}

/* Say in the log what was reached. */
static void log_open(const struct conn *c, const SSL *ssl)
{
    char *ip = NULL;
    long port = 0;
    curl_off_t us = 0;

    if (!log_on(c->net->log, LOG_G_NET, LOG_L_DEBUG)) {
        return;
    }
    curl_easy_getinfo(c->xfer.easy, CURLINFO_PRIMARY_IP, &ip);
    curl_easy_getinfo(c->xfer.easy, CURLINFO_PRIMARY_PORT, &port);
    curl_easy_getinfo(c->xfer.easy, CURLINFO_PRETRANSFER_TIME_T, &us);
    log_debug(c->net->log, NET, c->sm.id,
              "connected to %s (%s port %ld) in "
              "%lld ms: %s%s",
              c->xfer.host, ip != NULL ? ip : "?", port, (long long)us / 1000,
              ssl != NULL ? SSL_get_version(ssl) : "through libcurl",
              ssl != NULL && SSL_session_reused(ssl) ? ", resumed" : "");
}

/* Take over the connection that libcurl made.  A CURLcode. */
static CURLcode take_over(struct conn *c)
{
    struct stream_config cfg = {.loop = c->net->loop,
                                .log = c->net->log,
                                .id = c->sm.id,
                                .host = c->xfer.host,
                                .easy = c->xfer.easy,
                                .words = c->xfer.detail,
                                .fd = CURL_SOCKET_BAD};
    CURLcode code;
    char byte;
    size_t n;

    /* Reading nothing ties the connection to this handle again: until then
     * libcurl regards it as idle and may drop it, and will not show its
     * TLS session. */
    code = curl_easy_recv(cfg.easy, &byte, 0, &n);
    if (code != CURLE_OK && code != CURLE_AGAIN) {
        return CURLE_RECV_ERROR;
    }
    if (curl_easy_getinfo(cfg.easy, CURLINFO_ACTIVESOCKET, &cfg.fd) !=
            CURLE_OK ||
        cfg.fd == CURL_SOCKET_BAD) {
        return CURLE_RECV_ERROR;
    }
    curl_easy_setopt(cfg.easy, CURLOPT_BUFFERSIZE, (long)RECV_BUFFER);
    cfg.ssl = usable_ssl(c);
    cfg.method = c->net->bio_method;
    if (stream_init(&c->stream, &cfg) != 0) {
        return CURLE_OUT_OF_MEMORY;
    }
    c->n_open++;
    log_open(c, cfg.ssl);
    return CURLE_OK;
}

/* libcurl has connected, or not. */
static void on_xfer_done(struct xfer *x, CURLcode code)
{
    struct conn *c = (struct conn *)((char *)x - offsetof(struct conn, xfer));
    struct err err = {0};

    if (code == CURLE_OK) {
        code = take_over(c);
    }
    if (code != CURLE_OK) {
        xfer_explain(x, code, &err);
        resume_failed(&x->resume);
        finish(c, FAILED, NULL, &err);
        return;
    }
    finish(c, OPEN, &c->stream.transport, NULL);
}

/* Set up the easy handle and start it. */
static int start(struct conn *c, struct err *e)
{
    int rv =
        xfer_open(&c->xfer, c->net, XFER_TUNNEL, c->sm.id, c->url, false, e);
    CURL *easy = c->xfer.easy;

    if (rv != 0) {
        return rv;
    }
    xfer_set_timeouts(&c->xfer, c->timeout_ms, 0);
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)SMALL_BUFFER);
    curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_IDLE_S);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_INTERVAL_S);
    rv = xfer_start(&c->xfer, on_xfer_done);
    return rv == 0 ? 0 : err_set_uv(e, rv, "connect");
}

/* The loop is running: begin. */
static void on_timer(uv_timer_t *timer)
{
    struct conn *c = timer->data;
    struct err err = {0};

    if (start(c, &err) != 0) {
        finish(c, FAILED, NULL, &err);
    }
}

void conn_start(struct conn *c, conn_done_cb cb)
{
    sm_move(&c->sm, CONNECTING);
    c->done_cb = cb;
    uv_timer_start(&c->timer, on_timer, 0, 0);
}

void *conn_data(const struct conn *c)
{
    return c->data;
}

/* One part is closed; with the last, @c is gone. */
static void part_closed(struct conn *c)
{
    conn_close_cb cb = c->close_cb;
    void *data = c->close_data;
    struct net *net = c->net;

    if (--c->n_open > 0) {
        return;
    }
    mem_free(c->url);
    mem_free(c);
    if (cb != NULL) {
        cb(data);
    }
    net_release(net); /* Last: may report the net's close. */
}

static void on_timer_closed(uv_handle_t *handle)
{
    part_closed(handle->data);
}

static void on_stream_closed(struct stream *s)
{
    part_closed((struct conn *)((char *)s - offsetof(struct conn, stream)));
}

void conn_close(struct conn *c, conn_close_cb cb, void *data)
{
    bool open = c->sm.state == OPEN;

    sm_move(&c->sm, CLOSED);
    c->done_cb = NULL;
    c->close_cb = cb;
    c->close_data = data;
    if (open) {
        stream_close(&c->stream, on_stream_closed);
    }
    xfer_close(&c->xfer); /* After nobody watches the socket any more */
    c->net->n_alive--;
    uv_close((uv_handle_t *)&c->timer, on_timer_closed);
}
