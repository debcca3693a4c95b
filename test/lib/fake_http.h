/* SPDX-License-Identifier: Apache-2.0 */
/* fake_http.h - a small HTTP server on a test's own loop, which answers
 * whatever the test tells it to and remembers what it was asked. */
#ifndef FAKE_HTTP_H
#define FAKE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

enum { FAKE_HTTP_KEPT = 64, FAKE_HTTP_SIZE = 64 * 1024 };

/* One request as it came. */
struct fake_request {
    char method[16];
    char target[2048]; /* Path and query */
    char *head;        /* Request line and headers, as sent */
    char *body;        /* NUL-terminated */
};

/* What to say to it. */
struct fake_reply {
    int status;          /* 200 unless set */
    const char *headers; /* More header lines, each with \r\n; or NULL */
    char body[4096];
    const char *raw; /* Sent as it is instead of all the above */
    bool stall;      /* Say nothing, ever */
    bool drop;       /* Close the connection at once */
};

struct fake_http;

/* Fill @reply, which is empty with status 200. */
typedef void (*fake_http_cb)(struct fake_http *f, const struct fake_request *q,
                             struct fake_reply *reply);

struct fake_http {
    uv_tcp_t listener;
    uv_loop_t *loop;
    unsigned port;
    fake_http_cb cb;
    void *data;       /* For the test */
    unsigned n;       /* Requests answered so far */
    unsigned n_conns; /* Connections open */
    struct fake_request kept[FAKE_HTTP_KEPT];
    struct fake_conn *conns;
    bool closed; /* The listener is gone */
};

/* Listen on 127.0.0.1, a free port (f->port). */
void fake_http_start(struct fake_http *f, uv_loop_t *loop, fake_http_cb cb,
                     void *data);

/* Close everything and run the loop until that is done. */
void fake_http_stop(struct fake_http *f);

/* The value of header @name in request @i, copied to a static buffer; NULL
 * when it is not there. */
const char *fake_http_header(const struct fake_http *f, unsigned i,
                             const char *name);

#endif /* FAKE_HTTP_H */
