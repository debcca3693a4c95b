/* SPDX-License-Identifier: Apache-2.0 */
/* call.h - one call of an AWS API: signed afresh for each attempt, retried as
 * the AWS CLI retries, its error decoded into words.
 *
 * The caller builds the body (percent_form_pair() for the form protocols,
 * beginning with Action and Version; js_write() for JSON) and reads the body
 * of a good answer; everything between is here. */
#ifndef CALL_H
#define CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct call;
struct creds;
struct endpoint;
struct header;
struct log;
struct net;
struct response;
struct settings;

/* How a request is dressed and where its error code stands. */
enum call_protocol {
    CALL_EC2,      /* Form body; <Response><Errors><Error> */
    CALL_QUERY,    /* Form body; <ErrorResponse><Error> (STS) */
    CALL_JSON,     /* JSON 1.1 body with X-Amz-Target; "__type" */
    CALL_REST_JSON /* JSON body or none, any method and path;
                      X-Amzn-ErrorType, else "code" or "__type" */
};

/* All of it is copied by call_new(), except what is said to be static. */
struct call_config {
    const struct settings *settings; /* Outlives the call */
    const struct log *log;           /* Outlives the call; may be NULL */
    const struct endpoint *endpoint;
    struct creds *creds; /* Who signs (a reference is taken); NULL: nobody */
    enum call_protocol protocol;
    const char *operation; /* "DescribeInstances"; static */
    const char *target;    /* CALL_JSON: X-Amz-Target; static */
    const void *body;      /* Wiped at the end */
    size_t body_len;
    /* For CALL_REST_JSON; "POST" and "/" where NULL. */
    const char *method;           /* Static */
    const char *path;             /* With its query; percent-encoded */
    const struct header *headers; /* More headers; not for signed calls */
    size_t n_headers;
    /* The service's clock minus ours in seconds, kept by the owner of many
     * calls: read before each attempt, written when an answer shows that our
     * clock is wrong.  NULL: the call finds out for itself. */
    int64_t *clock_skew_s;
};

/* The call is over.  @err is NULL and @resp is a 2xx answer; or @err says what
 * went wrong and @resp is the refusing answer or NULL.  Once, never from
 * inside call_start(); not at all after call_close().  @resp lives until
 * call_close().
 *
 * Of an answer with an error @err holds: code (ERR_SERVICE or ERR_THROTTLED),
 * http_status, remote_code, operation, request_id, msg in the AWS CLI's form
 * ("An error occurred (C) when calling the O operation: M") and, where we can
 * tell, a hint: expired credentials and how to renew them, or a wrong clock
 * and by how much. */
typedef void (*call_done_cb)(struct call *c, const struct response *resp,
                             const struct err *err);

/* A call on @net, or NULL when memory is short. */
struct call *call_new(struct net *net, const struct call_config *cfg,
                      void *data);

/* Begin.  Failures to begin are reported through @cb as well. */
void call_start(struct call *c, call_done_cb cb);

/* The owner's pointer given to call_new(). */
void *call_data(const struct call *c);

/* Cancel if running, wipe and free.  Any state, any callback of @c; nothing
 * fires afterwards. */
void call_close(struct call *c);

/* Whether @err means that the credentials themselves are no good (expired,
 * revoked, unknown), so that chain_reject() and another try are worth it. */
bool call_creds_refused(const struct err *err);

#endif /* CALL_H */
