/* SPDX-License-Identifier: Apache-2.0 */
/* server.c - the emulator's sockets: one HTTPS port, one plain HTTP port.
 *
 * The happy path: server_start() binds, each connection becomes a web_conn,
 * server_close() closes listeners, connections and libwebsockets in turn.
 *
 * What can go wrong: a port is taken (start returns the code), there is no
 * IPv6 (done without), too many connect (reset), memory is short (reset). */
#include "server.h"

#include <assert.h>
#include <string.h>

#include "ca.h"
#include "err.h"
#include "log.h"
#include "web_conn.h"
#include "web_request.h"
#include "ws_host.h"

enum {
    BACKLOG = 256,
    PORT_TRIES = 16 /* To find one free on both families */
};

const struct server_limits server_limits_default = {
    .connections = 4096,
    .head_bytes = 32 * 1024,
    .body_bytes = 1024 * 1024,
    .request_ms = 10 * 1000,
    .idle_ms = 60 * 1000,
    .linger_ms = 2 * 1000,
};

void server_init(struct server *s, uv_loop_t *loop,
                 const struct server_config *config)
{
    *s = (struct server){.loop = loop, .config = *config};
    if (s->config.limits == NULL) {
        s->config.limits = &server_limits_default;
    }
    if (s->config.manners == NULL) {
        s->config.manners = &tunnel_manners_default;
    }
    (void)uv_timer_init(loop, &s->look); /* Cannot fail. */
    s->look.data = s;
}

static void on_spare_closed(uv_handle_t *handle);

/* Get rid of the connection waiting on @l: one that is left waiting would
 * keep libuv from accepting any other. */
static void drop_connection(struct server_listener *l)
{
    struct server *s = l->server;

    if (s->spare_busy || s->closing || uv_tcp_init(s->loop, &s->spare) != 0) {
        return; /* on_spare_closed() comes back to it. */
    }
    s->spare.data = s;
    s->spare_busy = true;
    s->n_open++;
    (void)uv_accept((uv_stream_t *)&l->tcp, (uv_stream_t *)&s->spare);
    uv_close((uv_handle_t *)&s->spare, on_spare_closed);
}

static void server_step(struct server *s);

static void on_spare_closed(uv_handle_t *handle)
{
    struct server *s = handle->data;

    s->spare_busy = false;
    s->n_open--;
    for (unsigned i = 0; i < s->n_listeners; i++) {
        if (s->listeners[i].must_drop && !s->closing) {
            s->listeners[i].must_drop = false;
            drop_connection(&s->listeners[i]);
        }
    }
    server_step(s);
}

static void on_connection(uv_stream_t *stream, int status)
{
    struct server_listener *l = stream->data;
    int rv = status;

    if (l->server->closing) {
        return;
    }
    if (rv == 0) {
        rv = web_conn_accept(l->server, l);
    }
    if (rv != 0) {
        log_warn(l->server->config.log, EMU, 0, "accept: %s", uv_strerror(rv));
        l->must_drop = l->server->spare_busy;
        drop_connection(l);
    }
}

/* Bind and listen on one address; *port is filled in when it was 0. */
static int listen_on(struct server *s, const char *address, int *port, bool tls)
{
    struct server_listener *l = &s->listeners[s->n_listeners];
    struct sockaddr_storage ss;
    int len = sizeof ss, rv;
    unsigned flags = 0;

    assert(s->n_listeners < SERVER_LISTENERS);
    if (uv_ip4_addr(address, *port, (struct sockaddr_in *)&ss) != 0) {
        rv = uv_ip6_addr(address, *port, (struct sockaddr_in6 *)&ss);
        if (rv != 0) {
            return rv;
        }
        flags = UV_TCP_IPV6ONLY;
    }
    rv = uv_tcp_init(s->loop, &l->tcp);
    if (rv != 0) {
        return rv;
    }
    l->tcp.data = l;
    l->server = s;
    l->tls = tls;
    l->open = true;
    s->n_listeners++;
    s->n_open++;
    rv = uv_tcp_bind(&l->tcp, (struct sockaddr *)&ss, flags);
    if (rv == 0) {
        rv = uv_listen((uv_stream_t *)&l->tcp, BACKLOG, on_connection);
    }
    if (rv == 0) {
        rv = uv_tcp_getsockname(&l->tcp, (struct sockaddr *)&ss, &len);
    }
    if (rv == 0) {
        *port = ntohs(((struct sockaddr_in *)&ss)->sin_port);
    }
    return rv;
}

