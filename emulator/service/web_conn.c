/* SPDX-License-Identifier: Apache-2.0 */
/* web_conn.c - one client's connection: requests, answers, maybe a tunnel.
 *
 * The happy path: bytes are collected until a request is whole, its handler
 * fills an answer, the answer is sent, and the next request may come; or the
 * request asks for a tunnel and web_tunnel.c takes the bytes from then on.
 *
 * What can go wrong: the request is malformed, too big or too slow (answered
 * with its status, then closed), the client vanishes (closed), the handler
 * wants the connection broken off (reset). */
#include "web_conn.h"

#include <assert.h>
#include <openssl/rand.h>
#include <string.h>
#include <time.h>

#include "ca.h"
#include "iso8601.h"
#include "log.h"
#include "mem.h"

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

static void web_advance(struct web_conn *c);

/* ---- deadlines ---- */

static void on_deadline(uv_timer_t *timer)
{
    struct web_conn *c = timer->data;
    bool begun = c->in.len > 0 || c->sm.state == WEB_BODY;

    log_debug(c->server->config.log, EMU, c->id, "timeout while in %s",
              sm_name(&c->sm));
    if ((c->sm.state == WEB_HEAD || c->sm.state == WEB_BODY) && begun) {
        c->keep_alive = false;
        web_conn_new_answer(c, 408, "text/plain");
        web_conn_answer(c);
    } else {
        web_conn_close(c, c->sm.state == WEB_ANSWER); /* It will not read. */
    }
}

static void web_deadline(struct web_conn *c, unsigned ms)
{
    uv_timer_start(&c->timer, on_deadline, ms, 0);
}

/* ---- answering ---- */

struct http_answer *web_conn_new_answer(struct web_conn *c, int status,
                                        const char *content_type)
{
    if (c->has_answer) {
        http_answer_free(&c->answer);
    }
    http_answer_init(&c->answer);
    c->has_answer = true;
    c->answer.status = status;
    c->answer.content_type = content_type;
    if (c->sm.state != WEB_ANSWER) {
        sm_move(&c->sm, WEB_ANSWER);
    }
    return &c->answer;
}

void web_conn_await_end(struct web_conn *c)
{
    sm_move(&c->sm, WEB_LINGER);
    wire_read(&c->wire, true);
    web_deadline(c, c->server->config.limits->linger_ms);
}

void web_conn_linger(struct web_conn *c, bool abrupt)
{
    wire_shutdown(&c->wire, abrupt);
    web_conn_await_end(c);
}

/* Forget the request that was answered. */
static void web_forget(struct web_conn *c)
{
    if (c->has_answer) {
        http_answer_free(&c->answer);
        c->has_answer = false;
    }
    mem_free(c->head_text);
    mem_free(c->body);
    c->head_text = NULL;
    c->body = NULL;
    c->head = (struct http_head){0};
    c->continued = false;
}

/* The answer was given to the kernel: what now? */
static void web_answered(struct web_conn *c)
{
    web_forget(c);
    if (!c->keep_alive) {
        web_conn_linger(c, false);
        return;
    }
    sm_move(&c->sm, WEB_HEAD);
    web_deadline(c, c->in.len > 0 ? c->server->config.limits->request_ms
                                  : c->server->config.limits->idle_ms);
    wire_read(&c->wire, true);
}

/* The Date header tells the emulator's own time, by which it judges
 * signatures. */
static void add_date(const struct server_config *config, struct buf *text)
{
    char date[HTTP_DATE_SIZE];

    http_date(date, config->now != NULL ? config->now(config->handler_data)
                                        : (int64_t)time(NULL));
    buf_addf(text, "Date: %s\r\n", date);
}

