/* SPDX-License-Identifier: Apache-2.0 */
/* route.h - how to reach one target: resolved once, shared by all tunnels to
 * it, forgotten when the service says it is no longer true.
 *
 * A route is also the dialer of those tunnels (dial.c). */
#ifndef ROUTE_H
#define ROUTE_H

#include <stdint.h>

#include "dialer.h"
#include "resolve.h"
#include "target.h"
#include "wait.h"

struct eice;
struct eice_resolved;
struct spares;

/* A resolution that is shared: holders count. */
struct facts {
    unsigned refs;
    bool kept; /* From the cache: they may not be true any more */
    struct resolution r;
};

/* One holder more; returns @f. */
struct facts *facts_ref(struct facts *f);

/* One holder less; the last one frees.  NULL is fine. */
void facts_unref(struct facts *f);

/* Embedded by a public handle; it must outlive every dial of it. */
struct route {
    struct dialer dialer;        /* What a tunnel is given */
    struct eice *eice;           /* Whose net, credentials and settings */
    struct target target;        /* What the user said */
    uint64_t connect_timeout_ms; /* For each connection; 0: none */
    struct wait ready;           /* For the context's region */
    struct resolve *resolve;     /* While it runs */
    char *kept_at;               /* Their file; NULL: they are not kept */
    bool asked;                  /* The cache has been looked at */
    struct facts *facts;         /* NULL: not known */
    struct waiters waiters;      /* Who wants the facts */
    struct spares *spares;       /* A listener's; NULL: none */
};

/* Prepare a route to @target, whose strings it takes over. */
void route_init(struct route *r, struct eice *eice, struct target *target,
                uint64_t connect_timeout_ms);

/* Ask for the facts (and with them the region).  0: they are there now and @cb
 * will not fire.  UV_EAGAIN: @cb will tell, unless wait_cancel() is called
 * before.  Else a code with @e. */
int route_get(struct route *r, struct wait *w, wait_cb cb, struct err *e);

/* What was learnt is not true any more: the next route_get() asks afresh. */
void route_forget(struct route *r);

/* @facts, which a dial has used, led nowhere.  They are forgotten, if the route
 * has not got others by now.  True: they were only kept, so that it is worth
 * asking and trying once more. */
bool route_doubt(struct route *r, const struct facts *facts);

/* Cancel what runs and free what @r holds.  Nobody may be waiting. */
void route_clear(struct route *r);

/* The facts as the public sees them; valid as long as they are. */
void facts_publish(const struct facts *f, struct eice_resolved *out);

#endif /* ROUTE_H */
