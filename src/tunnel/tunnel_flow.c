/* SPDX-License-Identifier: Apache-2.0 */
/* tunnel_flow.c - the upgrade, bytes both ways, and how each way ends.
 *
 * The happy path is: the request leaves, 101 comes, what the local stream said
 * meanwhile leaves as the first frame; then every event does what it makes
 * possible and ends in tunnel_settle(), which asks for the next.
 *
 *   local EOF       what was read leaves, what comes is still written out,
 * until the peer closes or sends no payload for linger_ms; then CLOSE 1000
 *   remote CLOSE    is echoed; all that came is written out, then the local
 *                   stream is shut down.  However slow its reader is: the end
 * is its own, and only one chunk is kept for it remote EOF      the same.
 * Without CLOSE it is a normal end if any payload came and no frame was cut:
 * the service is known to hang up so tunnel_close()  the local stream is
 * closed; CLOSE, and what still comes is dropped until the peer's CLOSE
 *
 * What can go wrong is: the upgrade is refused, nonsense or late; the peer
 * breaks the protocol (CLOSE with the code the RFC wants), closes with another
 * code than 1000, hangs up early or in a frame, resets the connection, or
 * answers PINGs no more; the local stream cannot be read or written any more;
 * memory is short.  Each is reported once all that can be saved is saved.  When
 * sending fails, what is received has the last word: the reason may be there.
 * Every ending is bounded by close_timeout_ms, except for the local reader. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "chunk.h"
#include "tunnel_impl.h"

/* Keep the first failure; what is known from receiving replaces one that only
 * said that nothing can be sent. */
static bool may_fail(struct tunnel *t)
{
    bool may = !t->failed || t->soft;

    t->failed = true;
    t->soft = false;
    return may;
}

/* Put the transport's words for @code into @e. */
static void explain(struct tunnel *t, int code, struct err *e)
{
    t->transport->ops->explain(t->transport, code, e);
    if (e->code == 0) {
        err_set_uv(e, code, "the connection to the endpoint");
    }
}

/* The service ended the tunnel before any payload came: the dialer may know
 * more. */
static void ask_dialer(struct tunnel *t)
{
    if (t->down.received == 0) {
        t->config.dialer->ops->refused(t->dial, &t->err, t->date);
    }
}

static void on_local_alloc(struct local *l, uv_buf_t *buf)
{
    struct tunnel *t = l->data;

    pump_up_lend(&t->up, buf);
}

/* The local side broke off; @code is UV_E*. */
static void local_broken(struct tunnel *t, int code)
{
    if (may_fail(t)) {
        err_set(&t->err, ERR_LOCAL_LOST, "the local side broke off: %s",
                err_sentence(code));
    }
    t->local_gone = true;
    pump_down_discard(&t->down);
    tunnel_end(t, WS_CODE_NORMAL);
}

/* Give up for a reason of our own; @what names the work. */
static void give_up(struct tunnel *t, int code, const char *what)
{
    if (may_fail(t)) {
        err_set_uv(&t->err, code, what);
    }
    tunnel_end(t, WS_CODE_AWAY);
}

/* Send what was read and what waits; notice the end of our half. */
static void carry_up(struct tunnel *t)
{
    int rv = pump_up_run(&t->up, &t->sender);

    if (rv != 0 && rv != UV_EAGAIN && !t->unsent) {
        t->unsent = true;
        if (!t->failed) {
            t->failed = true;
            t->soft = true;
            explain(t, rv, &t->err);
        }
        tunnel_end(t, WS_CODE_NONE);
    }
    if (t->up.sm.state == UP_DONE && !t->lingering &&
        t->sm.state == TUNNEL_S_OPEN) {
        t->lingering = true;
        t->data_at = uv_now(t->again.loop);
        tunnel_timer(t, TIMER_LINGER, t->config.linger_ms, 0);
    }
}

/* Bytes, EOF or an error from the local stream. */
static void on_local_read(struct local *l, ssize_t nread)
{
    struct tunnel *t = l->data;
    bool open = t->sm.state == TUNNEL_S_OPEN;
    int rv = pump_up_took(&t->up, nread);

    if (rv == UV_ENOMEM) {
        give_up(t, rv, "reading the local side");
    } else if (rv != 0) {
        local_broken(t, rv);
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
            local_broken(t, status);
        }
        t->local_gone = true;
        pump_down_discard(&t->down);
        tunnel_end(t, WS_CODE_NORMAL);
        tunnel_settle(t);
        return;
    }
    tunnel_over(t); /* Dialing or upgrading for nobody. */
}

/* The hint for the one close reason that is known to be common. */
static void hint_unreachable(struct err *e)
{
    err_hint(e,
             "the endpoint could not reach the instance: is it running, does "
             "sshd (or RDP) listen on that port, does the instance's "
             "security group allow the endpoint's (or, with "
             "preserve-client-ip, your own address), and does the "
             "endpoint's allow traffic to the instance?");
}

