/* SPDX-License-Identifier: Apache-2.0 */
/* dial.c - one connection to an endpoint, and the URL that opens a tunnel.
 *
 *                                     .-- connection ---.
 *   begin -> address, endpoint, name -+                   +-> sign -> done
 *                                     `-- credentials ----'
 *
 * The happy path: the facts are known, the connection is being made while the
 * credentials are fetched, or a spare one is taken, and when both are there a
 * fresh URL is signed.
 *
 * What can go wrong: the target cannot be resolved, there are no credentials,
 * or the connection fails; the first of these is the result.  A spare
 * connection may have died unseen: then the tunnel dials once more. Credentials
 * may take minutes (someone signs in): a connection that had to wait for them
 * too long is made anew, since nobody keeps an idle one open. */
#include "dial.h"

#include <assert.h>
#include <string.h>
#include <uv.h>

#include "buf.h"
#include "chain.h"
#include "conn.h"
#include "context.h"
#include "creds.h"
#include "dialer.h"
#include "endpoint_host.h"
#include "err.h"
#include "log.h"
#include "mem.h"
#include "open_url.h"
#include "refusal.h"
#include "route.h"
#include "settings.h"
#include "spares.h"

enum {
    URL_MAX = 16 << 10, /* Session tokens run to several kilobytes */
    STALE_MS = 5000     /* Longest an idle connection is trusted */
};

struct dial {
    struct route *route;         /* Whose dialer we are */
    unsigned id;                 /* The tunnel's, for the log */
    dial_cb cb;                  /* Cleared when it has fired */
    void *data;                  /* For the tunnel */
    uv_timer_t begin;            /* Fires once, to begin from the loop */
    unsigned n_open;             /* The timer, and connections being closed */
    struct wait located;         /* While the target is resolved */
    struct facts *facts;         /* What it was resolved to; ours to unref */
    struct chain_wait *wait;     /* While credentials are fetched */
    struct creds *creds;         /* Who signs; NULL: not yet, or nobody */
    bool unsigned_;              /* --no-sign-request: nobody */
    struct conn *conn;           /* Being made, or made */
    struct transport *transport; /* NULL until it is made */
    uint64_t made_at;            /* Loop time of that, in ms */
    bool spare;                  /* It was made before it was wanted */
    struct buf url;              /* Secret: wiped */
    char *host;                  /* For the Host header */
    char *shown;                 /* The URL without its query */
    bool closing;
    dial_close_cb close_cb;
    void *close_data;
};

/* Stop everything that could still report. */
static void dial_stop(struct dial *d)
{
    wait_cancel(&d->located);
    if (d->wait != NULL) {
        chain_cancel(d->wait);
        d->wait = NULL;
    }
    uv_timer_stop(&d->begin);
}

/* Report the end, once. */
static void dial_done(struct dial *d, const struct dial_result *result,
                      const struct err *err)
{
    dial_cb cb = d->cb;

    dial_stop(d);
    d->cb = NULL;
    cb(d->data, result, err); /* Last: the owner may have closed @d. */
}

/* Report a failure that happened here. */
static void dial_fail(struct dial *d, int code, const char *what)
{
    struct err e;

    err_set_uv(&e, code, what);
    dial_done(d, NULL, &e);
}

/* Where to connect, and what may be shown of it. */
static int set_host(struct dial *d)
{
    int rv = endpoint_host(&d->host, d->facts->r.dns_name);

    if (rv != 0) {
        return rv;
    }
    d->shown = mem_printf("wss://%s/openTunnel", d->host);
    return d->shown != NULL ? 0 : UV_ENOMEM;
}

static void dial_connect(struct dial *d);

static void dial_again(struct dial *d);

static void on_conn_closed(void *data);

/* Give up the connection; its closing is waited for. */
static void dial_disconnect(struct dial *d)
{
    if (d->conn != NULL) {
        d->n_open++;
        conn_close(d->conn, on_conn_closed, d);
        d->conn = NULL;
        d->transport = NULL;
    }
}

