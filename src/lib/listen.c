/* SPDX-License-Identifier: Apache-2.0 */
/* listen.c - a public listener: addresses first, then the target, then work.
 *
 * The happy path: the addresses are claimed by the call itself; the first turn
 * of the loop asks for the route; when it is known the addresses are announced
 * and connections, which may already wait in the queue, are served.  Whenever a
 * tunnel stands or is gone, spare connections are seen to for the next ones.
 *
 * What can go wrong: an address cannot be had (the call says so), or the
 * target cannot be resolved (the listener is done).  Whatever befalls one
 * connection is an event; the listener goes on. */
#include <eice/eice.h>

#include <assert.h>

#include "context.h"
#include "endpoint_host.h"
#include "err.h"
#include "fault.h"
#include "ip.h"
#include "listener.h"
#include "mem.h"
#include "open.h"
#include "route.h"
#include "spares.h"
#include "times.h"

enum { MAX_CONNECTIONS = 10 };

struct eice_listener {
    struct eice *eice;
    eice_event_cb event; /* May be NULL */
    eice_done_cb done;
    void *data;
    unsigned max_connections;
    unsigned preconnect;         /* Spare connections to have */
    struct spares spares;        /* Those */
    struct route route;          /* Where all its tunnels lead */
    struct wait resolved;        /* For the route */
    struct tunnel_config tunnel; /* For each of them */
    struct listener *listener;   /* Until it is closed */
    struct times times;          /* Of the connections being served */
    uv_timer_t timer;            /* First turn of the loop */
    unsigned n_open;             /* Timer, listener and spares */
    bool closing;
    eice_close_cb close_cb;
    void *close_data;
};

/* Tell the caller of an event. */
static void tell(struct eice_listener *l, const struct eice_event *event)
{
    if (l->event != NULL) {
        l->event(l->data, event);
    }
}

/* The public name of an event. */
static enum eice_event_type type_of(enum listener_event_type type)
{
    switch (type) {
    case LISTENER_ACCEPTED:
        return EICE_EVENT_ACCEPTED;
    case LISTENER_OPENED:
        return EICE_EVENT_OPENED;
    case LISTENER_ENDING_SOON:
        return EICE_EVENT_ENDING_SOON;
    case LISTENER_CLOSED:
        return EICE_EVENT_CLOSED;
    case LISTENER_FULL:
        return EICE_EVENT_FULL;
    case LISTENER_REFUSED:
        return EICE_EVENT_REFUSED;
    case LISTENER_ACCEPT_FAILED:
        break;
    }
    return EICE_EVENT_ACCEPT_FAILED;
}

/* See to the spare connections; tunnels and they together never pass the
 * limit. */
static void spares_see_to(struct eice_listener *l)
{
    unsigned used = listener_connections(l->listener);
    unsigned room = l->max_connections > used ? l->max_connections - used : 0;
    char *host = NULL;

    if (l->preconnect == 0 || l->route.facts == NULL ||
        endpoint_host(&host, l->route.facts->r.dns_name) != 0) {
        return; /* The next tunnel finds out, and tells. */
    }
    spares_keep(&l->spares, host, room < l->preconnect ? room : l->preconnect,
                l->route.connect_timeout_ms);
    mem_free(host);
}

static void on_listener_event(struct listener *listener,
                              const struct listener_event *event)
{
    struct eice_listener *l = listener_data(listener);
    struct eice_error error;
    struct eice_stats stats;

    times_note(&l->times, event, uv_now(l->eice->loop), &stats);
    if (event->type == LISTENER_OPENED || event->type == LISTENER_CLOSED) {
        spares_see_to(l);
    }
    if (event->err != NULL) {
        fault_export(&error, event->err);
    }
    tell(l, &(struct eice_event){
                .type = type_of(event->type),
                .connection = event->k,
                .max_connections = l->max_connections,
                .request_id = event->request_id,
                .error = event->err != NULL ? &error : NULL,
                .stats = event->k != 0 ? &stats : NULL,
            });
}

