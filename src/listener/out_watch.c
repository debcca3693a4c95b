/* SPDX-License-Identifier: Apache-2.0 */
/* out_watch.c - notices that the reader of our output is gone.
 *
 * The happy path is that nothing ever happens.  On Linux a hang-up wakes the
 * loop.  What can go wrong is that the wake-up is about something else: the
 * peer of a socket has only finished sending, which would wake us again and
 * again; then, and on systems whose kqueue says nothing about a descriptor
 * that is merely writable, poll(2) is asked twice a second. */
#include "out_watch.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

enum { LOOK_EVERY_MS = 500 };

/* Whether nobody will ever read what is written to @fd. */
static bool reader_gone(int fd)
{
    struct pollfd p = {.fd = fd, .events = 0};

    return poll(&p, 1, 0) == 1 && (p.revents & (POLLERR | POLLHUP)) != 0;
}

/* Time to look. */
static void on_timer(uv_timer_t *timer)
{
    struct out_watch *w = timer->data;

    if (reader_gone(w->fd) && w->cb(w)) {
        uv_timer_stop(timer);
    }
}

/* From now on look now and then. */
static void look_by_time(struct out_watch *w)
{
    int rv = uv_timer_start(&w->timer, on_timer, LOOK_EVERY_MS, LOOK_EVERY_MS);

    assert(rv == 0);
}

#ifdef __linux__
/* A hang-up of one kind or the other. */
static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct out_watch *w = poll->data;

    (void)status;
    (void)events;
    uv_poll_stop(poll);
    if (!reader_gone(w->fd) || !w->cb(w)) {
        look_by_time(w);
    }
}
#endif

/* One handle less; the owner gets @w back with the last. */
static void on_handle_closed(uv_handle_t *handle)
{
    struct out_watch *w = handle->data;

    assert(w->n_open > 0);
    if (--w->n_open == 0) {
        w->close_cb(w);
    }
}

void out_watch_init(struct out_watch *w, uv_loop_t *loop)
{
    int rv;

    w->fd = -1;
    w->polling = false;
    w->cb = NULL;
    w->close_cb = NULL;
    rv = uv_timer_init(loop, &w->timer);
    assert(rv == 0);
    w->timer.data = w;
    w->n_open = 1;
}

int out_watch_start(struct out_watch *w, int fd, out_watch_cb cb)
{
    /* libuv has one watcher a descriptor, and the stream has its own. */
    w->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (w->fd == -1) {
        return uv_translate_sys_error(errno);
    }
    w->cb = cb;
#ifdef __linux__
    int rv = uv_poll_init(w->timer.loop, &w->poll, w->fd);

    if (rv != 0) {
        return rv;
    }
    w->poll.data = w;
    w->polling = true;
    w->n_open++;
    return uv_poll_start(&w->poll, UV_DISCONNECT, on_poll);
#else
    look_by_time(w);
    return 0;
#endif
}

void out_watch_close(struct out_watch *w, out_watch_close_cb cb)
{
    assert(w->close_cb == NULL);
    w->close_cb = cb;
    if (w->polling) {
        uv_close((uv_handle_t *)&w->poll, on_handle_closed);
    }
    uv_close((uv_handle_t *)&w->timer, on_handle_closed);
    if (w->fd != -1) {
        /* libuv forgets a polled descriptor as soon as uv_close() returns. */
        close(w->fd);
        w->fd = -1;
    }
}
