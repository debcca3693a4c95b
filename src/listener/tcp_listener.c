/* SPDX-License-Identifier: Apache-2.0 */
/* tcp_listener.c - listening TCP sockets, all on one port.
 *
 * listen() is called at once: with SO_REUSEADDR two programs may bind the same
 * port, but only one of them may listen on it. */
#include "tcp_listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "err.h"

enum { AUTO_TRIES = 64 };

/* One address to listen on. */
struct place {
    struct sockaddr_storage addr;
    socklen_t len;
    char text[UV_IF_NAMESIZE + 64];
    bool optional; /* Its family may be missing on this host */
    bool both;     /* "::" that serves IPv4 as well */
};

/* Read a numeric address. */
static int place_read(struct place *p, const char *text, struct err *e)
{
    *p = (struct place){0};
    snprintf(p->text, sizeof p->text, "%s", text);
    if (uv_ip4_addr(text, 0, (struct sockaddr_in *)&p->addr) == 0) {
        p->len = sizeof(struct sockaddr_in);
        return 0;
    }
    if (uv_ip6_addr(text, 0, (struct sockaddr_in6 *)&p->addr) == 0) {
        p->len = sizeof(struct sockaddr_in6);
        p->both = strcmp(text, "::") == 0;
        return 0;
    }
    err_set(e, ERR_USAGE, "'%s' is not an address to listen on", text);
    err_hint(e, "give a numeric IPv4 or IPv6 address of this machine");
    return ERR_USAGE;
}

/* Fill @places with the addresses asked for. */
static int places_fill(struct place places[static TCP_LISTENER_MAX],
                       size_t *n_places, const char *const *addresses, size_t n,
                       struct err *e)
{
    static const char *const usual[] = {"localhost"};
    size_t i;
    int rv;

    if (n == 0) {
        addresses = usual;
        n = 1;
    }
    *n_places = 0;
    for (i = 0; i < n; i++) {
        bool pair = strcmp(addresses[i], "localhost") == 0;

        if (*n_places + 2 > TCP_LISTENER_MAX) {
            return err_set(e, ERR_USAGE, "more than %d addresses to listen on",
                           TCP_LISTENER_MAX - 2);
        }
        rv = place_read(&places[(*n_places)++],
                        pair ? "127.0.0.1" : addresses[i], e);
        if (rv == 0 && pair) {
            rv = place_read(&places[*n_places], "::1", e);
            places[(*n_places)++].optional = true;
        }
        if (rv != 0) {
            return rv;
        }
    }
    return 0;
}

/* Say why @p cannot be had. */
static int place_failed(const struct place *p, int port, int error,
                        struct err *e)
{
    int code = uv_translate_sys_error(error);

    switch (error) {
    case EADDRINUSE:
        if (port == 0) {
            return err_set(e, code,
                           "no port is free on %s and the addresses "
                           "before it",
                           p->text);
        }
        err_set(e, code, "port %d on %s is already in use", port, p->text);
        err_hint(e, "choose another port with --local-port, or let one be "
                    "chosen with --local-port auto");
        break;
    case EADDRNOTAVAIL:
        err_set(e, code,
                "cannot listen on %s: this machine has no such "
                "address",
                p->text);
        break;
    case EACCES:
        err_set(e, code, "may not listen on port %d of %s", port, p->text);
        err_hint(e, "ports below 1024 are for privileged programs: choose a "
                    "higher one with --local-port");
        break;
    default:
        err_set(e, code, "cannot listen on port %d of %s: %s", port, p->text,
                uv_strerror(code));
    }
    return code;
}

/* Set the options a listening socket of ours has. */
static int options_set(int fd, const struct place *p, int port)
{
    int on = 1;
    int six_only = !p->both;

    /* Not for a port the kernel chooses: it could choose one whose owner has
     * not yet begun to listen. */
    if (port != 0 &&
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) {
        return errno;
    }
    if (p->addr.ss_family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &six_only, sizeof six_only) !=
            0) {
        return errno;
    }
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
        fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        return errno;
    }
    return 0;
}

/* Listen on one address.  0 and *fd, or an errno. */
static int place_listen(const struct place *p, int port, int *out)
{
    struct sockaddr_storage addr = p->addr;
    int error;
    int fd;

    /* At the same place in both families. */
    ((struct sockaddr_in *)&addr)->sin_port = htons((uint16_t)port);
    fd = socket(addr.ss_family, SOCK_STREAM, 0);
    if (fd == -1) {
        return errno;
    }
    error = options_set(fd, p, port);
    if (error == 0 && (bind(fd, (struct sockaddr *)&addr, p->len) != 0 ||
                       listen(fd, SOMAXCONN) != 0)) {
        error = errno;
    }
    if (error != 0) {
        close(fd);
        return error;
    }
    *out = fd;
    return 0;
}

/* The port the kernel chose for @fd. */
static int port_of(int fd)
{
    struct sockaddr_in6 addr = {0}; /* Large enough for IPv4 as well */
    socklen_t len = sizeof addr;

    if (getsockname(fd, (struct sockaddr *)&addr, &len) != 0) {
        return 0;
    }
    return ntohs(addr.sin6_port); /* At the same place in both families */
}

/* Whether @error says that the family of @p does not exist here. */
static bool is_missing(const struct place *p, int error)
{
    return p->optional && (error == EAFNOSUPPORT || error == EADDRNOTAVAIL ||
                           error == EPROTONOSUPPORT);
}

/* Listen on all @places with one port.  0, or an errno with *bad the place it
 * is about. */
static int places_listen(const struct place *places, size_t n, int port,
                         int *fds, size_t *n_fds, size_t *bad)
{
    size_t i;
    int error;

    *n_fds = 0;
    for (i = 0; i < n; i++) {
        error = place_listen(&places[i], port, &fds[*n_fds]);
        if (is_missing(&places[i], error)) {
            continue;
        }
        if (error != 0) {
            *bad = i;
            goto give_back;
        }
        if (port == 0) {
            port = port_of(fds[*n_fds]);
        }
        (*n_fds)++;
    }
    return 0;

give_back:
    while (*n_fds > 0) {
        close(fds[--*n_fds]);
    }
    return error;
}

int tcp_listener_open(const char *const *addresses, size_t n, int port,
                      int fds[static TCP_LISTENER_MAX], size_t *n_fds,
                      struct err *e)
{
    struct place places[TCP_LISTENER_MAX];
    size_t n_places;
    size_t bad = 0;
    int tries;
    int error;
    int rv;

    rv = places_fill(places, &n_places, addresses, n, e);
    if (rv != 0) {
        return rv;
    }
    /* A port that is free on the first address may be taken on the next. */
    tries = port == 0 ? AUTO_TRIES : 1;
    do {
        error = places_listen(places, n_places, port, fds, n_fds, &bad);
    } while (error == EADDRINUSE && --tries > 0);
    return error == 0 ? 0 : place_failed(&places[bad], port, error, e);
}
