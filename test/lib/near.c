/* SPDX-License-Identifier: Apache-2.0 */
/* near.c - a local stream made of memory. */
#include "near.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

enum { BUF_AT_HAND = 1 << 17 };

static void near_wake(struct near *n);

/* One read, as libuv would do it; false: not in this turn. */
static bool do_read(struct near *n)
{
    uv_buf_t buf = {NULL, 0};
    size_t len;

    n->alloc_cb(&n->local, &buf);
    if (buf.len == 0) {
        return false;
    }
    len = n->says.len;
    len = len < n->read_max ? len : n->read_max;
    len = len < buf.len ? len : buf.len;
    n->n_reads++;
    if (len > 0) {
        memcpy(buf.base, n->says.data, len);
        buf_consume(&n->says, len);
        n->read_cb(&n->local, (ssize_t)len);
        n->lent_before = true;
    } else if (n->lent_before && n->quiet_reads) {
        n->lent_before = false;
        n->read_cb(&n->local, 0);
    } else {
        n->reading = false;
        n->read_cb(&n->local, n->end);
    }
    return true;
}

/* Finish a write as far as there is room. */
static void do_write(struct near *n)
{
    local_write_cb cb = n->write_cb;
    size_t len = n->writing.len < n->room ? n->writing.len : n->room;

    if (n->write_fails == 0) {
        buf_add(&n->heard, n->writing.base, len);
        n->room -= n->room == SIZE_MAX ? 0 : len;
        n->writing.base += len;
        n->writing.len -= len;
    }
    if (n->writing.len == 0 || n->write_fails != 0) {
        n->write_cb = NULL;
        cb(&n->local, n->write_fails);
    }
}

static bool can_read(const struct near *n)
{
    return n->reading && (n->says.len > 0 || n->end != 0 ||
                          (n->quiet_reads && n->lent_before));
}

static bool can_write(const struct near *n)
{
    return n->write_cb != NULL && (n->room > 0 || n->write_fails != 0);
}

static void on_idle(uv_idle_t *idle)
{
    struct near *n = idle->data;
    unsigned i;

    if (can_write(n)) {
        do_write(n);
    } else if (n->shut_cb != NULL) {
        local_write_cb cb = n->shut_cb;

        n->shut_cb = NULL;
        cb(&n->local, 0);
    } else {
        for (i = 0; i < n->burst && can_read(n) && do_read(n); i++) {
        }
    }
    near_wake(n);
}

/* Turn if there is something to do. */
static void near_wake(struct near *n)
{
    if (n->close_cb != NULL || n->closed) {
        return;
    }
    if (can_read(n) || can_write(n) || n->shut_cb != NULL) {
        uv_idle_start(&n->idle, on_idle);
    } else {
        uv_idle_stop(&n->idle);
    }
}

static int near_read_start(struct local *l, local_alloc_cb alloc,
                           local_read_cb read)
{
    struct near *n = (struct near *)l;

    assert(!n->reading && n->close_cb == NULL);
    if (n->read_start_fails != 0) {
        return n->read_start_fails;
    }
    n->alloc_cb = alloc;
    n->read_cb = read;
    n->reading = true;
    near_wake(n);
    return 0;
}

static void near_read_stop(struct local *l)
{
    struct near *n = (struct near *)l;

    n->reading = false;
    n->lent_before = false;
    near_wake(n);
}

static ssize_t near_try_write(struct local *l, const uv_buf_t *bufs,
                              unsigned count)
{
    struct near *n = (struct near *)l;
    size_t total = 0;
    unsigned i;

    assert(n->close_cb == NULL && n->write_cb == NULL && !n->shut && count > 0);
    n->n_try_writes++;
    if (n->write_fails != 0) {
        return n->write_fails;
    }
    for (i = 0; i < count && n->room > 0; i++) {
        size_t len = bufs[i].len < n->room ? bufs[i].len : n->room;

        assert(bufs[i].len > 0);
        buf_add(&n->heard, bufs[i].base, len);
        n->room -= n->room == SIZE_MAX ? 0 : len;
        total += len;
    }
    return total > 0 ? (ssize_t)total : UV_EAGAIN;
}

static int near_write(struct local *l, uv_buf_t buf, local_write_cb cb)
{
    struct near *n = (struct near *)l;

    assert(n->close_cb == NULL && n->write_cb == NULL && !n->shut);
    n->n_writes++;
    n->writing = buf;
    n->write_cb = cb;
    near_wake(n);
    return 0;
}

static int near_shutdown(struct local *l, local_write_cb cb)
{
    struct near *n = (struct near *)l;

    assert(n->close_cb == NULL && n->write_cb == NULL && !n->shut);
    n->shut = true;
    n->shut_cb = cb;
    near_wake(n);
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    struct near *n = handle->data;
    local_close_cb close_cb = n->close_cb;
    local_write_cb cb = n->write_cb != NULL ? n->write_cb : n->shut_cb;

    n->write_cb = NULL;
    n->shut_cb = NULL;
    if (cb != NULL) {
        cb(&n->local, UV_ECANCELED);
    }
    n->closed = true;
    close_cb(&n->local);
}

static void near_close(struct local *l, local_close_cb cb)
{
    struct near *n = (struct near *)l;

    assert(n->close_cb == NULL);
    n->reading = false;
    n->close_cb = cb;
    uv_close((uv_handle_t *)&n->idle, on_closed);
}

static const struct local_ops near_ops = {
    .read_start = near_read_start,
    .read_stop = near_read_stop,
    .try_write = near_try_write,
    .write = near_write,
    .shutdown = near_shutdown,
    .close = near_close,
};

/* A buffer with memory at hand: a test that makes allocations fail means the
 * tunnel's. */
static void open_buf(struct buf *b)
{
    static const char zero[BUF_AT_HAND];

    buf_init(b, SIZE_MAX / 2);
    buf_add(b, zero, sizeof zero);
    buf_clear(b);
}

void near_init(struct near *n, uv_loop_t *loop)
{
    *n = (struct near){.local = {.ops = &near_ops},
                       .read_max = SIZE_MAX,
                       .burst = 1,
                       .room = SIZE_MAX};
    open_buf(&n->says);
    open_buf(&n->heard);
    uv_idle_init(loop, &n->idle);
    n->idle.data = n;
}

void near_say(struct near *n, const void *data, size_t len)
{
    buf_add(&n->says, data, len);
    near_wake(n);
}

void near_end(struct near *n, int code)
{
    n->end = code;
    near_wake(n);
}

void near_take(struct near *n, size_t room)
{
    n->room = room;
    near_wake(n);
}

void near_lose(struct near *n, int status)
{
    if (n->local.lost_cb != NULL && n->close_cb == NULL) {
        n->local.lost_cb(&n->local, status);
    }
}

void near_free(struct near *n)
{
    buf_free(&n->says);
    buf_free(&n->heard);
}
