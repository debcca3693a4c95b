/* SPDX-License-Identifier: Apache-2.0 */
/* bridge.c - carries bytes between a client's wire and a local descriptor.
 *
 * The happy path: what is read from the pipe is written to the wire, what the
 * wire delivers is written to the pipe; a full queue on either side stops the
 * reading on the other.
 *
 * What can go wrong: the far end closes (end_cb), a write to it fails (end_cb:
 * it is gone), the owner closes. */
#include "bridge.h"

#include <assert.h>
#include <string.h>

#include "mem.h"

enum {
    TICK_MS = 20 /* How often credit is renewed: 50 times a second */
};

/* Tell the owner, once, that the far end is gone. */
static void bridge_end(struct bridge *b)
{
    if (b->pipe_reading) {
        uv_read_stop((uv_stream_t *)&b->pipe);
        b->pipe_reading = false;
    }
    if (!b->ended && !b->closing) {
        b->ended = true;
        b->end_cb(b);
    }
}

/* ---- rate ---- */

/* How many of @want bytes may pass now. */
static size_t rate_allows(const struct bridge_rate *r, size_t want)
{
    if (r->bytes_per_s == 0) {
        return want;
    }
    return r->credit <= 0               ? 0
           : (uint64_t)r->credit < want ? (size_t)r->credit
                                        : want;
}

/* A run larger than the credit leaves a debt that later ticks pay off. */
static void rate_spend(struct bridge_rate *r, size_t n)
{
    if (r->bytes_per_s > 0) {
        r->credit -= (int64_t)n;
    }
}

static void rate_renew(struct bridge_rate *r)
{
    int64_t share = (int64_t)(r->bytes_per_s * TICK_MS / 1000) + 1;

    r->credit += share;
    if (r->credit > 2 * share) {
        r->credit = 2 * share; /* No bursts after a pause. */
    }
}

/* ---- down: pipe to wire ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct bridge *b = handle->data;

    (void)suggested;
    *buf = uv_buf_init((char *)b->down,
                       (unsigned)rate_allows(&b->down_rate, WIRE_CHUNK));
}

static bool may_read_pipe(const struct bridge *b)
{
    return !b->ended && !b->closing && !b->stalled_down &&
           wire_queued(b->wire) < WIRE_HIGH &&
           rate_allows(&b->down_rate, 1) > 0;
}

static void adjust_pipe(struct bridge *b);

static void on_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf)
{
    struct bridge *b = stream->data;

    (void)buf;
    if (nread < 0) {
        bridge_end(b);
        return;
    }
    if (nread > 0) {
        rate_spend(&b->down_rate, (size_t)nread);
        if (b->filter != NULL) {
            b->filter(b->filter_data, b->down, (size_t)nread);
        } else {
            wire_write(b->wire, b->down, (size_t)nread);
        }
    }
    if (!b->closing) {
        adjust_pipe(b);
    }
}

static void adjust_pipe(struct bridge *b)
{
    bool want = may_read_pipe(b);

    if (want && !b->pipe_reading) {
        b->pipe_reading =
            uv_read_start((uv_stream_t *)&b->pipe, on_alloc, on_read) == 0;
    } else if (!want && b->pipe_reading) {
        uv_read_stop((uv_stream_t *)&b->pipe);
        b->pipe_reading = false;
    }
}

void bridge_drained(struct bridge *b)
{
    if (!b->closing) {
        adjust_pipe(b);
    }
}

/* ---- up: wire to pipe ---- */

/* Read from the client exactly when there is room and credit. */
static void adjust_wire(struct bridge *b)
{
    wire_read(b->wire, !b->ended && !b->writing && !b->stalled_up &&
                           rate_allows(&b->up_rate, 1) > 0);
}

static void on_written(uv_write_t *req, int status)
{
    struct bridge *b = req->data;

    b->writing = false;
    if (b->closing) {
        return;
    }
    if (status < 0) {
        bridge_end(b);
        return;
    }
    adjust_wire(b);
}

