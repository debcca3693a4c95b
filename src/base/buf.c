/* SPDX-License-Identifier: Apache-2.0 */
/* buf.c - growing by doubling, failing once and for all. */
#include "buf.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "err.h"
#include "mem.h"
#include "wipe.h"

enum { BUF_FIRST = 128 };

/* Make room for @more bytes and the NUL; false marks the buffer as failed.
 * The old block is wiped: a buffer may have held a secret. */
static int reserve(struct buf *b, size_t more)
{
    size_t need = b->len + more + 1;
    size_t cap = b->cap > 0 ? b->cap : BUF_FIRST;
    char *data;

    if (b->error != 0) {
        return b->error;
    }
    if (more > b->limit || b->len > b->limit - more) {
        b->error = ERR_TOO_BIG;
        return b->error;
    }
    if (need <= b->cap) {
        return 0;
    }
    while (cap < need) {
        cap *= 2;
    }
    data = mem_alloc(cap);
    if (data == NULL) {
        b->error = UV_ENOMEM;
        return b->error;
    }
    if (b->data != NULL) {
        memcpy(data, b->data, b->len + 1);
        wipe(b->data, b->len);
        mem_free(b->data);
    }
    b->data = data;
    b->cap = cap;
    return 0;
}

void buf_init(struct buf *b, size_t limit)
{
    *b = (struct buf){.limit = limit};
}

void buf_add(struct buf *b, const void *data, size_t len)
{
    if (reserve(b, len) != 0) {
        return;
    }
    if (len > 0) {
        memcpy(b->data + b->len, data, len);
    }
    b->len += len;
    b->data[b->len] = '\0';
}

void buf_adds(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_addc(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0 || reserve(b, (size_t)n) != 0) {
        return;
    }
    va_start(ap, fmt);
    vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->len += (size_t)n;
}

int buf_error(const struct buf *b)
{
    return b->error;
}

const char *buf_str(const struct buf *b)
{
    return b->data != NULL ? b->data : "";
}

void buf_consume(struct buf *b, size_t n)
{
    if (n >= b->len) {
        b->len = 0;
    } else {
        memmove(b->data, b->data + n, b->len - n);
        b->len -= n;
    }
    if (b->data != NULL) {
        b->data[b->len] = '\0';
    }
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->error = 0;
    if (b->data != NULL) {
        b->data[0] = '\0';
    }
}

char *buf_detach(struct buf *b)
{
    char *data;

    buf_add(b, "", 0);
    if (b->error != 0) {
        return NULL;
    }
    data = b->data;
    buf_init(b, b->limit);
    return data;
}

void buf_free(struct buf *b)
{
    mem_free(b->data);
    buf_init(b, b->limit);
}

void buf_wipe(struct buf *b)
{
    if (b->data != NULL) {
        wipe(b->data, b->cap);
    }
    buf_free(b);
}
