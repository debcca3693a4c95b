/* SPDX-License-Identifier: Apache-2.0 */
/* web_tunnel.c - a connection's request for a tunnel, and the tunnel's end.
 *
 * The happy path: the gate says yes, a socket pair is made, the tunnel takes
 * one end and the bridge the other, a plain upgrade request is written into
 * the pair, and libwebsockets' 101 travels back to the client.
 *
 * What can go wrong: it is no WebSocket request (400, 426), the gate says no
 * (its status and body), descriptors or memory are short (503), the tunnel or
 * the client ends (both are wound up). */
#include "web_tunnel.h"

#include <openssl/evp.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "log.h"
#include "mem.h"
#include "web_answer.h"
#include "web_conn.h"
#include "web_request.h"

/* The value of a header of the request at hand, or "". */
static const char *header(const struct web_conn *c, const char *name)
{
    for (size_t i = 0; i < c->head.n_headers; i++) {
        if (strcmp(c->head.headers[i].name, name) == 0) {
            return c->head.headers[i].value;
        }
    }
    return "";
}

/* Whether the comma-separated @list holds @word, in any case. */
static bool list_holds(const char *list, const char *word)
{
    size_t n = strlen(word);

    while (*list != '\0') {
        list += strspn(list, ", \t");
        if (strncasecmp(list, word, n) == 0 &&
            strchr(", \t", list[n]) != NULL) { /* Also the final NUL. */
            return true;
        }
        list += strcspn(list, ",");
    }
    return false;
}

/* A Sec-WebSocket-Key is sixteen bytes in base64. */
static bool is_key(const char *key)
{
    unsigned char out[32];

    return strlen(key) == 24 && strcmp(key + 22, "==") == 0 &&
           EVP_DecodeBlock(out, (const unsigned char *)key, 24) == 18;
}

bool web_tunnel_wanted(const struct web_conn *c)
{
    return strcmp(c->head.path, "/openTunnel") == 0;
}

/* A string for JSON, without its quotes. */
static void add_json(struct buf *b, const char *s)
{
    for (; *s != '\0'; s++) {
        if (*s == '"' || *s == '\\') {
            buf_addf(b, "\\%c", *s);
        } else if ((unsigned char)*s < ' ') {
            buf_addf(b, "\\u%04x", (unsigned)(unsigned char)*s);
        } else {
            buf_addc(b, *s);
        }
    }
}

/* {"ErrorCode":...,"Message":...}, and close as the service does. */
static void refuse(struct web_conn *c, int status, const char *code,
                   const char *message)
{
    struct http_answer *a = web_answer_new(c, status, "application/json");

    c->keep_alive = false;
    a->delay_ms = c->verdict.delay_ms;
    buf_addf(&a->headers, "x-amzn-RequestId: %s\r\n", c->request_id);
    if (status == 426) {
        buf_adds(&a->headers, "Upgrade: websocket\r\n"
                              "Sec-WebSocket-Version: 13\r\n");
    }
    buf_adds(&a->body, "{\"ErrorCode\":\"");
    add_json(&a->body, code);
    buf_adds(&a->body, "\",\"Message\":\"");
    add_json(&a->body, message);
    buf_adds(&a->body, "\"}");
    log_info(c->server->config.log, TUNNEL, c->id, "refused: %d %s", status,
             code);
    web_answer_send(c);
}

/* Is it a WebSocket upgrade at all?  If not, it has been answered. */
static bool check_upgrade(struct web_conn *c)
{
    if (strcmp(c->head.method, "GET") != 0) {
        refuse(c, 405, "InvalidRequest", "openTunnel is asked for with GET.");
    } else if (strcasecmp(header(c, "upgrade"), "websocket") != 0 ||
               !list_holds(header(c, "connection"), "upgrade")) {
        refuse(c, 426, "InvalidRequest",
               "openTunnel needs a WebSocket upgrade.");
    } else if (strcmp(header(c, "sec-websocket-version"), "13") != 0) {
        refuse(c, 426, "InvalidRequest",
               "Only version 13 of the WebSocket protocol is served.");
    } else if (!is_key(header(c, "sec-websocket-key"))) {
        refuse(c, 400, "InvalidRequest", "The WebSocket key is not valid.");
    } else {
        return true;
    }
    return false;
}

/* ---- the end ---- */

/* Give the endpoint its place back. */
static void release(struct web_conn *c)
{
    const struct tunnel_gate *gate = &c->server->config.gate;

    if (c->endpoint_id[0] != '\0') {
        gate->ended(gate->data, c->endpoint_id);
        c->endpoint_id[0] = '\0';
    }
}

/* Both sides of the tunnel are through. */
static void on_tunnel_done(struct open_tunnel *t)
{
    struct web_conn *c = t->data;

    release(c);
}

/* libwebsockets closed its end, after everything it had to say. */
static void on_bridge_end(struct bridge *b)
{
    struct web_conn *c = b->data;

    release(c);
    if (c->sm.state == WEB_TUNNEL && !c->fault.waiting) {
        web_conn_linger(c, false);
    }
}

