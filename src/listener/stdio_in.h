/* SPDX-License-Identifier: Apache-2.0 */
/* stdio_in.h - the reading half of local_stdio. */
#ifndef STDIO_IN_H
#define STDIO_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "fd_use.h"
#include "local.h"

struct err;
struct stdio_in;

/* Nothing fires again; @in may be freed.  Once, from the loop. */
typedef void (*stdio_in_close_cb)(struct stdio_in *in);

/* Embedded by local_stdio; the fields belong to stdio_in.c. */
struct stdio_in {
    struct local *local; /* Whose bytes these are */
    struct fd_use use;   /* The descriptor, until a pipe handle has it */
    uv_pipe_t pipe;      /* FD_STREAM: reads when there is something */
    uv_idle_t kick;      /* FD_FILE: hands over what was read ahead */
    uv_fs_t req;         /* FD_FILE: the read in the pool */
    char *buf;           /* FD_FILE: where the pool reads to; a lent buffer
                            may be taken back at any time, a read may not */
    size_t at, len;      /* The part of buf not yet handed over */
    int end;             /* 0, or what to say when buf is empty */
    bool busy;           /* req is in the pool */
    bool reading;        /* Between read_start and read_stop or the end */
    bool piping;         /* pipe is initialised */
    unsigned n_open;     /* Handles, and the request while closing */
    local_alloc_cb alloc_cb;
    local_read_cb read_cb;
    stdio_in_close_cb close_cb; /* Set by close */
};

/* Prepare.  Cannot fail. */
void stdio_in_init(struct stdio_in *in, uv_loop_t *loop, struct local *local);

/* Read what @fd refers to; @fd stays the caller's.  0 or a code with @e. */
int stdio_in_open(struct stdio_in *in, int fd, struct err *e);

/* As in local.h. */
int stdio_in_read_start(struct stdio_in *in, local_alloc_cb alloc,
                        local_read_cb read);
void stdio_in_read_stop(struct stdio_in *in);
void stdio_in_close(struct stdio_in *in, stdio_in_close_cb cb);

#endif /* STDIO_IN_H */
