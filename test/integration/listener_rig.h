/* SPDX-License-Identifier: Apache-2.0 */
/* listener_rig.h - a listener and clients of every kind.
 *
 * The tunnels are fake_tunnel.c's: what a client sends comes back to it. */
#ifndef LISTENER_RIG_H
#define LISTENER_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "err.h"
#include "fake_tunnel.h"
#include "listener.h"
#include "test_loop.h"

enum { MAX_CLIENTS = 64 };

struct bench;

/* Somebody who connects, sends a text, shuts down and reads to the end. */
struct client {
    struct bench *b;
    union {
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } h;
    uv_connect_t connect;
    uv_write_t write;
    const char *text;
    char got[64];
    size_t n_got;
    bool hold;  /* Do not finish sending */
    bool probe; /* Leave at once */
    bool reset; /* Leave rudely */
    bool connected;
    bool closed;
    int status; /* What ended it */
};

/* A listener, its clients, and what it said. */
struct bench {
    uv_loop_t loop;
    uv_timer_t guard;
    uv_idle_t turns;
    int turns_left;
    struct listener *l;
    struct err err;
    char said[4096]; /* Events, as "A1 O1 C1 " */
    char why[1024];  /* The last error */
    unsigned n_closed;
    unsigned close_after; /* Close the listener after this many C or R */
    bool closing;
    bool closed;
    struct client clients[MAX_CLIENTS];
    unsigned n_clients;
};

/* Any port, ten connections. */
extern const struct listener_config any_port;

/* A listener as @config says, bound and started; or b->err and no listener. */
struct bench *bench_new(const struct listener_config *config);

/* Close the listener, if nobody has; or do so after some turns of the loop. */
void bench_close(struct bench *b);
void bench_close_in(struct bench *b, int turns);

/* Turn the loop until @flag is set; until all that was said is @said; until @n
 * connections have ended. */
void bench_until(struct bench *b, const bool *flag);
void bench_await(struct bench *b, const char *said);
void bench_await_ends(struct bench *b, unsigned n);

/* Turn it @turns times, a millisecond each: what has been going to happen at
 * once has happened then, however slow the machine is. */
void bench_settle(struct bench *b, unsigned turns);

/* Run to the end, look that nothing is left, and free @b. */
void bench_end(struct bench *b);

/* A client of the listener's @family (AF_UNIX: of its first address). */
struct client *client_new(struct bench *b, int family, const char *text);

/* Turn the loop until its whole text has come back. */
void client_await(struct client *c);

/* Let it leave; @status is kept in it. */
void client_close(struct client *c, int status);

/* A socket of ours that listens on @port of @address (0: any); -1 when it is
 * taken.  And the port a socket has. */
int squat(const char *address, int port);
int port_of(int fd);

/* The directory of a DIR_TEST, and the place for a socket in it. */
extern char bench_dir[];
extern char bench_path[64];

/* A listener at bench_path alone. */
struct bench *unix_bench(void);

/* The rows of a test: it must leave no descriptor; nor a file, in a directory
 * of its own. */
int bench_make_dir(void **state);
int bench_remove_dir(void **state);
#define BENCH_TEST(name) cmocka_unit_test_teardown(name, test_fds_check)
#define DIR_TEST(name)                                                         \
    cmocka_unit_test_setup_teardown(name, bench_make_dir, bench_remove_dir)

#endif /* LISTENER_RIG_H */
