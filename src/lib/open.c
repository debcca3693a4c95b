/* SPDX-License-Identifier: Apache-2.0 */
/* open.c - a public tunnel over descriptors or a stream of the caller's.
 *
 * The happy path: what was given is checked, the local side is made, and the
 * tunnel starts; while it dials, the route is resolved. Its events and its end
 * are passed on in public words.
 *
 * What can go wrong: bad arguments, a CA file or a descriptor that cannot be
 * used (the call says so and nothing has happened), or whatever ends a tunnel,
 * which is reported once. */
#include "open.h"

#include <assert.h>

#include <eice/eice.h>

#include "context.h"
#include "err.h"
#include "fault.h"
#include "local.h"
#include "local_stdio.h"
#include "local_stream.h"
#include "mem.h"
#include "route.h"

enum {
    CONNECT_MS = 10 * 1000,
    UPGRADE_MS = 10 * 1000,
    LINGER_MS = 10 * 1000,
    PING_MS = 30 * 1000,
    CLOSE_MS = 800 /* So that a program told to end is gone in a second */
};

struct eice_tunnel {
    struct eice *eice;
    struct eice_tunnel_options options; /* Callbacks and times */
    struct route route;                 /* Where it leads */
    struct wait resolved;               /* To tell of it */
    struct tunnel *tunnel;              /* Until it is closed */
    uv_timer_t timer;                   /* First turn; deferred failure */
    struct err start_err;               /* Why it could not start; or 0 */
    uint64_t started_at;                /* Loop time, in ms */
    uint64_t opened_at;                 /* 0: not yet */
    unsigned n_open;                    /* Timer and tunnel */
    bool closing;
    eice_close_cb close_cb;
    void *close_data;
};

int tunnel_options_read(struct eice_tunnel_options *out,
                        const struct eice_tunnel_options *in, struct err *e)
{
    int rv;

    rv = fault_sized(out, sizeof *out, in, "eice_tunnel_options", e);
    if (rv != 0) {
        return rv;
    }
    if (out->connect_timeout_ms == 0) {
        out->connect_timeout_ms = CONNECT_MS;
    }
    if (out->upgrade_timeout_ms == 0) {
        out->upgrade_timeout_ms = UPGRADE_MS;
    }
    if (out->linger_ms == 0) {
        out->linger_ms = LINGER_MS;
    }
    if (out->ping_interval_ms == 0) {
        out->ping_interval_ms = PING_MS;
    }
    return 0;
}

/* What the modules below call no timeout. */
static uint64_t or_none(uint64_t ms)
{
    return ms == EICE_NO_TIMEOUT ? 0 : ms;
}

struct tunnel_config tunnel_options_apply(const struct eice_tunnel_options *o,
                                          struct route *route)
{
    int duration_s = route->target.max_tunnel_duration_s;

    if (duration_s == 0) {
        duration_s = EICE_MAX_TUNNEL_DURATION_S; /* The service's default. */
    }
    route->connect_timeout_ms = or_none(o->connect_timeout_ms);
    return (struct tunnel_config){
        .dialer = &route->dialer,
        .chunks = &route->eice->chunks,
        .user_agent = route->eice->user_agent,
        .upgrade_timeout_ms = or_none(o->upgrade_timeout_ms),
        .linger_ms = or_none(o->linger_ms),
        .ping_interval_ms = or_none(o->ping_interval_ms),
        .close_timeout_ms = CLOSE_MS,
        .max_duration_ms = (uint64_t)duration_s * 1000,
    };
}

enum tunnel_bye tunnel_bye_of(enum eice_bye bye)
{
    return bye == EICE_BYE_AWAY ? TUNNEL_BYE_AWAY : TUNNEL_BYE_DONE;
}

/* Tell the caller of an event. */
static void tell(struct eice_tunnel *t, const struct eice_event *event)
{
    if (t->options.event != NULL) {
        t->options.event(t->options.data, event);
    }
}

