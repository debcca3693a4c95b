/* SPDX-License-Identifier: Apache-2.0 */
/* fd_use.h - an inherited descriptor made fit for the loop, without its other
 * holders noticing.
 *
 * O_NONBLOCK belongs to the open file, not to the descriptor: setting it on
 * our stdin sets it for the shell, too.  So an anonymous pipe or a terminal is
 * opened anew through /proc, which gives it flags of its own; for the rest
 * (sockets, named pipes, systems without /proc) the flag is set and put back
 * at the end.  (A named pipe opened anew after its writer has left would never
 * show the end of file.) */
#ifndef FD_USE_H
#define FD_USE_H

#include <stdbool.h>

struct err;

enum fd_kind {
    FD_STREAM, /* Pipe, socket, terminal: the loop can wait for it */
    FD_FILE    /* Regular file, device: always "ready", but may block */
};

/* A descriptor in use. */
struct fd_use {
    int fd; /* Ours, to be closed by us; -1 when none */
    enum fd_kind kind;
    bool is_socket;
    int flags; /* To put back at the end; -1: nothing to */
};

/* Get a descriptor of our own for what @fd refers to, open for reading or, if
 * @write, for writing.  @fd stays open and the caller's.  Returns 0, or a code
 * with @e naming @name. */
int fd_use_open(struct fd_use *u, int fd, bool write, const char *name,
                struct err *e);

/* Make the open file non-blocking, remembering how it was. */
int fd_use_nonblock(struct fd_use *u);

/* Put the flags back as they were.  Before the descriptor is closed. */
void fd_use_restore(struct fd_use *u);

/* Restore and close; nothing when it is closed already. */
void fd_use_close(struct fd_use *u);

#endif /* FD_USE_H */