static void on_listener_closed(uv_handle_t *handle);

/* Stop listening there. */
static void drop_listener(struct server_listener *l)
{
    if (l->open) {
        l->open = false;
        uv_close((uv_handle_t *)&l->tcp, on_listener_closed);
    }
}

/* Listen for one kind: on the address given, or on both loopbacks. */
static int listen_for(struct server *s, bool tls, int port, struct err *e)
{
    const char *address = s->config.address;
    int rv = listen_on(s, address != NULL ? address : "127.0.0.1", &port, tls);

    s->ports[tls] = port;
    if (rv != 0) {
        err_set_uv(e, rv, tls ? "HTTPS port" : "HTTP port");
        err_wrap(e, "listen on %s port %d",
                 address != NULL ? address : "127.0.0.1", port);
        if (rv == UV_EACCES) {
            err_hint(e, "ports below 1024 need CAP_NET_BIND_SERVICE or root");
        }
        return rv;
    }
    if (address == NULL) {
        rv = listen_on(s, "::1", &port, tls);
        if (rv != 0) {
            log_info(s->config.log, EMU, 0, "not on ::1 port %d: %s", port,
                     uv_strerror(rv));
            drop_listener(&s->listeners[s->n_listeners - 1]);
        }
    }
    return 0;
}

int server_start(struct server *s, struct err *e)
{
    int rv = wire_shared_init(&s->wire);

    if (rv != 0) {
        return err_set_uv(e, rv, "start");
    }
    rv = ws_host_new(&s->ws, s->loop, s->config.limits->connections,
                     s->config.log, e);
    if (rv == 0) {
        rv = listen_for(s, true, s->config.https_port, e);
    }
    if (rv == 0) {
        rv = listen_for(s, false, s->config.http_port, e);
    }
    return rv;
}

int server_port(const struct server *s, bool tls)
{
    return s->ports[tls];
}

/* ---- closing: connections and listeners, then libwebsockets ---- */

static void on_last_closed(uv_handle_t *handle)
{
    struct server *s = handle->data;

    wire_shared_free(&s->wire);
    s->close_cb(s); /* Last: @s may be freed now. */
}

static void on_ws_closed(void *data)
{
    struct server *s = data;

    s->ws = NULL;
    uv_close((uv_handle_t *)&s->look, on_last_closed);
}

/* When everybody is gone, libwebsockets may go. */
static void server_step(struct server *s)
{
    if (!s->closing || s->ended || s->n_open > 0 || s->n_conns > 0) {
        return;
    }
    s->ended = true;
    if (s->ws != NULL) {
        ws_host_close(s->ws, on_ws_closed, s);
    } else {
        on_ws_closed(s);
    }
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct server_listener *l = handle->data;

    l->server->n_open--;
    server_step(l->server);
}

/* Look after everybody. */
static void on_look(uv_timer_t *timer)
{
    struct server *s = timer->data;

    for (struct web_conn *c = s->conns; c != NULL; c = c->next) {
        web_conn_look(c); /* It is freed only later. */
    }
}

void server_conn_made(struct server *s)
{
    if (s->n_conns++ == 0) {
        uv_timer_start(&s->look, on_look, SERVER_LOOK_MS, SERVER_LOOK_MS);
    }
}

void server_conn_gone(struct server *s)
{
    if (--s->n_conns == 0) {
        uv_timer_stop(&s->look);
    }
    server_step(s);
}

void server_resume(struct server *s)
{
    struct web_conn *next;

    for (struct web_conn *c = s->conns; c != NULL; c = next) {
        next = c->next; /* None is freed before the loop turns. */
        web_request_resume(c);
    }
}

void server_close(struct server *s, server_close_cb cb)
{
    struct web_conn *next;

    assert(!s->closing);
    s->closing = true;
    s->close_cb = cb;
    for (unsigned i = 0; i < s->n_listeners; i++) {
        drop_listener(&s->listeners[i]);
    }
    for (struct web_conn *c = s->conns; c != NULL; c = next) {
        next = c->next;
        web_conn_close(c, true);
    }
    server_step(s);
}