/* Report that the listener is over. */
static void fail(struct eice_listener *l, const struct err *err)
{
    struct eice_error error;

    fault_export(&error, err);
    l->done(l->data, &error);
}

/* Say what address @i is, and who can reach it; false when the caller closed
 * the listener meanwhile. */
static bool announce(struct eice_listener *l, size_t i)
{
    struct eice_error error;
    struct err e;
    struct ip ip;
    int port;
    const char *address = listener_address(l->listener, i, &port);

    if (port != 0 && ip_parse(&ip, address) && !ip_is_loopback(&ip)) {
        err_set(&e, 0,
                "%s is not a loopback address: other machines can use this "
                "tunnel with your credentials",
                address);
        fault_export(&error, &e);
        tell(l, &(struct eice_event){.type = EICE_EVENT_WARNING,
                                     .address = address,
                                     .port = port,
                                     .error = &error});
    }
    if (!l->closing) {
        tell(l, &(struct eice_event){.type = EICE_EVENT_LISTENING,
                                     .address = address,
                                     .port = port,
                                     .max_connections = l->max_connections});
    }
    return !l->closing;
}

/* The target is known: announce and serve; or it cannot be. */
static void on_resolved(struct wait *w, const struct err *err)
{
    struct eice_listener *l = w->data;
    struct eice_resolved resolved;
    size_t i;

    if (err != NULL) {
        fail(l, err);
        return;
    }
    facts_publish(l->route.facts, &resolved);
    tell(l, &(struct eice_event){.type = EICE_EVENT_RESOLVED,
                                 .resolved = &resolved});
    for (i = 0; !l->closing && i < listener_addresses(l->listener); i++) {
        if (!announce(l, i)) {
            return;
        }
    }
    if (!l->closing) {
        listener_start(l->listener, &l->tunnel, on_listener_event);
        spares_see_to(l);
    }
}

/* First turn of the loop. */
static void on_begin(uv_timer_t *timer)
{
    struct eice_listener *l = timer->data;
    struct err e;
    int rv;

    rv = route_get(&l->route, &l->resolved, on_resolved, &e);
    if (rv == 0) {
        on_resolved(&l->resolved, NULL);
    } else if (rv != UV_EAGAIN) {
        fail(l, &e);
    }
}

/* The timer, the listener or the spares are closed; after the last one @l goes.
 */
static void listener_closed_one(struct eice_listener *l)
{
    struct eice *eice = l->eice;
    eice_close_cb cb = l->close_cb;
    void *data = l->close_data;

    assert(l->n_open > 0);
    if (--l->n_open > 0) {
        return;
    }
    times_clear(&l->times);
    route_clear(&l->route);
    mem_free(l);
    context_release(eice);
    if (cb != NULL) {
        cb(data);
    }
}

static void on_listener_closed(void *data)
{
    listener_closed_one(data);
}

static void on_spares_closed(void *data)
{
    listener_closed_one(data);
}

static void on_timer_closed(uv_handle_t *handle)
{
    listener_closed_one(handle->data);
}

void eice_listener_close(struct eice_listener *l, enum eice_bye bye,
                         eice_close_cb cb, void *data)
{
    assert(!l->closing);
    l->closing = true;
    l->close_cb = cb;
    l->close_data = data;
    wait_cancel(&l->resolved);
    uv_close((uv_handle_t *)&l->timer, on_timer_closed);
    spares_close(&l->spares, on_spares_closed, l);
    listener_close(l->listener, tunnel_bye_of(bye), on_listener_closed, l);
    l->listener = NULL;
}

