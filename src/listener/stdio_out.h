/* SPDX-License-Identifier: Apache-2.0 */
/* stdio_out.h - the writing half of local_stdio. */
#ifndef STDIO_OUT_H
#define STDIO_OUT_H

#include <stdbool.h>
#include <uv.h>

#include "fd_use.h"
#include "local.h"
#include "out_watch.h"

struct err;
struct stdio_out;

/* Nothing fires again; @out may be freed.  Once, from the loop. */
typedef void (*stdio_out_close_cb)(struct stdio_out *out);

/* Embedded by local_stdio; the fields belong to stdio_out.c. */
struct stdio_out {
    struct local *local;     /* Whose bytes these are */
    struct fd_use use;       /* The descriptor, until a pipe handle has it */
    uv_pipe_t pipe;          /* FD_STREAM */
    struct out_watch watch;  /* FD_STREAM: is there still a reader? */
    uv_idle_t kick;          /* Tells the end of what took no time */
    uv_fs_t req;             /* FD_FILE: the write in the pool */
    uv_write_t write_req;    /* FD_STREAM: the write under way */
    uv_shutdown_t end_req;   /* FD_STREAM on a socket */
    uv_buf_t rest;           /* FD_FILE: what is still to be written */
    bool busy;               /* req is in the pool */
    bool piping;             /* pipe is initialised */
    bool pipe_closed;        /* pipe was given to uv_close() */
    bool watching;           /* watch is not yet closing */
    unsigned n_open;         /* Handles, the watch, and req while closing */
    local_write_cb write_cb; /* Set while a write is under way */
    local_write_cb end_cb;   /* Set while a shutdown is under way */
    stdio_out_close_cb close_cb; /* Set by close */
};

/* Prepare.  Cannot fail. */
void stdio_out_init(struct stdio_out *out, uv_loop_t *loop,
                    struct local *local);

/* Write to what @fd refers to; @fd stays the caller's.  0 or a code with @e. */
int stdio_out_open(struct stdio_out *out, int fd, struct err *e);

/* As in local.h. */
ssize_t stdio_out_try_write(struct stdio_out *out, const uv_buf_t *bufs,
                            unsigned count);
int stdio_out_write(struct stdio_out *out, uv_buf_t buf, local_write_cb cb);
int stdio_out_shutdown(struct stdio_out *out, local_write_cb cb);
void stdio_out_close(struct stdio_out *out, stdio_out_close_cb cb);

#endif /* STDIO_OUT_H */
