/* SPDX-License-Identifier: Apache-2.0 */
/* places.h - everything a listener listens on. */
#ifndef PLACES_H
#define PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <uv.h>

#include "acceptor.h"
#include "unix_listener.h"

struct err;
struct listener_config;

/* Every socket is closed.  Maybe from inside places_close(). */
typedef void (*places_close_cb)(void *data);

/* One listening socket. */
struct place {
    struct acceptor acceptor;
    char text[sizeof((struct sockaddr_un *)0)->sun_path + 1];
    int port;    /* 0 for a unix socket */
    bool passed; /* Somebody else opened it */
};

/* All of them.  Zeroed is empty; but for data, the fields belong to places.c.
 */
struct places {
    void *data; /* For the owner; an acceptor's data is its places */
    struct place *list;
    size_t n;
    struct unix_listener file; /* The unix socket to remove at the end */
    size_t n_open;             /* Acceptors not yet closed */
    places_close_cb close_cb;
    void *close_data;
};

/* Open what @config asks for, on @loop.  Returns 0, or a code with @e; then
 * the descriptors passed in are still the caller's, and places_close() is
 * still due. */
int places_open(struct places *p, const struct listener_config *config,
                uv_loop_t *loop, struct err *e);

/* Begin to accept on all. */
void places_start(struct places *p, acceptor_want_cb want, acceptor_cb cb);

/* Pause or resume all. */
void places_pause(struct places *p, bool pause);

/* Close all and remove the unix socket.  Once. */
void places_close(struct places *p, places_close_cb cb, void *data);

#endif /* PLACES_H */
