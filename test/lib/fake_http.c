/* SPDX-License-Identifier: Apache-2.0 */
/* fake_http.c - as little of HTTP/1.1 as curl needs to be content. */
#include "fake_http.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* One connection. */
struct fake_conn {
    uv_tcp_t tcp;
    struct fake_http *f;
    struct fake_conn *next;
    char in[FAKE_HTTP_SIZE];
    size_t n_in;
    bool closing;
};

/* A reply on its way. */
struct out {
    uv_write_t req;
    struct fake_conn *conn;
    bool last;
    char *text;
};

static void on_conn_closed(uv_handle_t *handle)
{
    struct fake_conn *conn = handle->data;
    struct fake_conn **link = &conn->f->conns;

    while (*link != conn) {
        link = &(*link)->next;
    }
    *link = conn->next;
    conn->f->n_conns--;
    free(conn);
}

static void conn_close(struct fake_conn *conn)
{
    if (!conn->closing) {
        conn->closing = true;
        uv_close((uv_handle_t *)&conn->tcp, on_conn_closed);
    }
}

static void on_written(uv_write_t *req, int status)
{
    struct out *out = req->data;

    if (out->last || status != 0) {
        conn_close(out->conn);
    }
    free(out->text);
    free(out);
}

/* Send @len bytes of @text, which becomes ours. */
static void send_text(struct fake_conn *conn, char *text, size_t len, bool last)
{
    struct out *out = calloc(1, sizeof *out);
    uv_buf_t buf = uv_buf_init(text, (unsigned)len);

    assert(out != NULL);
    out->conn = conn;
    out->text = text;
    out->last = last;
    out->req.data = out;
    if (uv_write(&out->req, (uv_stream_t *)&conn->tcp, &buf, 1, on_written) !=
        0) {
        free(text);
        free(out);
        conn_close(conn);
    }
}

/* Let the test answer @q. */
static void answer(struct fake_conn *conn, const struct fake_request *q)
{
    struct fake_reply *reply = calloc(1, sizeof *reply);
    size_t size;
    char *text;

    assert(reply != NULL);
    reply->status = 200;
    conn->f->cb(conn->f, q, reply);
    if (reply->drop) {
        conn_close(conn);
    } else if (reply->raw != NULL) {
        text = strdup(reply->raw);
        send_text(conn, text, strlen(text), true);
    } else if (!reply->stall) {
        size = strlen(reply->body) + 512 +
               (reply->headers != NULL ? strlen(reply->headers) : 0);
        text = malloc(size);
        assert(text != NULL);
        snprintf(text, size, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n%s\r\n%s",
                 reply->status, strlen(reply->body),
                 reply->headers != NULL ? reply->headers : "", reply->body);
        send_text(conn, text, strlen(text), false);
    }
    free(reply);
}

/* Take one whole request from the input, if there is one. */
static bool take_request(struct fake_conn *conn)
{
    struct fake_http *f = conn->f;
    struct fake_request *q = &f->kept[f->n % FAKE_HTTP_KEPT];
    const char *end, *length;
    size_t head_len, body_len = 0;

    conn->in[conn->n_in] = '\0';
    end = strstr(conn->in, "\r\n\r\n");
    if (end == NULL) {
        return false;
    }
    head_len = (size_t)(end - conn->in) + 4;
    length = strcasestr(conn->in, "\r\ncontent-length:");
    if (length != NULL && length < end) {
        body_len = (size_t)atoi(length + strlen("\r\ncontent-length:"));
    }
    if (conn->n_in < head_len + body_len) {
        return false;
    }
    free(q->head);
    free(q->body);
    q->head = strndup(conn->in, head_len);
    q->body = strndup(conn->in + head_len, body_len);
    assert(q->head != NULL && q->body != NULL);
    if (sscanf(q->head, "%15s %2047s", q->method, q->target) != 2) {
        conn_close(conn);
        return false;
    }
    conn->n_in -= head_len + body_len;
    memmove(conn->in, conn->in + head_len + body_len, conn->n_in);
    f->n++;
    answer(conn, q);
    return !conn->closing;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct fake_conn *conn = handle->data;

    (void)suggested;
    *buf = uv_buf_init(conn->in + conn->n_in,
                       (unsigned)(sizeof conn->in - 1 - conn->n_in));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct fake_conn *conn = stream->data;

    (void)buf;
    if (n < 0) {
        conn_close(conn);
        return;
    }
    conn->n_in += (size_t)n;
    while (take_request(conn)) {
    }
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct fake_http *f = listener->data;
    struct fake_conn *conn = calloc(1, sizeof *conn);

    assert(status == 0 && conn != NULL);
    conn->f = f;
    conn->next = f->conns;
    f->conns = conn;
    f->n_conns++;
    uv_tcp_init(f->loop, &conn->tcp);
    conn->tcp.data = conn;
    if (uv_accept(listener, (uv_stream_t *)&conn->tcp) != 0) {
        conn_close(conn);
        return;
    }
    uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read);
}

void fake_http_start(struct fake_http *f, uv_loop_t *loop, fake_http_cb cb,
                     void *data)
{
    struct sockaddr_storage bound;
    struct sockaddr_in addr;
    int len = sizeof bound;
    int rv;

    *f = (struct fake_http){.loop = loop, .cb = cb, .data = data};
    uv_ip4_addr("127.0.0.1", 0, &addr);
    uv_tcp_init(loop, &f->listener);
    f->listener.data = f;
    rv = uv_tcp_bind(&f->listener, (const struct sockaddr *)&addr, 0);
    assert(rv == 0);
    rv = uv_listen((uv_stream_t *)&f->listener, 64, on_connection);
    assert(rv == 0);
    rv = uv_tcp_getsockname(&f->listener, (struct sockaddr *)&bound, &len);
    assert(rv == 0);
    f->port = ntohs(((struct sockaddr_in *)&bound)->sin_port);
}

static void on_listener_closed(uv_handle_t *handle)
{
    ((struct fake_http *)handle->data)->closed = true;
}

void fake_http_stop(struct fake_http *f)
{
    struct fake_conn *conn;
    size_t i;

    uv_close((uv_handle_t *)&f->listener, on_listener_closed);
    for (conn = f->conns; conn != NULL; conn = conn->next) {
        conn_close(conn);
    }
    while (!f->closed || f->n_conns > 0) {
        uv_run(f->loop, UV_RUN_ONCE);
    }
    for (i = 0; i < FAKE_HTTP_KEPT; i++) {
        free(f->kept[i].head);
        free(f->kept[i].body);
    }
}

const char *fake_http_header(const struct fake_http *f, unsigned i,
                             const char *name)
{
    static char value[4096];
    const char *line = f->kept[i % FAKE_HTTP_KEPT].head;
    size_t n = strlen(name);

    while ((line = strstr(line, "\r\n")) != NULL) {
        line += 2;
        if (strncasecmp(line, name, n) == 0 && line[n] == ':') {
            line += n + 1;
            line += strspn(line, " ");
            snprintf(value, sizeof value, "%.*s", (int)strcspn(line, "\r"),
                     line);
            return value;
        }
    }
    return NULL;
}