/* The caller's options in the words of listener.h. */
static int read_options(struct eice_listen_options *o,
                        struct eice_tunnel_options *tunnel,
                        const struct eice_listen_options *in, struct err *e)
{
    int rv;

    rv = fault_sized(o, sizeof *o, in, "eice_listen_options", e);
    if (rv == 0) {
        rv = tunnel_options_read(tunnel, o->tunnel, e);
    }
    if (rv != 0) {
        return rv;
    }
    if (o->done == NULL) {
        return err_set(e, ERR_USAGE, "eice_listen_options.done is not set");
    }
    if (!o->tcp && o->unix_path == NULL && o->n_fds == 0) {
        return err_set(e, ERR_USAGE,
                       "Specify a port, a socket path or an inherited socket "
                       "to listen on.");
    }
    if (o->port < 0 || o->port > 65535) {
        return err_set(e, ERR_USAGE,
                       "The local port %d is invalid. A port is a number from "
                       "0 to 65535.",
                       o->port);
    }
    if (o->preconnect > EICE_MAX_PRECONNECT) {
        return err_set(e, ERR_USAGE,
                       "%u connections made ahead are too many: the limit is "
                       "%d.",
                       o->preconnect, EICE_MAX_PRECONNECT);
    }
    if (o->max_connections == 0) {
        o->max_connections = MAX_CONNECTIONS;
    }
    return 0;
}

/* A listener that has claimed nothing yet; takes @own over. */
static struct eice_listener *listener_make(struct eice *eice,
                                           const struct eice_listen_options *o,
                                           struct target *own)
{
    const struct listener_config config = {
        .tcp = o->tcp,
        .port = o->port,
        .bind_addresses = o->bind_addresses,
        .n_bind_addresses = o->n_bind_addresses,
        .unix_path = o->unix_path,
        .fds = o->fds,
        .n_fds = o->n_fds,
        .max_connections = o->max_connections,
        .when_full = o->when_full == EICE_FULL_WAIT ? LISTENER_FULL_WAIT
                                                    : LISTENER_FULL_CLOSE,
        .allow_other_users = o->allow_other_users,
    };
    struct eice_listener *l = mem_zalloc(sizeof *l);
    int rv;

    if (l == NULL) {
        return NULL;
    }
    l->listener = listener_new(eice->loop, &eice->log, &config, l);
    if (l->listener == NULL) {
        mem_free(l);
        return NULL;
    }
    l->eice = eice;
    l->event = o->event;
    l->done = o->done;
    l->data = o->data;
    l->max_connections = o->max_connections;
    l->preconnect = o->preconnect;
    l->resolved.data = l;
    route_init(&l->route, eice, own, 0);
    l->route.spares = &l->spares;
    spares_init(&l->spares, eice);
    rv = uv_timer_init(eice->loop, &l->timer);
    assert(rv == 0);
    l->timer.data = l;
    l->n_open = 3;
    context_hold(eice);
    return l;
}

int eice_listen(struct eice_listener **out, struct eice *eice,
                const struct eice_target *target,
                const struct eice_listen_options *options,
                struct eice_error *error)
{
    struct eice_tunnel_options tunnel;
    struct eice_listen_options o;
    struct eice_listener *l;
    struct target own;
    struct err e = {0};
    int rv;

    *out = NULL;
    if (target_init(&own, target, &e) != 0) {
        return fault_export(error, &e);
    }
    rv = read_options(&o, &tunnel, options, &e);
    if (rv == 0) {
        rv = context_need(eice, &e);
    }
    if (rv != 0) {
        target_clear(&own);
        return fault_export(error, &e);
    }
    l = listener_make(eice, &o, &own);
    if (l == NULL) {
        target_clear(&own);
        return fault_nomem(error);
    }
    l->tunnel = tunnel_options_apply(&tunnel, &l->route);
    l->tunnel.end_on_early_eof = true;
    if (listener_bind(l->listener, &e) != 0) {
        eice_listener_close(l, EICE_BYE_DONE, NULL, NULL);
        return fault_export(error, &e);
    }
    rv = uv_timer_start(&l->timer, on_begin, 0, 0);
    assert(rv == 0);
    *out = l;
    return fault_export(error, &e);
}

int eice_listener_port(const struct eice_listener *l)
{
    return listener_port(l->listener);
}

unsigned eice_listener_connections(const struct eice_listener *l)
{
    return listener_connections(l->listener);
}
