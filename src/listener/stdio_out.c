/* SPDX-License-Identifier: Apache-2.0 */
/* stdio_out.c - the writing half of local_stdio.
 *
 * The happy path is: a stream takes bytes at once or when it has room; a file
 * takes them in the pool; shutdown closes a pipe, half-closes a socket and
 * leaves a file alone.  What can go wrong: the descriptor cannot be used (open
 * says so), a write fails (its callback gets the code), the reader vanishes
 * (lost_cb), or the owner closes first (a pending write ends with
 * UV_ECANCELED, and closing waits for the pool). */
#include "stdio_out.h"

#include <assert.h>
#include <stddef.h>

#include "err.h"

/* The write is over. */
static void write_done(struct stdio_out *out, int status)
{
    local_write_cb cb = out->write_cb;

    out->write_cb = NULL;
    cb(out->local, status);
}

/* The shutdown is over. */
static void end_done(struct stdio_out *out, int status)
{
    local_write_cb cb = out->end_cb;

    out->end_cb = NULL;
    cb(out->local, status);
}

/* One handle, the watch or the request less; with the last @out is free. */
static void one_closed(struct stdio_out *out)
{
    assert(out->n_open > 0);
    if (--out->n_open == 0) {
        fd_use_close(&out->use);
        if (out->end_cb != NULL) {
            end_done(out, UV_ECANCELED);
        }
        out->close_cb(out);
    }
}

static void on_handle_closed(uv_handle_t *handle)
{
    one_closed(handle->data);
}

static void on_watch_closed(struct out_watch *watch)
{
    one_closed(watch->data);
}

/* The pipe is closed: its reader knows that there is no more. */
static void on_pipe_closed(uv_handle_t *handle)
{
    struct stdio_out *out = handle->data;

    if (out->end_cb != NULL) {
        end_done(out, out->close_cb != NULL ? UV_ECANCELED : 0);
    }
    one_closed(out);
}

/* Close the pipe handle, and with it the descriptor. */
static void close_pipe(struct stdio_out *out)
{
    uv_os_fd_t fd;

    out->pipe_closed = true;
    fd_use_restore(&out->use);
    if (uv_fileno((uv_handle_t *)&out->pipe, &fd) == 0) {
        out->use.fd = -1; /* uv_close() closes it. */
    }
    uv_close((uv_handle_t *)&out->pipe, on_pipe_closed);
}

/* Stop watching for the reader; also closes the watch's own descriptor. */
static void close_watch(struct stdio_out *out)
{
    if (out->watching) {
        out->watching = false;
        out_watch_close(&out->watch, on_watch_closed);
    }
}

/* The reader is gone. */
static bool on_reader_gone(struct out_watch *watch)
{
    struct stdio_out *out = watch->data;

    if (out->local->lost_cb == NULL) {
        return false;
    }
    out->local->lost_cb(out->local, UV_EPIPE);
    return true;
}

/* Let libuv write the stream, and watch it. */
static int open_stream(struct stdio_out *out)
{
    int rv;

    rv = fd_use_nonblock(&out->use);
    if (rv != 0) {
        return rv;
    }
    rv = uv_pipe_init(out->kick.loop, &out->pipe, 0);
    assert(rv == 0);
    out->pipe.data = out;
    out->piping = true;
    out->n_open++;
    rv = uv_pipe_open(&out->pipe, out->use.fd);
    if (rv != 0) {
        return rv;
    }
    return out_watch_start(&out->watch, out->use.fd, on_reader_gone);
}

/* libuv has written everything, or could not. */
static void on_written(uv_write_t *req, int status)
{
    write_done(req->data, status);
}

static void on_file_written(uv_fs_t *req);

/* Give the rest of the bytes to the pool. */
static int file_write(struct stdio_out *out)
{
    uv_buf_t buf = out->rest;
    int rv;

    out->req.data = out;
    rv = uv_fs_write(out->kick.loop, &out->req, out->use.fd, &buf, 1, -1,
                     on_file_written);
    out->busy = rv == 0;
    return rv;
}

