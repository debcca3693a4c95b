/* SPDX-License-Identifier: Apache-2.0 */
/* tunnel.c - the life of a tunnel: dialing, deadlines, the end, closing.
 *
 * The happy path is: tunnel_start() asks the dialer for a connection and
 * begins to read the local stream, so that its first bytes are at hand and an
 * early end is seen; the upgrade and the carrying of bytes are tunnel_flow.c's;
 * tunnel_over() reports the end; the owner answers with tunnel_close(), which
 * closes the local stream, the dial and our handles and frees everything.
 *
 * What can go wrong is: the dialer fails or takes too long, the local stream
 * ends or breaks before there is a tunnel (all reported), memory is short or
 * the local stream cannot be read (tunnel_start() returns the code), or the
 * owner closes at any moment: then nothing is reported but the closing, and if
 * the tunnel was open its ending is gone through first, without the local
 * stream. */
#include "tunnel.h"

#include <assert.h>

#include "mem.h"
#include "tunnel_impl.h"

static const char *const names[] = {"idle",   "dialing", "upgrading", "open",
                                    "ending", "over",    "closing"};
static_assert(sizeof names / sizeof names[0] == TUNNEL_S_COUNT,
              "a name for each state");

static const unsigned next[] = {
    [TUNNEL_S_IDLE] = SM_BIT(TUNNEL_S_DIALING) | SM_BIT(TUNNEL_S_CLOSING),
    [TUNNEL_S_DIALING] = SM_BIT(TUNNEL_S_UPGRADING) | SM_BIT(TUNNEL_S_OVER) |
                         SM_BIT(TUNNEL_S_CLOSING),
    [TUNNEL_S_UPGRADING] = SM_BIT(TUNNEL_S_OPEN) | SM_BIT(TUNNEL_S_DIALING) |
                           SM_BIT(TUNNEL_S_OVER) | SM_BIT(TUNNEL_S_CLOSING),
    [TUNNEL_S_OPEN] = SM_BIT(TUNNEL_S_ENDING) | SM_BIT(TUNNEL_S_DIALING),
    [TUNNEL_S_ENDING] = SM_BIT(TUNNEL_S_OVER) | SM_BIT(TUNNEL_S_CLOSING),
    [TUNNEL_S_OVER] = SM_BIT(TUNNEL_S_CLOSING),
    [TUNNEL_S_CLOSING] = 0,
};

static const struct sm_table table = {"tunnel", LOG_G_TUNNEL, names, next,
                                      TUNNEL_S_COUNT};

/* Dialing or ending took too long. */
static void on_phase_expired(struct tunnel *t)
{
    switch (t->sm.state) {
    case TUNNEL_S_DIALING:
        t->failed = true;
        err_set(&t->err, UV_ETIMEDOUT,
                "no connection to the endpoint within %.3g seconds",
                (double)t->config.dial_timeout_ms / 1000);
        tunnel_over(t);
        break;
    case TUNNEL_S_UPGRADING:
        tunnel_upgrade_expired(t);
        break;
    default:
        tunnel_on_end_expired(t);
    }
}

/* Tell the owner that the maximum duration is near. */
static void on_warn(struct tunnel *t)
{
    if (t->event_cb != NULL) {
        t->event_cb(t, TUNNEL_ENDING_SOON);
    }
}

/* One of the timers. */
static void on_timer(uv_timer_t *timer)
{
    struct tunnel *t = timer->data;

    switch ((enum tunnel_timer)(timer - t->timers)) {
    case TIMER_PHASE:
        on_phase_expired(t);
        break;
    case TIMER_LINGER:
        tunnel_on_linger(t);
        break;
    case TIMER_PING:
        tunnel_on_ping(t);
        break;
    case TIMER_WARN:
        on_warn(t);
        break;
    case TIMER_COUNT:
        assert(0);
    }
}

void tunnel_timer(struct tunnel *t, enum tunnel_timer which, uint64_t ms,
                  uint64_t repeat_ms)
{
    int rv = uv_timer_start(&t->timers[which], on_timer, ms, repeat_ms);

    assert(rv == 0);
}

