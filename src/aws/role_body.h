/* SPDX-License-Identifier: Apache-2.0 */
/* role_body.h - the bodies of the two STS calls that give credentials.  Pure.
 */
#ifndef ROLE_BODY_H
#define ROLE_BODY_H

#include <stdint.h>

struct buf;
struct role_request;

enum { STS_BODY_MAX = 128 * 1024 };

/* Append the body of an AssumeRole; @token_code may be NULL, and without a
 * session name one is made of @now.  Check buf_error(). */
void sts_assume_role(struct buf *out, const struct role_request *r,
                     const char *token_code, int64_t now);

/* Append the body of an AssumeRoleWithWebIdentity. */
void sts_web_identity(struct buf *out, const struct role_request *r,
                      const char *token, int64_t now);

#endif /* ROLE_BODY_H */
