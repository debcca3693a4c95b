/* SPDX-License-Identifier: Apache-2.0 */
/* out_watch.h - notices that the reader of a pipe, socket or terminal is gone
 * while nothing is being written to it. */
#ifndef OUT_WATCH_H
#define OUT_WATCH_H

#include <stdbool.h>
#include <uv.h>

struct out_watch;

/* The reader is gone.  From the loop.  Returns whether the news was heard; if
 * not it is told again half a second later. */
typedef bool (*out_watch_cb)(struct out_watch *w);

/* Nothing fires again; @w may be freed.  Once, from the loop. */
typedef void (*out_watch_close_cb)(struct out_watch *w);

/* Embedded by its owner; the fields belong to out_watch.c. */
struct out_watch {
    void *data;       /* For the owner */
    uv_poll_t poll;   /* Linux: tells of a hang-up at once */
    uv_timer_t timer; /* Looks now and then where poll cannot tell */
    int fd;           /* Ours; -1 when none */
    bool polling;     /* poll is initialised */
    unsigned n_open;
    out_watch_cb cb;
    out_watch_close_cb close_cb;
};

/* Prepare.  Cannot fail. */
void out_watch_init(struct out_watch *w, uv_loop_t *loop);

/* Watch what @fd refers to (it stays the caller's).  0, or a code, after which
 * out_watch_close() is still the way out. */
int out_watch_start(struct out_watch *w, int fd, out_watch_cb cb);

/* Stop.  Any state, any callback, once. */
void out_watch_close(struct out_watch *w, out_watch_close_cb cb);

#endif /* OUT_WATCH_H */
