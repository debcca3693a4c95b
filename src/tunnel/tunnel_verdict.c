/* SPDX-License-Identifier: Apache-2.0 */
/* tunnel_verdict.c - what an ending means, and the words for it.
 *
 * What can go wrong once a tunnel is open: the peer breaks the protocol (CLOSE
 * with the code the RFC wants), closes with another code than 1000, hangs up
 * early or in the middle of a frame, resets the connection, or answers PINGs
 * no more; the local stream cannot be read or written any more; memory is
 * short.  The first failure counts.  Only when sending fails, what is received
 * has the last word: the peer's reason may be there.
 *
 * An end of the connection without CLOSE is a normal end if any payload came
 * (or we had finished) and no frame was cut: the service hangs up so. */
#include <stdio.h>
#include <string.h>

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

void tunnel_explain(struct tunnel *t, int code, struct err *e)
{
    t->transport->ops->explain(t->transport, code, e);
}

/* The service ended the tunnel before any payload came: the dialer may know
 * more. */
static void ask_dialer(struct tunnel *t)
{
    if (t->down.received == 0) {
        tunnel_ask_dialer(t, t->date);
    }
}

void tunnel_local_broken(struct tunnel *t, int code)
{
    if (may_fail(t)) {
        err_set(&t->err, ERR_LOCAL_LOST, "the local side broke off: %s",
                err_sentence(code));
    }
    t->local_gone = true;
    pump_down_discard(&t->down);
    tunnel_end(t, WS_CODE_NORMAL);
}

void tunnel_give_up(struct tunnel *t, int code, const char *what)
{
    if (may_fail(t)) {
        err_set_uv(&t->err, code, what);
    }
    tunnel_end(t, WS_CODE_AWAY);
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
    may_fail(t); /* It may: nothing has failed, or only sending. */
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

void tunnel_take_control(struct tunnel *t, const struct ws_item *item)
{
    switch (item->type) {
    case WS_ITEM_PING:
        log_trace(t->log, WS, t->id, "ping received, %zu bytes", item->len);
        sender_pong(&t->sender, item->data, item->len);
        break;
    case WS_ITEM_PONG:
        log_trace(t->log, WS, t->id, "pong received");
        /* One that was not asked for proves nothing about answering. */
        t->pong_seen = t->pong_seen || t->pong_awaited;
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

void tunnel_remote_ended(struct tunnel *t)
{
    int status = t->down.status;

    if (t->down.sm.state != DOWN_OPEN) {
        return;
    }
    if (status == UV_ENOMEM) {
        tunnel_give_up(t, status, "reading from the endpoint");
    } else if (unprovoked(t)) {
        if (status == UV_EOF) {
            judge_eof(t);
        } else if (may_fail(t)) {
            tunnel_explain(t, status, &t->err);
            ask_dialer(t);
        }
    }
    pump_down_end(&t->down);
    t->mute = status != UV_ENOMEM;
    tunnel_end(t, WS_CODE_NORMAL);
}

void tunnel_unsent(struct tunnel *t, int code)
{
    t->unsent = true;
    if (t->sm.state == TUNNEL_S_OPEN) {
        t->failed = true;
        t->soft = true;
        tunnel_explain(t, code, &t->err);
    }
    tunnel_end(t, WS_CODE_NONE);
}

void tunnel_peer_lost(struct tunnel *t)
{
    if (may_fail(t)) {
        err_set(&t->err, ERR_PEER_LOST,
                "the endpoint has not answered for %.3g seconds",
                (double)t->config.ping_interval_ms / 1000);
    }
    pump_down_end(&t->down);
    t->mute = true;
    tunnel_end(t, WS_CODE_AWAY);
}
