/* SPDX-License-Identifier: Apache-2.0 */
/* ws_response.h - reading the answer to the upgrade (RFC 6455 section 4.2.2).
 *
 * Fed in pieces of any size, it ends in a verdict.  101 is judged strictly.  A
 * refusal is read to its end, or to a limit, so that the service's own words
 * can be shown.  Pure. */
#ifndef WS_RESPONSE_H
#define WS_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "ws_handshake.h"

enum {
    WS_RESPONSE_HEAD_MAX = 32768, /* Status line and headers together */
    WS_RESPONSE_BODY_MAX = 8192   /* Of a refusal; the rest is not read */
};

enum ws_verdict {
    WS_VERDICT_MORE,     /* Undecided: give more, or say it has ended */
    WS_VERDICT_ACCEPTED, /* 101 and everything about it is right */
    WS_VERDICT_REFUSED,  /* An HTTP answer other than 101 */
    WS_VERDICT_BAD       /* Not an answer to our request at all */
};

/* One response being read.  The owner reads the first group of fields. */
struct ws_response {
    int status;                     /* HTTP status, 0 before it is known */
    char request_id[ERR_WORD_SIZE]; /* x-amzn-requestid, or "" */
    char date[64];                  /* Date, or "": the server's clock */

    enum ws_verdict verdict;
    char why[160];               /* BAD: what was wrong */
    char accept[WS_ACCEPT_SIZE]; /* What must be answered */
    struct buf line;             /* The line being gathered */
    struct buf body;             /* A refusal's body so far */
    size_t head_len;             /* Head bytes seen */
    uint64_t body_left;          /* Body or chunk bytes to come */
    uint8_t phase;               /* Where in the response we are */
    uint8_t framing;             /* How the body ends */
    bool saw_upgrade, saw_connection, saw_accept; /* All needed */
};

/* Expect the answer to a request made with @key. */
void ws_response_init(struct ws_response *r, const char *key);

/* Take in the @len bytes at @data.  *used tells how many belonged to the
 * response: after ACCEPTED the rest is the tunnel's first data.  A verdict
 * other than MORE is final. */
enum ws_verdict ws_response_feed(struct ws_response *r, const void *data,
                                 size_t len, size_t *used);

/* The connection ended, or it took too long: judge what is there.  Never
 * MORE. */
enum ws_verdict ws_response_end(struct ws_response *r);

/* Put REFUSED or BAD into words: code, HTTP status, the service's error code
 * and message, request id. */
int ws_response_explain(const struct ws_response *r, struct err *e);

/* Free what was gathered. */
void ws_response_free(struct ws_response *r);

#endif /* WS_RESPONSE_H */
