/* SPDX-License-Identifier: Apache-2.0 */
/* listener.h - local sockets, each connection of which becomes a tunnel.
 *
 * listener_new() -> listener_bind() -> listener_start() -> listener_close().
 * Binding claims the addresses at once, so that a port in use is known before
 * anything else happens; connections made before listener_start() wait in the
 * kernel's queue. */
#ifndef LISTENER_H
#define LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "tunnel.h"

struct err;
struct listener;
struct log;

enum listener_when_full {
    LISTENER_FULL_CLOSE, /* Close the connection over the limit at once */
    LISTENER_FULL_WAIT   /* Leave it in the queue until another one ends */
};

/* Where to listen, at least one of: tcp, unix_path, fds.  Everything is copied
 * by listener_new(). */
struct listener_config {
    bool tcp; /* Listen on a TCP port */
    int port; /* 0: one that is free on every address */
    const char *const *bind_addresses; /* NULL: 127.0.0.1 and, if the host has
                                          IPv6, ::1 */
    size_t n_bind_addresses;
    const char *unix_path;    /* Unix socket, mode 0600; NULL: none */
    const int *fds;           /* Listening sockets passed in */
    size_t n_fds;             /* How many */
    unsigned max_connections; /* At a time; 0: no limit */
    enum listener_when_full when_full;
    bool allow_other_users; /* Serve processes of other users too */
};

enum listener_event_type {
    LISTENER_ACCEPTED,    /* Connection @k is there; its tunnel begins */
    LISTENER_OPENED,      /* Its tunnel stands */
    LISTENER_ENDING_SOON, /* Its maximum duration is one minute away */
    LISTENER_CLOSED,      /* It is over: @err or NULL, @stats, @request_id.  Its
                             place is free */
    LISTENER_FULL,        /* The limit is reached: a connection was closed, or
                             (once until there is room again) the queue waits */
    LISTENER_REFUSED,     /* Connection @k comes from another user; @err */
    LISTENER_ACCEPT_FAILED /* Accepting failed for the moment; @err */
};

/* One event; what does not belong to its type is 0 or NULL. */
struct listener_event {
    enum listener_event_type type;
    unsigned k;                       /* 1, 2, ... in order of acceptance */
    const struct err *err;            /* Lives until the callback returns */
    const char *request_id;           /* The service's, or "" */
    const struct tunnel_stats *stats; /* What was carried */
};

/* Something happened; the listener goes on, whatever it is.  From the loop,
 * never from inside a listener_*() call, never after listener_close().  The
 * receiver may call listener_close(). */
typedef void (*listener_event_cb)(struct listener *l,
                                  const struct listener_event *event);

/* Every socket is closed, every tunnel is gone, the unix socket is removed (if
 * it is still ours), and the listener is freed.  Once. */
typedef void (*listener_close_cb)(void *data);

/* A listener as @config says; nothing is opened yet.  NULL when memory is
 * short. */
struct listener *listener_new(uv_loop_t *loop, const struct log *log,
                              const struct listener_config *config, void *data);

/* Claim every address, or none.  Returns 0, or a code with @e naming the
 * address and the reason.  On 0 the fds passed in belong to the listener; on a
 * code they are still the caller's.  Not twice. */
int listener_bind(struct listener *l, struct err *e);

/* Begin to accept.  Each connection gets a tunnel as @tunnel says, whose
 * strings and dialer are borrowed until the listener is gone. */
void listener_start(struct listener *l, const struct tunnel_config *tunnel,
                    listener_event_cb cb);

/* The owner's pointer given to listener_new(). */
void *listener_data(const struct listener *l);

/* The addresses in use, after listener_bind(): their number, and the text and
 * the port of each (0 for a unix socket, whose text is its path). */
size_t listener_addresses(const struct listener *l);
const char *listener_address(const struct listener *l, size_t i, int *port);

/* The first TCP port in use, or 0. */
int listener_port(const struct listener *l);

/* How many connections are being served now. */
unsigned listener_connections(const struct listener *l);

/* Stop accepting, close every tunnel with @bye, free @l, and call @cb.  Any
 * state, any callback, once. */
void listener_close(struct listener *l, enum tunnel_bye bye,
                    listener_close_cb cb, void *data);

#endif /* LISTENER_H */