/* The peer's CLOSE: what does it mean? */
static void judge_close(struct tunnel *t, const struct ws_item *item)
{
    if (item->code == WS_CODE_NORMAL || item->code == WS_CODE_NONE) {
        t->failed = t->failed && !t->soft;
        return;
    }
    if (!may_fail(t)) {
        return;
    }
    if (item->len > 0) {
        err_set(&t->err, ERR_PEER_CLOSED, "Websocket Closure Reason: %.*s",
                (int)item->len, (const char *)item->data);
    } else {
        err_set(&t->err, ERR_PEER_CLOSED,
                "Websocket Closure Reason: none given (code %u)", item->code);
    }
    if (strstr(t->err.msg, "Unable to connect to target") != NULL) {
        hint_unreachable(&t->err);
    }
    snprintf(t->err.request_id, sizeof t->err.request_id, "%s", t->request_id);
    ask_dialer(t);
}

/* Whether what ends the tunnel now is the peer's doing, not the answer to
 * ours. */
static bool unprovoked(const struct tunnel *t)
{
    return (t->sm.state == TUNNEL_S_OPEN || t->soft) && !t->expired;
}

/* A CLOSE came: judge it, echo it, write out what is held. */
static void take_close(struct tunnel *t, const struct ws_item *item)
{
    log_debug(t->log, WS, t->id, "close %u received: %.*s", item->code,
              (int)item->len, (const char *)item->data);
    if (unprovoked(t)) {
        judge_close(t, item);
    }
    pump_down_end(&t->down);
    tunnel_end(t, item->code);
}

/* The peer broke the protocol. */
static void take_violation(struct tunnel *t, const struct ws_item *item)
{
    if (may_fail(t)) {
        if (item->code == WS_CODE_UNSUPPORTED) {
            err_set(&t->err, ERR_PROTOCOL,
                    "Received invalid data from server, closing websocket "
                    "connection.");
        } else {
            err_set(&t->err, ERR_PROTOCOL,
                    "the endpoint broke the WebSocket protocol: %s", item->why);
        }
    }
    pump_down_end(&t->down);
    tunnel_end(t, item->code);
}

/* A control frame, or the decoder's complaint. */
static void take_control(struct tunnel *t, const struct ws_item *item)
{
    switch (item->type) {
    case WS_ITEM_PING:
        log_trace(t->log, WS, t->id, "ping received, %zu bytes", item->len);
        sender_pong(&t->sender, item->data, item->len);
        break;
    case WS_ITEM_PONG:
        log_trace(t->log, WS, t->id, "pong received");
        t->pong_seen = true;
        t->pong_awaited = false;
        break;
    case WS_ITEM_CLOSE:
        take_close(t, item);
        break;
    default:
        take_violation(t, item);
    }
}

/* The connection ended in an orderly way, without CLOSE. */
static void judge_eof(struct tunnel *t)
{
    bool cut = ws_decoder_midway(&t->down.decoder);

    if (!cut && (t->down.received > 0 || t->up.sm.state == UP_DONE)) {
        t->failed = t->failed && !t->soft;
        return;
    }
    if (may_fail(t)) {
        err_set(&t->err, ERR_PEER_CLOSED, "the endpoint hung up %s",
                cut ? "in the middle of a frame" : "before any data came");
        ask_dialer(t);
    }
}