struct tunnel *tunnel_new(uv_loop_t *loop, const struct log *log, unsigned id,
                          const struct tunnel_config *config)
{
    struct tunnel *t = mem_zalloc(sizeof *t);
    int rv;
    int i;

    if (t == NULL) {
        return NULL;
    }
    t->log = log;
    t->id = id;
    t->config = *config;
    sm_init(&t->sm, &table, log, id);
    for (i = 0; i < TIMER_COUNT; i++) {
        rv = uv_timer_init(loop, &t->timers[i]);
        assert(rv == 0);
        t->timers[i].data = t;
        t->n_open++;
    }
    rv = uv_idle_init(loop, &t->again);
    assert(rv == 0);
    t->again.data = t;
    t->n_open++;
    return t;
}

/* Connected, or not. */
static void on_dialed(void *data, const struct dial_result *result,
                      const struct err *err)
{
    struct tunnel *t = data;

    assert(t->sm.state == TUNNEL_S_DIALING);
    uv_timer_stop(&t->timers[TIMER_PHASE]);
    if (err != NULL) {
        t->failed = true;
        t->err = *err;
        tunnel_over(t);
        return;
    }
    log_debug(t->log, TUNNEL, t->id, "connected for %s", result->shown);
    sm_move(&t->sm, TUNNEL_S_UPGRADING);
    tunnel_upgrade(t, result);
}

int tunnel_start(struct tunnel *t, struct local *local,
                 tunnel_event_cb event_cb, tunnel_done_cb done_cb, void *data)
{
    const struct tunnel_config *c = &t->config;
    int rv;

    assert(t->sm.state == TUNNEL_S_IDLE && t->local == NULL && !t->closing);
    t->local = local;
    t->n_open++;
    t->data = data;
    local->data = t;
    local->lost_cb = tunnel_on_local_lost;
    pump_up_init(&t->up, c->chunks, t->log, t->id);
    pump_down_init(&t->down, local, c->chunks, t->log, t->id);
    if (c->hold_local) {
        pump_up_hold(&t->up);
    }

    rv = tunnel_read_local(t, true);
    if (rv != 0) {
        local->lost_cb = NULL;
        return rv;
    }
    t->dial = c->dialer->ops->start(c->dialer, t->id, on_dialed, t);
    if (t->dial == NULL) {
        tunnel_read_local(t, false);
        local->lost_cb = NULL;
        return UV_ENOMEM;
    }
    t->n_open++;
    sm_move(&t->sm, TUNNEL_S_DIALING);
    if (c->dial_timeout_ms > 0) {
        tunnel_timer(t, TIMER_PHASE, c->dial_timeout_ms, 0);
    }
    t->event_cb = event_cb;
    t->done_cb = done_cb;
    return 0;
}

/* Everything that could fire is told not to. */
static void quiet(struct tunnel *t)
{
    int i;

    for (i = 0; i < TIMER_COUNT; i++) {
        uv_timer_stop(&t->timers[i]);
    }
    uv_idle_stop(&t->again);
    if (t->transport != NULL) {
        t->transport->ops->watch(t->transport, false, false);
    }
    tunnel_read_local(t, false);
    if (t->local != NULL) {
        t->local->lost_cb = NULL;
    }
}

void tunnel_over(struct tunnel *t)
{
    tunnel_done_cb cb = t->done_cb;

    quiet(t);
    sm_move(&t->sm, TUNNEL_S_OVER);
    log_debug(t->log, TUNNEL, t->id, "%s after %llu bytes up, %llu down",
              t->failed ? t->err.msg : "ended", (unsigned long long)t->up.total,
              (unsigned long long)t->down.total);
    t->done_cb = NULL;
    t->event_cb = NULL;
    assert(cb != NULL);
    cb(t, t->failed ? &t->err : NULL); /* Last: the owner closes @t. */
}

bool tunnel_ask_dialer(struct tunnel *t, const char *date)
{
    bool again = t->config.dialer->ops->refused(t->dial, &t->err, date);

    t->redial =
        again && t->trial && !t->closing && !t->local_gone &&
        (t->sm.state == TUNNEL_S_OPEN || t->sm.state == TUNNEL_S_UPGRADING) &&
        pump_up_rewind(&t->up);
    return t->redial;
}

static void on_old_dial_closed(void *data);

