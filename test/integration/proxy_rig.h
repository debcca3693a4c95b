/* SPDX-License-Identifier: Apache-2.0 */
/* proxy_rig.h - an echoing server, a proxy on the way, and who wants to pass.
 */
#ifndef PROXY_RIG_H
#define PROXY_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conn.h"
#include "err.h"
#include "net_rig.h"
#include "request.h"
#include "test_http.h"
#include "test_process.h"
#include "test_server.h"
#include "transport.h"

/* For tinyproxy, which takes letters only; encoded all the same. */
#define PLAIN_USER "us.er"
#define PLAIN_PASSWORD "p-" NET_RIG_SECRET
#define PLAIN_USER_INFO "us%2Eer:%70-" NET_RIG_SECRET "@"

/* One attempt to come through. */
struct pass {
    struct net_rig *rig;
    struct conn *conn;
    struct transport *t;
    struct request *req;
    char url[128];
    struct err err;
    bool over;
    bool closed;
    int status;
    char got[64];
    size_t sent;
    size_t len;
};

/* Begin to connect. */
void pass_start(struct pass *p, struct net_rig *rig, const char *scheme,
                const char *host, unsigned port, uint64_t timeout_ms);

/* For conn_close(). */
void pass_on_closed(void *data);

/* Have bytes echoed by the server at @host:@port; it must work. */
void pass_well(struct net_rig *rig, const char *scheme, const char *host,
               unsigned port);

/* The same, and it must fail with @code and @words. */
void pass_badly(struct net_rig *rig, const char *host, unsigned port, int code,
                const char *words);

/* One request to @host:@port; the status or the error is in @p. */
void pass_ask(struct pass *p, struct net_rig *rig, const char *scheme,
              const char *host, unsigned port, bool no_proxy);

/* What every test has. */
struct scene {
    struct net_rig rig;
    struct test_server *server; /* Echoes, by TLS */
    unsigned port;              /* Its port */
    struct test_process proxy;
    unsigned proxy_port;
    char log[128]; /* What proxies say */
};

/* Everything but the proxy and the net. */
void scene_init(struct scene *s);

/* The net, with the environment variable @name naming a proxy. */
void scene_net(struct scene *s, const char *name, const char *scheme,
               const char *user_info, unsigned port);

void scene_close(struct scene *s);

/* Write @text to the file @name in the scene's directory; its path. */
void scene_file(struct scene *s, const char *name, const char *text, char *path,
                size_t size);

/* Start tinyproxy with @more lines in its configuration; skips the test when
 * it is not installed. */
void scene_tinyproxy(struct scene *s, const char *more);

#endif /* PROXY_RIG_H */
