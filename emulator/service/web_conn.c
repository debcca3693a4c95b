/* SPDX-License-Identifier: Apache-2.0 */
/* web_conn.c - one client's connection: requests, answers, maybe a tunnel.
 *
 * The happy path: bytes are collected until web_request.c finds a whole
 * request, web_answer.c sends its answer, and the next request may come; or
 * the request asks for a tunnel and web_tunnel.c takes the bytes from then on.
 *
 * What can go wrong: the request is too slow (408, then closed) or more than
 * there is room for (413, then closed), the client vanishes (closed), memory
 * is short (not accepted). */
#include "web_conn.h"

#include <assert.h>
#include <string.h>

#include "ca.h"
#include "log.h"
#include "mem.h"
#include "web_answer.h"
#include "web_request.h"
#include "web_tunnel.h"

enum {
    MAX_IDLE_LOOKS = 5000 / SERVER_LOOK_MS /* Five seconds */
};

/*          +------- next request ---------+
 *          v                              |
 * START -> HEAD ------+-----------> ANSWER ----> LINGER -> (closed)
 *            |        |             ^               ^
 *            +-> BODY +-> WAIT -----+               |
 *                           |                       |
 *                           +---------> TUNNEL -----+
 *
 * Any state may end by closing at once; a fault leads from START and WAIT to
 * LINGER. */
static const char *const state_names[] = {"start",  "head",   "body",  "wait",
                                          "answer", "tunnel", "linger"};
static const unsigned state_next[] = {
    [WEB_START] = SM_BIT(WEB_HEAD) | SM_BIT(WEB_LINGER),
    [WEB_HEAD] = SM_BIT(WEB_BODY) | SM_BIT(WEB_ANSWER),
    [WEB_BODY] = SM_BIT(WEB_ANSWER) | SM_BIT(WEB_WAIT),
    [WEB_WAIT] = SM_BIT(WEB_ANSWER) | SM_BIT(WEB_TUNNEL) | SM_BIT(WEB_LINGER),
    [WEB_ANSWER] = SM_BIT(WEB_HEAD) | SM_BIT(WEB_LINGER),
    [WEB_TUNNEL] = SM_BIT(WEB_LINGER),
    [WEB_LINGER] = 0,
};
static const struct sm_table web_table = {.object = "connection",
                                          .group = LOG_G_EMU,
                                          .names = state_names,
                                          .next = state_next,
                                          .count = WEB_LINGER + 1};
static_assert(sizeof state_names / sizeof state_names[0] == WEB_LINGER + 1,
              "a name for each state");

/* ---- deadlines ---- */

static void on_deadline(uv_timer_t *timer)
{
    struct web_conn *c = timer->data;
    bool begun = c->in.len > 0 || c->sm.state == WEB_BODY;

    log_debug(c->server->config.log, EMU, c->id, "timeout while in %s",
              sm_name(&c->sm));
    if ((c->sm.state == WEB_HEAD || c->sm.state == WEB_BODY) && begun) {
        c->keep_alive = false;
        web_answer_new(c, 408, "text/plain");
        web_answer_send(c);
    } else {
        web_conn_close(c, c->sm.state == WEB_ANSWER); /* It will not read. */
    }
}

void web_conn_deadline(struct web_conn *c, unsigned ms)
{
    uv_timer_start(&c->timer, on_deadline, ms, 0);
}

/* ---- the end, from our side ---- */

void web_conn_await_end(struct web_conn *c)
{
    sm_move(&c->sm, WEB_LINGER);
    wire_read(&c->wire, true);
    web_conn_deadline(c, c->server->config.limits->linger_ms);
}

void web_conn_linger(struct web_conn *c, bool abrupt)
{
    wire_shutdown(&c->wire, abrupt);
    web_conn_await_end(c);
}

/* ---- what the wire tells ---- */

