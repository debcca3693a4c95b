/* SPDX-License-Identifier: Apache-2.0 */
/* fake_endpoint.h - an Instance Connect Endpoint on the test's own loop, with
 * TLS: it upgrades, echoes, and misbehaves as the test says.
 *
 * It listens on 127.0.0.1 and shows a certificate for "localhost".  Frames are
 * read and written by a few lines of its own. */
#ifndef FAKE_ENDPOINT_H
#define FAKE_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "test_pki.h"

/* What is done with a request for a tunnel. */
enum fake_way {
    FAKE_ECHO,    /* 101, then what comes is sent back */
    FAKE_REFUSE,  /* Answer with status and body */
    FAKE_CLOSE,   /* 101, then CLOSE with code and reason */
    FAKE_SILENCE, /* Never answer */
    FAKE_DROP     /* Reset the connection */
};

struct test_server;

/* Owned and embedded by the test. */
struct fake_endpoint {
    struct test_pki pki;
    struct test_server *server;
    char dns_name[32]; /* "localhost:PORT" */

    /* What to do; may be changed at any time. */
    enum fake_way way;
    unsigned times;      /* After so many requests FAKE_ECHO again; 0: never */
    bool shuts_door;     /* End every connection once TLS stands */
    int status;          /* FAKE_REFUSE */
    const char *headers; /* More header lines of any answer, each with CRLF */
    const char *body;    /* FAKE_REFUSE */
    int close_code;      /* FAKE_CLOSE */
    const char *reason;  /* FAKE_CLOSE */

    /* What was seen. */
    unsigned n_shaken; /* TLS handshakes */
    unsigned n_requests;
    char target[16384]; /* Of the last request */
    char head[20480];   /* Its head as it came */
    unsigned n_open;    /* Tunnels that stand */
    int last_close;     /* Code of the last CLOSE that came; 1005: without;
                           0: none yet */
};

/* Begin to listen. */
void fake_endpoint_start(struct fake_endpoint *f, uv_loop_t *loop);

/* Close everything; the loop must run on for a while. */
void fake_endpoint_stop(struct fake_endpoint *f);

#endif /* FAKE_ENDPOINT_H */
