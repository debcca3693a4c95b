/* SPDX-License-Identifier: Apache-2.0 */
/* canonical.h - the canonical form of a request that was received. */
#ifndef EMU_CANONICAL_H
#define EMU_CANONICAL_H

#include <stdbool.h>

#include "buf.h"
#include "http.h"

/* Append the canonical request of @req: method, path, query without
 * X-Amz-Signature, the @signed_headers ("a;b"), and the hash of the body.
 * ERR_PARSE when a signed header is not there or the query cannot be decoded,
 * or buf_error(@out). */
int canonical_request(struct buf *out, const struct http_request *req,
                      const char *signed_headers, bool normalize);

#endif /* EMU_CANONICAL_H */
