/* SPDX-License-Identifier: Apache-2.0 */
/* session.h - one accepted connection and its tunnel. */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>
#include <uv.h>

#include "tunnel.h"

struct err;
struct local;
struct log;
struct session;

/* The tunnel stands, or nears its end.  As tunnel_event_cb. */
typedef void (*session_event_cb)(struct session *s, enum tunnel_event event);

/* The session is over: @err is NULL for a normal end.  Once, from the loop,
 * never from inside session_start(), never after session_close().  The
 * receiver answers with session_close(). */
typedef void (*session_done_cb)(struct session *s, const struct err *err);

/* The connection and the tunnel are gone; the owner calls session_free(). */
typedef void (*session_close_cb)(struct session *s);

/* Made by session_new(); the fields belong to session.c, but for the links,
 * which are the listener's. */
struct session {
    void *data;           /* For the owner */
    struct session *next; /* In the owner's list */
    struct session *prev;
    uv_loop_t *loop;
    const struct log *log;
    unsigned k;            /* The connection's number */
    struct local *local;   /* The connection, until a tunnel owns it */
    struct tunnel *tunnel; /* NULL before start and after close */
    bool opened;           /* The upgrade has succeeded */
    bool closing;
    session_event_cb event_cb;
    session_done_cb done_cb;
    session_close_cb close_cb;
};

/* Session number @k, or NULL when memory is short. */
struct session *session_new(uv_loop_t *loop, const struct log *log, unsigned k,
                            void *data);

/* Carry the accepted connection @fd, which the session owns from here on, also
 * when this fails.  Unless @allow_other_users, a local peer of another user is
 * refused.  Returns 0, or a code:
 *   UV_EACCES     the peer may not connect; @e says who it is
 *   UV_ENOTCONN   the peer has left already; nothing to talk about
 *   others        with @e
 * On a code nothing will call back, and the owner calls session_close(). */
int session_start(struct session *s, int fd, bool allow_other_users,
                  const struct tunnel_config *config, session_event_cb event_cb,
                  session_done_cb done_cb, struct err *e);

/* The service's request id, or "". */
const char *session_request_id(const struct session *s);

/* What was carried so far. */
struct tunnel_stats session_stats(const struct session *s);

/* Close the tunnel and the connection.  Any state, any callback, once.  If
 * session_start() failed before anything was opened, @cb is called at once. */
void session_close(struct session *s, enum tunnel_bye bye, session_close_cb cb);

/* Free a session whose close callback came, or that was never started. */
void session_free(struct session *s);

#endif /* SESSION_H */
