/* SPDX-License-Identifier: Apache-2.0 */
/* tunnel_impl.h - a tunnel's insides, shared by its four .c files.
 *
 * tunnel.c is its life: dialing, deadlines, the end, closing.
 * tunnel_upgrade.c comes after dialing; tunnel_flow.c is the bytes and the
 * half-closes; tunnel_verdict.c says what an ending means. */
#ifndef TUNNEL_IMPL_H
#define TUNNEL_IMPL_H

#include "dialer.h"
#include "local.h"
#include "log.h"
#include "pump_down.h"
#include "pump_up.h"
#include "sender.h"
#include "sm.h"
#include "transport.h"
#include "tunnel.h"
#include "upgrade.h"

/*
 *          start          connected            101
 *   idle ────────► dialing ───────► upgrading ──────► open
 *                     │                 │              │ one side ended,
 * failed, │ failed, or      │ refused      │ or tunnel_close() │ nobody is │ ▼
 *                     │ there any more  │            ending
 *                     ▼                 ▼              │ CLOSE is out, the
 * peer's over ◄────────────────────────────┘ is in, and all that came │ is
 * written; or time is up │ tunnel_close() ▼ closing            (from every
 * other state as well)
 */
enum tunnel_state {
    TUNNEL_S_IDLE,      /* Made, not started */
    TUNNEL_S_DIALING,   /* The dialer is at work */
    TUNNEL_S_UPGRADING, /* Request going out, answer coming in */
    TUNNEL_S_OPEN,      /* Bytes flow, at least one way */
    TUNNEL_S_ENDING,    /* Closing frames, and the last bytes */
    TUNNEL_S_OVER,      /* Reported; waiting for tunnel_close() */
    TUNNEL_S_CLOSING,   /* Handles being closed */
    TUNNEL_S_COUNT
};

enum tunnel_timer {
    TIMER_PHASE,  /* The deadline of dialing, upgrading or ending */
    TIMER_LINGER, /* The peer has been quiet since local EOF */
    TIMER_PING,   /* Time for a PING */
    TIMER_WARN,   /* One minute before the maximum duration */
    TIMER_COUNT
};

struct tunnel {
    void *data; /* The owner's */
    const struct log *log;
    unsigned id;
    struct tunnel_config config;
    struct sm sm;
    tunnel_event_cb event_cb;
    tunnel_done_cb done_cb; /* Cleared when it has fired */
    tunnel_close_cb close_cb;
    void *close_data;

    struct dial *dial;           /* From start to closing */
    struct transport *transport; /* The dial's, once connected */
    struct local *local;         /* Until it is closed */
    struct upgrade *upgrade;     /* While upgrading */
    struct sender sender;
    struct pump_up up;
    struct pump_down down;
    uv_timer_t timers[TIMER_COUNT];
    uv_idle_t again;  /* Turns at once, when there is more to carry */
    unsigned n_open;  /* Handles, dial and local not yet reported closed */
    uint64_t data_at; /* When payload last came */

    bool closing;      /* tunnel_close() was called */
    bool reading;      /* The local stream is being read */
    bool down_again;   /* The transport has more, after others' turn */
    bool watch_read;   /* What the transport was last told */
    bool watch_write;  /* The same */
    bool lingering;    /* Local EOF is behind us */
    bool local_gone;   /* Nobody is there to write to */
    bool mute;         /* Sending is pointless: the peer is gone */
    bool expired;      /* The time for ending is up */
    bool pong_awaited; /* A PING was sent since the last PONG */
    bool pong_seen;    /* The peer does answer PINGs */
    bool deaf;         /* There was a time without reading since the PING */
    bool failed;       /* err is set */
    bool unsent;       /* Sending has failed */
    bool trial;        /* Where it leads may turn out wrong, once */
    bool redial;       /* It has: another dial is due */
    bool announced;    /* TUNNEL_OPEN was told */
    bool soft;         /* err says only that; what is received may say more */
    struct err err;
    char request_id[ERR_WORD_SIZE];
    char date[64]; /* The server's, from the upgrade */
};

/* tunnel.c */

/* Start a timer of @t to fire after @ms. */
void tunnel_timer(struct tunnel *t, enum tunnel_timer which, uint64_t ms,
                  uint64_t repeat_ms);

/* Report the end, as t->failed and t->err say.  The caller's last act. */
void tunnel_over(struct tunnel *t);

/* Close everything; the caller's last act. */
void tunnel_teardown(struct tunnel *t);

/* Ask the dialer about a refusal, which is in t->err.  True, or t->redial is
 * set: it is not to be reported, tunnel_redial() comes next. */
bool tunnel_ask_dialer(struct tunnel *t, const char *date);

/* Dial once more and carry what was kept.  The caller's last act. */
void tunnel_redial(struct tunnel *t);

/* tunnel_upgrade.c */

/* The dial is done: send the request. */
void tunnel_upgrade(struct tunnel *t, const struct dial_result *where);

/* Upgrading took too long. */
void tunnel_upgrade_expired(struct tunnel *t);

/* tunnel_flow.c */

/* Begin or stop reading the local stream.  Returns 0 or a code. */
int tunnel_read_local(struct tunnel *t, bool wanted);

/* Tell the transport what is worth knowing, if that has changed.  Returns 0 or
 * a code. */
int tunnel_watch(struct tunnel *t, bool readable, bool writable);

/* Open, or even ending: carry bytes from here on.  The caller's last act. */
void tunnel_flow(struct tunnel *t);

/* Leave the open state.  @code is for our CLOSE, if none is under way. */
void tunnel_end(struct tunnel *t, uint16_t code);

/* Do what has become possible while open or ending, and see whether it is over.
 * The caller's last act. */
void tunnel_settle(struct tunnel *t);

/* Callbacks of the local stream and of timers. */
void tunnel_on_local_lost(struct local *l, int status);
void tunnel_on_again(uv_idle_t *handle);
void tunnel_on_linger(struct tunnel *t);
void tunnel_on_ping(struct tunnel *t);
void tunnel_on_end_expired(struct tunnel *t);

/* tunnel_verdict.c: each records what happened and leaves the open state; the
 * caller settles. */

/* Put the transport's words for @code into @e. */
void tunnel_explain(struct tunnel *t, int code, struct err *e);

/* A control frame, or the decoder's complaint. */
void tunnel_take_control(struct tunnel *t, const struct ws_item *item);

/* Nothing more can be received: t->down.status. */
void tunnel_remote_ended(struct tunnel *t);

/* Nothing more can be sent.  Once the end has begun that is no failure. */
void tunnel_unsent(struct tunnel *t, int code);

/* The local side broke off; @code is UV_E*. */
void tunnel_local_broken(struct tunnel *t, int code);

/* The peer answers no more. */
void tunnel_peer_lost(struct tunnel *t);

/* Give up for a reason of our own; @what names the work. */
void tunnel_give_up(struct tunnel *t, int code, const char *what);

#endif /* TUNNEL_IMPL_H */