/* Go on if both connection and credentials are there. */
static void dial_step(struct dial *d)
{
    struct dial_result result;
    struct err e;

    if (d->transport == NULL || (d->creds == NULL && !d->unsigned_)) {
        return;
    }
    if (uv_now(d->route->eice->loop) - d->made_at > STALE_MS) {
        log_debug(&d->route->eice->log, NET, d->id,
                  "connection waited too long for credentials, making another");
        dial_disconnect(d);
        dial_connect(d);
        return;
    }
    if (open_url(&d->url, d->route, d->facts, d->host, d->creds, &e) != 0) {
        dial_done(d, NULL, &e);
        return;
    }
    result = (struct dial_result){
        .transport = d->transport,
        .host = d->host,
        .target = strchr(buf_str(&d->url) + strlen("wss://"), '/'),
        .shown = d->shown,
        .trial = d->facts->kept || d->spare,
    };
    dial_done(d, &result, NULL);
}

/* The connection is made, or cannot be. */
static void on_conn(struct conn *c, struct transport *transport,
                    const struct err *err)
{
    struct dial *d = conn_data(c);

    if (err != NULL) {
        if (d->facts->kept) {
            log_info(&d->route->eice->log, NET, d->id,
                     "%s; asking where to connect", err->msg);
            dial_again(d);
            return;
        }
        if (err->code == ERR_DNS || err->code == ERR_CONNECT) {
            route_forget(d->route); /* The endpoint may have moved. */
        }
        dial_done(d, NULL, err);
        return;
    }
    d->transport = transport;
    d->made_at = uv_now(d->route->eice->loop);
    dial_step(d);
}

/* Take a spare connection, if there is one. */
static bool dial_take_spare(struct dial *d)
{
    d->spare = false;
    if (d->route->spares == NULL) {
        return false;
    }
    d->conn = spares_take(d->route->spares, d->host, &d->transport);
    if (d->conn == NULL) {
        return false;
    }
    d->spare = true;
    d->made_at = uv_now(d->route->eice->loop);
    log_debug(&d->route->eice->log, NET, d->id, "using a spare connection");
    return true;
}

/* Connect to the endpoint. */
static void dial_connect(struct dial *d)
{
    struct conn_config cfg = {
        .connect_timeout_ms = d->route->connect_timeout_ms,
        .id = d->id,
    };
    char *url;

    if (dial_take_spare(d)) {
        dial_step(d);
        return;
    }
    url = mem_printf("https://%s", d->host);
    cfg.url = url;
    d->conn = url != NULL ? conn_new(d->route->eice->net, &cfg, d) : NULL;
    mem_free(url);
    if (d->conn == NULL) {
        dial_fail(d, UV_ENOMEM, "connection");
        return;
    }
    conn_start(d->conn, on_conn);
}

/* The credentials are there, or there are none. */
static void on_creds(void *data, struct creds *creds, const struct err *err)
{
    struct dial *d = data;

    d->wait = NULL;
    if (err != NULL) {
        dial_done(d, NULL, err);
        return;
    }
    d->creds = creds_ref(creds);
    dial_step(d);
}

/* The target is known: connect, and fetch the credentials meanwhile.  Not
 * before: a resolution fetches them too, and may have found the old ones
 * refused. */
static void dial_located(struct dial *d)
{
    int rv;

    d->facts = facts_ref(d->route->facts);
    rv = set_host(d);
    if (rv != 0) {
        dial_fail(d, rv, "endpoint");
        return;
    }
    if (!d->unsigned_) {
        d->wait = chain_get(d->route->eice->chain, on_creds, d);
        if (d->wait == NULL) {
            dial_fail(d, UV_ENOMEM, "credentials");
            return;
        }
    }
    dial_connect(d);
}

