/* SPDX-License-Identifier: Apache-2.0 */
/* tunnel.h - one local stream carried over one WebSocket.
 *
 * A tunnel dials, upgrades, moves bytes both ways with constant memory, and
 * closes.  It knows a dialer, a local stream and time; nothing of AWS. */
#ifndef TUNNEL_H
#define TUNNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "err.h"

struct chunk_pool;
struct dialer;
struct local;
struct log;
struct tunnel;

enum tunnel_event {
    TUNNEL_OPEN,       /* The upgrade succeeded; request id is known */
    TUNNEL_ENDING_SOON /* The maximum duration is one minute away */
};

/* Something worth telling happened; the tunnel goes on.  Never from inside a
 * tunnel_*() call.  The receiver may call tunnel_close(). */
typedef void (*tunnel_event_cb)(struct tunnel *t, enum tunnel_event event);

/* The tunnel is over.  @err is NULL for a normal end: either side finished and
 * every byte received was written out, or nobody was there to read.  Else why
 * it failed; @err lives until the callback returns.
 *   ERR_LOCAL_LOST   the local side broke off; often not worth a word
 *   ERR_PEER_CLOSED  the service ended the tunnel: CLOSE with a code other
 *                    than 1000, or the connection ended before any data came
 *                    or in the middle of a frame.  (An end of the connection
 *                    without CLOSE after data flowed is a normal end.)
 *   ERR_PEER_LOST    no PONG although the peer had answered PINGs before
 *   ERR_PROTOCOL, ERR_UPGRADE, ERR_HTTP, UV_ETIMEDOUT, UV_ENOMEM, and what the
 *   dialer and the transport say.
 * Once, never from inside a tunnel_*() call, never after tunnel_close().  The
 * receiver answers with tunnel_close(). */
typedef void (*tunnel_done_cb)(struct tunnel *t, const struct err *err);

/* Every handle is closed, the dial and the tunnel are gone, nothing fires
 * again.  The local stream is closed too.  Once, from the loop. */
typedef void (*tunnel_close_cb)(void *data);

struct tunnel_config {
    struct dialer *dialer;       /* Where connections come from; borrowed */
    struct chunk_pool *chunks;   /* Shared by a loop's tunnels; borrowed;
                                    NULL: memory is allocated each time */
    const char *user_agent;      /* For the upgrade request; borrowed */
    uint64_t dial_timeout_ms;    /* 0: the dialer's own deadlines only */
    uint64_t upgrade_timeout_ms; /* From connected to 101 */
    uint64_t linger_ms;          /* Quiet time allowed after local EOF */
    uint64_t ping_interval_ms;   /* 0: never ping */
    uint64_t close_timeout_ms;   /* For our CLOSE to leave and the peer's to
                                    come */
    uint64_t max_duration_ms;    /* For the warning; 0: unknown */
    bool end_on_early_eof;       /* Local EOF without a byte, before the
                                    upgrade is done, ends the tunnel: a
                                    port probe */
    bool hold_local;             /* Send nothing of the local stream before
                                    tunnel_release() */
};

/* Why the local side wants the tunnel gone; chooses the CLOSE code. */
enum tunnel_bye {
    TUNNEL_BYE_DONE, /* CLOSE 1000 */
    TUNNEL_BYE_AWAY  /* CLOSE 1001: the program is going away */
};

/* Totals, for reports. */
struct tunnel_stats {
    uint64_t bytes_up;   /* Payload sent to the endpoint */
    uint64_t bytes_down; /* Payload received and written out */
};

/* A tunnel with the small number @id for the log; allocates its chunks only
 * while bytes are on their way.  NULL when memory is short. */
struct tunnel *tunnel_new(uv_loop_t *loop, const struct log *log, unsigned id,
                          const struct tunnel_config *config);

/* Dial and carry @local, which the tunnel owns from here on, also when this
 * fails.  Returns 0 or a code; on a code nothing will call back and the owner
 * still calls tunnel_close(). */
int tunnel_start(struct tunnel *t, struct local *local,
                 tunnel_event_cb event_cb, tunnel_done_cb done_cb, void *data);

/* What the local stream says may be sent now; see hold_local.  After
 * tunnel_start(), in any state and any callback; more than once is fine. */
void tunnel_release(struct tunnel *t);

/* The owner's pointer given to tunnel_start(). */
void *tunnel_data(const struct tunnel *t);

/* The id given to tunnel_new(). */
unsigned tunnel_id(const struct tunnel *t);

/* The service's request id, or "" when none was given. */
const char *tunnel_request_id(const struct tunnel *t);

/* What was carried so far. */
struct tunnel_stats tunnel_stats(const struct tunnel *t);

/* Send CLOSE if the tunnel is open, without waiting longer than
 * @config.close_timeout_ms for it to leave, close everything, free @t, and
 * call @cb with @data as its last act.  Any state, any callback, once. */
void tunnel_close(struct tunnel *t, enum tunnel_bye bye, tunnel_close_cb cb,
                  void *data);

#endif /* TUNNEL_H */
