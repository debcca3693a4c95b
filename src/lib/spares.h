/* SPDX-License-Identifier: Apache-2.0 */
/* spares.h - connections to an endpoint, made before anybody asks for them.
 *
 * A spare is TCP, proxy and TLS, and nothing is sent on it: what is signed is
 * signed when it is taken.  One that the endpoint closes, or that has waited
 * for long, is replaced; one that cannot be made is tried again after a while,
 * and nobody is told but the log. */
#ifndef SPARES_H
#define SPARES_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct conn;
struct eice;
struct spare;
struct transport;

/* Every connection is closed and nothing fires again.  Once, from the loop. */
typedef void (*spares_close_cb)(void *data);

/* Embedded by its owner; the fields belong to spares.c. */
struct spares {
    struct eice *eice;
    uint64_t connect_timeout_ms;
    char *host;          /* Where they lead; NULL: nowhere yet */
    unsigned wanted;     /* How many there should be */
    unsigned n;          /* How many there are, or are being made */
    struct spare *first; /* Newest first */
    uv_timer_t timer;    /* When the oldest is too old, or the next try due */
    uint64_t age_ms;     /* Longest that one waits; tests are less patient */
    uint64_t pause_ms;   /* After the next failure wait this long, */
    uint64_t not_before; /* so that no try comes before this loop time */
    unsigned n_open;     /* The timer, and connections not yet closed */
    bool closing;
    spares_close_cb close_cb;
    void *close_data;
};

/* Make no connection yet.  @eice's net must be there by the first
 * spares_keep(). */
void spares_init(struct spares *s, struct eice *eice);

/* From now on see that @n connections to @host, as endpoint_host() makes it,
 * are there.  Those that lead elsewhere or are too many are closed. */
void spares_keep(struct spares *s, const char *host, unsigned n,
                 uint64_t connect_timeout_ms);

/* A connection to @host that was alive a moment ago, which is the caller's
 * from here on, and its stream; or NULL.  Others are not made in its place
 * before the next spares_keep(). */
struct conn *spares_take(struct spares *s, const char *host,
                         struct transport **transport);

/* One that was taken turned out dead: the others are not better.  They are
 * closed, and no others made for a while. */
void spares_doubt(struct spares *s);

/* Close them all, then call @cb.  Any state, any callback, once. */
void spares_close(struct spares *s, spares_close_cb cb, void *data);

#endif /* SPARES_H */
