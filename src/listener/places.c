/* SPDX-License-Identifier: Apache-2.0 */
/* places.c - everything a listener listens on: opened, or refused, as one. */
#include "places.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

#include "err.h"
#include "listener.h"
#include "mem.h"
#include "tcp_listener.h"

/* Fill in what is shown of a socket. */
static void place_describe(struct place *p, int fd)
{
    struct sockaddr_storage addr = {0};
    const struct sockaddr_un *un = (const struct sockaddr_un *)&addr;
    socklen_t len = sizeof addr;

    p->port = 0;
    snprintf(p->text, sizeof p->text, "?");
    if (getsockname(fd, (struct sockaddr *)&addr, &len) != 0) {
        return;
    }
    switch (addr.ss_family) {
    case AF_INET:
        uv_ip4_name((struct sockaddr_in *)&addr, p->text, sizeof p->text);
        p->port = ntohs(((struct sockaddr_in *)&addr)->sin_port);
        break;
    case AF_INET6:
        uv_ip6_name((struct sockaddr_in6 *)&addr, p->text, sizeof p->text);
        p->port = ntohs(((struct sockaddr_in6 *)&addr)->sin6_port);
        break;
    case AF_UNIX:
        snprintf(p->text, sizeof p->text, "%.*s", (int)sizeof un->sun_path,
                 un->sun_path[0] == '\0' ? "@" : un->sun_path);
        break;
    }
}

/* Whether a descriptor that was passed in is a listening stream socket. */
static int passed_check(int fd, struct err *e)
{
    int type = 0;
    int listening = 0;
    socklen_t len = sizeof type;

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0) {
        return err_set(e, ERR_CONFIG,
                       "the descriptor %d passed in is not a socket", fd);
    }
    len = sizeof listening;
    if (type != SOCK_STREAM ||
        getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) != 0 ||
        listening == 0) {
        err_set(e, ERR_CONFIG,
                "the descriptor %d passed in is not a listening stream socket",
                fd);
        err_hint(e, "in the .socket unit use ListenStream= and Accept=no");
        return ERR_CONFIG;
    }
    return 0;
}

/* Check all that were passed in. */
static int passed_check_all(const struct listener_config *c, struct err *e)
{
    size_t i;
    size_t j;
    int rv = 0;

    for (i = 0; rv == 0 && i < c->n_fds; i++) {
        rv = passed_check(c->fds[i], e);
        for (j = 0; rv == 0 && j < i; j++) {
            if (c->fds[j] == c->fds[i]) {
                rv =
                    err_set(e, ERR_CONFIG,
                            "the descriptor %d was passed in twice", c->fds[i]);
            }
        }
    }
    return rv;
}

/* Give the socket @fd to an acceptor.  On a code it is still the caller's. */
static int place_add(struct places *p, uv_loop_t *loop, int fd, bool passed,
                     struct err *e)
{
    struct place *place = &p->list[p->n++];
    int rv;

    place->acceptor.data = p;
    place->passed = passed;
    place_describe(place, fd);
    acceptor_init(&place->acceptor, loop);
    rv = acceptor_open(&place->acceptor, fd);
    return rv == 0 ? 0 : err_set_uv(e, rv, place->text);
}

/* Open the sockets that are ours to open. */
static int own_open(struct places *p, const struct listener_config *c, int *fds,
                    size_t *n, struct err *e)
{
    int fd;
    int rv;

    *n = 0;
    if (c->tcp) {
        rv = tcp_listener_open(c->bind_addresses, c->n_bind_addresses, c->port,
                               fds, n, e);
        if (rv != 0) {
            return rv;
        }
    }
    if (c->unix_path == NULL) {
        return 0;
    }
    rv = unix_listener_open(&p->file, c->unix_path, &fd, e);
    if (rv != 0) {
        while (*n > 0) {
            close(fds[--*n]);
        }
        return rv;
    }
    fds[(*n)++] = fd;
    return 0;
}

/* Open our own sockets and give them to acceptors. */
static int own_add(struct places *p, const struct listener_config *c,
                   uv_loop_t *loop, struct err *e)
{
    int fds[TCP_LISTENER_MAX + 1];
    size_t n = 0;
    size_t i;
    int rv;

    rv = own_open(p, c, fds, &n, e);
    for (i = 0; rv == 0 && i < n; i++) {
        rv = place_add(p, loop, fds[i], false, e);
        if (rv != 0) {
            for (; i < n; i++) {
                close(fds[i]);
            }
        }
    }
    return rv;
}

int places_open(struct places *p, const struct listener_config *config,
                uv_loop_t *loop, struct err *e)
{
    size_t i;
    int rv;

    assert(p->list == NULL);
    if (!config->tcp && config->unix_path == NULL && config->n_fds == 0) {
        return err_set(e, ERR_USAGE, "there is nothing to listen on");
    }
    rv = passed_check_all(config, e);
    if (rv != 0) {
        return rv;
    }
    p->list =
        mem_zalloc((TCP_LISTENER_MAX + 1 + config->n_fds) * sizeof *p->list);
    if (p->list == NULL) {
        return err_set_uv(e, UV_ENOMEM, "cannot listen");
    }
    rv = own_add(p, config, loop, e);
    for (i = 0; rv == 0 && i < config->n_fds; i++) {
        rv = place_add(p, loop, config->fds[i], true, e);
    }
    for (i = 0; rv != 0 && i < p->n; i++) {
        if (p->list[i].passed) {
            acceptor_release(&p->list[i].acceptor);
        }
    }
    return rv;
}

void places_start(struct places *p, acceptor_want_cb want, acceptor_cb cb)
{
    size_t i;

    for (i = 0; i < p->n; i++) {
        acceptor_start(&p->list[i].acceptor, want, cb);
    }
}

void places_pause(struct places *p, bool pause)
{
    size_t i;

    for (i = 0; i < p->n; i++) {
        if (pause) {
            acceptor_pause(&p->list[i].acceptor);
        } else {
            acceptor_resume(&p->list[i].acceptor);
        }
    }
}

/* All are closed. */
static void places_closed(struct places *p)
{
    mem_free(p->list);
    p->list = NULL;
    p->close_cb(p->close_data);
}

static void on_acceptor_closed(struct acceptor *a)
{
    struct places *p = a->data;

    assert(p->n_open > 0);
    if (--p->n_open == 0) {
        places_closed(p);
    }
}

void places_close(struct places *p, places_close_cb cb, void *data)
{
    size_t i;

    unix_listener_remove(&p->file);
    p->close_cb = cb;
    p->close_data = data;
    p->n_open = p->n;
    for (i = 0; i < p->n; i++) {
        acceptor_close(&p->list[i].acceptor, on_acceptor_closed);
    }
    if (p->n == 0) {
        places_closed(p);
    }
}
