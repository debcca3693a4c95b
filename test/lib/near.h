/* SPDX-License-Identifier: Apache-2.0 */
/* near.h - a local stream made of memory, for tests of the tunnel.
 *
 * What the client "says" is put in with near_say(); what it "hears" is kept in
 * heard.  It can be slow, take little, fail, and hang up, all on the turn the
 * test wants. */
#ifndef NEAR_H
#define NEAR_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "buf.h"
#include "local.h"

struct near {
    struct local local;
    uv_idle_t idle;   /* Turns while there is something to do */
    struct buf says;  /* Not read by the tunnel yet */
    struct buf heard; /* Written by the tunnel */
    size_t read_max;  /* Most that one read gives */
    unsigned burst;   /* Reads one after the other in a turn */
    size_t room;      /* How much more it takes; SIZE_MAX: all */
    int end;          /* After says: 0 nothing, UV_EOF, or an error */
    int write_fails;  /* The code every write gives, or 0 */
    int read_start_fails;
    bool quiet_reads; /* End each burst of reads with a read of 0 */
    bool reading;
    bool shut;   /* shutdown() was called */
    bool closed; /* The close callback has fired */
    unsigned n_reads, n_try_writes, n_writes;

    /* Private */
    local_alloc_cb alloc_cb;
    local_read_cb read_cb;
    local_write_cb write_cb;
    local_write_cb shut_cb;
    local_close_cb close_cb;
    uv_buf_t writing;
    bool lent_before;
};

/* Silent, patient, taking everything. */
void near_init(struct near *n, uv_loop_t *loop);

/* Let the client say @len bytes. */
void near_say(struct near *n, const void *data, size_t len);

/* Let the client end: UV_EOF or an error. */
void near_end(struct near *n, int code);

/* Let it take @room more bytes. */
void near_take(struct near *n, size_t room);

/* Let the reader vanish while nothing is being written. */
void near_lose(struct near *n, int status);

/* Free what was kept; after closed. */
void near_free(struct near *n);

#endif /* NEAR_H */
