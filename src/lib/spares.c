/* SPDX-License-Identifier: Apache-2.0 */
/* spares.c - connections kept ready, and replaced before they go stale.
 *
 * The happy path: as many connections as are wanted are made at once and
 * listened to, although nothing should come; they are taken one by one, and
 * the owner asks for others when the one that was taken is in use.
 *
 * What can go wrong: a connection cannot be made, or the endpoint closes it
 * again at once (pauses of one second to one minute, the next twice as long as
 * the last); the endpoint closes an idle one (another is made); one has waited
 * longer than endpoints and the boxes on the way can be trusted to wait, or the
 * machine slept meanwhile (the same). */
#include "spares.h"

#include <assert.h>
#include <string.h>
#include <time.h>

#include "conn.h"
#include "context.h"
#include "err.h"
#include "log.h"
#include "mem.h"
#include "transport.h"

enum {
    AGE_MS = 30 * 1000, /* Longest that one waits */
    YOUNG_MS = 2000,    /* Closed before this age: not for being idle */
    PAUSE_MIN_MS = 1000,
    PAUSE_MAX_MS = 60 * 1000
};

struct spare {
    struct spares *all;
    struct spare *next;
    struct conn *conn;
    struct transport *transport; /* NULL until it is made */
    uint64_t made_at;            /* Loop time of that, in ms, */
    time_t made_on;              /* and the clock's, which does not sleep */
};

static void spares_tend(struct spares *s);

/* The timer or a connection is closed; the last one reports. */
static void spares_closed_one(struct spares *s)
{
    spares_close_cb cb = s->close_cb;
    void *data = s->close_data;

    assert(s->n_open > 0);
    if (--s->n_open > 0 || !s->closing) {
        return;
    }
    mem_free(s->host);
    s->host = NULL;
    cb(data); /* Last: the owner may be gone. */
}

static void on_conn_closed(void *data)
{
    spares_closed_one(data);
}

/* Take @p out of the list and free it; returns its connection. */
static struct conn *spare_unlink(struct spare *p)
{
    struct spares *s = p->all;
    struct conn *conn = p->conn;
    struct spare **at;

    for (at = &s->first; *at != p; at = &(*at)->next) {
    }
    *at = p->next;
    s->n--;
    mem_free(p);
    return conn;
}

/* Close one. */
static void spare_drop(struct spare *p)
{
    struct spares *s = p->all;

    s->n_open++;
    conn_close(spare_unlink(p), on_conn_closed, s);
}

static void spares_drop_all(struct spares *s)
{
    while (s->first != NULL) {
        spare_drop(s->first);
    }
}

/* Something failed: no other try for a while. */
static void spares_pause(struct spares *s)
{
    s->not_before = uv_now(s->eice->loop) + s->pause_ms;
    s->pause_ms = 2 * s->pause_ms < PAUSE_MAX_MS ? 2 * s->pause_ms
                                                 : (uint64_t)PAUSE_MAX_MS;
}

/* How long @p has been there. */
static uint64_t spare_age(const struct spare *p)
{
    return uv_now(p->all->eice->loop) - p->made_at;
}

/* Whether @p has waited too long to be trusted. */
static bool spare_is_old(const struct spare *p)
{
    time_t slept_s = time(NULL) - p->made_on;

    return spare_age(p) >= p->all->age_ms || slept_s < 0 ||
           slept_s > AGE_MS / 1000;
}

/* Whether the endpoint has closed @p.  It may not speak first, either. */
static bool spare_is_dead(const struct spare *p)
{
    char byte;

    return p->transport->ops->recv(p->transport, &byte, 1) != UV_EAGAIN;
}

/* Something came: TLS's own, or the end. */
static void on_ready(struct transport *t, bool readable, bool writable)
{
    struct spare *p = t->data;
    struct spares *s = p->all;

    (void)readable;
    (void)writable;
    if (!spare_is_dead(p)) {
        return;
    }
    log_debug(&s->eice->log, NET, 0,
              "the spare connection was closed after %.3g seconds",
              (double)spare_age(p) / 1000);
    if (spare_age(p) < YOUNG_MS) {
        spares_pause(s);
    } else {
        s->pause_ms = PAUSE_MIN_MS;
    }
    spare_drop(p);
    spares_tend(s);
}

/* One is made, or cannot be. */
static void on_conn(struct conn *c, struct transport *transport,
                    const struct err *err)
{
    struct spare *p = conn_data(c);
    struct spares *s = p->all;

    if (err == NULL) {
        p->transport = transport;
        p->made_at = uv_now(s->eice->loop);
        p->made_on = time(NULL);
        transport->data = p;
        transport->ready_cb = on_ready;
    }
    if (err != NULL || transport->ops->watch(transport, true, false) != 0) {
        log_debug(&s->eice->log, NET, 0, "no spare connection: %s",
                  err != NULL ? err->msg : "it cannot be watched");
        spares_pause(s);
        spare_drop(p);
    }
    spares_tend(s);
}

