/* SPDX-License-Identifier: Apache-2.0 */
/* resume.h - TLS sessions kept from one connection for the next one.
 *
 * A resumed handshake takes as many round trips as any, but neither the
 * server's certificates nor its signature, which is a quarter of what a
 * tunnel's beginning costs us.  Nothing is sent early: that could be replayed.
 * Sessions stay in memory and are wiped by OpenSSL when they go.  Internal to
 * this module. */
#ifndef RESUME_H
#define RESUME_H

#include <stdbool.h>

struct ssl_ctx_st;
struct ssl_session_st;

enum {
    RESUME_MAX = 4,      /* Sessions kept, of all servers together */
    RESUME_AGE_S = 3600, /* Then the certificates are looked at again */
};

/* What is kept; embedded by its owner, all zeroes at first. */
struct resume_store {
    struct {
        char *where;                    /* The server it is good for */
        struct ssl_session_st *session; /* NULL: none from here on */
    } kept[RESUME_MAX];                 /* Newest first */
};

/* One connection's part in it; embedded by its owner, who keeps it where it is
 * for as long as the connection lives. */
struct resume {
    struct resume_store *store;
    const char *where; /* The caller's */
    bool begun;        /* The handshake is */
    bool tried;        /* with a session that was kept */
};

/* The connection of @ctx, still to be made, is to @where: let it resume a
 * session if there is one, and keep those that it is given.  @ctx must belong
 * to this one connection. */
void resume_attach(struct resume *r, struct resume_store *store,
                   const char *where, struct ssl_ctx_st *ctx);

/* The handshake failed.  If a kept session may be to blame, all of that
 * server's are dropped.  Also for one that was never attached. */
void resume_failed(struct resume *r);

/* Drop all. */
void resume_clear(struct resume_store *store);

#endif /* RESUME_H */
