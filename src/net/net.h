/* SPDX-License-Identifier: Apache-2.0 */
/* net.h - libcurl on libuv: one multi handle, its sockets and its timer.
 *
 * Requests (request.h) and tunnel connections (conn.h) live inside one net.
 * Resolver, proxies, TLS and their settings are libcurl's. */
#ifndef NET_H
#define NET_H

#include <stdbool.h>
#include <uv.h>

struct err;
struct log;
struct net;

/* How peers are trusted and reached.  Strings are copied. */
struct net_config {
    const char *ca_bundle;  /* PEM file, or NULL for the system's store */
    bool no_verify;         /* Accept any certificate */
    bool tcp_keepalive;     /* Probe quiet connections of requests */
    const char *user_agent; /* For requests */
    /* The environment that names proxies, asked by net_new() only; NULL:
     * getenv(). */
    const char *(*env)(void *data, const char *name);
    void *env_data;
};

typedef void (*net_close_cb)(void *data);

/* Make a net on @loop.  A CA file is checked here: unreadable or unparsable is
 * ERR_SETTING with its path (and line) in @e.  *out is set on 0 only. */
int net_new(struct net **out, uv_loop_t *loop, const struct log *log,
            const struct net_config *config, struct err *e);

/* Close the multi and its handles, free @net, then call @cb.  Every request
 * and connection must have been closed before. */
void net_close(struct net *net, net_close_cb cb, void *data);

#endif /* NET_H */