void bridge_take(struct bridge *b, const uint8_t *data, size_t len)
{
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)data, (unsigned)len);
    size_t done;
    int rv;

    if (b->ended || b->closing) {
        return;
    }
    assert(!b->writing && len <= WIRE_CHUNK);
    rate_spend(&b->up_rate, len);
    rv = uv_try_write((uv_stream_t *)&b->pipe, &buf, 1);
    done = rv > 0 ? (size_t)rv : 0;
    if (rv < 0 && rv != UV_EAGAIN) {
        /* The far end closed; what it wrote last is still to be read. */
        wire_read(b->wire, false);
        return;
    }
    if (done < len) {
        memcpy(b->up, data + done, len - done);
        buf = uv_buf_init((char *)b->up, (unsigned)(len - done));
        b->write_req.data = b;
        rv = uv_write(&b->write_req, (uv_stream_t *)&b->pipe, &buf, 1,
                      on_written);
        b->writing = rv == 0;
        if (rv != 0) {
            bridge_end(b);
            return;
        }
    }
    adjust_wire(b);
}

/* ---- both ---- */

static void on_tick(uv_timer_t *timer)
{
    struct bridge *b = timer->data;

    rate_renew(&b->down_rate);
    rate_renew(&b->up_rate);
    adjust_pipe(b);
    adjust_wire(b);
}

void bridge_stall(struct bridge *b, bool down, bool up)
{
    b->stalled_down = down;
    b->stalled_up = up;
    if (!b->closing) {
        adjust_pipe(b);
        adjust_wire(b);
    }
}

void bridge_throttle(struct bridge *b, uint64_t down, uint64_t up)
{
    b->down_rate = (struct bridge_rate){.bytes_per_s = down};
    b->up_rate = (struct bridge_rate){.bytes_per_s = up};
    rate_renew(&b->down_rate);
    rate_renew(&b->up_rate);
    if (down > 0 || up > 0) {
        uv_timer_start(&b->tick, on_tick, TICK_MS, TICK_MS);
    } else {
        uv_timer_stop(&b->tick);
    }
}

void bridge_hurry(struct bridge *b)
{
    b->up_rate = (struct bridge_rate){0};
    if (!b->closing) {
        adjust_wire(b);
    }
}

void bridge_init(struct bridge *b, uv_loop_t *loop, struct wire *wire)
{
    int rv;

    *b = (struct bridge){.wire = wire};
    rv = uv_pipe_init(loop, &b->pipe, 0);
    assert(rv == 0);
    b->pipe.data = b;
    uv_timer_init(loop, &b->tick);
    b->tick.data = b;
    b->n_open = 2;
}

int bridge_start(struct bridge *b, int fd, uint64_t bytes_per_s,
                 bridge_end_cb end_cb)
{
    int rv;

    b->end_cb = end_cb;
    b->down = mem_alloc(WIRE_CHUNK);
    b->up = mem_alloc(WIRE_CHUNK);
    if (b->down == NULL || b->up == NULL) {
        return UV_ENOMEM;
    }
    rv = uv_pipe_open(&b->pipe, fd);
    if (rv != 0) {
        return rv;
    }
    bridge_throttle(b, bytes_per_s, bytes_per_s);
    adjust_pipe(b);
    adjust_wire(b);
    return 0;
}

static void on_eof_sent(uv_shutdown_t *req, int status)
{
    (void)req;
    (void)status; /* If it failed the far end is gone already. */
}

void bridge_eof(struct bridge *b)
{
    if (!b->closing && !b->ended && !b->did_eof) {
        b->did_eof = true;
        (void)uv_shutdown(&b->shut_req, (uv_stream_t *)&b->pipe, on_eof_sent);
    }
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct bridge *b = handle->data;

    assert(b->closing && b->n_open > 0);
    if (--b->n_open > 0) {
        return;
    }
    mem_free(b->down);
    mem_free(b->up);
    b->close_cb(b); /* Last: @b may be freed now. */
}

void bridge_close(struct bridge *b, bridge_close_cb cb)
{
    assert(!b->closing);
    b->closing = true;
    b->close_cb = cb;
    uv_close((uv_handle_t *)&b->pipe, on_handle_closed);
    uv_close((uv_handle_t *)&b->tick, on_handle_closed);
}