/* Nothing more can be received. */
static void remote_ended(struct tunnel *t)
{
    int status = t->down.status;

    if (t->down.sm.state != DOWN_OPEN) {
        return;
    }
    if (status == UV_ENOMEM) {
        give_up(t, status, "reading from the endpoint");
    } else if (unprovoked(t)) {
        if (status == UV_EOF) {
            judge_eof(t);
        } else if (may_fail(t)) {
            explain(t, status, &t->err);
            ask_dialer(t);
        }
    }
    pump_down_end(&t->down);
    t->mute = status != UV_ENOMEM;
    tunnel_end(t, WS_CODE_NORMAL);
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
            take_control(t, &item);
            continue;
        case DOWN_BROKEN:
            local_broken(t, t->down.local_status);
            continue;
        case DOWN_ENDED:
            remote_ended(t);
            break;
        case DOWN_AGAIN:
            uv_idle_start(&t->again, tunnel_on_again);
            break;
        case DOWN_DRY:
        case DOWN_BLOCKED:
            break;
        }
        break;
    }
    if (received != t->down.received) {
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
        local_broken(t, status);
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
    if (!flowing(t)) {
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

/* Tell the transport what is worth knowing, if that has changed. */
static int watch(struct tunnel *t, bool readable, bool writable)
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
    rv = watch(t, pump_down_wants(&t->down),
               t->sender.blocked && t->sender.error == 0);
    if (rv == 0 && !t->closing) {
        rv = tunnel_read_local(t, t->sm.state == TUNNEL_S_OPEN &&
                                      pump_up_wants(&t->up));
    }
    if (rv != 0 && !t->expired) {
        give_up(t, rv, "waiting for the tunnel");
        tunnel_on_end_expired(t);
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
    pump_down_turn(&t->down, true);
    carry_down(t);
    tunnel_settle(t);
}

/* Since the local EOF the peer has been quiet, or has it? */
void tunnel_on_linger(struct tunnel *t)
{
    uint64_t quiet = uv_now(t->again.loop) - t->data_at;

    if (pump_down_holds(&t->down)) {
        quiet = 0; /* It is the local reader who is slow. */
    }
    if (quiet < t->config.linger_ms) {
        tunnel_timer(t, TIMER_LINGER, t->config.linger_ms - quiet, 0);
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
        if (may_fail(t)) {
            err_set(&t->err, ERR_PEER_LOST,
                    "the endpoint has not answered for %.3g seconds",
                    (double)t->config.ping_interval_ms / 1000);
        }
        pump_down_end(&t->down);
        t->mute = true;
        tunnel_end(t, WS_CODE_AWAY);
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

/* 101: frames from here on. */
static void opened(struct tunnel *t)
{
    const struct tunnel_config *c = &t->config;

    snprintf(t->request_id, sizeof t->request_id, "%s",
             t->upgrade->response.request_id);
    snprintf(t->date, sizeof t->date, "%s", t->upgrade->response.date);
    upgrade_free(t->upgrade);
    t->upgrade = NULL;

    uv_timer_stop(&t->timers[TIMER_PHASE]);
    sm_move(&t->sm, TUNNEL_S_OPEN);
    if (c->ping_interval_ms > 0) {
        tunnel_timer(t, TIMER_PING, c->ping_interval_ms, c->ping_interval_ms);
    }
    if (c->max_duration_ms > 60000) {
        tunnel_timer(t, TIMER_WARN, c->max_duration_ms - 60000, 0);
    }
    log_debug(t->log, WS, t->id, "OpenTunnel RequestId: %s", t->request_id);
    if (t->event_cb != NULL) {
        t->event_cb(t, TUNNEL_OPEN);
    }
    if (flowing(t)) { /* The owner may have closed. */
        carry_up(t);
        carry_down(t);
        tunnel_settle(t);
    }
}

/* The answer is not 101, or not a proper one. */
static void refused(struct tunnel *t)
{
    t->failed = true;
    ws_response_explain(&t->upgrade->response, &t->err);
    t->config.dialer->ops->refused(t->dial, &t->err, t->upgrade->response.date);
    tunnel_over(t);
}

/* The connection failed with @code while upgrading. */
static void upgrade_broken(struct tunnel *t, int code)
{
    if (code == UV_EOF ||
        ws_response_end(&t->upgrade->response) == WS_VERDICT_REFUSED) {
        ws_response_end(&t->upgrade->response);
        refused(t);
        return;
    }
    t->failed = true;
    explain(t, code, &t->err);
    err_wrap(&t->err, "upgrade");
    tunnel_over(t);
}

/* Send what is left of the request, read what has come of the answer. */
static void on_upgrade_ready(struct transport *tr, bool readable, bool writable)
{
    struct tunnel *t = tr->data;
    enum ws_verdict verdict = WS_VERDICT_MORE;
    int sent = upgrade_send(t->upgrade, tr);
    const uint8_t *data;
    size_t len;
    int rv;

    (void)writable;
    /* A peer may refuse before it has read everything and hang up: then
     * sending fails, but the answer is there. */
    if (readable || (sent != 0 && sent != UV_EAGAIN)) {
        pump_down_turn(&t->down, true);
        do {
            pump_down_fill(&t->down);
            data = pump_down_peek(&t->down, &len);
            if (data == NULL) {
                break;
            }
            verdict = ws_response_feed(&t->upgrade->response, data, len, &len);
            pump_down_skip(&t->down, len);
        } while (verdict == WS_VERDICT_MORE);
    }
    if (verdict == WS_VERDICT_ACCEPTED) {
        tr->ready_cb = on_ready;
        opened(t);
    } else if (verdict != WS_VERDICT_MORE) {
        refused(t);
    } else if (t->down.status != 0) {
        upgrade_broken(t, t->down.status);
    } else if (sent != 0 && sent != UV_EAGAIN) {
        upgrade_broken(t, sent);
    } else {
        rv = watch(t, true, sent == UV_EAGAIN);
        if (rv != 0) {
            upgrade_broken(t, rv);
        }
    }
}

void tunnel_upgrade(struct tunnel *t, const struct dial_result *where)
{
    t->transport = where->transport;
    t->transport->data = t;
    t->transport->ready_cb = on_upgrade_ready;
    sender_init(&t->sender, t->transport);
    pump_down_attach(&t->down, t->transport);
    t->upgrade = upgrade_new(where, t->config.user_agent, &t->err);
    if (t->upgrade == NULL) {
        t->failed = true;
        tunnel_over(t);
        return;
    }
    tunnel_timer(t, TIMER_PHASE, t->config.upgrade_timeout_ms, 0);
    on_upgrade_ready(t->transport, false, true);
}

void tunnel_upgrade_expired(struct tunnel *t)
{
    if (ws_response_end(&t->upgrade->response) == WS_VERDICT_REFUSED) {
        refused(t);
        return;
    }
    t->failed = true;
    err_set(&t->err, UV_ETIMEDOUT,
            "the endpoint did not answer the upgrade within %.3g seconds",
            (double)t->config.upgrade_timeout_ms / 1000);
    tunnel_over(t);
}
