/* SPDX-License-Identifier: Apache-2.0 */
/* sts.h - whose credentials these are. */
#ifndef STS_H
#define STS_H

#include <stddef.h>

#include "op.h"

struct buf;
struct err;

extern const struct operation sts_get_caller_identity;

/* GetCallerIdentity's answer; strings are owned, NULL when absent. */
struct sts_identity {
    char *account;
    char *arn;
    char *user_id;
};

/* Write the request's body to the empty @body.  Check buf_error(). */
void sts_identity_body(struct buf *body);

/* Read an answer's body.  Returns 0, ERR_PARSE, ERR_TOO_BIG or UV_ENOMEM with
 * @e; *out is empty then. */
int sts_identity_parse(struct sts_identity *out, const char *body, size_t len,
                       struct err *e);

/* Free what @i holds and zero it. */
void sts_identity_clear(struct sts_identity *i);

#endif /* STS_H */