/* The pool has written some of the bytes. */
static void on_file_written(uv_fs_t *req)
{
    struct stdio_out *out = req->data;
    ssize_t result = req->result;
    int rv = 0;

    out->busy = false;
    uv_fs_req_cleanup(req);
    if (out->close_cb != NULL) {
        write_done(out, UV_ECANCELED);
        one_closed(out);
        return;
    }
    if (result < 0) {
        write_done(out, (int)result);
        return;
    }
    out->rest.base += result;
    out->rest.len -= (size_t)result;
    if (out->rest.len > 0) {
        rv = file_write(out);
        if (rv == 0) {
            return;
        }
    }
    write_done(out, rv);
}

/* The peer of a socket has been told that there is no more. */
static void on_ended(uv_shutdown_t *req, int status)
{
    end_done(req->data, status);
}

/* A shutdown that needed nothing to be done. */
static void on_kick(uv_idle_t *idle)
{
    uv_idle_stop(idle);
    end_done(idle->data, 0);
}

void stdio_out_init(struct stdio_out *out, uv_loop_t *loop, struct local *local)
{
    int rv;

    *out = (struct stdio_out){.local = local, .use = {.fd = -1, .flags = -1}};
    rv = uv_idle_init(loop, &out->kick);
    assert(rv == 0);
    out->kick.data = out;
    out_watch_init(&out->watch, loop);
    out->watch.data = out;
    out->watching = true;
    out->n_open = 2;
}

int stdio_out_open(struct stdio_out *out, int fd, struct err *e)
{
    int rv;

    rv = fd_use_open(&out->use, fd, true, "stdout", e);
    if (rv != 0) {
        return rv;
    }
    rv = out->use.kind == FD_STREAM ? open_stream(out) : 0;
    return rv == 0 ? 0 : err_set_uv(e, rv, "stdout");
}

ssize_t stdio_out_try_write(struct stdio_out *out, const uv_buf_t *bufs,
                            unsigned count)
{
    if (out->use.kind == FD_FILE) {
        return UV_EAGAIN; /* Only the pool may wait for a disk. */
    }
    return uv_try_write((uv_stream_t *)&out->pipe, bufs, count);
}

int stdio_out_write(struct stdio_out *out, uv_buf_t buf, local_write_cb cb)
{
    int rv;

    assert(out->write_cb == NULL && out->close_cb == NULL);
    if (out->use.kind == FD_FILE) {
        out->rest = buf;
        rv = file_write(out);
    } else {
        out->write_req.data = out;
        rv = uv_write(&out->write_req, (uv_stream_t *)&out->pipe, &buf, 1,
                      on_written);
    }
    if (rv == 0) {
        out->write_cb = cb;
    }
    return rv;
}

int stdio_out_shutdown(struct stdio_out *out, local_write_cb cb)
{
    int rv = 0;

    assert(out->write_cb == NULL && out->end_cb == NULL);
    if (out->use.kind == FD_FILE) {
        rv = uv_idle_start(&out->kick, on_kick);
    } else if (out->use.is_socket) {
        out->end_req.data = out;
        rv = uv_shutdown(&out->end_req, (uv_stream_t *)&out->pipe, on_ended);
    } else {
        close_watch(out);
        close_pipe(out);
    }
    if (rv == 0) {
        out->end_cb = cb;
    }
    return rv;
}

void stdio_out_close(struct stdio_out *out, stdio_out_close_cb cb)
{
    assert(out->close_cb == NULL);
    out->close_cb = cb;
    if (out->busy) {
        out->n_open++;
        uv_cancel((uv_req_t *)&out->req); /* Its callback comes anyway. */
    }
    close_watch(out);
    if (out->piping && !out->pipe_closed) {
        close_pipe(out);
    }
    uv_close((uv_handle_t *)&out->kick, on_handle_closed);
}