void tunnel_redial(struct tunnel *t)
{
    const struct dialer_ops *ops = t->config.dialer->ops;
    struct dial *old = t->dial;

    log_info(t->log, TUNNEL, t->id, "%s; trying once more", t->err.msg);
    quiet(t);
    t->local->lost_cb = tunnel_on_local_lost;
    pump_down_free(&t->down);
    pump_down_init(&t->down, t->local, t->config.chunks, t->log, t->id);
    upgrade_free(t->upgrade);
    t->upgrade = NULL;
    sender_wipe(&t->sender);
    t->transport = NULL;
    t->watch_read = t->watch_write = false;
    t->lingering = t->mute = t->expired = false;
    t->pong_awaited = t->pong_seen = t->deaf = false;
    t->failed = t->unsent = t->soft = false;
    t->redial = t->trial = false;
    t->err = (struct err){0};
    t->request_id[0] = t->date[0] = '\0';
    sm_move(&t->sm, TUNNEL_S_DIALING);

    t->dial = ops->start(t->config.dialer, t->id, on_dialed, t);
    t->n_open += t->dial != NULL;
    ops->close(old, on_old_dial_closed, t);
    if (t->dial == NULL || tunnel_read_local(t, pump_up_wants(&t->up)) != 0) {
        t->failed = true;
        err_set_uv(&t->err, UV_ENOMEM, "tunnel");
        tunnel_over(t);
        return;
    }
    if (t->config.dial_timeout_ms > 0) {
        tunnel_timer(t, TIMER_PHASE, t->config.dial_timeout_ms, 0);
    }
}

/* One thing less is open; after the last, the owner gets word. */
static void one_closed(struct tunnel *t)
{
    tunnel_close_cb cb = t->close_cb;
    void *data = t->close_data;

    assert(t->closing && t->n_open > 0);
    if (--t->n_open > 0) {
        return;
    }
    pump_up_free(&t->up);
    pump_down_free(&t->down);
    upgrade_free(t->upgrade);
    sender_wipe(&t->sender);
    mem_free(t);
    cb(data); /* Last. */
}

static void on_handle_closed(uv_handle_t *handle)
{
    one_closed(handle->data);
}

static void on_dial_closed(void *data)
{
    one_closed(data);
}

/* The dial that led nowhere is gone; the tunnel may live on. */
static void on_old_dial_closed(void *data)
{
    struct tunnel *t = data;

    if (t->closing) {
        one_closed(t);
    } else {
        t->n_open--;
    }
}

static void on_local_closed(struct local *l)
{
    struct tunnel *t = l->data;

    t->local = NULL;
    one_closed(t);
}

void tunnel_teardown(struct tunnel *t)
{
    const struct dialer_ops *ops = t->config.dialer->ops;
    int i;

    quiet(t);
    sm_move(&t->sm, TUNNEL_S_CLOSING);
    for (i = 0; i < TIMER_COUNT; i++) {
        uv_close((uv_handle_t *)&t->timers[i], on_handle_closed);
    }
    uv_close((uv_handle_t *)&t->again, on_handle_closed);
    if (t->dial != NULL) {
        ops->close(t->dial, on_dial_closed, t);
    }
}

void tunnel_close(struct tunnel *t, enum tunnel_bye bye, tunnel_close_cb cb,
                  void *data)
{
    assert(!t->closing);
    t->closing = true;
    t->close_cb = cb;
    t->close_data = data;
    t->event_cb = NULL;
    t->done_cb = NULL;

    if (t->local != NULL) {
        tunnel_read_local(t, false);
        t->local->lost_cb = NULL;
        pump_down_discard(&t->down);
        t->local->ops->close(t->local, on_local_closed);
    }
    if (t->sm.state == TUNNEL_S_OPEN) {
        tunnel_end(t, bye == TUNNEL_BYE_AWAY ? WS_CODE_AWAY : WS_CODE_NORMAL);
    }
    if (t->sm.state == TUNNEL_S_ENDING) {
        tunnel_settle(t);
    } else {
        tunnel_teardown(t);
    }
}

void *tunnel_data(const struct tunnel *t)
{
    return t->data;
}

unsigned tunnel_id(const struct tunnel *t)
{
    return t->id;
}

const char *tunnel_request_id(const struct tunnel *t)
{
    return t->request_id;
}

struct tunnel_stats tunnel_stats(const struct tunnel *t)
{
    return (struct tunnel_stats){.bytes_up = t->up.total,
                                 .bytes_down = t->down.total};
}
