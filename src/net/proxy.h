/* SPDX-License-Identifier: Apache-2.0 */
/* proxy.h - which proxy, if any, leads to a host.
 *
 * The environment's words, read once.  libcurl could read them itself, but
 * then nobody could say through which proxy a connection failed, and the AWS
 * CLI's tunnel has a rule of its own (docs/decisions/proxies.md). */
#ifndef PROXY_H
#define PROXY_H

#include <stdbool.h>

/* As getenv(). */
typedef const char *(*proxy_env)(void *data, const char *name);

/* What the environment said; a member is NULL where it said nothing. */
struct proxies {
    char *http;     /* http_proxy: for http:// (never HTTP_PROXY: httpoxy) */
    char *https;    /* https_proxy or HTTPS_PROXY: for https:// */
    char *all;      /* all_proxy or ALL_PROXY: where the above are silent */
    char *tunnel;   /* HTTP_PROXY: for tunnels where all the others are */
    char *no_proxy; /* no_proxy or NO_PROXY */
};

/* Read the environment.  0 or UV_ENOMEM; proxies_free() either way. */
int proxies_load(struct proxies *p, proxy_env env, void *data);

/* Forget it; passwords are wiped. */
void proxies_free(struct proxies *p);

/* The proxy that leads to @host:@port by @scheme ("http" or "https"), or NULL
 * to go there directly.  @tunnel says that it is for a tunnel.  The string
 * belongs to @p and may hold a password. */
const char *proxies_pick(const struct proxies *p, const char *scheme,
                         const char *host, unsigned port, bool tunnel);

/* Whether the list @no_proxy covers @host:@port.  Words are separated by commas
 * or blanks: "*", a domain with or without a leading dot (itself and all
 * below it), an address, a block (10.0.0.0/8, fd00::/8), each but the first
 * with an optional :port (an IPv6 address then stands in brackets). */
bool proxy_bypassed(const char *no_proxy, const char *host, unsigned port);

/* The port that @proxy means when it names none, or 0 for libcurl's own. */
unsigned proxy_default_port(const char *proxy);

#endif /* PROXY_H */
