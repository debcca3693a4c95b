/* SPDX-License-Identifier: Apache-2.0 */
/* test_resume.c - TLS sessions that one connection leaves to the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <openssl/rand.h>
#include <openssl/ssl.h>

#include "conn.h"
#include "err.h"
#include "mem.h"
#include "net_impl.h"
#include "net_rig.h"
#include "scarce.h"
#include "test_server.h"
#include "transport.h"

/* A server that echoes, and a net that connects to it. */
struct bed {
    struct net_rig rig;
    struct test_server *server;
    SSL_CTX *tls; /* The server's */
};

/* One connection that carries one byte. */
struct link {
    struct conn *conn;
    struct transport *t;
    struct err err;
    bool done;
    bool echoed;
    bool closed;
};

static void echo(struct test_peer *p, const char *data, size_t len)
{
    test_peer_write(p, data, len);
}

/* A server that speaks @version at most. */
static void setup(struct bed *b, int version)
{
    struct test_server_config config = {.on_data = echo};

    net_rig_init(&b->rig);
    net_rig_net(&b->rig, b->rig.pki.ca_file, false);
    b->tls = test_pki_context(&b->rig.pki, TEST_CERT_GOOD);
    SSL_CTX_set_max_proto_version(b->tls, version);
    config.tls = b->tls;
    b->server = test_server_start(&b->rig.t.loop, &config);
}

static void teardown(struct bed *b)
{
    test_server_close(b->server);
    net_rig_close(&b->rig);
    SSL_CTX_free(b->tls);
}

static void on_ready(struct transport *t, bool readable, bool writable)
{
    struct link *l = t->data;
    char byte;

    (void)readable;
    (void)writable;
    if (t->ops->recv(t, &byte, 1) == 1) {
        assert_int_equal(byte, 'x');
        l->echoed = true;
        t->ops->watch(t, false, false);
    }
}

static void on_done(struct conn *c, struct transport *t, const struct err *err)
{
    struct link *l = conn_data(c);

    l->done = true;
    l->t = t;
    if (err != NULL) {
        l->err = *err;
        return;
    }
    t->data = l;
    t->ready_cb = on_ready;
}

static void link_start(struct bed *b, struct link *l)
{
    char url[64];
    struct conn_config config = {.url = url, .connect_timeout_ms = 20000};

    snprintf(url, sizeof url, "https://127.0.0.1:%u",
             test_server_port(b->server));
    l->conn = conn_new(b->rig.net, &config, l);
    assert_non_null(l->conn);
    conn_start(l->conn, on_done);
}

/* Wait for the connection and send a byte round: what the server gives after
 * its handshake comes before that. */
static void link_use(struct bed *b, struct link *l)
{
    test_loop_until(&b->rig.t, &l->done);
    if (l->t == NULL) {
        fail_msg("%s", l->err.msg);
    }
    assert_int_equal(l->t->ops->send(l->t, "x", 1), 1);
    l->t->ops->watch(l->t, true, false);
    test_loop_until(&b->rig.t, &l->echoed);
}

static void on_closed(void *data)
{
    ((struct link *)data)->closed = true;
}

static void link_finish(struct bed *b, struct link *l)
{
    conn_close(l->conn, on_closed, l);
    test_loop_until(&b->rig.t, &l->closed);
}

/* A whole connection. */
static void once(struct bed *b)
{
    struct link l = {0};

    link_start(b, &l);
    link_use(b, &l);
    link_finish(b, &l);
}

/* How many handshakes the server has resumed. */
static long resumed(const struct bed *b)
{
    return SSL_CTX_sess_hits(b->tls);
}

/* How many sessions are kept. */
static unsigned kept(const struct bed *b)
{
    unsigned n = 0;

    while (n < RESUME_MAX && b->rig.net->sessions.kept[n].session != NULL) {
        n++;
    }
    return n;
}

static void test_the_next_connection_resumes(void **state)
{
    static const int versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        struct bed b;
        long n;

        setup(&b, versions[i]);
        once(&b);
        assert_int_equal(resumed(&b), 0);
        for (n = 1; n <= 3; n++) {
            once(&b);
            assert_int_equal(resumed(&b), n);
        }
        teardown(&b);
    }
}

/* A server that gives two tickets can have two of three told apart from the
 * rest, and no ticket is seen on the wire twice. */
