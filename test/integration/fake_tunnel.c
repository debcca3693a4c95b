/* SPDX-License-Identifier: Apache-2.0 */
/* fake_tunnel.c - a tunnel whose far side sends back what it gets. */
#include "fake_tunnel.h"

#include <assert.h>
#include <string.h>

#include "err.h"
#include "local.h"
#include "mem.h"

enum { CHUNK = 4096 };

struct fake_tunnels fake_tunnels;

struct tunnel {
    unsigned id;
    uv_timer_t opened; /* The upgrade takes a turn */
    struct local *local;
    char chunk[CHUNK];
    size_t seen;
    bool reading;
    bool is_open;
    bool done;
    unsigned n_open;
    tunnel_event_cb event_cb;
    tunnel_done_cb done_cb;
    void *data;
    tunnel_close_cb close_cb;
    void *close_data;
};

struct tunnel *tunnel_new(uv_loop_t *loop, const struct log *log, unsigned id,
                          const struct tunnel_config *config)
{
    struct tunnel *t;

    (void)log;
    t = fake_tunnels.no_memory ? NULL : mem_zalloc(sizeof *t);
    if (t == NULL) {
        return NULL;
    }
    fake_tunnels.early_eof_asked = config->end_on_early_eof;
    fake_tunnels.n_now++;
    if (fake_tunnels.n_now > fake_tunnels.n_max) {
        fake_tunnels.n_max = fake_tunnels.n_now;
    }
    t->id = id;
    uv_timer_init(loop, &t->opened);
    t->opened.data = t;
    t->n_open = 1;
    return t;
}

static void tunnel_done(struct tunnel *t, const struct err *err)
{
    if (!t->done && t->close_cb == NULL) {
        t->done = true;
        t->local->ops->read_stop(t->local);
        t->done_cb(t, err);
    }
}

static void on_alloc(struct local *l, uv_buf_t *buf)
{
    struct tunnel *t = l->data;

    *buf = uv_buf_init(t->chunk, CHUNK);
}

static void on_read(struct local *l, ssize_t nread);

static void on_write(struct local *l, int status)
{
    struct tunnel *t = l->data;
    struct err err;

    if (t->close_cb != NULL) {
        return;
    }
    if (status != 0) {
        err_set(&err, ERR_LOCAL_LOST, "local write");
        tunnel_done(t, &err);
        return;
    }
    l->ops->read_start(l, on_alloc, on_read);
}

static void on_read(struct local *l, ssize_t nread)
{
    struct tunnel *t = l->data;
    struct err err;

    if (nread < 0) {
        if (nread == UV_EOF) {
            tunnel_done(t, NULL);
            return;
        }
        err_set(&err, ERR_LOCAL_LOST, "local read");
        tunnel_done(t, &err);
        return;
    }
    if (nread > 0 && t->seen == 0 && t->chunk[0] == 'F') {
        err_set(&err, ERR_PEER_CLOSED, "told to fail");
        tunnel_done(t, &err);
        return;
    }
    if (nread > 0 && t->seen == 0 && t->chunk[0] == 'N') {
        t->event_cb(t, TUNNEL_ENDING_SOON);
        if (t->close_cb != NULL) {
            return;
        }
    }
    t->seen += (size_t)nread;
    l->ops->read_stop(l);
    if (l->ops->write(l, uv_buf_init(t->chunk, (unsigned)nread), on_write) !=
        0) {
        tunnel_done(t, NULL);
    }
}

static void on_opened(uv_timer_t *timer)
{
    struct tunnel *t = timer->data;

    t->event_cb(t, TUNNEL_OPEN);
    if (t->close_cb == NULL) {
        t->local->ops->read_start(t->local, on_alloc, on_read);
    }
}

int tunnel_start(struct tunnel *t, struct local *local,
                 tunnel_event_cb event_cb, tunnel_done_cb done_cb, void *data)
{
    t->local = local;
    local->data = t;
    t->n_open++;
    t->event_cb = event_cb;
    t->done_cb = done_cb;
    t->data = data;
    if (fake_tunnels.start_rv != 0) {
        return fake_tunnels.start_rv;
    }
    uv_timer_start(&t->opened, on_opened, 0, 0);
    return 0;
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
    (void)t;
    return "request-1";
}

struct tunnel_stats tunnel_stats(const struct tunnel *t)
{
    return (struct tunnel_stats){.bytes_up = t->seen, .bytes_down = t->seen};
}

static void one_closed(struct tunnel *t)
{
    tunnel_close_cb cb = t->close_cb;
    void *data = t->close_data;

    assert(t->n_open > 0);
    if (--t->n_open == 0) {
        fake_tunnels.n_now--;
        mem_free(t);
        cb(data);
    }
}

static void on_timer_closed(uv_handle_t *handle)
{
    one_closed(handle->data);
}

static void on_local_closed(struct local *l)
{
    one_closed(l->data);
}

void tunnel_close(struct tunnel *t, enum tunnel_bye bye, tunnel_close_cb cb,
                  void *data)
{
    assert(t->close_cb == NULL);
    fake_tunnels.n_away += bye == TUNNEL_BYE_AWAY;
    t->close_cb = cb;
    t->close_data = data;
    if (t->local != NULL) {
        t->local->ops->close(t->local, on_local_closed);
    }
    uv_close((uv_handle_t *)&t->opened, on_timer_closed);
}
