/* SPDX-License-Identifier: Apache-2.0 */
/* test_conn.c - what connections carry, when their users are told, and new keys
 * on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conn_rig.h"
#include "net_rig.h"
#include "test_server.h"

/* Send @len bytes to an echoing server and get them back. */
static void go_round(struct net_rig *rig, struct link *l, const char *scheme,
                     unsigned port, size_t len)
{
    l->to_send = l->want = len;
    link_open(l, rig, scheme, port);
    l->t->ops->watch(l->t, true, true);
    test_loop_until(&rig->t, &l->got_want);
    assert_int_equal(l->received, len);
    assert_int_equal(l->sent, len);
    link_finish(l);
}

static void test_bytes_go_round(void **state)
{
    static const size_t lengths[] = {1, 16384, 16385, 5000000};
    struct test_server_config config = {.on_data = link_echo};
    struct net_rig rig;
    struct test_server *s = link_server(&rig, &config);
    size_t i;

    (void)state;
    for (i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct link l = {0};

        go_round(&rig, &l, "https", test_server_port(s), lengths[i]);
    }
    /* Nothing is used again. */
    assert_int_equal(test_server_accepted(s), 4);
    test_server_close(s);
    net_rig_close(&rig);
}

static void test_bytes_go_round_without_tls(void **state)
{
    struct test_server_config config = {.on_data = link_echo};
    struct net_rig rig;
    struct test_server *s = link_server_plain(&rig, &config);
    struct link l = {0};

    (void)state;
    go_round(&rig, &l, "http", test_server_port(s), 3000000);
    test_server_close(s);
    net_rig_close(&rig);
}

/* The same as link_server(), without TLS 1.3. */
static struct test_server *server_tls_1_2(struct net_rig *rig,
                                          struct test_server_config *config)
{
    struct test_server *s;

    net_rig_init(rig);
    net_rig_net(rig, rig->pki.ca_file, false);
    config->tls = test_pki_context(&rig->pki, TEST_CERT_GOOD);
    SSL_CTX_set_max_proto_version(config->tls, TLS1_2_VERSION);
    s = test_server_start(&rig->t.loop, config);
    SSL_CTX_free(config->tls);
    return s;
}

static void test_bytes_go_round_by_tls_1_2(void **state)
{
    struct test_server_config config = {.on_data = link_echo};
    struct net_rig rig;
    struct test_server *s = server_tls_1_2(&rig, &config);
    struct link l = {0};

    (void)state;
    go_round(&rig, &l, "https", test_server_port(s), 3000000);
    test_server_close(s);
    net_rig_close(&rig);
}

static void
test_a_slow_reader_is_told_of_bytes_that_poll_cannot_see(void **state)
{
    static const size_t bites[] = {1, 100, 5000, 16384, 20000};
    size_t len = 40000;
    struct test_server_config config = {.on_open = link_send_pattern,
                                        .data = &len};
    struct net_rig rig;
    struct test_server *s = link_server(&rig, &config);
    size_t i;

    (void)state;
    for (i = 0; i < sizeof bites / sizeof bites[0]; i++) {
        struct link l = {.per_turn = bites[i]};

        len = bites[i] * 500 < 40000 ? bites[i] * 500 : 40000;
        l.want = len;
        link_open(&l, &rig, "https", test_server_port(s));
        l.t->ops->watch(l.t, true, false);
        test_loop_until(&rig.t, &l.got_want);
        assert_int_equal(l.received, len);
        assert_true(l.n_ready >= len / bites[i]);
        link_finish(&l);
    }
    test_server_close(s);
    net_rig_close(&rig);
}

