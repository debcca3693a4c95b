/* SPDX-License-Identifier: Apache-2.0 */
/* net_impl.h - the inside of a net, for the files of this module. */
#ifndef NET_IMPL_H
#define NET_IMPL_H

#include <curl/curl.h>
#include <uv.h>

#include "net.h"
#include "pool.h"
#include "proxy.h"
#include "resume.h"
#include "retry.h"
#include "trust.h"

struct bio_method_st;
struct xfer;

struct net {
    uv_loop_t *loop;
    const struct log *log;
    CURLM *multi;                 /* NULL once closing */
    uv_timer_t timer;             /* When libcurl wants to be called */
    struct trust trust;           /* Whom to believe */
    struct proxies proxies;       /* What the environment said */
    char *user_agent;             /* For requests, or NULL */
    bool tcp_keepalive;           /* On connections of requests */
    struct pool pool;             /* What is known of old connections */
    struct retry_quota quota;     /* Shared by requests that bring none */
    struct resume_store sessions; /* Of tunnels, for the next ones */
    struct xfer *xfers;           /* Those added to the multi */
    unsigned n_requests;          /* Made so far: their ids */
    unsigned n_alive;             /* Requests and connections not yet closed */
    unsigned n_open;              /* uv handles not yet reported closed */
    struct bio_method_st *bio_method; /* Made for the first connection */
    bool shares_openssl;              /* libcurl's OpenSSL is ours */
    bool any_broken;                  /* An xfer could not be watched */
    bool closing;                     /* net_close() was called */
    net_close_cb close_cb;            /* Set by net_close() */
    void *close_data;
};

/* A uv handle on @net's loop was opened, or has reported its close: @net stays
 * until the last has. */
void net_hold(struct net *net);
void net_release(struct net *net);

#endif /* NET_IMPL_H */
