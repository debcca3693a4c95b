/* SPDX-License-Identifier: Apache-2.0 */
/* acceptor.c - one listening descriptor.
 *
 * The happy path is: the loop says that somebody connects, one connection is
 * accepted and goes to the owner.  What can go wrong: the
 * peer has left again (nothing is said), the process or the system has no
 * descriptor left (the one in reserve is given up to accept the connection and
 * close it, so that its client learns at once and the loop does not spin), or
 * accept fails in a way that would only repeat (a tenth of a second's rest).
 *
 * This is not left to uv_listen(): it has no pause, and without its own spare
 * descriptor it would try again without end inside one turn of the loop. */
#include "acceptor.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REST_MS = 100 };

/* A descriptor that means nothing. */
static int reserve_open(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* accept() for a descriptor that blocks nobody and no child inherits. */
static int accept_one(int fd)
{
#ifdef __linux__
    return accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
    int conn = accept(fd, NULL, NULL);

    if (conn != -1 && (fcntl(conn, F_SETFD, FD_CLOEXEC) == -1 ||
                       fcntl(conn, F_SETFL, O_NONBLOCK) == -1)) {
        close(conn);
        errno = ECONNABORTED;
        return -1;
    }
    return conn;
#endif
}

/* Errors that belong to the connection that was to be accepted, not to us
 * (accept(2) on Linux hands over what the network said about it). */
static bool is_about_the_peer(int error)
{
    switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENETUNREACH:
        return true;
    default:
        return false;
    }
}

static void on_poll(uv_poll_t *poll, int status, int events);

/* Listen to the loop, if nobody minds. */
static void poll_start(struct acceptor *a)
{
    int rv;

    if (a->closing || a->paused || a->cb == NULL ||
        uv_is_active((uv_handle_t *)&a->retry)) {
        return;
    }
    rv = uv_poll_start(&a->poll, UV_READABLE, on_poll);
    assert(rv == 0);
}

/* The rest is over. */
static void on_retry(uv_timer_t *timer)
{
    poll_start(timer->data);
}

/* Do not try again for a moment. */
static void rest(struct acceptor *a)
{
    int rv;

    uv_poll_stop(&a->poll);
    rv = uv_timer_start(&a->retry, on_retry, REST_MS, 0);
    assert(rv == 0);
}

/* There is no descriptor for the next connection: refuse it. */
static bool refuse_one(struct acceptor *a)
{
    int conn;

    if (a->reserve == -1) {
        a->reserve = reserve_open();
    }
    if (a->reserve == -1) {
        return false;
    }
    close(a->reserve);
    conn = accept_one(a->fd);
    if (conn != -1) {
        close(conn);
    }
    a->reserve = reserve_open();
    return conn != -1;
}

/* accept() said @error. */
static void accept_failed(struct acceptor *a, int error)
{
    if (is_about_the_peer(error) || error == EAGAIN || error == EWOULDBLOCK) {
        return;
    }
    if ((error != EMFILE && error != ENFILE) || !refuse_one(a)) {
        rest(a);
    }
    a->cb(a, uv_translate_sys_error(error));
}

/* Somebody connects.  One a turn: the loop comes back at once if there are
 * more, and has other work, too. */
static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct acceptor *a = poll->data;
    int fd;

    (void)status; /* A broken listening socket shows in accept() as well. */
    (void)events;
    if (!a->want_cb(a)) {
        return;
    }
    fd = accept_one(a->fd);
    if (fd >= 0) {
        a->cb(a, fd);
    } else {
        accept_failed(a, errno);
    }
}

/* One handle less; the owner gets @a back with the last. */
static void on_handle_closed(uv_handle_t *handle)
{
    struct acceptor *a = handle->data;

    assert(a->n_open > 0);
    if (--a->n_open == 0) {
        a->close_cb(a);
    }
}

void acceptor_init(struct acceptor *a, uv_loop_t *loop)
{
    void *data = a->data;
    int rv;

    *a = (struct acceptor){.data = data, .fd = -1, .reserve = -1};
    rv = uv_timer_init(loop, &a->retry);
    assert(rv == 0);
    a->retry.data = a;
    a->n_open = 1;
}

int acceptor_open(struct acceptor *a, int fd)
{
    int rv;

    rv = uv_poll_init(a->retry.loop, &a->poll, fd);
    if (rv != 0) {
        return rv;
    }
    a->poll.data = a;
    a->polling = true;
    a->n_open++;
    /* Only now libuv says whether somebody watches it already. */
    rv = uv_poll_start(&a->poll, UV_READABLE, on_poll);
    if (rv != 0) {
        return rv;
    }
    uv_poll_stop(&a->poll);
    a->fd = fd;
    a->reserve = reserve_open();
    return 0;
}

void acceptor_start(struct acceptor *a, acceptor_want_cb want, acceptor_cb cb)
{
    assert(a->polling && !a->closing);
    a->want_cb = want;
    a->cb = cb;
    poll_start(a);
}

void acceptor_pause(struct acceptor *a)
{
    a->paused = true;
    uv_poll_stop(&a->poll);
}

void acceptor_resume(struct acceptor *a)
{
    a->paused = false;
    poll_start(a);
}

void acceptor_release(struct acceptor *a)
{
    assert(a->cb == NULL);
    a->fd = -1;
}

void acceptor_close(struct acceptor *a, acceptor_close_cb cb)
{
    assert(!a->closing);
    a->closing = true;
    a->close_cb = cb;
    if (a->polling) {
        uv_close((uv_handle_t *)&a->poll, on_handle_closed);
    }
    uv_close((uv_handle_t *)&a->retry, on_handle_closed);
    if (a->fd != -1) {
        close(a->fd);
        a->fd = -1;
    }
    if (a->reserve != -1) {
        close(a->reserve);
        a->reserve = -1;
    }
}