/* Report the end; nothing else is told afterwards. */
static void finish(struct eice_tunnel *t, const struct err *err)
{
    struct eice_error error;

    wait_cancel(&t->resolved);
    uv_timer_stop(&t->timer);
    if (err != NULL) {
        fault_export(&error, err);
    }
    t->options.done(t->options.data, err != NULL ? &error : NULL);
}

/* The target is known; a failure is the tunnel's to report. */
static void on_resolved(struct wait *w, const struct err *err)
{
    struct eice_tunnel *t = w->data;
    struct eice_resolved resolved;

    if (err == NULL) {
        facts_publish(t->route.facts, &resolved);
        tell(t, &(struct eice_event){.type = EICE_EVENT_RESOLVED,
                                     .resolved = &resolved});
    }
}

/* First turn of the loop: see to the route, or report why nothing started. */
static void on_begin(uv_timer_t *timer)
{
    struct eice_tunnel *t = timer->data;
    struct err e; /* The dial runs into the same one and reports it. */

    if (t->start_err.code != 0) {
        finish(t, &t->start_err);
        return;
    }
    if (route_get(&t->route, &t->resolved, on_resolved, &e) == 0) {
        on_resolved(&t->resolved, NULL);
    }
}

static void on_tunnel_event(struct tunnel *tunnel, enum tunnel_event event)
{
    struct eice_tunnel *t = tunnel_data(tunnel);
    struct eice_stats stats;

    if (event == TUNNEL_OPEN) {
        t->opened_at = uv_now(t->eice->loop);
    }
    eice_tunnel_stats(t, &stats);
    tell(t, &(struct eice_event){.type = event == TUNNEL_OPEN
                                             ? EICE_EVENT_OPENED
                                             : EICE_EVENT_ENDING_SOON,
                                 .connection = 1,
                                 .request_id = tunnel_request_id(tunnel),
                                 .stats = &stats});
}

static void on_tunnel_done(struct tunnel *tunnel, const struct err *err)
{
    finish(tunnel_data(tunnel), err);
}

/* The timer or the tunnel is closed; after the last one @t goes. */
static void tunnel_closed_one(struct eice_tunnel *t)
{
    struct eice *eice = t->eice;
    eice_close_cb cb = t->close_cb;
    void *data = t->close_data;

    assert(t->n_open > 0);
    if (--t->n_open > 0) {
        return;
    }
    route_clear(&t->route);
    mem_free(t);
    context_release(eice);
    if (cb != NULL) {
        cb(data);
    }
}

static void on_tunnel_closed(void *data)
{
    tunnel_closed_one(data);
}

static void on_timer_closed(uv_handle_t *handle)
{
    tunnel_closed_one(handle->data);
}

void eice_tunnel_close(struct eice_tunnel *t, enum eice_bye bye,
                       eice_close_cb cb, void *data)
{
    assert(!t->closing);
    t->closing = true;
    t->close_cb = cb;
    t->close_data = data;
    wait_cancel(&t->resolved);
    uv_close((uv_handle_t *)&t->timer, on_timer_closed);
    if (t->tunnel != NULL) {
        tunnel_close(t->tunnel, tunnel_bye_of(bye), on_tunnel_closed, t);
        t->tunnel = NULL;
    }
}

/* Check what was given and make what can refuse it. */
static int tunnel_check(struct target *own, struct eice_tunnel_options *read,
                        struct eice *eice, const struct eice_target *target,
                        const struct eice_tunnel_options *options,
                        struct err *e)
{
    int rv;

    rv = target_init(own, target, e);
    if (rv != 0) {
        return rv;
    }
    rv = tunnel_options_read(read, options, e);
    if (rv == 0 && read->done == NULL) {
        rv = err_set(e, ERR_USAGE, "eice_tunnel_options.done is not set");
    }
    if (rv == 0) {
        rv = context_need(eice, e);
    }
    if (rv != 0) {
        target_clear(own);
    }
    return rv;
}

