/* SPDX-License-Identifier: Apache-2.0 */
/* op.h - one API operation from request body to answer body: credentials, the
 * signed call, and once more if other credentials can be had.
 *
 * What is sent and what an answer means are ec2.h's, instance_connect.h's and
 * sts.h's affair: pure writers and readers around this one executor. */
#ifndef OP_H
#define OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call.h"
#include "settings.h"

struct buf;
struct chain;
struct creds;
struct err;
struct log;
struct net;
struct op;
struct response;

/* What every operation needs; all borrowed, and outliving every operation. */
struct api {
    const struct log *log;
    struct net *net;
    struct chain *chain;
    const struct settings *settings;
    const char *region;   /* In which everything is asked */
    int64_t clock_skew_s; /* The services' clock minus ours, once known */
};

/* One kind of operation; static and const. */
struct operation {
    const char *name; /* "DescribeInstances" */
    enum service service;
    enum call_protocol protocol;
    const char *target; /* X-Amz-Target, for JSON */
    bool use_flag;      /* --endpoint-url applies to it */
};

/* The operation is over: a 2xx answer, or @err.  Once, from the loop, never
 * from inside op_start(); not at all after op_close().  The receiver may call
 * op_close(). */
typedef void (*op_done_cb)(void *data, const struct response *resp,
                           const struct err *err);

/* Begin; @body is copied, and the copy wiped.  Returns 0 and the operation, or
 * a code with @e, and @done will not be called then. */
int op_start(struct op **out, struct api *api, const struct operation *kind,
             const struct buf *body, op_done_cb done, void *data,
             struct err *e);

/* The credentials the answer was got with (lent), or NULL: none were needed. */
const struct creds *op_creds(const struct op *op);

/* Cancel what runs and free @op; nothing fires afterwards.  Any state, any
 * callback; NULL is fine. */
void op_close(struct op *op);

#endif /* OP_H */
