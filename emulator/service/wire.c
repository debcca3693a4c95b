/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c - one accepted connection as a byte stream, with TLS or without.
 *
 * The happy path: wire_accept(), wire_start(); ciphertext is read into `in`,
 * OpenSSL drinks from there through our BIO, and plain bytes go to read_cb in
 * large runs.  wire_write() encrypts into `queue`; what the kernel does not
 * take at once travels as `flight` while `queue` collects the next run.
 *
 * What can go wrong: the handshake or a record is bad (end_cb UV_EPROTO, after
 * OpenSSL's alert was sent), the socket fails (end_cb with its code), the peer
 * ends without close_notify (reported as UV_EOF: many do), memory is short
 * (end_cb UV_ENOMEM), or the owner closes first (close_cb only). */
#include "wire.h"

#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "mem.h"
#include "wire_tls.h"

static void wire_pump(struct wire *w);
static void wire_flush(struct wire *w);

/* ---- ending ---- */

/* Tell the owner, once, that nothing more will arrive. */
static void wire_end(struct wire *w, int status)
{
    if (w->tcp_reading) {
        uv_read_stop((uv_stream_t *)&w->tcp);
        w->tcp_reading = false;
    }
    if (w->ended || w->closing) {
        return;
    }
    w->ended = true;
    if (status != UV_EOF) {
        w->failed = true;
    }
    w->end_cb(w, status);
}

/* ---- reading ---- */

/* Advance the handshake.  Returns whether bytes may flow. */
static bool wire_handshake(struct wire *w)
{
    int rv = w->handshaken ? 0 : wire_tls_accept(w);

    if (rv != 0) {
        wire_flush(w); /* The alert, if any. */
        wire_end(w, rv);
    }
    return w->handshaken;
}

/* Deliver one run under TLS.  Returns whether there may be more. */
static bool wire_pump_tls(struct wire *w)
{
    int status = 0;
    size_t n;

    if (!wire_handshake(w) || !w->reading) {
        return false;
    }
    n = wire_tls_read(w, &status);
    if (n > 0) {
        w->read_cb(w, w->shared->plain, n);
    }
    if (w->closing || w->ended) {
        return false;
    }
    if (status != 0) {
        wire_end(w, status);
        return false;
    }
    return n > 0 && (w->in_len > 0 || n == WIRE_CHUNK);
}

/* Deliver what is there without TLS. */
static bool wire_pump_plain(struct wire *w)
{
    size_t n = w->in_len;

    if (!w->reading) {
        return false;
    }
    if (n > 0) {
        w->in_len = 0;
        w->read_cb(w, w->in + w->in_off, n);
    }
    if (!w->closing && w->peer_eof) {
        wire_end(w, UV_EOF);
    }
    return false;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct wire *w = handle->data;

    (void)suggested;
    if (w->in_len == 0) {
        w->in_off = 0;
    } else if (w->in_off > 0) {
        memmove(w->in, w->in + w->in_off, w->in_len);
        w->in_off = 0;
    }
    *buf = uv_buf_init((char *)w->in + w->in_len,
                       (unsigned)(WIRE_CHUNK - w->in_len));
}

static void on_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf)
{
    struct wire *w = stream->data;

    (void)buf;
    if (nread == 0) {
        return;
    }
    if (nread < 0 && nread != UV_EOF) {
        wire_end(w, (int)nread);
        return;
    }
    if (nread < 0) {
        w->peer_eof = true;
    } else {
        w->in_len += (size_t)nread;
        w->bytes_in += (uint64_t)nread;
    }
    wire_pump(w);
}

/* Whether bytes should come from the socket now. */
static bool wire_wants(const struct wire *w)
{
    return !w->closing && !w->ended && !w->peer_eof && w->in_len < WIRE_CHUNK &&
           (w->reading || !w->handshaken);
}

/* Keep libuv's reading in step with what is wanted. */
static int wire_adjust(struct wire *w)
{
    bool want = wire_wants(w);
    int rv = 0;

    if (want && !w->tcp_reading) {
        rv = uv_read_start((uv_stream_t *)&w->tcp, on_alloc, on_read);
        w->tcp_reading = rv == 0;
    } else if (!want && w->tcp_reading) {
        uv_read_stop((uv_stream_t *)&w->tcp);
        w->tcp_reading = false;
    }
    return rv;
}

