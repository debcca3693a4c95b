/* SPDX-License-Identifier: Apache-2.0 */
/* server.h - the emulator's sockets: one HTTPS port, one plain HTTP port.
 *
 * HTTPS carries every AWS API and the endpoints' openTunnel; plain HTTP
 * carries instance metadata, container credentials and the control call.  What
 * is answered comes from handlers; this module knows connections only. */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "http.h"
#include "open_tunnel.h"
#include "tunnel_gate.h"
#include "wire_tls.h"

struct ca;
struct err;
struct fault_table;
struct log;
struct server;
struct web_conn;
struct ws_host;

/* What strangers may use up. */
struct server_limits {
    unsigned connections; /* At once, both ports; more are reset */
    size_t head_bytes;    /* Of a request; more is 431 */
    size_t body_bytes;    /* Of a request; more is 413 */
    unsigned request_ms;  /* From accept or first byte to the whole request */
    unsigned idle_ms;     /* Between requests */
    unsigned linger_ms;   /* For the client to read the last answer */
};

extern const struct server_limits server_limits_default;

struct server_config {
    const struct log *log;
    const char *address; /* NULL: 127.0.0.1 and, where there is one, ::1 */
    int https_port;      /* 0: any */
    int http_port;       /* 0: any */
    struct ca *ca;       /* Outlives the server */
    struct fault_table *faults; /* Outlives the server; NULL: none ever */
    struct tunnel_gate gate;
    http_handler https_handler; /* Answers what is no tunnel */
    http_handler http_handler;
    int64_t (*now)(void *data); /* Epoch seconds, for the Date header; NULL:
                                   the real time */
    void *handler_data;         /* For all three */
    const struct tunnel_manners *manners;
    const struct server_limits *limits;
};

/* All is closed; the memory may be reused. */
typedef void (*server_close_cb)(struct server *s);

enum { SERVER_LISTENERS = 4, SERVER_LOOK_MS = 100 };

/* One listening socket. */
struct server_listener {
    struct server *server;
    uv_tcp_t tcp;
    bool tls;
    bool open;
    bool must_drop; /* A connection waits that we had no memory for */
};

/* Embedded by its owner; the fields belong to server.c, but web_conn.c reads
 * the settings. */
struct server {
    void *data; /* For the owner */
    uv_loop_t *loop;
    struct server_config config;
    struct wire_shared wire;
    struct ws_host *ws;
    struct server_listener listeners[SERVER_LISTENERS];
    unsigned n_listeners;
    struct web_conn *conns; /* Doubly linked */
    unsigned n_conns;
    unsigned n_open;  /* What still has to close */
    unsigned last_id; /* Numbers connections in the log */
    int ports[2];     /* HTTP, HTTPS */
    uv_timer_t look;  /* After clients that left; its closing is the end */
    uv_tcp_t spare;   /* To accept what there is no memory for */
    bool spare_busy;  /* It is still closing */
    bool closing;
    bool ended; /* Everybody is gone */
    server_close_cb close_cb;
};

/* Prepare @s.  Cannot fail.  From here on server_close() is the only way
 * out. */
void server_init(struct server *s, uv_loop_t *loop,
                 const struct server_config *config);

/* Listen.  Returns 0 or a code with @e set. */
int server_start(struct server *s, struct err *e);

/* The bound port of HTTPS (@tls) or HTTP. */
int server_port(const struct server *s, bool tls);

/* What answers waited for (enum http_when) has come: send those that are held,
 * ask again for the others.  From the loop, but from no handler. */
void server_resume(struct server *s);

/* Stop listening, break off every connection, close. */
void server_close(struct server *s, server_close_cb cb);

/* For web_conn.c: a connection of @s was made, was freed. */
void server_conn_made(struct server *s);
void server_conn_gone(struct server *s);

#endif /* SERVER_H */
