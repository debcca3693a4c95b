/* SPDX-License-Identifier: Apache-2.0 */
/* guest.h - another program beside ours, on our loop, which may be told a
 * secret through its standard input.
 *
 * Unlike child.h nothing waits: we go on serving it, tunnels above all. */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <uv.h>

#include "buf.h"

struct err;

/* The program has ended with this code (128 + n when signal n ended it).  Once,
 * from the loop. */
typedef void (*guest_cb)(void *data, int code);

enum {
    GUEST_TELL = 1,  /* Standard input is a pipe that begins with the text... */
    GUEST_RELAY = 2, /* ...and goes on with what is typed at our terminal, */
    GUEST_PIPED = 4, /* ...or with what our standard input is else */
    GUEST_QUIET = 8  /* What it prints is lost */
};

enum { GUEST_LINE = 1024 };

/* Owned by the caller, zeroed. */
struct guest {
    void *data; /* For the owner's callback */
    /* private */
    uv_process_t process;
    bool running;
    bool has_process;
    uv_pipe_t in; /* Its standard input, from our side */
    bool has_in;
    uv_write_t tell;
    struct buf text; /* What it is told; wiped when it was */
    unsigned flags;
    uv_poll_t typed; /* Until there is something to read */
    bool has_typed;
    uv_write_t relay;
    char line[GUEST_LINE];
    guest_cb cb;
};

/* Start @argv.  @text, told to it, is copied and the copy wiped.  0, or a code
 * with @e. */
int guest_start(struct guest *g, uv_loop_t *loop, char *const *argv,
                unsigned flags, const char *text, guest_cb cb, struct err *e);

/* End it (SIGTERM) if it still runs, and close everything.  Any state, any
 * callback, once or more; what closes is waited for by program_run(), and
 * nothing is called any more. */
void guest_close(struct guest *g);

#endif /* GUEST_H */
