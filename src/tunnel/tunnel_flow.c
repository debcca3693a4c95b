/* SPDX-License-Identifier: Apache-2.0 */
/* tunnel_flow.c - bytes both ways, and the way to the end.
 *
 * The happy path is: what the local stream said before 101 leaves as the first
 * frame; then every event does what it makes possible and ends in
 * tunnel_settle(), which sends what waits and asks for the next event.
 *
 * - Local EOF: what was read leaves; what comes is still written out, until
 *   the peer closes, sends no payload for linger_ms, or the local side is
 *   known to be gone altogether; then CLOSE 1000.
 * - Remote CLOSE is echoed; all that came is written out, then the local
 *   stream is shut down.  However slow its reader is: its end is its own
 *   affair, and only one chunk is kept for it.  A remote EOF is the same.
 * - tunnel_close(): the local stream is closed; CLOSE, and what still comes is
 *   dropped until the peer's CLOSE.
 *
 * What can go wrong is in tunnel_verdict.c.  Each failure is reported once all
 * that can be saved is saved.  Every ending is bounded by close_timeout_ms,
 * except for the local reader. */
#include <assert.h>

#include "tunnel_impl.h"

/* How often a lingering tunnel looks whether its client is still there. */
enum { LOOK_MS = 500 };

static void on_local_alloc(struct local *l, uv_buf_t *buf)
{
    struct tunnel *t = l->data;

    if (pump_up_tired(&t->up)) {
        *buf = uv_buf_init(NULL, 0);
        return;
    }
    pump_up_lend(&t->up, buf);
}

/* Send what was read and what waits; notice the end of our half. */
static void carry_up(struct tunnel *t)
{
    int rv = pump_up_run(&t->up, &t->sender);

    if (rv != 0 && rv != UV_EAGAIN && !t->unsent) {
        tunnel_unsent(t, rv);
    }
    if (t->up.sm.state == UP_DONE && !t->lingering &&
        t->sm.state == TUNNEL_S_OPEN) {
        t->lingering = true;
        t->data_at = uv_now(t->again.loop);
        tunnel_timer(t, TIMER_LINGER, 0, 0); /* Look around at once. */
    }
}

/* Bytes, EOF or an error from the local stream. */
static void on_local_read(struct local *l, ssize_t nread)
{
    struct tunnel *t = l->data;
    bool open = t->sm.state == TUNNEL_S_OPEN;
    int rv = pump_up_took(&t->up, nread);

    if (rv == UV_ENOMEM) {
        tunnel_give_up(t, rv, "reading the local side");
    } else if (rv != 0) {
        tunnel_local_broken(t, rv);
    }
    if (open) {
        tunnel_settle(t);
    } else if (rv != 0 || (nread == UV_EOF && t->config.end_on_early_eof &&
                           !pump_up_holds(&t->up))) {
        tunnel_over(t);
    } else {
        rv = tunnel_read_local(t, pump_up_wants(&t->up));
        assert(rv == 0);
    }
}

int tunnel_read_local(struct tunnel *t, bool wanted)
{
    int rv = 0;

    if (wanted && !t->reading) {
        rv = t->local->ops->read_start(t->local, on_local_alloc, on_local_read);
    } else if (!wanted && t->reading) {
        t->local->ops->read_stop(t->local);
    }
    t->reading = wanted && rv == 0;
    return rv;
}

/* Nobody reads what we write, although nothing was being written. */
void tunnel_on_local_lost(struct local *l, int status)
{
    struct tunnel *t = l->data;

    log_debug(t->log, TUNNEL, t->id, "local reader gone: %s",
              err_sentence(status));
    if (t->sm.state == TUNNEL_S_OPEN || t->sm.state == TUNNEL_S_ENDING) {
        if (pump_down_holds(&t->down)) {
            tunnel_local_broken(t, status);
        }
        t->local_gone = true;
        pump_down_discard(&t->down);
        tunnel_end(t, WS_CODE_NORMAL);
        tunnel_settle(t);
        return;
    }
    tunnel_over(t); /* Dialing or upgrading for nobody. */
}

static void on_local_written(struct local *l, int status);

/* Receive, decode, write out. */
static void carry_down(struct tunnel *t)
{
    uint64_t received = t->down.received;
    struct ws_item item;

    for (;;) {
        switch (pump_down_run(&t->down, on_local_written, &item)) {
        case DOWN_CONTROL:
            tunnel_take_control(t, &item);
            continue;
        case DOWN_BROKEN:
            tunnel_local_broken(t, t->down.local_status);
            continue;
        case DOWN_ENDED:
            tunnel_remote_ended(t);
            break;
        case DOWN_AGAIN:
            t->down_again = true;
            uv_idle_start(&t->again, tunnel_on_again);
            break;
        case DOWN_DRY:
        case DOWN_BLOCKED:
            break;
        }
        break;
    }
    if (received != t->down.received) {
        pump_up_forget(&t->up); /* It is the right one. */
        t->data_at = uv_now(t->again.loop);
    }
}

/* The transport can be read or written again. */
static void on_ready(struct transport *tr, bool readable, bool writable);

/* Whether there is a connection that carries frames. */
static bool flowing(const struct tunnel *t)
{
    return t->sm.state == TUNNEL_S_OPEN || t->sm.state == TUNNEL_S_ENDING;
}

