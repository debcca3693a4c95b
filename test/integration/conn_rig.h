/* SPDX-License-Identifier: Apache-2.0 */
/* conn_rig.h - one connection under test, and servers for it to reach.
 *
 * What goes over it is checked byte by byte against a pattern. */
#ifndef CONN_RIG_H
#define CONN_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conn.h"
#include "err.h"
#include "net_rig.h"
#include "test_pki.h"
#include "test_server.h"
#include "transport.h"

/* One connection under test. */
struct link {
    struct net_rig *rig;
    struct conn *conn;
    struct transport *t;
    char url[128];
    struct err err; /* Why it could not be made */
    bool done;      /* Made, or not */
    unsigned n_done;
    bool closed;
    size_t to_send; /* Bytes of the pattern to send in all */
    size_t sent;
    size_t received; /* Each was checked against the pattern */
    size_t want;     /* Say so when that many are there */
    size_t per_turn; /* Most to read in one callback; 0: until UV_EAGAIN */
    bool got_want;
    int end; /* What recv() or send() said in the end */
    bool ended;
    unsigned n_ready;
    bool close_in_ready;
    bool close_in_done;
};

/* Begin to connect @l. */
void link_start(struct link *l, struct net_rig *rig, const char *scheme,
                const char *host, unsigned port, uint64_t timeout_ms);

/* For conn_start(). */
void link_on_done(struct conn *c, struct transport *t, const struct err *err);

/* Connect @l and insist that it works. */
void link_open(struct link *l, struct net_rig *rig, const char *scheme,
               unsigned port);

/* Begin to close @l; or close it and wait for that. */
void link_close(struct link *l);
void link_finish(struct link *l);

/* A rig, and a server in it that does as @config says, with TLS of @cert (a
 * good one), or without TLS. */
struct test_server *link_server_cert(struct net_rig *rig,
                                     struct test_server_config *config,
                                     enum test_cert cert);
struct test_server *link_server(struct net_rig *rig,
                                struct test_server_config *config);
struct test_server *link_server_plain(struct net_rig *rig,
                                      struct test_server_config *config);

/* For such a server: send back whatever comes; or greet with as many bytes of
 * the pattern as config.data, a size_t, says. */
void link_echo(struct test_peer *p, const char *data, size_t len);
void link_send_pattern(struct test_peer *p);

/* All tests twice: directly, and with OpenSSL kept for libcurl alone, as where
 * it may not be shared. */
int link_directly(void **state);
int link_through_libcurl(void **state);
#define LINK_RUN(tests)                                                        \
    (cmocka_run_group_tests_name("direct", tests, link_directly, NULL) +       \
     cmocka_run_group_tests_name("through libcurl", tests,                     \
                                 link_through_libcurl, NULL))

#endif /* CONN_RIG_H */
