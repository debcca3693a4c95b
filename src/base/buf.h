/* SPDX-License-Identifier: Apache-2.0 */
/* buf.h - a growing run of bytes with a limit.
 *
 * An append that fails (out of memory, or over the limit) marks the buffer as
 * failed and every later append does nothing, so that a caller may append many
 * pieces and check once at the end with buf_error(). */
#ifndef BUF_H
#define BUF_H

#include <stdarg.h>
#include <stddef.h>

struct buf {
    char *data;   /* Always NUL-terminated once anything was appended */
    size_t len;   /* Bytes used, without the NUL */
    size_t cap;   /* Bytes allocated */
    size_t limit; /* Largest len allowed */
    int error;    /* 0, UV_ENOMEM or ERR_TOO_BIG; sticky */
};

/* An empty buffer that will not grow past @limit bytes.  Cannot fail. */
void buf_init(struct buf *b, size_t limit);

/* Append bytes, a string, one character, formatted text. */
void buf_add(struct buf *b, const void *data, size_t len);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* 0, or why an append failed. */
int buf_error(const struct buf *b);

/* The bytes as a C string; "" when empty. */
const char *buf_str(const struct buf *b);

/* Drop the first @n bytes. */
void buf_consume(struct buf *b, size_t n);

/* Empty it, keeping its memory; clears the error. */
void buf_clear(struct buf *b);

/* Give the string to the caller (mem_free() it) and empty the buffer.  NULL
 * when an append failed or memory is short. */
char *buf_detach(struct buf *b);

/* Free its memory; buf_wipe() overwrites it first. */
void buf_free(struct buf *b);
void buf_wipe(struct buf *b);

#endif /* BUF_H */