/* The write that had to wait is over. */
static void on_local_written(struct local *l, int status)
{
    struct tunnel *t = l->data;

    pump_down_written(&t->down, status);
    if (!flowing(t)) {
        return;
    }
    if (status != 0 && !t->closing) {
        tunnel_local_broken(t, status);
    }
    pump_down_turn(&t->down, false);
    carry_down(t);
    tunnel_settle(t);
}

/* The local stream was told that no more comes. */
static void on_local_shut(struct local *l, int status)
{
    struct tunnel *t = l->data;

    (void)status; /* A peer that is gone needs not be told. */
    pump_down_shut(&t->down);
    if (flowing(t)) {
        tunnel_settle(t);
    }
}

void tunnel_end(struct tunnel *t, uint16_t code)
{
    if (!flowing(t) || t->redial) {
        return;
    }
    if (t->sm.state == TUNNEL_S_OPEN) {
        sm_move(&t->sm, TUNNEL_S_ENDING);
        uv_timer_stop(&t->timers[TIMER_LINGER]);
        uv_timer_stop(&t->timers[TIMER_PING]);
        uv_timer_stop(&t->timers[TIMER_WARN]);
        tunnel_timer(t, TIMER_PHASE, t->config.close_timeout_ms, 0);
    }
    pump_up_stop(&t->up);
    sender_close(&t->sender, code);
}

/* Whether everything an ending waits for has happened. */
static bool ended(const struct tunnel *t)
{
    bool out = t->sender.close_gone || t->sender.error != 0 || t->mute;
    bool in = t->down.sm.state != DOWN_OPEN;
    bool local = t->local_gone || t->closing || t->down.sm.state == DOWN_DONE;

    return (out || t->expired) && (in || t->expired) && local;
}

int tunnel_watch(struct tunnel *t, bool readable, bool writable)
{
    if (t->watch_read == readable && t->watch_write == writable) {
        return 0;
    }
    t->watch_read = readable;
    t->watch_write = writable;
    t->deaf = t->deaf || !readable;
    return t->transport->ops->watch(t->transport, readable, writable);
}

void tunnel_settle(struct tunnel *t)
{
    int rv;

    if (t->redial) {
        tunnel_redial(t);
        return;
    }
    if (!t->sender.blocked) {
        carry_up(t);
    }
    if (t->sm.state == TUNNEL_S_ENDING) {
        if (!t->closing) {
            pump_down_finish(&t->down, on_local_shut);
        }
        if (ended(t)) {
            (t->closing ? tunnel_teardown : tunnel_over)(t);
            return;
        }
    }
    rv = tunnel_watch(t, pump_down_wants(&t->down), t->sender.blocked);
    if (rv == 0 && !t->closing) {
        rv = tunnel_read_local(t, t->sm.state == TUNNEL_S_OPEN &&
                                      pump_up_wants(&t->up));
    }
    if (rv != 0 && !t->expired) {
        tunnel_give_up(t, rv, "waiting for the tunnel");
        tunnel_on_end_expired(t);
    }
}

void tunnel_release(struct tunnel *t)
{
    pump_up_release(&t->up);
    if (t->sm.state == TUNNEL_S_OPEN) {
        uv_idle_start(&t->again, tunnel_on_again);
    }
}

static void on_ready(struct transport *tr, bool readable, bool writable)
{
    struct tunnel *t = tr->data;

    if (writable) {
        sender_ready(&t->sender);
    }
    if (readable) {
        pump_down_turn(&t->down, true);
        carry_down(t);
    }
    tunnel_settle(t);
}

void tunnel_on_again(uv_idle_t *handle)
{
    struct tunnel *t = handle->data;

    uv_idle_stop(handle);
    if (t->down_again) {
        t->down_again = false;
        pump_down_turn(&t->down, true);
        carry_down(t);
    }
    tunnel_settle(t);
}

/* Since the local EOF the peer has been quiet, or has it?  And is there still
 * somebody to whom its answer would matter? */
void tunnel_on_linger(struct tunnel *t)
{
    const struct local_ops *ops = t->local->ops;
    uint64_t quiet = uv_now(t->again.loop) - t->data_at;
    uint64_t wait;

    if (pump_down_holds(&t->down)) {
        quiet = 0; /* It is the local reader who is slow. */
    }
    if (quiet < t->config.linger_ms &&
        (ops->gone == NULL || !ops->gone(t->local))) {
        wait = t->config.linger_ms - quiet;
        tunnel_timer(t, TIMER_LINGER, wait < LOOK_MS ? wait : LOOK_MS, 0);
        return;
    }
    tunnel_end(t, WS_CODE_NORMAL);
    tunnel_settle(t);
}

/* Time for the next PING; and did the last one get its answer?  Only a peer
 * that is known to answer, was listened to all the time, and sent nothing else
 * either, is taken for dead. */
void tunnel_on_ping(struct tunnel *t)
{
    bool lost = t->pong_awaited && t->pong_seen && !t->deaf && !t->down.heard;

    if (lost) {
        tunnel_peer_lost(t);
    } else {
        t->pong_awaited = !t->sender.blocked;
        t->deaf = !t->watch_read;
        t->down.heard = false;
        sender_ping(&t->sender);
    }
    tunnel_settle(t);
}

/* The closing frames took too long: write out what is here, and that is it. */
void tunnel_on_end_expired(struct tunnel *t)
{
    t->expired = true;
    pump_down_deafen(&t->down);
    carry_down(t);
    tunnel_settle(t);
}

void tunnel_flow(struct tunnel *t)
{
    t->transport->ready_cb = on_ready;
    carry_up(t);
    carry_down(t);
    tunnel_settle(t);
}
