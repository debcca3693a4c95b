/* SPDX-License-Identifier: Apache-2.0 */
/* local_stream.c - a connected socket as the near side of a tunnel.
 *
 * The happy path is: the descriptor becomes a libuv stream; read_start lends
 * the tunnel's memory to libuv; try_write takes what fits and write the rest;
 * shutdown ends our side after the last byte; close frees everything.  What
 * can go wrong is that the descriptor cannot be watched (new returns the code
 * and the half-made stream closes itself), that a read or a write fails (its
 * callback gets the code), or that the owner closes first (libuv cancels what
 * is pending, then the close callback comes). */
#include "local_stream.h"

#include <assert.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "local.h"
#include "mem.h"
#include "peer_user.h"

enum { KEEPALIVE_S = 60 };

/* One socket; frees itself after its close callback. */
struct local_stream {
    struct local local;  /* First: what the tunnel holds */
    uv_stream_t *stream; /* &own, or the caller's */
    union {
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } own;                 /* When made from a descriptor */
    uv_write_t write_req;  /* One at a time */
    uv_shutdown_t end_req; /* Once */
    local_alloc_cb alloc_cb;
    local_read_cb read_cb;
    local_write_cb write_cb; /* Set while a write is pending */
    local_write_cb end_cb;   /* Set while a shutdown is pending */
    local_close_cb close_cb;
    bool reading;
    bool closing;
};

/* libuv wants memory: lend the tunnel's. */
static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct local_stream *s = handle->data;

    (void)suggested;
    s->alloc_cb(&s->local, buf);
}

/* Bytes, nothing after all (0), the end, or an error. */
static void on_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf)
{
    struct local_stream *s = stream->data;

    (void)buf;
    if (nread == UV_ENOBUFS) {
        return; /* Nothing was lent; the socket tells again. */
    }
    if (nread < 0) {
        s->reading = false;
        uv_read_stop(stream);
    }
    s->read_cb(&s->local, nread);
}

static int stream_read_start(struct local *l, local_alloc_cb alloc,
                             local_read_cb read)
{
    struct local_stream *s = (struct local_stream *)l;
    int rv;

    assert(!s->closing);
    s->alloc_cb = alloc;
    s->read_cb = read;
    if (s->reading) {
        return 0;
    }
    rv = uv_read_start(s->stream, on_alloc, on_read);
    s->reading = rv == 0;
    return rv;
}

static void stream_read_stop(struct local *l)
{
    struct local_stream *s = (struct local_stream *)l;

    s->reading = false;
    uv_read_stop(s->stream);
}

static ssize_t stream_try_write(struct local *l, const uv_buf_t *bufs,
                                unsigned count)
{
    struct local_stream *s = (struct local_stream *)l;

    return uv_try_write(s->stream, bufs, count);
}

/* All of the buffer is written, or the write failed. */
static void on_written(uv_write_t *req, int status)
{
    struct local_stream *s = req->data;
    local_write_cb cb = s->write_cb;

    s->write_cb = NULL;
    cb(&s->local, status);
}

static int stream_write(struct local *l, uv_buf_t buf, local_write_cb cb)
{
    struct local_stream *s = (struct local_stream *)l;
    int rv;

    assert(s->write_cb == NULL && !s->closing);
    s->write_req.data = s;
    rv = uv_write(&s->write_req, s->stream, &buf, 1, on_written);
    if (rv == 0) {
        s->write_cb = cb;
    }
    return rv;
}

/* The peer has been told that there is no more. */
static void on_ended(uv_shutdown_t *req, int status)
{
    struct local_stream *s = req->data;
    local_write_cb cb = s->end_cb;

    s->end_cb = NULL;
    cb(&s->local, status);
}

static int stream_shutdown(struct local *l, local_write_cb cb)
{
    struct local_stream *s = (struct local_stream *)l;
    int rv;

    assert(s->end_cb == NULL && !s->closing);
    s->end_req.data = s;
    rv = uv_shutdown(&s->end_req, s->stream, on_ended);
    if (rv == 0) {
        s->end_cb = cb;
    }
    return rv;
}

