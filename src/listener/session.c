/* SPDX-License-Identifier: Apache-2.0 */
/* session.c - one accepted connection and its tunnel.
 *
 * The happy path is: the peer may connect, its socket becomes a local, a
 * tunnel carries it, the tunnel is done, the owner closes.  What can go wrong:
 * the peer belongs to another user or is gone (start says so), memory is
 * short (start says so), the tunnel fails (done says so; a port probe, which
 * only connects and leaves, is no failure), or the owner closes first. */
#include "session.h"

#include <assert.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "err.h"
#include "local.h"
#include "local_stream.h"
#include "log.h"
#include "mem.h"
#include "peer_user.h"

struct session *session_new(uv_loop_t *loop, const struct log *log, unsigned k,
                            void *data)
{
    struct session *s = mem_zalloc(sizeof *s);

    if (s == NULL) {
        return NULL;
    }
    s->data = data;
    s->loop = loop;
    s->log = log;
    s->k = k;
    return s;
}

/* Whether the process at the other end of @fd may use our credentials.  The
 * superuser may: it could take them anyway. */
static int peer_check(const struct session *s, int fd, struct err *e)
{
    uid_t uid = 0;

    switch (peer_user_of(fd, &uid)) {
    case PEER_USER_KNOWN:
        if (uid == geteuid() || uid == getuid() || uid == 0) {
            return 0;
        }
        err_set(e, UV_EACCES, "refused a connection made by user %lu",
                (unsigned long)uid);
        err_hint(e, "--allow-other-users lets everybody on this machine use "
                    "the tunnel");
        return UV_EACCES;
    case PEER_USER_GONE:
        log_debug(s->log, LISTEN, s->k, "the peer has left already");
        return UV_ENOTCONN;
    case PEER_USER_REMOTE:
        return 0; /* Whoever asked for such an address was warned. */
    case PEER_USER_UNKNOWN:
        break;
    }
#ifdef __linux__
    err_set(e, UV_EACCES,
            "refused a connection: it cannot be told which user "
            "made it");
    err_hint(e, "--allow-other-users does without that check");
    return UV_EACCES;
#else
    return 0; /* Only Linux can tell for TCP. */
#endif
}

/* The tunnel has news. */
static void on_event(struct tunnel *t, enum tunnel_event event)
{
    struct session *s = tunnel_data(t);

    if (event == TUNNEL_OPEN) {
        s->opened = true;
    }
    s->event_cb(s, event);
}

/* Whether @err only says that a client connected and left: a port probe. */
static bool is_probe(const struct session *s, const struct err *err)
{
    struct tunnel_stats stats = tunnel_stats(s->tunnel);

    return !s->opened && stats.bytes_up == 0 && err->code == ERR_LOCAL_LOST;
}

/* The tunnel is over. */
static void on_done(struct tunnel *t, const struct err *err)
{
    struct session *s = tunnel_data(t);

    if (err != NULL && is_probe(s, err)) {
        err = NULL;
    }
    s->done_cb(s, err);
}

int session_start(struct session *s, int fd, bool allow_other_users,
                  const struct tunnel_config *config, session_event_cb event_cb,
                  session_done_cb done_cb, struct err *e)
{
    int rv;

    assert(s->tunnel == NULL && s->local == NULL);
    rv = allow_other_users ? 0 : peer_check(s, fd, e);
    if (rv != 0) {
        goto close_fd;
    }
    rv = local_stream_new(&s->local, s->loop, fd);
    if (rv != 0) {
        err_set_uv(e, rv, "cannot use the connection");
        goto close_fd;
    }
    s->event_cb = event_cb;
    s->done_cb = done_cb;
    s->tunnel = tunnel_new(s->loop, s->log, s->k, config);
    if (s->tunnel == NULL) {
        return err_set_uv(e, UV_ENOMEM, "cannot begin a tunnel");
    }
    rv = tunnel_start(s->tunnel, s->local, on_event, on_done, s);
    s->local = NULL;
    return rv == 0 ? 0 : err_set_uv(e, rv, "cannot begin a tunnel");

close_fd:
    close(fd);
    return rv;
}

const char *session_request_id(const struct session *s)
{
    return s->tunnel != NULL ? tunnel_request_id(s->tunnel) : "";
}

struct tunnel_stats session_stats(const struct session *s)
{
    return s->tunnel != NULL ? tunnel_stats(s->tunnel)
                             : (struct tunnel_stats){0};
}

/* The tunnel is gone. */
static void on_tunnel_closed(void *data)
{
    struct session *s = data;

    s->tunnel = NULL;
    s->close_cb(s);
}

/* The connection that never got a tunnel is gone. */
static void on_local_closed(struct local *local)
{
    struct session *s = local->data;

    s->local = NULL;
    s->close_cb(s);
}

void session_close(struct session *s, enum tunnel_bye bye, session_close_cb cb)
{
    assert(!s->closing);
    s->closing = true;
    s->close_cb = cb;
    if (s->tunnel != NULL) {
        tunnel_close(s->tunnel, bye, on_tunnel_closed, s);
    } else if (s->local != NULL) {
        s->local->data = s;
        s->local->ops->close(s->local, on_local_closed);
    } else {
        cb(s);
    }
}

void session_free(struct session *s)
{
    mem_free(s);
}
