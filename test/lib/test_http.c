/* SPDX-License-Identifier: Apache-2.0 */
/* test_http.c - collecting requests by Content-Length, over test_server. */
#include "test_http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "test_server.h"

struct test_http {
    struct test_server *server;
    test_http_handler handler;
    void *data;
    unsigned n_requests;
};

/* What one connection has sent and nobody has taken yet. */
struct inbox {
    char *bytes;
    size_t len;
};

/* The value of @name in the header lines @head, or NULL. */
static char *find_header(const char *head, const char *name)
{
    size_t n = strlen(name);
    const char *line = head;

    while (line != NULL && *line != '\0') {
        if (strncasecmp(line, name, n) == 0 && line[n] == ':') {
            const char *value = line + n + 1;

            value += strspn(value, " ");
            return strndup(value, strcspn(value, "\r\n"));
        }
        line = strstr(line, "\r\n");
        line = line != NULL ? line + 2 : NULL;
    }
    return NULL;
}

char *test_http_header(const struct test_http_request *req, const char *name)
{
    return find_header(req->head, name);
}

/* Take one whole request from @in and have it handled; false: there is none. */
static bool take_request(struct test_peer *p, struct inbox *in)
{
    struct test_http *h = test_server_data(test_peer_server(p));
    struct test_http_request req = {.peer = p, .data = h->data};
    char *end = in->len > 0 ? strstr(in->bytes, "\r\n\r\n") : NULL;
    size_t head_len;
    size_t body_len;
    char *value;
    char *text;
    char *rest;

    if (end == NULL) {
        return false;
    }
    head_len = (size_t)(end - in->bytes) + 4;
    value = find_header(in->bytes, "content-length");
    body_len = value != NULL ? strtoul(value, NULL, 10) : 0;
    free(value);
    if (in->len < head_len + body_len) {
        return false;
    }
    text = malloc(head_len + body_len + 1);
    assert_non_null(text);
    memcpy(text, in->bytes, head_len + body_len);
    text[head_len + body_len] = '\0';
    memmove(in->bytes, in->bytes + head_len + body_len,
            in->len - head_len - body_len + 1);
    in->len -= head_len + body_len;

    text[head_len - 2] = '\0';
    req.number = ++h->n_requests;
    req.head = strstr(text, "\r\n") + 2;
    req.method = strtok_r(text, " ", &rest);
    req.target = strtok_r(NULL, " ", &rest);
    req.body = text + head_len;
    req.body_len = body_len;
    h->handler(&req);
    free(text);
    return true;
}

static void on_data(struct test_peer *p, const char *data, size_t len)
{
    struct inbox *in = *test_peer_data(p);

    if (in == NULL) {
        in = calloc(1, sizeof *in);
        assert_non_null(in);
        *test_peer_data(p) = in;
    }
    in->bytes = realloc(in->bytes, in->len + len + 1);
    assert_non_null(in->bytes);
    memcpy(in->bytes + in->len, data, len);
    in->len += len;
    in->bytes[in->len] = '\0';
    while (take_request(p, in)) {
    }
}

static void on_close(struct test_peer *p)
{
    struct inbox *in = *test_peer_data(p);

    if (in != NULL) {
        free(in->bytes);
        free(in);
        *test_peer_data(p) = NULL;
    }
}

static void on_server_closed(struct test_server *s)
{
    free(test_server_data(s));
}

struct test_http *test_http_start(uv_loop_t *loop, SSL_CTX *tls,
                                  test_http_handler handler, void *data)
{
    struct test_http *h = calloc(1, sizeof *h);
    struct test_server_config config = {.tls = tls,
                                        .data = h,
                                        .on_data = on_data,
                                        .on_close = on_close,
                                        .on_server_closed = on_server_closed};

    assert_non_null(h);
    h->handler = handler;
    h->data = data;
    h->server = test_server_start(loop, &config);
    return h;
}

unsigned test_http_port(const struct test_http *h)
{
    return test_server_port(h->server);
}

unsigned test_http_requests(const struct test_http *h)
{
    return h->n_requests;
}

unsigned test_http_connections(const struct test_http *h)
{
    return test_server_accepted(h->server);
}

void test_http_close(struct test_http *h)
{
    test_server_close(h->server);
}

void test_http_answer(const struct test_http_request *req, int status,
                      const char *headers, const char *body)
{
    char head[4096];

    snprintf(head, sizeof head,
             "HTTP/1.1 %d Status\r\n%sContent-Length: %zu\r\n\r\n", status,
             headers, strlen(body));
    test_peer_write(req->peer, head, strlen(head));
    test_peer_write(req->peer, body, strlen(body));
}