static void test_a_ticket_serves_once(void **state)
{
    struct link links[3] = {{0}, {0}, {0}};
    struct bed b;
    size_t i;

    (void)state;
    setup(&b, TLS1_3_VERSION);
    SSL_CTX_set_num_tickets(b.tls, 2);
    once(&b);
    assert_int_equal(kept(&b), 2);
    for (i = 0; i < 3; i++) {
        link_start(&b, &links[i]);
    }
    for (i = 0; i < 3; i++) {
        test_loop_until(&b.rig.t, &links[i].done);
    }
    assert_int_equal(resumed(&b), 2);
    for (i = 0; i < 3; i++) {
        link_use(&b, &links[i]);
        link_finish(&b, &links[i]);
    }
    assert_int_equal(kept(&b), RESUME_MAX);
    teardown(&b);
}

/* Sessions of one server are not shown to another. */
static void test_each_server_has_its_own(void **state)
{
    struct test_server_config config = {.on_data = echo};
    struct test_server *first;
    struct bed b;

    (void)state;
    setup(&b, TLS1_3_VERSION);
    once(&b);
    first = b.server;
    config.tls = b.tls; /* It could: only the port is another. */
    b.server = test_server_start(&b.rig.t.loop, &config);
    once(&b);
    assert_int_equal(resumed(&b), 0);
    once(&b);
    assert_int_equal(resumed(&b), 1);
    test_server_close(first);
    teardown(&b);
}

/* A server that has forgotten its keys gets an ordinary handshake. */
static void test_a_server_may_have_forgotten(void **state)
{
    unsigned char keys[80];
    struct bed b;

    (void)state;
    setup(&b, TLS1_3_VERSION);
    once(&b);
    assert_int_equal(RAND_bytes(keys, sizeof keys), 1);
    assert_int_equal(SSL_CTX_set_tlsext_ticket_keys(b.tls, keys, sizeof keys),
                     1);
    once(&b);
    assert_int_equal(resumed(&b), 0);
    teardown(&b);
}

static void test_old_sessions_are_not_offered(void **state)
{
    struct bed b;
    unsigned i;

    (void)state;
    setup(&b, TLS1_3_VERSION);
    once(&b);
    assert_true(kept(&b) > 0);
    for (i = 0; i < kept(&b); i++) {
        SSL_SESSION_set_time(b.rig.net->sessions.kept[i].session,
                             (long)time(NULL) - RESUME_AGE_S - 1);
    }
    once(&b);
    assert_int_equal(resumed(&b), 0);
    teardown(&b);
}

/* A handshake that failed with a session may have failed because of it. */
static void test_a_failure_drops_what_is_kept(void **state)
{
    struct link l = {0};
    struct bed b;

    (void)state;
    setup(&b, TLS1_3_VERSION);
    once(&b);
    assert_true(kept(&b) > 1);
    SSL_CTX_set_min_proto_version(b.tls, TLS1_1_VERSION);
    SSL_CTX_set_max_proto_version(b.tls, TLS1_1_VERSION);
    link_start(&b, &l);
    test_loop_until(&b.rig.t, &l.done);
    assert_null(l.t);
    assert_int_equal(kept(&b), 0);
    link_finish(&b, &l);
    teardown(&b);
}

/* Without memory nothing is kept, and nothing else is lost. */
static void test_lack_of_memory(void **state)
{
    struct link l = {0};
    struct bed b;

    (void)state;
    setup(&b, TLS1_3_VERSION);
    link_start(&b, &l);
    test_loop_until(&b.rig.t, &l.done);
    mem_set_hook(scarce_after, NULL);
    link_use(&b, &l);
    mem_set_hook(NULL, NULL);
    assert_int_equal(kept(&b), 0);
    link_finish(&b, &l);
    once(&b);
    assert_int_equal(resumed(&b), 0);
    teardown(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_next_connection_resumes),
        cmocka_unit_test(test_a_ticket_serves_once),
        cmocka_unit_test(test_each_server_has_its_own),
        cmocka_unit_test(test_a_server_may_have_forgotten),
        cmocka_unit_test(test_old_sessions_are_not_offered),
        cmocka_unit_test(test_a_failure_drops_what_is_kept),
        cmocka_unit_test(test_lack_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