static void test_nothing_is_told_to_who_does_not_watch(void **state)
{
    size_t len = 40000;
    struct test_server_config config = {.on_open = link_send_pattern,
                                        .data = &len};
    struct net_rig rig;
    struct test_server *s = link_server(&rig, &config);
    struct link l = {.want = 100, .per_turn = 100};

    (void)state;
    link_open(&l, &rig, "https", test_server_port(s));
    test_loop_turns(&rig.t, 10);
    assert_int_equal(l.n_ready, 0);
    l.t->ops->watch(l.t, true, false);
    test_loop_until(&rig.t, &l.got_want);
    assert_true(l.t->ops->pending(l.t));
    l.t->ops->watch(l.t, false, false);
    l.n_ready = 0;
    test_loop_turns(&rig.t, 10);
    assert_int_equal(l.n_ready, 0);
    l.want = len;
    l.got_want = false;
    l.t->ops->watch(l.t, true, false);
    test_loop_until(&rig.t, &l.got_want);
    link_finish(&l);
    test_server_close(s);
    net_rig_close(&rig);
}

/* Do not read until told to. */
static void pause_peer(struct test_peer *p)
{
    struct test_peer **out = test_server_data(test_peer_server(p));

    *out = p;
    test_peer_pause(p);
}

static void test_a_full_socket_makes_the_sender_wait(void **state)
{
    struct test_peer *peer = NULL;
    struct test_server_config config = {
        .on_open = pause_peer, .on_data = link_echo, .data = &peer};
    struct net_rig rig;
    struct test_server *s = link_server(&rig, &config);
    struct link l = {.to_send = 30000000, .want = 30000000};
    size_t before;

    (void)state;
    link_open(&l, &rig, "https", test_server_port(s));
    while (peer == NULL) {
        test_loop_turns(&rig.t, 1);
    }
    l.t->ops->watch(l.t, true, true);
    test_loop_turns(&rig.t, 20);
    before = l.sent;
    assert_true(before > 0 && before < l.to_send);
    test_loop_turns(&rig.t, 5);
    assert_int_equal(l.sent, before);
    test_peer_resume(peer);
    test_loop_until(&rig.t, &l.got_want);
    assert_int_equal(l.sent, l.to_send);
    link_finish(&l);
    test_server_close(s);
    net_rig_close(&rig);
}

/* New keys with every piece of the echo. */
static void echo_with_new_keys(struct test_peer *p, const char *data,
                               size_t len)
{
    test_peer_update_keys(p);
    test_peer_write(p, data, len);
}

static void test_new_keys_on_the_way(void **state)
{
    struct test_server_config config = {.on_data = echo_with_new_keys};
    struct net_rig rig;
    struct test_server *s = link_server(&rig, &config);
    struct link l = {0};

    (void)state;
    go_round(&rig, &l, "https", test_server_port(s), 300000);
    test_server_close(s);
    net_rig_close(&rig);
}

/* A new handshake once, when the first bytes have come. */
static void renegotiate_once(struct test_peer *p, const char *data, size_t len)
{
    test_peer_write(p, data, len);
    if (*test_peer_data(p) == NULL) {
        *test_peer_data(p) = p;
        test_peer_renegotiate(p);
    }
}

static void test_a_new_handshake_on_the_way(void **state)
{
    struct test_server_config config = {.on_data = renegotiate_once};
    struct net_rig rig;
    struct test_server *s = server_tls_1_2(&rig, &config);
    struct link l = {.want = 1, .to_send = 1};

    (void)state;
    link_open(&l, &rig, "https", test_server_port(s));
    l.t->ops->watch(l.t, true, true);
    test_loop_until(&rig.t, &l.got_want);
    test_loop_turns(&rig.t, 10);
    l.to_send = l.want = 100000;
    l.got_want = false;
    l.t->ops->watch(l.t, true, true);
    test_loop_until(&rig.t, &l.got_want);
    link_finish(&l);
    test_server_close(s);
    net_rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_go_round),
        cmocka_unit_test(test_bytes_go_round_without_tls),
        cmocka_unit_test(test_bytes_go_round_by_tls_1_2),
        cmocka_unit_test(
            test_a_slow_reader_is_told_of_bytes_that_poll_cannot_see),
        cmocka_unit_test(test_nothing_is_told_to_who_does_not_watch),
        cmocka_unit_test(test_a_full_socket_makes_the_sender_wait),
        cmocka_unit_test(test_new_keys_on_the_way),
        cmocka_unit_test(test_a_new_handshake_on_the_way),
    };

    return LINK_RUN(tests);
}