/* The target is resolved, or cannot be. */
static void on_located(struct wait *w, const struct err *err)
{
    struct dial *d = w->data;

    if (err != NULL) {
        dial_done(d, NULL, err);
        return;
    }
    dial_located(d);
}

/* Ask the route where to connect. */
static void dial_locate(struct dial *d)
{
    struct err e;
    int rv = route_get(d->route, &d->located, on_located, &e);

    if (rv == 0) {
        dial_located(d);
    } else if (rv != UV_EAGAIN) {
        dial_done(d, NULL, &e);
    }
}

/* The facts were kept from before and lead nowhere: ask for others. */
static void dial_again(struct dial *d)
{
    if (d->wait != NULL) {
        chain_cancel(d->wait);
        d->wait = NULL;
    }
    creds_unref(d->creds);
    d->creds = NULL;
    dial_disconnect(d);
    mem_free(d->host);
    mem_free(d->shown);
    d->host = NULL;
    d->shown = NULL;
    route_doubt(d->route, d->facts);
    facts_unref(d->facts);
    d->facts = NULL;
    dial_locate(d);
}

/* First turn of the loop. */
static void on_begin(uv_timer_t *timer)
{
    struct dial *d = timer->data;
    struct eice *eice = d->route->eice;
    struct err e;

    if (context_need(eice, &e) != 0) {
        dial_done(d, NULL, &e);
        return;
    }
    d->unsigned_ = settings_no_sign(eice->settings);
    dial_locate(d);
}

static struct dial *dial_start(struct dialer *dialer, unsigned id, dial_cb cb,
                               void *data)
{
    struct route *route = (struct route *)dialer; /* Its first member. */
    struct dial *d;
    int rv;

    d = mem_zalloc(sizeof *d);
    if (d == NULL) {
        return NULL;
    }
    d->route = route;
    d->id = id;
    d->cb = cb;
    d->data = data;
    d->located.data = d;
    buf_init(&d->url, URL_MAX);
    rv = uv_timer_init(route->eice->loop, &d->begin);
    assert(rv == 0);
    d->begin.data = d;
    d->n_open = 1;
    rv = uv_timer_start(&d->begin, on_begin, 0, 0);
    assert(rv == 0);
    return d;
}

/* Whether no answer at all came over a connection that had been waiting: it was
 * dead by then, most likely. */
static bool spare_was_dead(const struct dial *d, const struct err *e,
                           const char *server_date)
{
    return d->spare && e->http_status == 0 && server_date[0] == '\0' &&
           e->code != ERR_PEER_CLOSED && e->code != ERR_PROTOCOL;
}

static bool dial_refused(struct dial *d, struct err *e, const char *server_date)
{
    if (spare_was_dead(d, e, server_date)) {
        spares_doubt(d->route->spares);
        return true;
    }
    return refusal_learn(d->route, d->facts, d->creds, e, server_date);
}

/* One thing less that is open. */
static void dial_closed_one(struct dial *d)
{
    dial_close_cb cb;
    void *data;

    assert(d->n_open > 0);
    if (--d->n_open > 0 || !d->closing) {
        return;
    }
    cb = d->close_cb;
    data = d->close_data;
    creds_unref(d->creds);
    facts_unref(d->facts);
    buf_wipe(&d->url);
    mem_free(d->host);
    mem_free(d->shown);
    mem_free(d);
    cb(data);
}

static void on_conn_closed(void *data)
{
    dial_closed_one(data);
}

static void on_timer_closed(uv_handle_t *handle)
{
    dial_closed_one(handle->data);
}

static void dial_close(struct dial *d, dial_close_cb cb, void *data)
{
    assert(!d->closing);
    d->closing = true;
    d->close_cb = cb;
    d->close_data = data;
    dial_stop(d);
    dial_disconnect(d);
    uv_close((uv_handle_t *)&d->begin, on_timer_closed);
}

const struct dialer_ops dial_ops = {
    .start = dial_start,
    .refused = dial_refused,
    .close = dial_close,
};