static void on_wire_read(struct wire *w, const uint8_t *data, size_t len)
{
    struct web_conn *c = w->data;

    switch (c->sm.state) {
    case WEB_START:
        sm_move(&c->sm, WEB_HEAD);
        break;
    case WEB_TUNNEL:
        if (!web_fault_any(c) || web_fault_up(c, data, len)) {
            bridge_take(&c->bridge, data, len);
        }
        return;
    case WEB_LINGER:
        if (web_fault_answered(c, data, len)) {
            wire_shutdown(&c->wire, false);
        }
        return; /* Nobody listens any more. */
    default:
        break;
    }
    if (c->sm.state == WEB_HEAD && c->in.len == 0) {
        web_conn_deadline(c, c->server->config.limits->request_ms);
    }
    buf_add(&c->in, data, len);
    if (buf_error(&c->in) != 0) {
        if (c->sm.state == WEB_ANSWER) {
            web_conn_close(c, true); /* Asks on and on, without reading. */
        } else {
            buf_clear(&c->in);
            web_answer_refuse(c, 413);
        }
        return;
    }
    web_request_advance(c);
}

static void on_wire_end(struct wire *w, int status)
{
    struct web_conn *c = w->data;

    if (status != UV_EOF) {
        log_debug(c->server->config.log, EMU, c->id, "ended: %s",
                  uv_strerror(status));
    }
    if (status == UV_EOF && c->sm.state == WEB_TUNNEL) {
        bridge_eof(&c->bridge);
    } else if (status == UV_EOF && c->sm.state == WEB_ANSWER) {
        c->keep_alive = false; /* It may still want to read. */
    } else {
        web_conn_close(c, false);
    }
}

static void on_wire_drain(struct wire *w)
{
    struct web_conn *c = w->data;

    if (c->sm.state == WEB_TUNNEL) {
        bridge_drained(&c->bridge);
    } else if (c->sm.state == WEB_ANSWER) {
        web_answer_drained(c);
    }
}

/* ---- life ---- */

static void web_free(struct web_conn *c)
{
    struct server *s = c->server;

    if (c->prev != NULL) {
        c->prev->next = c->next;
    } else {
        s->conns = c->next;
    }
    if (c->next != NULL) {
        c->next->prev = c->prev;
    }
    web_request_forget(c);
    web_fault_free(c);
    buf_free(&c->in);
    mem_free(c);
    server_conn_gone(s); /* Last: the server may end. */
}

void web_conn_part_closed(struct web_conn *c)
{
    assert(c->closing && c->n_open > 0);
    if (--c->n_open == 0) {
        web_free(c);
    }
}

static void on_wire_closed(struct wire *w)
{
    web_conn_part_closed(w->data);
}

static void on_timer_closed(uv_handle_t *handle)
{
    web_conn_part_closed(handle->data);
}

void web_conn_close(struct web_conn *c, bool reset)
{
    if (c->closing) {
        return;
    }
    c->closing = true;
    log_trace(c->server->config.log, EMU, c->id, "closing in %s",
              sm_name(&c->sm));
    uv_close((uv_handle_t *)&c->timer, on_timer_closed);
    uv_close((uv_handle_t *)&c->pause, on_timer_closed);
    web_tunnel_close(c);
    wire_close(&c->wire, reset, on_wire_closed);
}

/* The client's end lies behind bytes that wait to be taken.  A rate limit must
 * not keep them waiting any longer; a target that does not want them may, for
 * a while. */
static void web_hurry(struct web_conn *c)
{
    if (c->wire.bytes_in != c->bytes_seen) {
        c->n_idle_looks = 0;
    }
    c->bytes_seen = c->wire.bytes_in;
    if (c->n_idle_looks++ >= MAX_IDLE_LOOKS) {
        web_conn_close(c, true);
    } else if (c->has_bridge) {
        bridge_hurry(&c->bridge);
    }
}