/* Put the answer on the wire. */
static void web_send(struct web_conn *c)
{
    struct http_answer *a = &c->answer;
    bool is_head =
        c->head.method != NULL && strcmp(c->head.method, "HEAD") == 0;
    struct buf text;

    if (a->hang_up) {
        web_conn_close(c, true);
        return;
    }
    if (buf_error(&a->body) != 0 || buf_error(&a->headers) != 0) {
        web_conn_new_answer(c, 500, "text/plain");
    }
    buf_init(&text, 128 * 1024);
    buf_addf(&text, "HTTP/1.1 %d %s\r\n", a->status, http_reason(a->status));
    add_date(&c->server->config, &text);
    if (a->content_type != NULL) {
        buf_addf(&text, "Content-Type: %s\r\n", a->content_type);
    }
    buf_addf(&text, "Content-Length: %zu\r\n%s", a->body.len,
             buf_str(&a->headers));
    buf_adds(&text, c->keep_alive ? "\r\n" : "Connection: close\r\n\r\n");
    if (buf_error(&text) != 0) {
        buf_free(&text);
        web_conn_close(c, true);
        return;
    }
    log_debug(c->server->config.log, EMU, c->id, "%s %s: %d, %zu bytes",
              c->head.method != NULL ? c->head.method : "-",
              c->head.path != NULL ? c->head.path : "-", a->status,
              a->body.len);
    wire_write(&c->wire, text.data, text.len);
    if (!is_head) {
        wire_write(&c->wire, buf_str(&a->body), a->body.len);
    }
    buf_free(&text);
    web_deadline(c, c->server->config.limits->request_ms);
    if (wire_queued(&c->wire) == 0) {
        web_answered(c);
        web_advance(c);
    }
}

static void on_delayed(uv_timer_t *timer)
{
    web_send(timer->data);
}

void web_conn_answer(struct web_conn *c)
{
    if (c->answer.when != HTTP_NOW) {
        return; /* web_conn_resume() goes on. */
    }
    if (c->answer.delay_ms > 0) {
        uv_timer_stop(&c->timer);
        uv_timer_start(&c->pause, on_delayed, c->answer.delay_ms, 0);
        return;
    }
    web_send(c);
}

/* The request itself is at fault: say so and close. */
static void web_refuse(struct web_conn *c, int status)
{
    struct http_answer *a = web_conn_new_answer(c, status, "text/plain");

    c->keep_alive = false;
    buf_addf(&a->body, "%d %s\n", status, http_reason(status));
    web_conn_answer(c);
}

/* ---- requests ---- */

/* A random UUID, version 4. */
static void make_request_id(char out[static REQUEST_ID_SIZE])
{
    unsigned char r[16] = {0};

    (void)RAND_bytes(r, sizeof r);
    r[6] = (unsigned char)((r[6] & 0x0f) | 0x40);
    r[8] = (unsigned char)((r[8] & 0x3f) | 0x80);
    snprintf(out, REQUEST_ID_SIZE,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
             "%02x%02x%02x%02x%02x%02x",
             r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10],
             r[11], r[12], r[13], r[14], r[15]);
}

struct http_request web_conn_request(const struct web_conn *c)
{
    return (struct http_request){.method = c->head.method,
                                 .path = c->head.path,
                                 .query = c->head.query,
                                 .headers = c->head.headers,
                                 .n_headers = c->head.n_headers,
                                 .body = c->body,
                                 .body_len = (size_t)c->head.content_length,
                                 .peer_ip = c->peer_ip,
                                 .tls = c->tls};
}

/* Have the request answered. */
static void web_ask(struct web_conn *c)
{
    const struct server_config *config = &c->server->config;
    const struct http_request req = web_conn_request(c);
    http_handler handler =
        c->tls ? config->https_handler : config->http_handler;

    handler(config->handler_data, &req,
            web_conn_new_answer(c, 200, "text/plain"));
    web_conn_answer(c);
}

