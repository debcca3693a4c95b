/* SPDX-License-Identifier: Apache-2.0 */
/* err.h - one error space for the whole program, and the error a user reads.
 *
 * An int is 0 when all is well, a UV_E* code, or one of ours below.  What a
 * person will read also fills a struct err.  It is set where the fault is
 * detected, wrapped on the way up, and printed once, at the top. */
#ifndef ERR_H
#define ERR_H

#include <stdarg.h>
#include <stdbool.h>

/* What kind of failure it is; the program maps a kind to its exit code. */
enum err_kind {
    ERR_KIND_USAGE,   /* The request itself is wrong */
    ERR_KIND_CONFIG,  /* The request is fine, the configuration is not */
    ERR_KIND_SERVICE, /* AWS answered, with an error */
    ERR_KIND_OTHER    /* Everything else: network, files, peers */
};

/* X(name, value, kind, sentence) */
#define ERR_CODES(X)                                                           \
    X(ERR_USAGE, -5001, USAGE, "bad argument")                                 \
    X(ERR_CONFIG, -5002, CONFIG, "bad configuration")                          \
    X(ERR_NO_REGION, -5003, CONFIG, "no region is configured")                 \
    X(ERR_NO_CREDENTIALS, -5004, CONFIG, "no credentials were found")          \
    X(ERR_CREDENTIALS, -5005, OTHER, "a credential source failed")             \
    X(ERR_PROFILE, -5006, OTHER, "the profile cannot be used")                 \
    X(ERR_PARSE, -5007, OTHER, "unreadable text")                              \
    X(ERR_SERVICE, -5008, SERVICE, "the service refused the request")          \
    X(ERR_THROTTLED, -5009, SERVICE, "the service is throttling requests")     \
    X(ERR_DNS, -5010, OTHER, "name not found")                                 \
    X(ERR_CONNECT, -5011, OTHER, "cannot connect")                             \
    X(ERR_PROXY, -5012, OTHER, "the proxy refused or failed")                  \
    X(ERR_TLS, -5013, OTHER, "TLS failed")                                     \
    X(ERR_CERTIFICATE, -5014, OTHER, "the certificate is not trusted")         \
    X(ERR_HTTP, -5015, OTHER, "the HTTP exchange failed")                      \
    X(ERR_TOO_BIG, -5016, OTHER, "larger than the limit")                      \
    X(ERR_UPGRADE, -5017, OTHER, "the WebSocket upgrade was refused")          \
    X(ERR_PROTOCOL, -5018, OTHER, "the peer broke the WebSocket protocol")     \
    X(ERR_PEER_CLOSED, -5019, OTHER, "the peer closed the tunnel")             \
    X(ERR_PEER_LOST, -5020, OTHER, "the peer stopped answering")               \
    X(ERR_LOCAL_LOST, -5021, OTHER, "the local side went away")                \
    X(ERR_EXPIRED, -5022, OTHER, "the credentials have expired")               \
    X(ERR_FULL, -5023, OTHER, "the connection limit is reached")               \
    X(ERR_SETTING, -5024, OTHER, "a setting has a bad value")                  \
    X(ERR_NOT_FOUND, -5025, OTHER, "the service knows no such thing")

enum err_code {
#define X(name, value, kind, sentence) name = (value),
    ERR_CODES(X)
#undef X
};

enum {
    ERR_MSG_SIZE = 1024, /* IAM denials run to several hundred bytes */
    ERR_HINT_SIZE = 512,
    ERR_WORD_SIZE = 96
};

/* One failure, as a user will read it: cause first, then what to do. */
struct err {
    int code;                        /* 0, UV_E* or enum err_code */
    int http_status;                 /* 0 when no HTTP answer was involved */
    char msg[ERR_MSG_SIZE];          /* What failed and why; one line */
    char hint[ERR_HINT_SIZE];        /* What to do about it, or "" */
    char remote_code[ERR_WORD_SIZE]; /* The service's own error code, or "" */
    char operation[ERR_WORD_SIZE];   /* The API operation that failed, or "" */
    char request_id[ERR_WORD_SIZE];  /* The service's request id, or "" */
};

/* Fill @e (which may be NULL) afresh and return @code, so that a failing
 * function can end in `return err_set(...)`. */
int err_set(struct err *e, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* err_set() for functions that are variadic themselves. */
int err_vset(struct err *e, int code, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

/* Fill @e from a UV_E* code: "<what>: <libuv's sentence>". */
int err_set_uv(struct err *e, int code, const char *what);

/* Put "<text>: " before the message of @e.  The code and the hint stay. */
void err_wrap(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Say what the user can do about @e; replaces an earlier hint. */
void err_hint(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Forget everything in @e. */
void err_clear(struct err *e);

/* The name of @code ("ERR_DNS", "ETIMEDOUT"); a static string. */
const char *err_name(int code);

/* The sentence of @code; a static string. */
const char *err_sentence(int code);

/* What kind of failure @code is.  UV_E* codes are ERR_KIND_OTHER. */
enum err_kind err_kind(int code);

#endif /* ERR_H */
