/* SPDX-License-Identifier: Apache-2.0 */
/* test_server.h - a server on the test's own loop, with TLS or without.
 *
 * It listens on 127.0.0.1 and tells the test what comes in; the test answers
 * as it likes, or does not.  One server has any number of peers.  Everything
 * here fails by cmocka's assertions. */
#ifndef TEST_SERVER_H
#define TEST_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>
#include <uv.h>

struct test_peer;
struct test_server;

/* What a server does.  All callbacks come from the loop, may be NULL, and may
 * call any test_peer_*() function of their peer. */
struct test_server_config {
    SSL_CTX *tls; /* One reference is taken; NULL: plain bytes */
    bool deaf;    /* Accept connections, and then never read from them */
    void *data;   /* For the test */

    /* Connected, and TLS complete. */
    void (*on_open)(struct test_peer *p);
    /* Bytes, decrypted; valid during the call. */
    void (*on_data)(struct test_peer *p, const char *data, size_t len);
    /* The other side has finished or broken the connection.  The peer closes
     * by itself afterwards. */
    void (*on_end)(struct test_peer *p);
    /* The peer is closed and about to be freed, whatever the reason. */
    void (*on_close)(struct test_peer *p);
    /* The server is closed and about to be freed. */
    void (*on_server_closed)(struct test_server *s);
};

/* Listen on a free port of @loop.  The process ignores SIGPIPE from here on. */
struct test_server *test_server_start(uv_loop_t *loop,
                                      const struct test_server_config *config);

/* The port it listens on. */
unsigned test_server_port(const struct test_server *s);

/* How many connections were accepted so far, and how many are alive. */
unsigned test_server_accepted(const struct test_server *s);
unsigned test_server_alive(const struct test_server *s);

/* How many peers have said farewell in TLS. */
unsigned test_server_farewells(const struct test_server *s);

/* End every connection there is, with TLS's farewell. */
void test_server_hang_up(struct test_server *s);

/* The config's data. */
void *test_server_data(const struct test_server *s);

/* Close the server and all its peers; frees itself while the loop runs on. */
void test_server_close(struct test_server *s);

/* Send bytes (copied). */
void test_peer_write(struct test_peer *p, const void *data, size_t len);

/* Bytes written and not yet taken by the socket. */
size_t test_peer_queued(const struct test_peer *p);

/* Say farewell in TLS, then end the connection once all is sent. */
void test_peer_end(struct test_peer *p);

/* End without farewell (FIN) or with a reset. */
void test_peer_drop(struct test_peer *p);
void test_peer_reset(struct test_peer *p);

/* Stop and resume reading from the socket. */
void test_peer_pause(struct test_peer *p);
void test_peer_resume(struct test_peer *p);

/* Ask for new TLS keys on both sides (TLS 1.3), or for a new handshake (1.2).
 */
void test_peer_update_keys(struct test_peer *p);
void test_peer_renegotiate(struct test_peer *p);

/* Send bytes that are no TLS. */
void test_peer_garble(struct test_peer *p, const void *data, size_t len);

/* Its server, and a place for the test's own. */
struct test_server *test_peer_server(const struct test_peer *p);
void **test_peer_data(struct test_peer *p);

#endif /* TEST_SERVER_H */