/* A client that closed its socket and one that only said it will send no more
 * look alike from here; the kernel knows whether anybody still holds the other
 * end.  Without that, every client that hangs up first would keep its tunnel,
 * and its place among the allowed ones, for the linger time. */
static bool stream_gone(struct local *l)
{
    struct local_stream *s = (struct local_stream *)l;
    struct pollfd p = {.events = 0};
    uid_t uid;

    if (uv_fileno((uv_handle_t *)s->stream, &p.fd) != 0) {
        return false;
    }
    if (poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR)) != 0) {
        return true; /* A unix socket's other end, or a reset. */
    }
    return peer_user_of(p.fd, &uid) == PEER_USER_GONE;
}

/* The handle is gone: tell the owner, then go too. */
static void on_closed(uv_handle_t *handle)
{
    struct local_stream *s = handle->data;

    s->close_cb(&s->local);
    mem_free(s);
}

static void stream_close(struct local *l, local_close_cb cb)
{
    struct local_stream *s = (struct local_stream *)l;

    assert(!s->closing);
    s->closing = true;
    s->close_cb = cb;
    uv_close((uv_handle_t *)s->stream, on_closed);
}

static const struct local_ops stream_ops = {
    .read_start = stream_read_start,
    .read_stop = stream_read_stop,
    .try_write = stream_try_write,
    .write = stream_write,
    .shutdown = stream_shutdown,
    .gone = stream_gone,
    .close = stream_close,
};

/* A stream that could not be opened is closed; nobody was told of it. */
static void on_discarded(uv_handle_t *handle)
{
    mem_free(handle->data);
}

/* Make a TCP or a pipe handle of @fd, whatever it is. */
static int stream_open(struct local_stream *s, uv_loop_t *loop, int family,
                       int fd)
{
    int rv;

    if (family == AF_UNIX) {
        rv = uv_pipe_init(loop, &s->own.pipe, 0);
        assert(rv == 0); /* Opens nothing yet. */
        s->own.pipe.data = s;
        return uv_pipe_open(&s->own.pipe, fd);
    }
    rv = uv_tcp_init(loop, &s->own.tcp);
    assert(rv == 0);
    s->own.tcp.data = s;
    rv = uv_tcp_open(&s->own.tcp, fd);
    if (rv == 0) {
        /* Keystrokes go out one by one; a client on another machine that was
         * switched off is noticed.  Neither is worth failing for. */
        uv_tcp_nodelay(&s->own.tcp, 1);
        uv_tcp_keepalive(&s->own.tcp, 1, KEEPALIVE_S);
    }
    return rv;
}

int local_stream_new(struct local **out, uv_loop_t *loop, int fd)
{
    struct sockaddr_storage addr = {0};
    socklen_t len = sizeof addr;
    struct local_stream *s;
    int rv;

    if (getsockname(fd, (struct sockaddr *)&addr, &len) != 0) {
        return UV_ENOTSOCK;
    }
    s = mem_zalloc(sizeof *s);
    if (s == NULL) {
        return UV_ENOMEM;
    }
    s->local.ops = &stream_ops;
    s->stream = (uv_stream_t *)&s->own;
    rv = stream_open(s, loop, addr.ss_family, fd);
    if (rv != 0) {
        uv_close((uv_handle_t *)s->stream, on_discarded);
        return rv;
    }
    *out = &s->local;
    return 0;
}

int local_stream_wrap(struct local **out, uv_stream_t *stream)
{
    struct local_stream *s = mem_zalloc(sizeof *s);

    if (s == NULL) {
        return UV_ENOMEM;
    }
    s->local.ops = &stream_ops;
    s->stream = stream;
    stream->data = s;
    *out = &s->local;
    return 0;
}