/* Deliver everything that can be, then set the reading straight. */
static void wire_pump(struct wire *w)
{
    bool more = true;
    int rv;

    if (w->busy) {
        return; /* The loop below, further up the stack, goes on. */
    }
    w->busy = true;
    while (more && !w->closing && !w->ended) {
        more = w->ssl != NULL ? wire_pump_tls(w) : wire_pump_plain(w);
    }
    w->busy = false;
    if (w->closing) {
        return;
    }
    wire_flush(w);
    rv = wire_adjust(w);
    if (rv != 0) {
        wire_end(w, rv);
    }
}

static void on_kick(uv_idle_t *idle)
{
    struct wire *w = idle->data;

    uv_idle_stop(idle);
    if (w->failed) {
        wire_end(w, UV_EPIPE);
        return;
    }
    wire_pump(w);
}

void wire_resume(struct wire *w)
{
    if (!w->closing) {
        uv_idle_start(&w->kick, on_kick);
    }
}

void wire_read(struct wire *w, bool on)
{
    if (w->closing || w->reading == on) {
        return;
    }
    w->reading = on;
    if (w->busy) {
        return; /* wire_pump() looks again. */
    }
    if (on) {
        uv_idle_start(&w->kick, on_kick);
    } else if (!w->failed) {
        uv_idle_stop(&w->kick);
        (void)wire_adjust(w); /* Stopping cannot fail. */
    }
}

/* ---- writing ---- */

/* Nothing can be written any more; end_cb tells so from the loop. */
static void wire_fail(struct wire *w)
{
    w->failed = true;
    w->queue.len = 0;
    uv_idle_start(&w->kick, on_kick);
}

static void on_shutdown(uv_shutdown_t *req, int status)
{
    (void)req;
    (void)status; /* The peer is gone: what we wanted anyway. */
}

/* After the last byte: FIN. */
static void wire_finish(struct wire *w)
{
    if (!w->want_shutdown || w->did_shutdown || w->failed) {
        return;
    }
    w->did_shutdown = true;
    if (uv_shutdown(&w->shut_req, (uv_stream_t *)&w->tcp, on_shutdown) != 0) {
        w->failed = true;
    }
}

static void on_written(uv_write_t *req, int status)
{
    struct wire *w = req->data;

    w->writing = false;
    w->bytes_out += w->flight.len - w->flight_off;
    w->flight.len = 0;
    if (w->closing) {
        return;
    }
    if (status < 0) {
        w->failed = true;
        w->queue.len = 0;
        wire_end(w, status);
        return;
    }
    wire_flush(w);
    if (!w->writing && !w->closing && w->queue.len == 0) {
        w->drain_cb(w);
    }
}

/* Hand the queue to the kernel; what it does not take becomes the flight. */
static void wire_flush(struct wire *w)
{
    struct wire_run run;
    uv_buf_t buf;
    int rv;

    if (w->writing || w->closing) {
        return;
    }
    if (w->failed) {
        w->queue.len = 0;
        return;
    }
    if (w->queue.len == 0) {
        wire_finish(w);
        return;
    }
    buf = uv_buf_init((char *)w->queue.data, (unsigned)w->queue.len);
    rv = uv_try_write((uv_stream_t *)&w->tcp, &buf, 1);
    if (rv < 0 && rv != UV_EAGAIN) {
        wire_fail(w);
        return;
    }
    w->flight_off = rv > 0 ? (size_t)rv : 0;
    w->bytes_out += w->flight_off;
    if (w->flight_off == w->queue.len) {
        w->queue.len = 0;
        wire_finish(w);
        return;
    }
    run = w->flight;
    w->flight = w->queue;
    w->queue = run;
    w->queue.len = 0;
    buf = uv_buf_init((char *)w->flight.data + w->flight_off,
                      (unsigned)(w->flight.len - w->flight_off));
    w->write_req.data = w;
    rv = uv_write(&w->write_req, (uv_stream_t *)&w->tcp, &buf, 1, on_written);
    w->writing = rv == 0;
    if (rv != 0) {
        w->flight.len = 0;
        wire_fail(w);
    }
}

