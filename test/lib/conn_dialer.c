/* SPDX-License-Identifier: Apache-2.0 */
/* conn_dialer.c - a dialer that only connects, by the real net.
 *
 * The happy path is: connect, report the connection, close it when told to.
 * What can go wrong is that there is no connection: the error is passed on. */
#include "conn_dialer.h"

#include <assert.h>
#include <stddef.h>

#include "conn.h"
#include "err.h"
#include "mem.h"

struct dial {
    const struct conn_dialer *dialer;
    struct conn *conn;
    dial_cb cb;
    void *data;
    dial_close_cb close_cb;
    void *close_data;
};

static void on_conn_done(struct conn *c, struct transport *transport,
                         const struct err *err)
{
    struct dial *d = conn_data(c);
    const struct dial_result result = {.transport = transport,
                                       .host = "localhost",
                                       .target = d->dialer->target,
                                       .shown = "wss://localhost/openTunnel"};

    d->cb(d->data, err == NULL ? &result : NULL, err);
}

static struct dial *dial_start(struct dialer *dialer, unsigned id, dial_cb cb,
                               void *data)
{
    const struct conn_dialer *cd = (const struct conn_dialer *)dialer;
    const struct conn_config cfg = {
        .url = cd->url, .connect_timeout_ms = 10000, .id = id};
    struct dial *d = mem_zalloc(sizeof *d);

    assert(d != NULL);
    d->dialer = cd;
    d->cb = cb;
    d->data = data;
    d->conn = conn_new(cd->net, &cfg, d);
    assert(d->conn != NULL);
    conn_start(d->conn, on_conn_done);
    return d;
}

static bool dial_refused(struct dial *d, struct err *e, const char *date)
{
    (void)date;
    if (d->dialer->hint != NULL) {
        err_hint(e, "%s", d->dialer->hint);
    }
    return false;
}

static void on_conn_closed(void *data)
{
    struct dial *d = data;
    dial_close_cb cb = d->close_cb;

    data = d->close_data;
    mem_free(d);
    cb(data);
}

static void dial_close(struct dial *d, dial_close_cb cb, void *data)
{
    d->close_cb = cb;
    d->close_data = data;
    conn_close(d->conn, on_conn_closed, d);
}

void conn_dialer_init(struct conn_dialer *d)
{
    static const struct dialer_ops ops = {
        .start = dial_start, .refused = dial_refused, .close = dial_close};

    *d = (struct conn_dialer){.dialer = {.ops = &ops}};
}
