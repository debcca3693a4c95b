/* SPDX-License-Identifier: Apache-2.0 */
/* open_tunnel.h - one tunnel: a WebSocket session on one side, the target's
 * TCP connection on the other.
 *
 * The upgrade is answered first, then the target is dialled, as the real
 * service does: whoever cannot be reached shows as a CLOSE frame. */
#ifndef OPEN_TUNNEL_H
#define OPEN_TUNNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "tunnel_gate.h"
#include "ws_host.h"

struct log;
struct open_tunnel;

/* How tunnels of this server behave; what AWS does is not public in all
 * details, so it can be set. */
struct tunnel_manners {
    unsigned dial_timeout_ms;     /* 3000 */
    uint16_t unreachable_code;    /* 1011 */
    const char *unreachable_text; /* "Unable to connect to target" */
    uint16_t cut_code;            /* 1008: the duration is over, or idle */
    const char *cut_text;
    const char *idle_text;
};

extern const struct tunnel_manners tunnel_manners_default;

/* The tunnel is over; nothing moves any more.  Once, from the loop; the
 * receiver answers with open_tunnel_close(). */
typedef void (*open_tunnel_done_cb)(struct open_tunnel *t);

/* Every handle is closed; @t may be freed. */
typedef void (*open_tunnel_close_cb)(struct open_tunnel *t);

/* Embedded by its owner; the fields belong to open_tunnel.c. */
struct open_tunnel {
    void *data; /* For the owner */
    uv_loop_t *loop;
    const struct log *log;
    unsigned id; /* For the log */
    struct ws_session ws;
    struct tunnel_verdict verdict; /* Where to, for how long */
    const struct tunnel_manners *manners;
    uv_tcp_t target;
    uv_timer_t timer;       /* Duration */
    uv_timer_t short_timer; /* Dial, then idle, then goodbye */
    uv_connect_t connect_req;
    uv_getaddrinfo_t resolve_req;
    uv_write_t write_req;
    uv_shutdown_t shut_req;
    uint8_t *down; /* Read from the target, with room for a header */
    uint8_t *up;   /* What the target did not take at once */
    size_t up_len;
    uint64_t bytes_down, bytes_up;
    unsigned n_open; /* Handles not yet reported closed */
    bool resolving;  /* resolve_req is out; counted like a handle */
    bool late;       /* The dial's time is up, but for one more look */
    bool connected;
    bool target_reading;
    bool writing;  /* write_req is out */
    bool ws_open;  /* The session has not reported closed */
    bool winding;  /* No more relaying; saying goodbye */
    bool did_done; /* done_cb has fired */
    bool closing;
    open_tunnel_done_cb done_cb;
    open_tunnel_close_cb close_cb;
};

/* Prepare @t.  @verdict is copied, @manners is not.  Cannot fail.  From here
 * on open_tunnel_close() is the only way out. */
void open_tunnel_init(struct open_tunnel *t, uv_loop_t *loop,
                      const struct tunnel_verdict *verdict,
                      const struct tunnel_manners *manners,
                      const struct log *log, unsigned id);

/* Begin on @fd (taken, also on failure), on whose other end the upgrade
 * request is about to arrive.  @request_id is copied into the 101. */
int open_tunnel_start(struct open_tunnel *t, struct ws_host *host, int fd,
                      const char *request_id, open_tunnel_done_cb done_cb);

/* Say CLOSE with @code and @reason to the client and end. */
void open_tunnel_finish(struct open_tunnel *t, uint16_t code,
                        const char *reason);

void open_tunnel_close(struct open_tunnel *t, open_tunnel_close_cb cb);

#endif /* OPEN_TUNNEL_H */