void web_conn_resume(struct web_conn *c)
{
    enum http_when when = c->has_answer ? c->answer.when : HTTP_NOW;

    if (c->closing || c->sm.state != WEB_ANSWER || when == HTTP_NOW) {
        return;
    }
    c->answer.when = HTTP_NOW;
    if (when == HTTP_AGAIN) {
        web_ask(c);
    } else {
        web_conn_answer(c);
    }
}

/* The request is whole. */
static void web_handle(struct web_conn *c)
{
    make_request_id(c->request_id);
    c->keep_alive = c->head.keep_alive;
    uv_timer_stop(&c->timer);
    if (c->tls && web_tunnel_wanted(c)) {
        web_tunnel_open(c);
        return;
    }
    web_ask(c);
}

/* Look for a request's head.  Returns whether one was found. */
static bool web_find_head(struct web_conn *c)
{
    const struct server_limits *limits = c->server->config.limits;
    size_t n = 0;
    int rv;

    while (n < c->in.len && (c->in.data[n] == '\r' || c->in.data[n] == '\n')) {
        n++; /* Empty lines between requests are allowed. */
    }
    if (n > 0) {
        buf_consume(&c->in, n);
        c->seen = 0;
    }
    n = http_head_length(buf_str(&c->in), c->in.len, c->seen);
    c->seen = c->in.len;
    if (n == 0 && c->in.len <= limits->head_bytes) {
        return false;
    }
    if (n == 0 || n > limits->head_bytes) {
        web_refuse(c, 431);
        return false;
    }
    c->seen = 0;
    c->head_text = mem_alloc(n);
    if (c->head_text == NULL) {
        web_conn_close(c, true);
        return false;
    }
    memcpy(c->head_text, c->in.data, n);
    buf_consume(&c->in, n);
    rv = http_parse_head(c->head_text, n, &c->head);
    if (rv == 0 && c->head.content_length > limits->body_bytes) {
        rv = 413;
    }
    if (rv != 0) {
        c->head = (struct http_head){0};
        web_refuse(c, rv);
        return false;
    }
    sm_move(&c->sm, WEB_BODY);
    return true;
}

/* Look for the rest of it.  Returns whether it is there. */
static bool web_find_body(struct web_conn *c)
{
    size_t want = (size_t)c->head.content_length;

    if (c->in.len < want) {
        if (c->head.expect_continue && !c->continued) {
            static const char go[] = "HTTP/1.1 100 Continue\r\n\r\n";

            c->continued = true;
            wire_write(&c->wire, go, sizeof go - 1);
        }
        return false;
    }
    c->body = mem_alloc(want + 1);
    if (c->body == NULL) {
        web_conn_close(c, true);
        return false;
    }
    if (want > 0) {
        memcpy(c->body, c->in.data, want);
    }
    c->body[want] = '\0';
    buf_consume(&c->in, want);
    return true;
}

/* Use what has been received as far as it goes. */
static void web_advance(struct web_conn *c)
{
    while (!c->closing) {
        if (c->sm.state == WEB_HEAD) {
            if (c->in.len == 0 || !web_find_head(c)) {
                return;
            }
        } else if (c->sm.state == WEB_BODY) {
            if (!web_find_body(c)) {
                return;
            }
            web_handle(c);
            return; /* web_send() comes back here for the next one. */
        } else {
            return;
        }
    }
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
        web_deadline(c, c->server->config.limits->request_ms);
    }
    buf_add(&c->in, data, len);
    if (buf_error(&c->in) != 0) {
        if (c->sm.state == WEB_ANSWER) {
            web_conn_close(c, true); /* Asks on and on, without reading. */
        } else {
            buf_clear(&c->in);
            web_refuse(c, 413);
        }
        return;
    }
    web_advance(c);
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
    } else if (c->sm.state == WEB_ANSWER && c->has_answer &&
               c->answer.when == HTTP_NOW &&
               !uv_is_active((uv_handle_t *)&c->pause)) {
        web_answered(c);
        web_advance(c);
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
    web_forget(c);
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
        web_deadline(c, s->config.limits->request_ms);
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