static void on_tunnel_closed(struct open_tunnel *t)
{
    web_conn_part_closed(t->data);
}

static void on_bridge_closed(struct bridge *b)
{
    web_conn_part_closed(b->data);
}

void web_tunnel_close(struct web_conn *c)
{
    release(c);
    if (c->has_bridge) {
        c->n_open++;
        bridge_close(&c->bridge, on_bridge_closed);
    }
    if (c->has_tunnel) {
        c->n_open++;
        open_tunnel_close(&c->tunnel, on_tunnel_closed);
    }
}

/* ---- the beginning ---- */

/* The request libwebsockets gets to see, and what the client sent after its
 * own. */
static int send_upgrade(struct web_conn *c)
{
    struct buf text;
    int rv;

    buf_init(&text, WIRE_CHUNK);
    buf_addf(&text,
             "GET /openTunnel HTTP/1.1\r\nHost: localhost\r\n"
             "Upgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n",
             header(c, "sec-websocket-key"));
    buf_add(&text, buf_str(&c->in), c->in.len);
    rv = buf_error(&text);
    if (rv == 0) {
        bridge_take(&c->bridge, (const uint8_t *)text.data, text.len);
    }
    buf_free(&text);
    buf_clear(&c->in);
    return rv;
}

/* Put tunnel and bridge on the two ends of a pair. */
static int start(struct web_conn *c, const struct tunnel_verdict *verdict)
{
    struct server *s = c->server;
    uv_os_sock_t pair[2];
    int rv =
        uv_socketpair(SOCK_STREAM, 0, pair, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE);

    if (rv != 0) {
        return rv;
    }
    open_tunnel_init(&c->tunnel, s->loop, verdict, s->config.manners,
                     s->config.log, c->id);
    c->tunnel.data = c;
    c->has_tunnel = true;
    bridge_init(&c->bridge, s->loop, &c->wire);
    c->bridge.data = c;
    c->has_bridge = true;
    rv = open_tunnel_start(&c->tunnel, s->ws, pair[0], c->request_id,
                           on_tunnel_done);
    if (rv != 0) {
        close(pair[1]);
        return rv;
    }
    if (web_fault_any(c)) {
        c->bridge.filter = web_fault_down;
        c->bridge.filter_data = c;
    }
    rv = bridge_start(&c->bridge, pair[1], verdict->bytes_per_s, on_bridge_end);
    if (rv != 0) {
        close(pair[1]);
        return rv;
    }
    return send_upgrade(c);
}

/* The verdict is yes, and its time has come. */
static void go_ahead(struct web_conn *c)
{
    int rv;

    sm_move(&c->sm, WEB_TUNNEL);
    rv = start(c, &c->verdict);
    if (rv != 0) {
        log_warn(c->server->config.log, TUNNEL, c->id, "cannot start: %s",
                 uv_strerror(rv));
        web_conn_close(c, true);
    }
}

static void on_waited(uv_timer_t *timer)
{
    go_ahead(timer->data);
}

/* May it be opened? */
static void judge(struct web_conn *c)
{
    const struct tunnel_gate *gate = &c->server->config.gate;
    const struct http_request req = web_request_view(c);
    struct tunnel_verdict *v = &c->verdict;

    gate->decide(gate->data, &req, c->request_id, v);
    if (v->status != 0) {
        refuse(c, v->status, v->code, v->message);
        return;
    }
    snprintf(c->endpoint_id, sizeof c->endpoint_id, "%s", v->endpoint_id);
    if (v->delay_ms > 0) {
        uv_timer_start(&c->pause, on_waited, v->delay_ms, 0);
        return;
    }
    go_ahead(c);
}

/* Nothing goes wrong at this stage any more. */
static void web_tunnel_proceed(struct web_conn *c)
{
    if (check_upgrade(c)) {
        judge(c);
    }
}

/* Follow the faults of the endpoint the query names. */
static void join_faults(struct web_conn *c)
{
    static const char key[] = "instanceConnectEndpointId=";
    const char *at = c->head.query;
    char id[64];
    size_t n;

    while (at != NULL && strncmp(at, key, sizeof key - 1) != 0) {
        at = strchr(at, '&');
        at = at != NULL ? at + 1 : NULL;
    }
    if (at == NULL) {
        return;
    }
    at += sizeof key - 1;
    n = strcspn(at, "&");
    if (n < sizeof id) {
        memcpy(id, at, n);
        id[n] = '\0';
        web_fault_join(c, id);
    }
}

void web_tunnel_open(struct web_conn *c)
{
    sm_move(&c->sm, WEB_WAIT);
    c->verdict = (struct tunnel_verdict){0};
    join_faults(c);
    if (web_fault_stage(c, FAULT_AT_REQUEST, web_tunnel_proceed) == WEB_GO) {
        web_tunnel_proceed(c);
    }
}