void web_conn_look(struct web_conn *c)
{
    enum wire_peer peer;

    if (c->closing || c->wire.tcp_reading) {
        return; /* It will hear of it. */
    }
    peer = wire_look(&c->wire);
    if (peer == WIRE_PEER_THERE) {
        return;
    }
    if (peer == WIRE_PEER_GONE || c->fault.waiting) {
        log_debug(c->server->config.log, EMU, c->id, "the client is gone");
        web_conn_close(c, true);
    } else if (c->sm.state == WEB_LINGER && c->wire.ended) {
        if (wire_queued(&c->wire) == 0) {
            web_conn_close(c, false);
        }
    } else if (c->sm.state == WEB_TUNNEL && !c->wire.ended) {
        web_hurry(c);
    }
}

/* Who is calling, as text. */
static void web_name_peer(struct web_conn *c)
{
    struct sockaddr_storage ss;
    int len = sizeof ss;

    snprintf(c->peer_ip, sizeof c->peer_ip, "127.0.0.1");
    if (uv_tcp_getpeername(&c->wire.tcp, (struct sockaddr *)&ss, &len) == 0) {
        (void)uv_ip_name((struct sockaddr *)&ss, c->peer_ip, sizeof c->peer_ip);
    }
    if (strncmp(c->peer_ip, "::ffff:", 7) == 0) {
        memmove(c->peer_ip, c->peer_ip + 7, strlen(c->peer_ip + 7) + 1);
    }
}

int web_conn_start(struct web_conn *c, bool tls)
{
    struct server *s = c->server;
    int rv = wire_start(&c->wire, tls ? ca_context(s->config.ca) : NULL,
                        on_wire_read, on_wire_end, on_wire_drain);

    if (rv == 0) {
        web_conn_deadline(c, s->config.limits->request_ms);
        wire_read(&c->wire, true);
    }
    return rv;
}

/* Begin to serve. */
static void web_begin(struct web_conn *c)
{
    if (web_conn_start(c, c->tls) != 0) {
        web_conn_close(c, true);
    }
}

static void web_resume_hello(struct web_conn *c)
{
    wire_resume(&c->wire);
}

/* A client asks for a certificate, and by its name for an endpoint. */
static bool on_wire_hello(struct wire *w, const char *name)
{
    struct web_conn *c = w->data;
    size_t n = name != NULL ? strcspn(name, ".") : 0;
    char id[64];

    if (n > 0 && n < sizeof id) {
        memcpy(id, name, n);
        id[n] = '\0';
        web_fault_join(c, id);
    }
    return web_fault_stage(c, FAULT_AT_HELLO, web_resume_hello) == WEB_GO;
}

/* A connection with nothing in it yet. */
static struct web_conn *web_new(struct server *s, bool tls)
{
    struct web_conn *c = mem_zalloc(sizeof *c);

    if (c == NULL) {
        return NULL;
    }
    c->server = s;
    c->id = ++s->last_id;
    c->tls = tls;
    sm_init(&c->sm, &web_table, s->config.log, c->id);
    buf_init(&c->in, s->config.limits->head_bytes +
                         s->config.limits->body_bytes + WIRE_CHUNK);
    web_fault_init(c);
    wire_init(&c->wire, s->loop, &s->wire);
    c->wire.data = c;
    c->wire.hello_cb = tls ? on_wire_hello : NULL;
    uv_timer_init(s->loop, &c->timer);
    c->timer.data = c;
    uv_timer_init(s->loop, &c->pause);
    c->pause.data = c;
    c->n_open = 3;
    c->next = s->conns;
    if (s->conns != NULL) {
        s->conns->prev = c;
    }
    s->conns = c;
    server_conn_made(s);
    return c;
}

int web_conn_accept(struct server *s, struct server_listener *listener)
{
    struct web_conn *c = web_new(s, listener->tls);
    int rv;

    if (c == NULL) {
        return UV_ENOMEM;
    }
    rv = wire_accept(&c->wire, (uv_stream_t *)&listener->tcp);
    if (rv != 0 || s->n_conns > s->config.limits->connections) {
        web_conn_close(c, true);
        return rv;
    }
    web_name_peer(c);
    if (c->tls) {
        web_fault_join(c, "*");
    }
    if (web_fault_stage(c, FAULT_AT_ACCEPT, web_begin) == WEB_GO) {
        web_begin(c);
    }
    return 0;
}
