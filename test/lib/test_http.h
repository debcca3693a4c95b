/* SPDX-License-Identifier: Apache-2.0 */
/* test_http.h - an HTTP/1.1 server whose answers the test writes. */
#ifndef TEST_HTTP_H
#define TEST_HTTP_H

#include <stddef.h>

#include <openssl/ssl.h>
#include <uv.h>

struct test_http;
struct test_peer;
struct test_server;

/* One request, whole. */
struct test_http_request {
    struct test_peer *peer; /* Where the answer goes */
    unsigned number;        /* 1, 2, ... over all connections */
    const char *method;
    const char *target;
    const char *head; /* Header lines as they came, CRLF between */
    const char *body;
    size_t body_len;
    void *data; /* As given to test_http_start() */
};

/* A request came.  Answers with test_http_answer(), with bytes of its own, with
 * test_peer_reset(), or not at all. */
typedef void (*test_http_handler)(const struct test_http_request *req);

/* Serve on a free port of @loop; @tls as in test_server_config. */
struct test_http *test_http_start(uv_loop_t *loop, SSL_CTX *tls,
                                  test_http_handler handler, void *data);

unsigned test_http_port(const struct test_http *h);

/* Requests and connections so far. */
unsigned test_http_requests(const struct test_http *h);
unsigned test_http_connections(const struct test_http *h);

/* Close; frees itself while the loop runs on. */
void test_http_close(struct test_http *h);

/* Send status, @headers (whole lines with CRLF, may be ""), Content-Length and
 * @body. */
void test_http_answer(const struct test_http_request *req, int status,
                      const char *headers, const char *body);

/* The value of header @name, in memory that the caller frees, or NULL. */
char *test_http_header(const struct test_http_request *req, const char *name);

#endif /* TEST_HTTP_H */
