/* SPDX-License-Identifier: Apache-2.0 */
/* http.c - one HTTP request and its answer, free of any server. */
#include "http.h"

#include <string.h>

enum { HTTP_ANSWER_LIMIT = 16 * 1024 * 1024 };

const char *http_header(const struct http_request *req, const char *name)
{
    for (size_t i = 0; i < req->n_headers; i++) {
        if (strcmp(req->headers[i].name, name) == 0) {
            return req->headers[i].value;
        }
    }
    return NULL;
}

void http_answer_init(struct http_answer *a)
{
    *a = (struct http_answer){.status = 200, .content_type = "text/plain"};
    buf_init(&a->headers, 64 * 1024);
    buf_init(&a->body, HTTP_ANSWER_LIMIT);
}

void http_answer_free(struct http_answer *a)
{
    buf_free(&a->headers);
    buf_wipe(&a->body); /* Credentials pass through here. */
}

/* X(status, words) */
#define HTTP_STATUSES(X)                                                       \
    X(100, "Continue")                                                         \
    X(101, "Switching Protocols")                                              \
    X(200, "OK")                                                               \
    X(204, "No Content")                                                       \
    X(302, "Found")                                                            \
    X(400, "Bad Request")                                                      \
    X(401, "Unauthorized")                                                     \
    X(403, "Forbidden")                                                        \
    X(404, "Not Found")                                                        \
    X(405, "Method Not Allowed")                                               \
    X(408, "Request Timeout")                                                  \
    X(411, "Length Required")                                                  \
    X(412, "Precondition Failed")                                              \
    X(413, "Content Too Large")                                                \
    X(414, "URI Too Long")                                                     \
    X(415, "Unsupported Media Type")                                           \
    X(426, "Upgrade Required")                                                 \
    X(429, "Too Many Requests")                                                \
    X(431, "Request Header Fields Too Large")                                  \
    X(500, "Internal Server Error")                                            \
    X(501, "Not Implemented")                                                  \
    X(502, "Bad Gateway")                                                      \
    X(503, "Service Unavailable")                                              \
    X(504, "Gateway Timeout")                                                  \
    X(505, "HTTP Version Not Supported")

const char *http_reason(int status)
{
    switch (status) {
#define X(code, words)                                                         \
    case code:                                                                 \
        return words;
        HTTP_STATUSES(X)
#undef X
    default:
        return "Status";
    }
}
