/* SPDX-License-Identifier: Apache-2.0 */
/* base64.h - RFC 4648 base64, standard and URL-safe.
 *
 * Results are appended to a struct buf of the caller's: check buf_error()
 * after encoding; the decoders return it. */
#ifndef BASE64_H
#define BASE64_H

#include <stddef.h>

struct buf;

/* Append @len bytes in the standard alphabet, padded with '='. */
void base64_encode(struct buf *out, const void *data, size_t len);

/* Append @len bytes in the URL-safe alphabet, without padding. */
void base64url_encode(struct buf *out, const void *data, size_t len);

/* Append the bytes @text stands for.  Strict: the standard alphabet, padding
 * present and right, unused bits zero, nothing else.  Returns 0, ERR_PARSE
 * with nothing appended, or buf_error(@out). */
int base64_decode(struct buf *out, const char *text, size_t len);

/* The same, but space, tab, CR and LF anywhere in @text are passed over. */
int base64_decode_spaced(struct buf *out, const char *text, size_t len);

/* As base64_decode(), for the URL-safe alphabet without padding. */
int base64url_decode(struct buf *out, const char *text, size_t len);

#endif /* BASE64_H */