/* Begin to make one; false when memory is short. */
static bool spare_make(struct spares *s)
{
    struct conn_config cfg = {.connect_timeout_ms = s->connect_timeout_ms};
    struct spare *p = mem_zalloc(sizeof *p);
    char *url = mem_printf("https://%s", s->host);

    cfg.url = url;
    if (p != NULL && url != NULL) {
        p->conn = conn_new(s->eice->net, &cfg, p);
    }
    mem_free(url);
    if (p == NULL || p->conn == NULL) {
        mem_free(p);
        return false;
    }
    p->all = s;
    p->next = s->first;
    s->first = p;
    s->n++;
    conn_start(p->conn, on_conn);
    return true;
}

/* Close those that are too old. */
static void spares_retire(struct spares *s)
{
    struct spare *p, *next;

    for (p = s->first; p != NULL; p = next) {
        next = p->next;
        if (p->transport != NULL && spare_is_old(p)) {
            s->pause_ms = PAUSE_MIN_MS; /* It has lived. */
            spare_drop(p);
        }
    }
}

static void on_timer(uv_timer_t *timer)
{
    spares_tend(timer->data);
}

/* Sleep until there is something to do. */
static void spares_sleep(struct spares *s)
{
    uint64_t now = uv_now(s->eice->loop);
    uint64_t at = UINT64_MAX;
    const struct spare *p;

    if (s->n < s->wanted) {
        at = s->not_before;
    }
    for (p = s->first; p != NULL; p = p->next) {
        if (p->transport != NULL && p->made_at + s->age_ms < at) {
            at = p->made_at + s->age_ms;
        }
    }
    if (at == UINT64_MAX) {
        uv_timer_stop(&s->timer);
    } else {
        uv_timer_start(&s->timer, on_timer, at > now ? at - now : 0, 0);
    }
}

/* Bring what is there in line with what is wanted. */
static void spares_tend(struct spares *s)
{
    if (s->closing) {
        return;
    }
    spares_retire(s);
    while (s->n > s->wanted) {
        spare_drop(s->first);
    }
    while (s->n < s->wanted && uv_now(s->eice->loop) >= s->not_before) {
        if (!spare_make(s)) {
            spares_pause(s);
        }
    }
    spares_sleep(s);
}

void spares_init(struct spares *s, struct eice *eice)
{
    int rv;

    *s = (struct spares){
        .eice = eice, .age_ms = AGE_MS, .pause_ms = PAUSE_MIN_MS};
    rv = uv_timer_init(eice->loop, &s->timer);
    assert(rv == 0);
    s->timer.data = s;
    s->n_open = 1;
}

void spares_keep(struct spares *s, const char *host, unsigned n,
                 uint64_t connect_timeout_ms)
{
    s->connect_timeout_ms = connect_timeout_ms;
    s->wanted = n;
    if (s->host == NULL || strcmp(s->host, host) != 0) {
        spares_drop_all(s);
        mem_free(s->host);
        s->host = mem_strdup(host);
        s->not_before = 0; /* Another endpoint, another fortune. */
        s->pause_ms = PAUSE_MIN_MS;
        if (s->host == NULL) {
            s->wanted = 0; /* Until the next time. */
        }
    }
    spares_tend(s);
}

struct conn *spares_take(struct spares *s, const char *host,
                         struct transport **transport)
{
    struct spare *p, *next;

    if (s->host == NULL || strcmp(s->host, host) != 0) {
        return NULL;
    }
    for (p = s->first; p != NULL; p = next) {
        next = p->next;
        if (p->transport == NULL) {
            continue;
        }
        if (spare_is_old(p) || spare_is_dead(p)) {
            spare_drop(p);
            continue;
        }
        *transport = p->transport;
        p->transport->ops->watch(p->transport, false, false);
        p->transport->ready_cb = NULL;
        p->transport->data = NULL;
        s->wanted--;
        return spare_unlink(p);
    }
    return NULL;
}

void spares_doubt(struct spares *s)
{
    spares_drop_all(s);
    spares_pause(s);
    spares_tend(s);
}

/* The timer is closed. */
static void on_timer_closed(uv_handle_t *handle)
{
    spares_closed_one(handle->data);
}

void spares_close(struct spares *s, spares_close_cb cb, void *data)
{
    assert(!s->closing);
    s->closing = true;
    s->close_cb = cb;
    s->close_data = data;
    spares_drop_all(s);
    uv_close((uv_handle_t *)&s->timer, on_timer_closed);
}
