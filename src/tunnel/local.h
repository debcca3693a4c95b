/* SPDX-License-Identifier: Apache-2.0 */
/* local.h - the near side of a tunnel: what the tunnel asks of a local stream.
 *
 * A socket, a pipe, the pair stdin/stdout or a regular file; listener makes
 * them, tunnel uses them.  All functions are called on the loop's thread. */
#ifndef LOCAL_H
#define LOCAL_H

#include <stdbool.h>
#include <uv.h>

struct local;

/* Lend memory for one read.  A length of 0 means: others first, ask again in
 * the next turn of the loop; no read follows.  (A tunnel that has no room stops
 * reading instead.) */
typedef void (*local_alloc_cb)(struct local *l, uv_buf_t *buf);

/* @nread > 0 bytes are in the memory last lent, or 0: nothing was there after
 * all; either way that memory is no longer lent.  UV_EOF or another UV_E* code
 * ends reading for good.  Every lending ends in one call, except when the
 * receiver stops reading in between.  Never from inside read_start().  A
 * bounded number of calls per turn of the loop. */
typedef void (*local_read_cb)(struct local *l, ssize_t nread);

/* The write begun with write() is over: 0 or a UV_E* code. */
typedef void (*local_write_cb)(struct local *l, int status);

/* The far end of the near side vanished although nothing was being written:
 * the reader of stdout is gone.  At most once; only while not closing. */
typedef void (*local_lost_cb)(struct local *l, int status);

/* Every handle is closed and nothing fires again.  @l can still be read inside
 * the callback; an implementation that lives on its own is freed by itself
 * when the callback has returned. */
typedef void (*local_close_cb)(struct local *l);

struct local_ops {
    int (*read_start)(struct local *l, local_alloc_cb alloc,
                      local_read_cb read);
    void (*read_stop)(struct local *l);

    /* Write what can be written at once: bytes taken, UV_EAGAIN, or a code. */
    ssize_t (*try_write)(struct local *l, const uv_buf_t *bufs, unsigned count);

    /* Write all of @buf, whose memory stays until @cb.  One at a time. */
    int (*write)(struct local *l, uv_buf_t buf, local_write_cb cb);

    /* After the last write: tell the reader there is no more. */
    int (*shutdown)(struct local *l, local_write_cb cb);

    /* After UV_EOF: whether the other side is gone altogether, so that nobody
     * is left to read what could still come.  NULL, or false: not known. */
    bool (*gone)(struct local *l);

    /* Close whatever the state; a pending write reports UV_ECANCELED first. */
    void (*close)(struct local *l, local_close_cb cb);
};

/* Embedded as the first member of an implementation and owned by it. */
struct local {
    const struct local_ops *ops;
    local_lost_cb lost_cb; /* Set by the user, may stay NULL */
    void *data;            /* For the user */
};

#endif /* LOCAL_H */
