/* SPDX-License-Identifier: Apache-2.0 */
/* percent.h - percent-encoding as RFC 3986 and as HTML forms have it.
 *
 * Results are appended to a struct buf of the caller's: check buf_error()
 * after encoding; the decoders return it. */
#ifndef PERCENT_H
#define PERCENT_H

#include <stddef.h>

struct buf;

/* Append @text with all but A-Z a-z 0-9 - . _ ~ as %XX, digits upper-case. */
void percent_encode(struct buf *out, const char *text, size_t len);

/* The same, but '/' stays: for a path. */
void percent_encode_path(struct buf *out, const char *text, size_t len);

/* The same as percent_encode(), but a space becomes '+': for a form body. */
void percent_encode_form(struct buf *out, const char *text, size_t len);

/* Append "name=value" to a form body, after '&' if @out is not empty. */
void percent_form_pair(struct buf *out, const char *name, const char *value);

/* Append "name=value", percent-encoded, to a query, after '&' if @out is not
 * empty. */
void percent_query_pair(struct buf *out, const char *name, const char *value);

/* Append @text with its %XX resolved.  Returns 0, ERR_PARSE for a '%' without
 * two digits (nothing is appended then), or buf_error(@out).  A %00 is decoded
 * like any other: a caller that wants a C string compares lengths. */
int percent_decode(struct buf *out, const char *text, size_t len);

/* The same, and '+' becomes a space: for form bodies. */
int percent_decode_form(struct buf *out, const char *text, size_t len);

#endif /* PERCENT_H */
