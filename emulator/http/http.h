/* SPDX-License-Identifier: Apache-2.0 */
/* http.h - one HTTP request and its answer, free of any server.
 *
 * The server reads a request off a socket, a handler fills the answer, the
 * server sends it.  Handlers are plain functions of their arguments, so tests
 * call them without a socket. */
#ifndef EMU_HTTP_H
#define EMU_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

enum { HTTP_MAX_HEADERS = 64 };

struct http_header {
    const char *name; /* Lower case */
    const char *value;
};

/* What a client sent.  Everything is borrowed for the handler's run. */
struct http_request {
    const char *method;
    const char *path;  /* As sent, still percent-encoded, without the query */
    const char *query; /* Without "?", "" when there is none; as sent */
    const struct http_header *headers; /* In the order sent */
    size_t n_headers;
    const char *body; /* NUL-terminated, though NULs may be inside */
    size_t body_len;
    const char *peer_ip; /* "127.0.0.1" */
    bool tls;
};

/* When an answer goes out. */
enum http_when {
    HTTP_NOW,
    HTTP_HELD, /* It stands, but waits for the server to be told */
    HTTP_AGAIN /* There is none yet: when the server is told, the handler is
                * called again with the same request */
};

/* What it gets back.  The handler fills it; its owner frees it.  A buffer that
 * failed becomes a plain 500. */
struct http_answer {
    int status;               /* 200 unless changed */
    const char *content_type; /* Static string; NULL for none */
    struct buf headers;       /* "Name: value\r\n" each, beyond the usual */
    struct buf body;
    enum http_when when;
    unsigned delay_ms; /* Send it only after so long */
    bool hang_up;      /* Send nothing: break the connection off (RST) */
};

/* Answers @req.  Called from the loop, one request at a time; must not
 * block. */
typedef void (*http_handler)(void *data, const struct http_request *req,
                             struct http_answer *a);

/* The value of the first header @name (lower case), or NULL. */
const char *http_header(const struct http_request *req, const char *name);

void http_answer_init(struct http_answer *a);
void http_answer_free(struct http_answer *a);

/* The words for a status ("Not Found"); a static string. */
const char *http_reason(int status);

#endif /* EMU_HTTP_H */
