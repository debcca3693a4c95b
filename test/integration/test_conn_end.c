/* SPDX-License-Identifier: Apache-2.0 */
/* test_conn_end.c - how connections end, and why some cannot be made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <signal.h>
#include <string.h>

#include <cmocka.h>

#include "conn_rig.h"
#include "err.h"
#include "net_rig.h"
#include "test_server.h"

/* --- ends -------------------------------------------------------------- */

static void pattern_then_end(struct test_peer *p)
{
    link_send_pattern(p);
    test_peer_end(p);
}

static void pattern_then_drop(struct test_peer *p)
{
    link_send_pattern(p);
    test_peer_drop(p);
}

static void pattern_then_garbage(struct test_peer *p)
{
    /* A record of 32 bytes by its header. */
    static const char garbage[] = "\x17\x03\x03\x00\x20"
                                  "this is not what was agreed upon";

    link_send_pattern(p);
    test_peer_garble(p, garbage, sizeof garbage - 1);
}

static void test_ends_of_every_kind(void **state)
{
    static const struct {
        void (*on_open)(struct test_peer *);
        int code;
        const char *words;
    } cases[] = {
        {pattern_then_end, UV_EOF, "127.0.0.1 closed the connection"},
        {pattern_then_drop, UV_EOF, "127.0.0.1 closed the connection"},
        {pattern_then_garbage, ERR_TLS, "TLS with 127.0.0.1 failed: "},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = 3000;
        struct test_server_config config = {.on_open = cases[i].on_open,
                                            .data = &len};
        struct net_rig rig;
        struct test_server *s = link_server(&rig, &config);
        struct link l = {.want = len, .per_turn = 1000};
        struct err err = {0};

        link_open(&l, &rig, "https", test_server_port(s));
        l.t->ops->watch(l.t, true, false);
        test_loop_until(&rig.t, &l.ended);
        assert_int_equal(l.received, len); /* All came before the end. */
        assert_int_equal(l.end, cases[i].code);
        l.t->ops->explain(l.t, l.end, &err);
        if (err.code != l.end || strstr(err.msg, cases[i].words) == NULL) {
            fail_msg("case %zu: %s", i, err.msg);
        }
        /* And it stays so. */
        assert_int_equal(l.t->ops->recv(l.t, &err, sizeof err), l.end);
        link_finish(&l);
        test_server_close(s);
        net_rig_close(&rig);
    }
}

static void reset_peer(struct test_peer *p, const char *data, size_t len)
{
    (void)data;
    (void)len;
    test_peer_reset(p);
}

static void test_a_reset(void **state)
{
    struct test_server_config config = {.on_data = reset_peer};
    struct net_rig rig;
    struct test_server *s = link_server(&rig, &config);
    struct link l = {.to_send = 1};
    struct err err;

    (void)state;
    link_open(&l, &rig, "https", test_server_port(s));
    l.t->ops->watch(l.t, true, true);
    test_loop_until(&rig.t, &l.ended);
    assert_int_equal(l.end, UV_ECONNRESET);
    l.t->ops->explain(l.t, l.end, &err);
    assert_string_equal(
        err.msg, "127.0.0.1 cut the connection: connection reset by peer");
    signal(SIGPIPE, SIG_DFL); /* Sending on must not kill the process. */
    assert_true(l.t->ops->send(l.t, "x", 1) < 0);
    assert_true(l.t->ops->send(l.t, "x", 1) < 0);
    link_finish(&l);
    signal(SIGPIPE, SIG_IGN);
    test_server_close(s);
    net_rig_close(&rig);
}

static void note_end(struct test_peer *p)
{
    *(bool *)test_server_data(test_peer_server(p)) = true;
}

static void test_closing_says_farewell(void **state)
{
    bool ended = false;
    struct test_server_config config = {.on_end = note_end, .data = &ended};
    struct net_rig rig;
    struct test_server *s = link_server(&rig, &config);
    struct link l = {0};

    (void)state;
    link_open(&l, &rig, "https", test_server_port(s));
    link_finish(&l);
    test_loop_until(&rig.t, &ended);
    /* A FIN alone would not leave this mark. */
    assert_int_equal(test_server_farewells(s), 1);
    test_server_close(s);
    net_rig_close(&rig);
}

/* --- failures to connect ------------------------------------------------ */

/* Connect; whether that is an error of @code whose message has @words in it. */
static bool fails(struct net_rig *rig, const char *host, unsigned port,
                  uint64_t timeout_ms, int code, const char *words)
{
    struct link l = {0};
    bool ok;

    link_start(&l, rig, "https", host, port, timeout_ms);
    test_loop_until(&rig->t, &l.done);
    ok = l.err.code == code && strstr(l.err.msg, words) != NULL &&
         l.err.hint[0] != '\0';
    if (!ok) {
        print_message("%s: \"%s\" (%s), wanted %s: \"%s\"\n",
                      err_name(l.err.code), l.err.msg, l.err.hint,
                      err_name(code), words);
    }
    link_finish(&l);
    return ok;
}

