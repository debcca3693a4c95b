/* SPDX-License-Identifier: Apache-2.0 */
/* stdio_in.c - the reading half of local_stdio.
 *
 * The happy path is: a stream is read by libuv into the tunnel's memory; a
 * file is read by the pool into a buffer of ours, which is then handed over.
 * At the end of either the reader is told UV_EOF once, and nothing is read
 * again.  What can go wrong: the descriptor cannot be used (open says so), a
 * read fails (the reader gets the code), the reader stops while the pool is
 * busy (the bytes wait in our buffer), or the owner closes then (closing waits
 * for the pool). */
#include "stdio_in.h"

#include <assert.h>
#include <string.h>

#include "err.h"
#include "mem.h"

enum { FILE_READ_SIZE = 65536 };

/* libuv wants memory: lend the tunnel's. */
static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct stdio_in *in = handle->data;

    (void)suggested;
    in->alloc_cb(in->local, buf);
}

/* Bytes of a stream, its end, or an error. */
static void on_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf)
{
    struct stdio_in *in = stream->data;

    (void)buf;
    if (nread == UV_ENOBUFS) {
        return; /* Nothing was lent; the stream tells again. */
    }
    if (nread < 0) {
        in->reading = false;
        uv_read_stop(stream);
    }
    in->read_cb(in->local, nread);
}

static void file_read(struct stdio_in *in);
static void on_kick(uv_idle_t *idle);

/* Hand over what was read from a file, then read on. */
static void file_deliver(struct stdio_in *in)
{
    uv_buf_t lent;
    size_t n;

    while (in->reading && in->at < in->len) {
        in->alloc_cb(in->local, &lent);
        if (lent.len == 0) {
            uv_idle_start(&in->kick, on_kick);
            return;
        }
        n = in->len - in->at;
        n = n < lent.len ? n : lent.len;
        memcpy(lent.base, in->buf + in->at, n);
        in->at += n;
        in->read_cb(in->local, (ssize_t)n);
    }
    if (!in->reading) {
        return;
    }
    if (in->end != 0) {
        in->reading = false;
        in->read_cb(in->local, in->end);
        return;
    }
    file_read(in);
}

/* There is something to hand over although the pool is idle. */
static void on_kick(uv_idle_t *idle)
{
    uv_idle_stop(idle);
    file_deliver(idle->data);
}

/* One handle, or the request, less; the owner gets @in back with the last. */
static void one_closed(struct stdio_in *in)
{
    assert(in->close_cb != NULL && in->n_open > 0);
    if (--in->n_open == 0) {
        mem_free(in->buf);
        fd_use_close(&in->use);
        in->close_cb(in);
    }
}

static void on_handle_closed(uv_handle_t *handle)
{
    one_closed(handle->data);
}

/* The pool has read from the file. */
static void on_file_read(uv_fs_t *req)
{
    struct stdio_in *in = req->data;
    ssize_t result = req->result;

    in->busy = false;
    uv_fs_req_cleanup(req);
    if (in->close_cb != NULL) {
        one_closed(in);
        return;
    }
    in->at = 0;
    in->len = result > 0 ? (size_t)result : 0;
    if (result <= 0) {
        in->end = result == 0 ? UV_EOF : (int)result;
    }
    file_deliver(in);
}

/* Ask the pool for the next part of the file. */
static void file_read(struct stdio_in *in)
{
    uv_buf_t buf = uv_buf_init(in->buf, FILE_READ_SIZE);
    int rv;

    in->req.data = in;
    rv = uv_fs_read(in->kick.loop, &in->req, in->use.fd, &buf, 1, -1,
                    on_file_read);
    if (rv == 0) {
        in->busy = true;
        return;
    }
    in->end = rv;
    uv_idle_start(&in->kick, on_kick);
}

/* Let libuv read the stream. */
static int open_stream(struct stdio_in *in)
{
    int rv;

    rv = fd_use_nonblock(&in->use);
    if (rv != 0) {
        return rv;
    }
    rv = uv_pipe_init(in->kick.loop, &in->pipe, 0);
    assert(rv == 0);
    in->pipe.data = in;
    in->piping = true;
    in->n_open++;
    return uv_pipe_open(&in->pipe, in->use.fd);
}

void stdio_in_init(struct stdio_in *in, uv_loop_t *loop, struct local *local)
{
    int rv;

    *in = (struct stdio_in){.local = local, .use = {.fd = -1, .flags = -1}};
    rv = uv_idle_init(loop, &in->kick);
    assert(rv == 0);
    in->kick.data = in;
    in->n_open = 1;
}

int stdio_in_open(struct stdio_in *in, int fd, struct err *e)
{
    int rv;

    rv = fd_use_open(&in->use, fd, false, "stdin", e);
    if (rv != 0) {
        return rv;
    }
    if (in->use.kind == FD_STREAM) {
        rv = open_stream(in);
    } else {
        in->buf = mem_alloc(FILE_READ_SIZE);
        rv = in->buf == NULL ? UV_ENOMEM : 0;
    }
    return rv == 0 ? 0 : err_set_uv(e, rv, "stdin");
}

int stdio_in_read_start(struct stdio_in *in, local_alloc_cb alloc,
                        local_read_cb read)
{
    int rv = 0;

    assert(in->close_cb == NULL);
    in->alloc_cb = alloc;
    in->read_cb = read;
    if (in->reading) {
        return 0;
    }
    if (in->use.kind == FD_STREAM) {
        rv = uv_read_start((uv_stream_t *)&in->pipe, on_alloc, on_read);
    } else if (!in->busy) {
        rv = uv_idle_start(&in->kick, on_kick);
    }
    in->reading = rv == 0;
    return rv;
}

void stdio_in_read_stop(struct stdio_in *in)
{
    in->reading = false;
    uv_idle_stop(&in->kick);
    if (in->piping) {
        uv_read_stop((uv_stream_t *)&in->pipe);
    }
}

void stdio_in_close(struct stdio_in *in, stdio_in_close_cb cb)
{
    uv_os_fd_t fd;

    assert(in->close_cb == NULL);
    in->close_cb = cb;
    in->reading = false;
    if (in->busy) {
        in->n_open++;
        uv_cancel((uv_req_t *)&in->req); /* Its callback comes anyway. */
    }
    if (in->piping) {
        fd_use_restore(&in->use);
        if (uv_fileno((uv_handle_t *)&in->pipe, &fd) == 0) {
            in->use.fd = -1; /* uv_close() closes it. */
        }
        uv_close((uv_handle_t *)&in->pipe, on_handle_closed);
    }
    uv_close((uv_handle_t *)&in->kick, on_handle_closed);
}
