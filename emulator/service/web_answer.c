/* SPDX-License-Identifier: Apache-2.0 */
/* web_answer.c - the answer to a connection's request, and its way out.
 *
 * The happy path: a handler fills what web_answer_new() gave, web_answer_send()
 * waits as long as the answer says, words the head and hands everything to the
 * wire; when that has none of it left, web_request.c goes on.
 *
 * What can go wrong: memory is short (500, or the connection is reset), the
 * handler wants the connection broken off (reset). */
#include "web_answer.h"

#include <string.h>
#include <time.h>

#include "iso8601.h"
#include "log.h"
#include "web_conn.h"
#include "web_request.h"

void web_answer_drop(struct web_conn *c)
{
    if (c->has_answer) {
        http_answer_free(&c->answer);
        c->has_answer = false;
    }
}

struct http_answer *web_answer_new(struct web_conn *c, int status,
                                   const char *content_type)
{
    web_answer_drop(c);
    http_answer_init(&c->answer);
    c->has_answer = true;
    c->answer.status = status;
    c->answer.content_type = content_type;
    if (c->sm.state != WEB_ANSWER) {
        sm_move(&c->sm, WEB_ANSWER);
    }
    return &c->answer;
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
static void send_now(struct web_conn *c)
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
        web_answer_new(c, 500, "text/plain");
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
    web_conn_deadline(c, c->server->config.limits->request_ms);
    if (wire_queued(&c->wire) == 0) {
        web_request_answered(c);
    }
}

/* It has waited long enough. */
static void on_delayed(uv_timer_t *timer)
{
    send_now(timer->data);
}

void web_answer_send(struct web_conn *c)
{
    if (c->answer.when != HTTP_NOW) {
        return; /* web_request_resume() goes on. */
    }
    if (c->answer.delay_ms > 0) {
        uv_timer_stop(&c->timer);
        uv_timer_start(&c->pause, on_delayed, c->answer.delay_ms, 0);
        return;
    }
    send_now(c);
}

void web_answer_refuse(struct web_conn *c, int status)
{
    struct http_answer *a = web_answer_new(c, status, "text/plain");

    c->keep_alive = false;
    buf_addf(&a->body, "%d %s\n", status, http_reason(status));
    web_answer_send(c);
}

void web_answer_drained(struct web_conn *c)
{
    if (c->has_answer && c->answer.when == HTTP_NOW &&
        !uv_is_active((uv_handle_t *)&c->pause)) {
        web_request_answered(c);
    }
}
