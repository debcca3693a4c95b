/* SPDX-License-Identifier: Apache-2.0 */
/* acceptor.h - one listening descriptor: accepts, pauses, survives running out
 * of descriptors. */
#ifndef ACCEPTOR_H
#define ACCEPTOR_H

#include <stdbool.h>
#include <uv.h>

struct acceptor;

/* Somebody connects.  False leaves them in the kernel's queue; then the
 * receiver must have paused the acceptor. */
typedef bool (*acceptor_want_cb)(struct acceptor *a);

/* A connection: @fd >= 0, non-blocking, close-on-exec, the receiver's from now
 * on.  Or accepting failed for the moment: @fd is a UV_E* code, and the
 * connection, if there was one, is closed; the acceptor goes on by itself.
 * From the loop.  The receiver may pause or close the acceptor. */
typedef void (*acceptor_cb)(struct acceptor *a, int fd);

/* Nothing fires again; @a may be freed.  Once, from the loop. */
typedef void (*acceptor_close_cb)(struct acceptor *a);

/* Embedded by its owner; the fields belong to acceptor.c. */
struct acceptor {
    void *data;       /* For the owner */
    uv_poll_t poll;   /* Somebody connects */
    uv_timer_t retry; /* After a failure that would only repeat at once */
    int fd;           /* Listening; -1 after close */
    int reserve;      /* Given up in order to refuse when there is no other
                         descriptor; -1 when even that is gone */
    bool polling;     /* poll is initialised */
    bool paused;      /* Between pause and resume */
    bool closing;
    unsigned n_open;
    acceptor_want_cb want_cb;
    acceptor_cb cb;
    acceptor_close_cb close_cb;
};

/* Prepare.  Cannot fail. */
void acceptor_init(struct acceptor *a, uv_loop_t *loop);

/* Own the listening socket @fd, and keep a descriptor in reserve.  Accepts
 * nothing yet.  0 or a code; on a code @fd is still the caller's. */
int acceptor_open(struct acceptor *a, int fd);

/* Begin to accept. */
void acceptor_start(struct acceptor *a, acceptor_want_cb want, acceptor_cb cb);

/* Leave connections in the kernel's queue; accept again. */
void acceptor_pause(struct acceptor *a);
void acceptor_resume(struct acceptor *a);

/* Give the socket back to the caller of acceptor_open(); it must not have been
 * started. */
void acceptor_release(struct acceptor *a);

/* Close the socket.  Any state, any callback, once. */
void acceptor_close(struct acceptor *a, acceptor_close_cb cb);

#endif /* ACCEPTOR_H */
