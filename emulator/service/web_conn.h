/* SPDX-License-Identifier: Apache-2.0 */
/* web_conn.h - one client's connection: requests, answers, maybe a tunnel. */
#ifndef WEB_CONN_H
#define WEB_CONN_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "bridge.h"
#include "buf.h"
#include "http_parse.h"
#include "open_tunnel.h"
#include "server.h"
#include "sm.h"
#include "web_fault.h"
#include "wire.h"

/* Owned by itself: it frees itself when it is over and tells the server.  The
 * fields belong to web_conn.c and those it shares the work with: web_request.c
 * (what comes in, up to a whole request), web_answer.c (what goes out),
 * web_tunnel.c and web_fault.c. */
struct web_conn {
    struct server *server;
    struct web_conn *prev, *next; /* The server's list */
    unsigned id;
    struct sm sm;
    struct wire wire;
    uv_timer_t timer; /* The deadline of the present state */
    uv_timer_t pause; /* A delayed answer, or a fault's delay */
    char peer_ip[64];
    bool tls;

    struct buf in;   /* Received and not yet used */
    size_t seen;     /* What of it was searched for the head's end */
    char *head_text; /* The head's bytes, cut up */
    struct http_head head;
    char *body;
    struct http_answer answer; /* Being delayed or sent */
    bool has_answer;
    bool keep_alive; /* After the answer */
    bool continued;  /* 100 was sent */

    char request_id[REQUEST_ID_SIZE];
    struct tunnel_verdict verdict; /* On the tunnel wanted */
    struct bridge bridge;
    struct open_tunnel tunnel;
    bool has_bridge;      /* bridge was initialised */
    bool has_tunnel;      /* tunnel was initialised */
    char endpoint_id[64]; /* To be released, or "" */

    struct web_fault fault; /* What is to go wrong here */
    uint64_t bytes_seen;    /* Received, when web_conn_look() looked last */
    unsigned n_idle_looks;  /* In how many looks nothing more came */
    unsigned n_open;        /* Parts not yet reported closed */
    bool closing;
};

/* Accept the connection waiting on @listener and serve it.  Returns 0 or a
 * code; then nothing is left behind. */
int web_conn_accept(struct server *s, struct server_listener *listener);

/* See whether the client is still there; called now and then, as nobody tells
 * while nothing is read.  May close @c. */
void web_conn_look(struct web_conn *c);

/* Break it off. */
void web_conn_close(struct web_conn *c, bool reset);

/* --- for web_request.c, web_answer.c, web_tunnel.c and web_fault.c --- */

enum web_state {
    WEB_START,  /* Accepted; perhaps TLS is being set up */
    WEB_HEAD,   /* Waiting for a request's head */
    WEB_BODY,   /* Waiting for the rest of it */
    WEB_WAIT,   /* A tunnel was allowed, but not yet */
    WEB_ANSWER, /* The answer is on its way, or delayed */
    WEB_TUNNEL, /* Frames */
    WEB_LINGER  /* Everything is said; the client may read it */
};

/* Everything is said: end the stream, wait for the client, close. */
void web_conn_linger(struct web_conn *c, bool abrupt);

/* Begin to read, with TLS or not.  0 or a code. */
int web_conn_start(struct web_conn *c, bool tls);

/* Close it if the present state lasts longer than @ms; a request that has begun
 * is answered 408 instead. */
void web_conn_deadline(struct web_conn *c, unsigned ms);

/* CLOSE is said: wait for the client's end, as long as after linger. */
void web_conn_await_end(struct web_conn *c);

/* A part counted in c->n_open is closed; the last one frees @c. */
void web_conn_part_closed(struct web_conn *c);

#endif /* WEB_CONN_H */
