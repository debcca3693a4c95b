/* SPDX-License-Identifier: Apache-2.0 */
/* web_request.c - one request after another, out of a connection's bytes.
 *
 * The happy path: c->in holds a head and, after it, the body; the handler of
 * the port fills an answer, or web_tunnel.c takes the request for a tunnel;
 * when the answer is sent, the next one is looked for.
 *
 * What can go wrong: the request is malformed or too big (answered with its
 * status, then closed), memory is short (the connection is reset). */
#include "web_request.h"

#include <assert.h>
#include <openssl/rand.h>
#include <string.h>

#include "mem.h"
#include "uuid.h"
#include "web_answer.h"
#include "web_conn.h"
#include "web_tunnel.h"

static_assert((int)REQUEST_ID_SIZE == (int)UUID_SIZE,
              "a request's id is a UUID");

/* A name for the request, which the client and the log see. */
static void make_request_id(char out[static REQUEST_ID_SIZE])
{
    unsigned char random[16] = {0};

    (void)RAND_bytes(random, sizeof random);
    uuid_v4(out, random);
}

/* Have the request answered. */
static void ask(struct web_conn *c)
{
    const struct server_config *config = &c->server->config;
    const struct http_request req = web_request_view(c);
    http_handler handler =
        c->tls ? config->https_handler : config->http_handler;

    handler(config->handler_data, &req, web_answer_new(c, 200, "text/plain"));
    web_answer_send(c);
}

/* The request is whole. */
static void handle(struct web_conn *c)
{
    make_request_id(c->request_id);
    c->keep_alive = c->head.keep_alive;
    uv_timer_stop(&c->timer);
    if (c->tls && web_tunnel_wanted(c)) {
        web_tunnel_open(c);
        return;
    }
    ask(c);
}

/* Look for a request's head.  Returns whether one was found. */
static bool find_head(struct web_conn *c)
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
        web_answer_refuse(c, 431);
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
        web_answer_refuse(c, rv);
        return false;
    }
    sm_move(&c->sm, WEB_BODY);
    return true;
}

/* Look for the rest of it.  Returns whether it is there. */
static bool find_body(struct web_conn *c)
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

void web_request_advance(struct web_conn *c)
{
    while (!c->closing) {
        if (c->sm.state == WEB_HEAD) {
            if (c->in.len == 0 || !find_head(c)) {
                return;
            }
        } else if (c->sm.state == WEB_BODY) {
            if (!find_body(c)) {
                return;
            }
            handle(c); /* Once answered, the next one is looked for. */
            return;
        } else {
            return;
        }
    }
}

struct http_request web_request_view(const struct web_conn *c)
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

void web_request_resume(struct web_conn *c)
{
    enum http_when when = c->has_answer ? c->answer.when : HTTP_NOW;

    if (c->closing || c->sm.state != WEB_ANSWER || when == HTTP_NOW) {
        return;
    }
    c->answer.when = HTTP_NOW;
    if (when == HTTP_AGAIN) {
        ask(c);
    } else {
        web_answer_send(c);
    }
}

void web_request_answered(struct web_conn *c)
{
    web_request_forget(c);
    if (!c->keep_alive) {
        web_conn_linger(c, false);
        return;
    }
    sm_move(&c->sm, WEB_HEAD);
    web_conn_deadline(c, c->in.len > 0 ? c->server->config.limits->request_ms
                                       : c->server->config.limits->idle_ms);
    wire_read(&c->wire, true);
    web_request_advance(c);
}

void web_request_forget(struct web_conn *c)
{
    web_answer_drop(c);
    mem_free(c->head_text);
    mem_free(c->body);
    c->head_text = NULL;
    c->body = NULL;
    c->head = (struct http_head){0};
    c->continued = false;
}