void wire_write(struct wire *w, const void *data, size_t len)
{
    bool ok;

    if (w->closing || w->failed || w->want_shutdown || len == 0) {
        return;
    }
    ok = w->ssl != NULL ? wire_tls_write(w, data, len)
                        : wire_run_add(&w->queue, data, len);
    if (!ok) {
        wire_fail(w);
    } else {
        wire_flush(w);
    }
}

size_t wire_queued(const struct wire *w)
{
    return w->queue.len + (w->writing ? w->flight.len - w->flight_off : 0);
}

enum wire_peer wire_look(const struct wire *w)
{
#ifdef __linux__
    struct tcp_info info;
    socklen_t len = sizeof info;
    uv_os_fd_t fd;

    if (w->ended || w->peer_eof) {
        return w->failed ? WIRE_PEER_GONE : WIRE_PEER_ENDED;
    }
    if (uv_fileno((const uv_handle_t *)&w->tcp, &fd) == 0 &&
        getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0) {
        return info.tcpi_state == TCP_CLOSE        ? WIRE_PEER_GONE
               : info.tcpi_state == TCP_CLOSE_WAIT ? WIRE_PEER_ENDED
                                                   : WIRE_PEER_THERE;
    }
    return WIRE_PEER_THERE; /* UNTESTED: the socket is not open yet */
#else
    return w->failed                 ? WIRE_PEER_GONE
           : w->ended || w->peer_eof ? WIRE_PEER_ENDED
                                     : WIRE_PEER_THERE;
#endif
}

void wire_shutdown(struct wire *w, bool abrupt)
{
    if (w->closing || w->want_shutdown) {
        return;
    }
    if (w->ssl != NULL && !abrupt && w->handshaken && !w->failed) {
        wire_tls_goodbye(w);
    }
    w->want_shutdown = true;
    wire_flush(w);
}

/* ---- life ---- */

void wire_init(struct wire *w, uv_loop_t *loop, struct wire_shared *sh)
{
    int rv;

    *w = (struct wire){.shared = sh};
    rv = uv_tcp_init(loop, &w->tcp);
    assert(rv == 0); /* Opens no socket yet. */
    w->tcp.data = w;
    w->n_open++;
    uv_idle_init(loop, &w->kick);
    w->kick.data = w;
    w->n_open++;
}

int wire_accept(struct wire *w, uv_stream_t *listener)
{
    int rv = uv_accept(listener, (uv_stream_t *)&w->tcp);

    if (rv == 0) {
        (void)uv_tcp_nodelay(&w->tcp, 1);
    }
    return rv;
}

int wire_start(struct wire *w, SSL_CTX *ctx, wire_read_cb read_cb,
               wire_end_cb end_cb, wire_drain_cb drain_cb)
{
    int rv;

    w->read_cb = read_cb;
    w->end_cb = end_cb;
    w->drain_cb = drain_cb;
    w->in = mem_alloc(WIRE_CHUNK);
    if (w->in == NULL) {
        return UV_ENOMEM;
    }
    w->handshaken = ctx == NULL;
    rv = ctx != NULL ? wire_tls_start(w, ctx) : 0;
    return rv != 0 ? rv : wire_adjust(w);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct wire *w = handle->data;

    assert(w->closing && w->n_open > 0);
    if (--w->n_open > 0) {
        return;
    }
    wire_tls_free(w);
    mem_free(w->in);
    mem_free(w->queue.data);
    mem_free(w->flight.data);
    w->close_cb(w); /* Last: @w may be freed now. */
}

void wire_close(struct wire *w, bool reset, wire_close_cb cb)
{
    assert(!w->closing);
    w->closing = true;
    w->close_cb = cb;
    if (w->ssl != NULL) {
        wire_tls_hush(w);
    }
    uv_close((uv_handle_t *)&w->kick, on_handle_closed);
    if (!reset || uv_tcp_close_reset(&w->tcp, on_handle_closed) != 0) {
        uv_close((uv_handle_t *)&w->tcp, on_handle_closed);
    }
}