/* Fail unless it is that error, for which there is all the time. */
static void expect(struct net_rig *rig, const char *host, unsigned port,
                   int code, const char *words)
{
    assert_true(fails(rig, host, port, 20000, code, words));
}

static void hang_up(struct test_peer *p, const char *data, size_t len)
{
    (void)data;
    (void)len;
    test_peer_drop(p);
}

static void test_failures_name_their_cause(void **state)
{
    struct test_server_config curt = {.on_data = hang_up};
    struct net_rig rig;
    struct test_server *curt_one;

    (void)state;
    net_rig_init(&rig);
    net_rig_net(&rig, rig.pki.ca_file, false);
    curt_one = test_server_start(&rig.t.loop, &curt);
    expect(&rig, "127.0.0.1", test_free_port(), ERR_CONNECT,
           "127.0.0.1 cannot be reached: connection refused");
    expect(&rig, "127.0.0.1", test_server_port(curt_one), ERR_TLS,
           "127.0.0.1 closed the connection during the TLS handshake");
    if (net_rig_fakes_names()) {
        expect(&rig, "nosuch.test", 443, ERR_DNS,
               "the name nosuch.test was not found");
    }
    test_server_close(curt_one);
    net_rig_close(&rig);
}

/* Wait in vain for @limit_ms at each stage: false if one was not reached, or
 * all took much longer. */
static bool waits_end(struct net_rig *rig, unsigned deaf, unsigned hole,
                      uint64_t limit_ms)
{
    uint64_t begin = uv_hrtime();
    bool ok = fails(rig, "127.0.0.1", deaf, limit_ms, UV_ETIMEDOUT,
                    "timed out waiting for the TLS handshake with 127.0.0.1");

#ifdef __linux__
    ok = fails(rig, "127.0.0.1", hole, limit_ms, UV_ETIMEDOUT,
               "timed out waiting for a connection to 127.0.0.1") &&
         ok;
#else
    (void)hole;
#endif
    if (net_rig_fakes_names()) { /* The resolver goes on after that. */
        ok = fails(rig, "slow.test", 443, limit_ms, UV_ETIMEDOUT,
                   "timed out waiting for the address of slow.test") &&
             ok;
    }
    return ok && (uv_hrtime() - begin) / 1000000 < 9 * limit_ms;
}

/* Tried with more time where the machine was too slow to come to waiting. */
static void test_each_stage_has_a_limit(void **state)
{
    struct test_server_config deaf = {.deaf = true};
    unsigned threads = test_count_threads();
    int fds[TEST_BLACK_HOLE_FDS];
    struct test_server *server;
    uint64_t limit_ms = 100;
    struct net_rig rig;
    unsigned hole;

    (void)state;
    net_rig_init(&rig);
    hole = test_black_hole(fds);
    net_rig_net(&rig, rig.pki.ca_file, false);
    server = test_server_start(&rig.t.loop, &deaf);
    while (!waits_end(&rig, test_server_port(server), hole, limit_ms)) {
        limit_ms *= 4;
        assert_true(limit_ms < 10000);
    }
    net_rig_end_slow();
    test_wait_for_threads(threads);
    test_black_hole_close(fds);
    test_server_close(server);
    net_rig_close(&rig);
}

static void test_certificates_that_do_not_convince(void **state)
{
    static const struct {
        enum test_cert cert;
        const char *words;
    } cases[] = {{TEST_CERT_EXPIRED, "certificate has expired"},
                 {TEST_CERT_FUTURE, "not yet valid"},
                 {TEST_CERT_WRONG_HOST, "is not for 127.0.0.1"},
                 {TEST_CERT_SELF_SIGNED, "self-signed certificate"}};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct test_server_config config = {.on_data = link_echo};
        struct net_rig rig;
        struct test_server *s = link_server_cert(&rig, &config, cases[i].cert);

        expect(&rig, "127.0.0.1", test_server_port(s), ERR_CERTIFICATE,
               cases[i].words);
        test_server_close(s);
        net_rig_close(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends_of_every_kind),
        cmocka_unit_test(test_a_reset),
        cmocka_unit_test(test_closing_says_farewell),
        cmocka_unit_test(test_failures_name_their_cause),
        cmocka_unit_test(test_each_stage_has_a_limit),
        cmocka_unit_test(test_certificates_that_do_not_convince),
    };

    return LINK_RUN(tests);
}