/* Everything of a tunnel but its local side; NULL with @e. */
static struct eice_tunnel *
tunnel_make(struct eice *eice, const struct eice_target *target,
            const struct eice_tunnel_options *options, struct err *e)
{
    struct eice_tunnel_options read;
    struct tunnel_config config;
    struct eice_tunnel *t;
    struct target own;
    int rv;

    if (tunnel_check(&own, &read, eice, target, options, e) != 0) {
        return NULL;
    }
    t = mem_zalloc(sizeof *t);
    if (t == NULL) {
        target_clear(&own);
        err_set_uv(e, UV_ENOMEM, "tunnel");
        return NULL;
    }
    t->eice = eice;
    t->options = read;
    t->resolved.data = t;
    t->started_at = uv_now(eice->loop);
    route_init(&t->route, eice, &own, 0);
    config = tunnel_options_apply(&read, &t->route);
    config.hold_local = read.hold_input;
    t->tunnel = tunnel_new(eice->loop, &eice->log, ++eice->n_ids, &config);
    if (t->tunnel == NULL) {
        route_clear(&t->route);
        mem_free(t);
        err_set_uv(e, UV_ENOMEM, "tunnel");
        return NULL;
    }
    rv = uv_timer_init(eice->loop, &t->timer);
    assert(rv == 0);
    t->timer.data = t;
    t->n_open = 2;
    context_hold(eice);
    return t;
}

/* Carry @local, which is the tunnel's from here on.  What goes wrong now is
 * reported from the loop. */
static void tunnel_go(struct eice_tunnel *t, struct local *local)
{
    int rv;

    rv = tunnel_start(t->tunnel, local, on_tunnel_event, on_tunnel_done, t);
    if (rv != 0) {
        err_set_uv(&t->start_err, rv, "local side");
    }
    rv = uv_timer_start(&t->timer, on_begin, 0, 0);
    assert(rv == 0);
}

int eice_tunnel_open_fds(struct eice_tunnel **out, struct eice *eice,
                         const struct eice_target *target,
                         const struct eice_tunnel_options *options, int in_fd,
                         int out_fd, struct eice_error *error)
{
    struct eice_tunnel *t;
    struct local *local = NULL;
    struct err e = {0};
    int rv;

    *out = NULL;
    t = tunnel_make(eice, target, options, &e);
    if (t == NULL) {
        return fault_export(error, &e);
    }
    rv = local_stdio_new(&local, eice->loop, in_fd, out_fd, &e);
    if (rv != 0) {
        eice_tunnel_close(t, EICE_BYE_DONE, NULL, NULL);
        return fault_export(error, &e);
    }
    tunnel_go(t, local);
    *out = t;
    return fault_export(error, &e);
}

int eice_tunnel_open_stream(struct eice_tunnel **out, struct eice *eice,
                            const struct eice_target *target,
                            const struct eice_tunnel_options *options,
                            uv_stream_t *stream, struct eice_error *error)
{
    struct eice_tunnel *t;
    struct local *local = NULL;
    struct err e = {0};
    int rv;

    *out = NULL;
    t = tunnel_make(eice, target, options, &e);
    if (t == NULL) {
        return fault_export(error, &e);
    }
    rv = local_stream_wrap(&local, stream);
    if (rv != 0) {
        err_set_uv(&e, rv, "stream");
        eice_tunnel_close(t, EICE_BYE_DONE, NULL, NULL);
        return fault_export(error, &e);
    }
    tunnel_go(t, local);
    *out = t;
    return fault_export(error, &e);
}

void eice_tunnel_release(struct eice_tunnel *t)
{
    tunnel_release(t->tunnel);
}

void eice_tunnel_stats(const struct eice_tunnel *t, struct eice_stats *stats)
{
    struct tunnel_stats carried = tunnel_stats(t->tunnel);

    *stats = (struct eice_stats){
        .bytes_up = carried.bytes_up,
        .bytes_down = carried.bytes_down,
        .open_ms = t->opened_at != 0 ? t->opened_at - t->started_at : 0,
        .total_ms = uv_now(t->eice->loop) - t->started_at,
    };
}

const char *eice_tunnel_request_id(const struct eice_tunnel *t)
{
    return tunnel_request_id(t->tunnel);
}
