/* SPDX-License-Identifier: Apache-2.0 */
/* tunnel_upgrade.c - from a connection to a WebSocket.
 *
 * The happy path is: the request leaves, 101 comes, and whatever comes behind
 * it is left for the frames.
 *
 * What can go wrong is: the request cannot be made or sent (a peer may refuse
 * before it has read everything: then the answer is looked at all the same),
 * the answer is a refusal, nonsense, cut off or late.  What is there of a
 * refusal is used however it ended.  After each of them the dialer may know a
 * better way. */
#include <stdio.h>

#include "tunnel_impl.h"

enum { WARN_BEFORE_MS = 60000 };

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
    if (c->max_duration_ms > WARN_BEFORE_MS) {
        tunnel_timer(t, TIMER_WARN, c->max_duration_ms - WARN_BEFORE_MS, 0);
    }
    log_debug(t->log, WS, t->id, "OpenTunnel RequestId: %s", t->request_id);
    if (t->event_cb != NULL && !t->announced) {
        t->announced = true;
        t->event_cb(t, TUNNEL_OPEN);
    }
    if (t->sm.state == TUNNEL_S_OPEN || t->sm.state == TUNNEL_S_ENDING) {
        tunnel_flow(t); /* Also when the owner has just closed. */
    }
}

/* There is no tunnel, for the reason in t->err; the dialer may want to try
 * elsewhere. */
static void failed(struct tunnel *t)
{
    t->failed = true;
    if (tunnel_ask_dialer(t, t->upgrade->response.date)) {
        tunnel_redial(t);
    } else {
        tunnel_over(t);
    }
}

/* The answer is not 101, or not a proper one. */
static void refused(struct tunnel *t)
{
    ws_response_explain(&t->upgrade->response, &t->err);
    failed(t);
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
    tunnel_explain(t, code, &t->err);
    err_wrap(&t->err, "upgrade");
    failed(t);
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
        opened(t);
    } else if (verdict != WS_VERDICT_MORE) {
        refused(t);
    } else if (t->down.status != 0) {
        upgrade_broken(t, t->down.status);
    } else if (sent != 0 && sent != UV_EAGAIN) {
        upgrade_broken(t, sent);
    } else {
        rv = tunnel_watch(t, true, sent == UV_EAGAIN);
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
    t->trial = where->trial;
    if (t->trial) {
        pump_up_keep(&t->up);
    }
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
    err_set(&t->err, UV_ETIMEDOUT,
            "the endpoint did not answer the upgrade within %.3g seconds",
            (double)t->config.upgrade_timeout_ms / 1000);
    failed(t);
}
