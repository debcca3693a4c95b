/* SPDX-License-Identifier: Apache-2.0 */
/* http.h - one HTTP request and its answer, free of any server.
 *
 * server.c reads a request off a socket, a handler fills the answer, server.c
 * sends it.  Handlers are plain functions of their arguments, so tests call
 * them without a socket. */
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
    const struct http_header *headers;
    size_t n_headers;
    const char *body; /* NUL-terminated */
    size_t body_len;
    const char *peer_ip; /* "127.0.0.1" */
    bool tls;
};

/* What it gets back.  The handler fills it; its owner frees it. */
struct http_answer {
    int status;
    const char *content_type; /* Static string */
    struct buf headers;       /* "Name: value\r\n" each, beyond the usual */
    struct buf body;
};

/* The value of the header @name (lower case), or NULL. */
const char *http_header(const struct http_request *req, const char *name);

void http_answer_init(struct http_answer *a);
void http_answer_free(struct http_answer *a);

#endif /* EMU_HTTP_H */
