/* SPDX-License-Identifier: Apache-2.0 */
/* dpop.h - a proof, signed afresh for one request, that we hold a private key
 * (RFC 9449).  Pure. */
#ifndef DPOP_H
#define DPOP_H

#include <stdint.h>

struct buf;
struct err;

/* Append the JWT for a POST to @url at @now, with @id as its name, signed with
 * the P-256 key in @pem ("-----BEGIN EC PRIVATE KEY-----").  Returns 0, or
 * ERR_CREDENTIALS or UV_ENOMEM with @e filled. */
int dpop_make(struct buf *out, const char *pem, const char *url, const char *id,
              int64_t now, struct err *e);

#endif /* DPOP_H */
