/* SPDX-License-Identifier: Apache-2.0 */
/* line_rig.h - tunnels over real TLS connections and real local sockets, to an
 * endpoint on the same loop that is not ours but the test's.
 *
 * What goes over them either way is checked against a pattern. */
#ifndef LINE_RIG_H
#define LINE_RIG_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "chunk.h"
#include "conn_dialer.h"
#include "err.h"
#include "net_rig.h"
#include "test_server.h"
#include "tunnel.h"
#include "ws_peer.h"

struct world;

/* A client at the near end of a tunnel, and what the test knows of both. */
struct line {
    struct world *world;
    struct tunnel *tunnel;
    struct ws_peer ws; /* The far end */
    int fd;            /* The client's end of the local socket, or -1 */
    uv_poll_t poll;
    uint64_t to_send, sent, received; /* The client's bytes */
    uint64_t down_left, down_sent;    /* The endpoint's */
    uint64_t up_seen;                 /* Pattern checked by the endpoint */
    bool shut_when_sent;
    bool client_eof, client_reset;
    bool peer_open, peer_gone;
    bool opened, done, closed;
    bool keep; /* Do not answer done with close */
    struct err err;
};

enum { LINES = 24 };

/* The net, the endpoint, and the lines between. */
struct world {
    struct net_rig rig;
    struct test_server *server;
    struct conn_dialer dialer;
    char url[64]; /* Of the endpoint */
    struct chunk_pool pool;
    struct tunnel_config config;
    struct line *awaiting; /* The next connection is its far end */
    struct line lines[LINES];
    bool server_closed;
};

/* The row of a test, whose *state is a world. */
int world_setup(void **state);
int world_teardown(void **state);
#define LINE_TEST(name)                                                        \
    cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

/* Open line @i and wait until it stands. */
struct line *line_open(struct world *w, int i);

/* Leave, and wait for that; the client goes, too. */
void line_close(struct line *l);

/* Give the endpoint's socket what it takes of its bulk. */
void line_push_down(struct line *l);

/* The client sends what is to be sent and, if @reading, reads. */
void client_watch(struct line *l, bool reading);

/* The client is gone, gently or with a reset. */
void client_close(struct line *l, bool reset);

/* Turn until @cond; a hang is caught by the loop's watchdog. */
#define UNTIL(w, cond)                                                         \
    do {                                                                       \
        test_loop_turns(&(w)->rig.t, 1);                                       \
    } while (!(cond) && !(w)->rig.t.expired);                                  \
    assert_false((w)->rig.t.expired)

#endif /* LINE_RIG_H */
