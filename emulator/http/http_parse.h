/* SPDX-License-Identifier: Apache-2.0 */
/* http_parse.h - the head of an HTTP/1.1 request, taken apart where it lies.
 *
 * Strict where two readings could differ: no folded lines, no bare CR or NUL,
 * no space before a colon, one Host, one Content-Length.  Pure: bytes in,
 * pointers into them out. */
#ifndef EMU_HTTP_PARSE_H
#define EMU_HTTP_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http.h"

/* A request's head.  All strings point into the caller's text. */
struct http_head {
    const char *method;
    const char *path;
    const char *query; /* "" when there is none */
    struct http_header headers[HTTP_MAX_HEADERS];
    size_t n_headers;
    uint64_t content_length; /* 0 when not said */
    bool keep_alive;         /* Another request may follow */
    bool expect_continue;    /* The client waits for "100 Continue" */
};

/* Look for a whole head in the first @len bytes of @text, beginning the search
 * at @from (what an earlier call has seen).  Returns its length including the
 * empty line, or 0 when it is not complete. */
size_t http_head_length(const char *text, size_t len, size_t from);

/* Take apart the @len bytes of head at @text, which are changed: strings are
 * ended with NULs and header names made lower case.  Returns 0, or the status
 * to refuse the request with. */
int http_parse_head(char *text, size_t len, struct http_head *head);

#endif /* EMU_HTTP_PARSE_H */
