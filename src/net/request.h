/* SPDX-License-Identifier: Apache-2.0 */
/* request.h - one HTTP request with deadlines, retries and cancel.
 *
 * The owner says how to build an attempt and how to judge an answer; this
 * module sends, waits, backs off and tries again. */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct net;
struct request;
struct retry_quota;

/* One header of an attempt or an answer. */
struct header {
    const char *name;
    const char *value;
};

/* What an attempt sends.  Everything is copied before the next turn of the
 * loop; our copies are wiped when the attempt is over.  libcurl adds Host,
 * Content-Length and, unless given here, User-Agent; nothing else. */
struct attempt {
    const char *method;           /* "GET", "POST", "PUT" */
    const char *url;              /* Whole; its query may hold secrets */
    const struct header *headers; /* As they go out */
    size_t n_headers;
    const void *body; /* NULL for none */
    size_t body_len;
};

/* What came back.  Lives until the request is closed or tried again, and is
 * then wiped. */
struct response {
    int status;       /* HTTP status */
    const char *body; /* NUL-terminated */
    size_t body_len;
    const struct header *headers; /* Names in lower case, in order */
    size_t n_headers;
};

/* The value of the first header @name (lower case), or NULL. */
const char *response_header(const struct response *r, const char *name);

enum verdict {
    VERDICT_DONE,    /* Give it to the owner, good or bad */
    VERDICT_RETRY,   /* Worth another try, if any is left */
    VERDICT_THROTTLE /* The same, and the peer is overloaded */
};

/* Fill @a for try number @n (1, 2, ...): called from the loop before each try,
 * so that it can be signed afresh.  The memory it points to must stay until
 * the callback returns to the loop.  A code (and @e) ends the request.  May
 * call request_close(); what it returns is then ignored. */
typedef int (*request_prepare_cb)(struct request *r, unsigned n,
                                  struct attempt *a, struct err *e);

/* Judge an answer (@resp) or a failure to get one (@resp NULL, @status the
 * code).  Called from the loop after each try, the last too; may call
 * request_close().  No callback is the same as request_judge(). */
typedef enum verdict (*request_judge_cb)(struct request *r,
                                         const struct response *resp,
                                         int status);

/* The usual verdict, for callbacks that only add to it: retry failures that may
 * pass (not a bad certificate, not a proxy that refuses, not an answer too
 * large) and 500, 502, 503, 504. */
enum verdict request_judge(const struct response *resp, int status);

/* The request is over: an answer, or @err.  Once, never from inside
 * request_start(); not at all after request_close(). */
typedef void (*request_done_cb)(struct request *r, const struct response *resp,
                                const struct err *err);

struct request_config {
    const char *label;           /* "DescribeInstances": for log and errors */
    uint64_t connect_timeout_ms; /* Name, TCP, proxy and TLS; 0: none */
    uint64_t timeout_ms;         /* One whole try; 0: none */
    unsigned max_attempts;       /* 0 and 1: no retry */
    size_t max_body;             /* Larger answers are ERR_TOO_BIG; 0: 8 MiB */
    bool no_proxy;               /* Link-local services */
    bool new_retries;            /* AWS_NEW_RETRIES_2026 */
    struct retry_quota *quota;   /* Shared by one client; NULL: net's own */
    request_prepare_cb prepare;
    request_judge_cb judge;
};

/* A request on @net, or NULL when memory is short.  @cfg and its label are
 * copied. */
struct request *request_new(struct net *net, const struct request_config *cfg,
                            void *data);

/* Begin.  Failures to begin are reported through @cb as well. */
void request_start(struct request *r, request_done_cb cb);

/* The owner's pointer given to request_new(). */
void *request_data(const struct request *r);

/* How many tries were made so far. */
unsigned request_attempts(const struct request *r);

/* " (reached max retries: 2)" when every allowed try was made, else "", written
 * to @out; the AWS CLI's words.  Returns @out. */
const char *request_retries_text(const struct request *r, char *out,
                                 size_t size);

/* Cancel if running, wipe and free.  Any state, any callback of @r; nothing
 * fires afterwards. */
void request_close(struct request *r);

#endif /* REQUEST_H */
