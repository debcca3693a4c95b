/* SPDX-License-Identifier: Apache-2.0 */
/* xfer.h - one easy handle inside a net, with what all of them need: trust,
 * proxy, and words for its failure.  Internal to this module. */
#ifndef XFER_H
#define XFER_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

#include "resume.h"

struct err;
struct net;
struct xfer;

/* The transfer is over; called from the loop, outside of libcurl, at most
 * once.  The receiver may close anything. */
typedef void (*xfer_done_cb)(struct xfer *x, CURLcode code);

/* Whose error texts a failure gets. */
enum xfer_kind {
    XFER_REQUEST, /* The AWS CLI's */
    XFER_TUNNEL   /* Ours; and HTTP_PROXY counts */
};

/* Embedded by its owner; the fields belong to xfer.c and net.c. */
struct xfer {
    struct net *net;
    struct xfer *prev; /* In net's list while added */
    struct xfer *next;
    CURL *easy;
    enum xfer_kind kind;
    unsigned id;          /* For the log */
    bool added;           /* The multi knows it */
    bool broken;          /* Its socket cannot be watched */
    bool connected;       /* TCP is: libcurl waits for something to read */
    unsigned n_tls;       /* TLS sessions set up: 2 is TLS in TLS */
    char *shown;          /* The URL without user info and query */
    char *host;           /* Its host */
    char *proxy;          /* Through which it goes, or NULL: secret */
    struct resume resume; /* Of a tunnel's TLS session */
    uint64_t connect_timeout_ms;  /* 0: none */
    char detail[CURL_ERROR_SIZE]; /* libcurl's words */
    xfer_done_cb done_cb;
};

/* Make the easy handle for @url.  0, UV_ENOMEM, or ERR_USAGE for a URL that is
 * none; xfer_close() either way, also for one that is all zeroes. */
int xfer_open(struct xfer *x, struct net *net, enum xfer_kind kind, unsigned id,
              const char *url, bool no_proxy, struct err *e);

/* Both limits in milliseconds, 0 for none. */
void xfer_set_timeouts(struct xfer *x, uint64_t connect_ms, uint64_t whole_ms);

/* Hand it to the multi.  0 or UV_ENOMEM. */
int xfer_start(struct xfer *x, xfer_done_cb cb);

/* libcurl watches a socket of @x for @what (CURL_POLL_...). */
void xfer_watching(struct xfer *x, int what);

/* Take it back from the multi, free and wipe.  Any state. */
void xfer_close(struct xfer *x);

/* Put words to @code, in the manner of the kind.  Returns the error code. */
int xfer_explain(const struct xfer *x, CURLcode code, struct err *e);

#endif /* XFER_H */
