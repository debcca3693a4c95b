/* SPDX-License-Identifier: Apache-2.0 */
/* conn.h - a connected TLS stream, through whatever proxy is configured.
 *
 * libcurl resolves, races addresses, talks to proxies and completes TLS
 * (CURLOPT_CONNECT_ONLY); afterwards the bytes are ours, as a transport. */
#ifndef CONN_H
#define CONN_H

#include <stdint.h>

#include "err.h"

struct conn;
struct net;
struct transport;

struct conn_config {
    const char *url;             /* https://host[:port] (or http:// in tests) */
    uint64_t connect_timeout_ms; /* Name, TCP, proxy and TLS together */
    unsigned id;                 /* For the log */
};

/* The stream is ready (@transport), or @err says which step failed: DNS, TCP,
 * proxy, TLS, certificate, deadline.  Once, never from inside conn_start(). */
typedef void (*conn_done_cb)(struct conn *c, struct transport *transport,
                             const struct err *err);

/* A connection to be made on @net, or NULL when memory is short. */
struct conn *conn_new(struct net *net, const struct conn_config *cfg,
                      void *data);

/* Begin.  Failures to begin are reported through @cb as well. */
void conn_start(struct conn *c, conn_done_cb cb);

/* The owner's pointer given to conn_new(). */
void *conn_data(const struct conn *c);

typedef void (*conn_close_cb)(void *data);

/* Stop or disconnect, free @c, then call @cb.  Any state, any callback. */
void conn_close(struct conn *c, conn_close_cb cb, void *data);

#endif /* CONN_H */
