/* SPDX-License-Identifier: Apache-2.0 */
/* test_conn.c - connections that libcurl makes and we use as streams. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "conn.h"
#include "err.h"
#include "mem.h"
#include "net_impl.h"
#include "net_rig.h"
#include "request.h"
#include "test_http.h"
#include "test_server.h"
#include "transport.h"

/* Keep OpenSSL for libcurl alone, as where it may not be shared. */
static bool through_libcurl;

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

/* The byte at @pos of what is sent in tests. */
static char pattern(size_t pos)
{
    return (char)(pos * 31 + pos / 251);
}

static void on_link_closed(void *data)
{
    struct link *l = data;

    assert_false(l->closed);
    l->closed = true;
}

static void link_close(struct link *l)
{
    struct conn *c = l->conn;

    l->conn = NULL;
    l->t = NULL;
    conn_close(c, on_link_closed, l);
    assert_false(l->closed);
}

/* Note the end of the stream. */
static void link_end(struct link *l, ssize_t code)
{
    if (l->want > l->received) {
        l->t->ops->explain(l->t, (int)code, &l->err);
        fail_msg("after %zu bytes: %s", l->received, l->err.msg);
    }
    l->end = (int)code;
    l->ended = true;
    l->t->ops->watch(l->t, false, false);
}

/* Read what is there, at most @limit bytes (0: until nothing is). */
static void link_read(struct link *l, size_t limit)
{
    static char buf[65536];
    size_t done = 0;

    while (!l->ended && (limit == 0 || done < limit)) {
        size_t room =
            limit == 0 || limit - done > sizeof buf ? sizeof buf : limit - done;
        ssize_t n = l->t->ops->recv(l->t, buf, room);
        ssize_t i;

        if (n == UV_EAGAIN) {
            assert_false(l->t->ops->pending(l->t));
            return;
        }
        if (n <= 0) {
            link_end(l, n);
            return;
        }
        for (i = 0; i < n; i++) {
            if (buf[i] != pattern(l->received + (size_t)i)) {
                fail_msg("byte %zu differs", l->received + (size_t)i);
            }
        }
        l->received += (size_t)n;
        done += (size_t)n;
        l->got_want = l->received >= l->want;
    }
}

/* Send what is to be sent and can be. */
static void link_send(struct link *l)
{
    static char buf[50000]; /* The same memory each time */

    while (!l->ended && l->sent < l->to_send) {
        size_t len = l->to_send - l->sent;
        ssize_t n;
        size_t i;

        len = len > sizeof buf ? sizeof buf : len;
        for (i = 0; i < len; i++) {
            buf[i] = pattern(l->sent + i);
        }
        n = l->t->ops->send(l->t, buf, len);
        if (n == UV_EAGAIN) {
            return;
        }
        if (n <= 0) {
            link_end(l, n);
            return;
        }
        l->sent += (size_t)n;
    }
}

static void on_ready(struct transport *t, bool readable, bool writable)
{
    struct link *l = t->data;

    assert_true(readable || writable);
    l->n_ready++;
    if (l->close_in_ready) {
        link_close(l);
        return;
    }
    if (readable) {
        link_read(l, l->per_turn);
    }
    if (writable) {
        link_send(l);
    }
    if (!l->ended) {
        t->ops->watch(t, true, l->sent < l->to_send);
    }
}

static void on_done(struct conn *c, struct transport *t, const struct err *err)
{
    struct link *l = conn_data(c);

    assert_true((t == NULL) != (err == NULL));
    assert_ptr_equal(c, l->conn);
    l->n_done++;
    l->done = true;
    l->t = t;
    if (err != NULL) {
        l->err = *err;
        net_rig_check_secret(err->msg);
        net_rig_check_secret(err->hint);
    }
    if (t != NULL) {
        t->data = l;
        t->ready_cb = on_ready;
    }
    if (l->close_in_done) {
        link_close(l);
    }
}

/* Begin to connect @l. */
static void link_start(struct link *l, struct net_rig *rig, const char *scheme,
                       const char *host, unsigned port, uint64_t timeout_ms)
{
    struct conn_config config = {
        .url = l->url, .connect_timeout_ms = timeout_ms, .id = 7};

    l->rig = rig;
    rig->net->shares_openssl = !through_libcurl;
    snprintf(l->url, sizeof l->url, "%s://%s:%u", scheme, host, port);
    l->conn = conn_new(rig->net, &config, l);
    assert_non_null(l->conn);
    conn_start(l->conn, on_done);
    assert_int_equal(l->n_done, 0);
}

/* Connect @l and insist that it works. */
static void link_open(struct link *l, struct net_rig *rig, const char *scheme,
                      unsigned port)
{
    link_start(l, rig, scheme, "127.0.0.1", port, 5000);
    test_loop_until(&rig->t, &l->done);
    if (l->t == NULL) {
        fail_msg("%s: %s", err_name(l->err.code), l->err.msg);
    }
}

/* Close @l and wait for it. */
static void link_finish(struct link *l)
{
    link_close(l);
    test_loop_until(&l->rig->t, &l->closed);
}

/* Send back whatever comes. */
static void echo(struct test_peer *p, const char *data, size_t len)
{
    test_peer_write(p, data, len);
}

/* A rig, and a server in it that does as @config says, with TLS of @cert. */
static struct test_server *setup_cert(struct net_rig *rig,
                                      struct test_server_config *config,
                                      enum test_cert cert)
{
    struct test_server *s;

    net_rig_init(rig);
    net_rig_net(rig, rig->pki.ca_file, false);
    config->tls = test_pki_context(&rig->pki, cert);
    s = test_server_start(&rig->t.loop, config);
    SSL_CTX_free(config->tls);
    return s;
}

static struct test_server *setup(struct net_rig *rig,
                                 struct test_server_config *config)
{
    return setup_cert(rig, config, TEST_CERT_GOOD);
}

/* --- bytes ------------------------------------------------------------- */

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
    struct test_server_config config = {.on_data = echo};
    struct net_rig rig;
    struct test_server *s = setup(&rig, &config);
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
    struct test_server_config config = {.on_data = echo};
    struct net_rig rig;
    struct test_server *s;
    struct link l = {0};

    (void)state;
    net_rig_init(&rig);
    net_rig_net(&rig, NULL, false);
    s = test_server_start(&rig.t.loop, &config);
    go_round(&rig, &l, "http", test_server_port(s), 3000000);
    test_server_close(s);
    net_rig_close(&rig);
}

static void test_bytes_go_round_by_tls_1_2(void **state)
{
    struct test_server_config config = {.on_data = echo};
    struct net_rig rig;
    struct test_server *s;
    struct link l = {0};

    (void)state;
    net_rig_init(&rig);
    net_rig_net(&rig, rig.pki.ca_file, false);
    config.tls = test_pki_context(&rig.pki, TEST_CERT_GOOD);
    SSL_CTX_set_max_proto_version(config.tls, TLS1_2_VERSION);
    s = test_server_start(&rig.t.loop, &config);
    SSL_CTX_free(config.tls);
    go_round(&rig, &l, "https", test_server_port(s), 3000000);
    test_server_close(s);
    net_rig_close(&rig);
}

/* Greet with @config.data bytes of the pattern. */
static void send_pattern(struct test_peer *p)
{
    size_t len = *(const size_t *)test_server_data(test_peer_server(p));
    char *bytes = malloc(len);
    size_t i;

    assert_non_null(bytes);
    for (i = 0; i < len; i++) {
        bytes[i] = pattern(i);
    }
    test_peer_write(p, bytes, len);
    free(bytes);
}

static void
test_a_slow_reader_is_told_of_bytes_that_poll_cannot_see(void **state)
{
    static const size_t bites[] = {1, 100, 5000, 16384, 20000};
    size_t len = 40000;
    struct test_server_config config = {.on_open = send_pattern, .data = &len};
    struct net_rig rig;
    struct test_server *s = setup(&rig, &config);
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
    struct test_server_config config = {.on_open = send_pattern, .data = &len};
    struct net_rig rig;
    struct test_server *s = setup(&rig, &config);
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
        .on_open = pause_peer, .on_data = echo, .data = &peer};
    struct net_rig rig;
    struct test_server *s = setup(&rig, &config);
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
    struct test_server *s = setup(&rig, &config);
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
    struct test_server *s;
    struct link l = {.want = 1, .to_send = 1};

    (void)state;
    net_rig_init(&rig);
    net_rig_net(&rig, rig.pki.ca_file, false);
    config.tls = test_pki_context(&rig.pki, TEST_CERT_GOOD);
    SSL_CTX_set_max_proto_version(config.tls, TLS1_2_VERSION);
    s = test_server_start(&rig.t.loop, &config);
    SSL_CTX_free(config.tls);
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

/* --- ends -------------------------------------------------------------- */

static void pattern_then_end(struct test_peer *p)
{
    send_pattern(p);
    test_peer_end(p);
}

static void pattern_then_drop(struct test_peer *p)
{
    send_pattern(p);
    test_peer_drop(p);
}

static void pattern_then_garbage(struct test_peer *p)
{
    /* A record of 32 bytes by its header. */
    static const char garbage[] = "\x17\x03\x03\x00\x20"
                                  "this is not what was agreed upon";

    send_pattern(p);
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
        struct test_server *s = setup(&rig, &config);
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
    struct test_server *s = setup(&rig, &config);
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
    struct test_server *s = setup(&rig, &config);
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

/* Connect and expect an error of @code whose message has @words in it. */
static void expect(struct net_rig *rig, const char *host, unsigned port,
                   uint64_t timeout_ms, int code, const char *words)
{
    struct link l = {0};

    link_start(&l, rig, "https", host, port, timeout_ms);
    test_loop_until(&rig->t, &l.done);
    if (l.err.code != code || strstr(l.err.msg, words) == NULL ||
        l.err.hint[0] == '\0') {
        fail_msg("%s: \"%s\" (%s), wanted %s: \"%s\"", err_name(l.err.code),
                 l.err.msg, l.err.hint, err_name(code), words);
    }
    link_finish(&l);
}

static void hang_up(struct test_peer *p, const char *data, size_t len)
{
    (void)data;
    (void)len;
    test_peer_drop(p);
}

static void test_failures_name_their_cause(void **state)
{
    struct test_server_config deaf = {.deaf = true};
    struct test_server_config curt = {.on_data = hang_up};
    struct net_rig rig;
    struct test_server *deaf_one;
    struct test_server *curt_one;
    int fds[TEST_BLACK_HOLE_FDS];
    unsigned hole;
    unsigned threads = test_count_threads();
    uint64_t begin;

    (void)state;
    net_rig_init(&rig);
    hole = test_black_hole(fds);
    net_rig_net(&rig, rig.pki.ca_file, false);
    deaf_one = test_server_start(&rig.t.loop, &deaf);
    curt_one = test_server_start(&rig.t.loop, &curt);
    begin = uv_hrtime();
    expect(&rig, "127.0.0.1", test_free_port(), 1000, ERR_CONNECT,
           "127.0.0.1 cannot be reached: connection refused");
    expect(&rig, "127.0.0.1", test_server_port(curt_one), 1000, ERR_TLS,
           "127.0.0.1 closed the connection during the TLS handshake");
    expect(&rig, "127.0.0.1", test_server_port(deaf_one), 100, UV_ETIMEDOUT,
           "timed out waiting for the TLS handshake with 127.0.0.1");
#ifdef __linux__
    expect(&rig, "127.0.0.1", hole, 100, UV_ETIMEDOUT,
           "timed out waiting for a connection to 127.0.0.1");
#else
    (void)hole;
#endif
    if (net_rig_fakes_names()) {
        expect(&rig, "nosuch.test", 443, 1000, ERR_DNS,
               "the name nosuch.test was not found");
        expect(&rig, "slow.test", 443, 100, UV_ETIMEDOUT,
               "timed out waiting for the address of slow.test");
    }
    assert_true(uv_hrtime() - begin < (uint64_t)1700 * 1000 * 1000);
    test_wait_for_threads(threads);
    test_black_hole_close(fds);
    test_server_close(deaf_one);
    test_server_close(curt_one);
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
        struct test_server_config config = {.on_data = echo};
        struct net_rig rig;
        struct test_server *s = setup_cert(&rig, &config, cases[i].cert);

        expect(&rig, "127.0.0.1", test_server_port(s), 1000, ERR_CERTIFICATE,
               cases[i].words);
        test_server_close(s);
        net_rig_close(&rig);
    }
}

/* --- life and death ---------------------------------------------------- */

static void test_closing_after_every_turn(void **state)
{
    unsigned threads = test_count_threads();
    unsigned turns;
    bool finished = false;

    (void)state;
    for (turns = 0; !finished; turns++) {
        struct test_server_config config = {.on_data = echo};
        struct net_rig rig;
        struct test_server *s = setup(&rig, &config);
        struct link l = {.to_send = 200000, .want = 200000};
        unsigned i;

        link_start(&l, &rig, "https",
                   net_rig_fakes_names() ? "some.test" : "localhost",
                   test_server_port(s), 5000);
        for (i = 0; i < turns; i++) {
            test_loop_turns(&rig.t, 1);
            if (l.t != NULL && l.n_ready == 0) {
                l.t->ops->watch(l.t, true, true);
            }
        }
        finished = l.got_want;
        assert_int_equal(l.err.code, 0);
        link_close(&l);
        test_server_close(s);
        test_wait_for_threads(threads); /* The resolver's has a descriptor. */
        net_rig_close(&rig);
        assert_true(l.closed);
        assert_true(l.n_done <= 1);
    }
    assert_true(turns > 5);
}

static void test_closing_before_the_start(void **state)
{
    struct conn_config config = {.url = "https://127.0.0.1:1"};
    struct net_rig rig;
    struct link l = {0};

    (void)state;
    net_rig_init(&rig);
    net_rig_net(&rig, rig.pki.ca_file, false);
    l.conn = conn_new(rig.net, &config, &l);
    link_close(&l);
    net_rig_close(&rig);
    assert_true(l.closed);
    assert_int_equal(l.n_done, 0);
}

static void test_closing_inside_each_callback(void **state)
{
    size_t len = 10;
    struct test_server_config config = {.on_open = send_pattern, .data = &len};
    struct net_rig rig;
    struct test_server *s = setup(&rig, &config);
    struct link in_done = {.close_in_done = true};
    struct link in_failure = {.close_in_done = true};
    struct link in_ready = {.close_in_ready = true};

    (void)state;
    link_start(&in_done, &rig, "https", "127.0.0.1", test_server_port(s), 5000);
    link_start(&in_failure, &rig, "https", "127.0.0.1", test_free_port(), 5000);
    link_open(&in_ready, &rig, "https", test_server_port(s));
    in_ready.t->ops->watch(in_ready.t, true, true);
    test_loop_until(&rig.t, &in_done.closed);
    test_loop_until(&rig.t, &in_failure.closed);
    test_loop_until(&rig.t, &in_ready.closed);
    assert_int_equal(in_ready.n_ready, 1);
    test_server_close(s);
    net_rig_close(&rig);
}

static void test_two_hundred_at_once(void **state)
{
    enum { N = 200 };
    static struct link links[N];
    struct test_server_config config = {.on_data = echo};
    struct net_rig rig;
    struct test_server *s = setup(&rig, &config);
    int i;

    (void)state;
    memset(links, 0, sizeof links);
    for (i = 0; i < N; i++) {
        links[i].to_send = links[i].want = 20000;
        link_start(&links[i], &rig, "https", "127.0.0.1", test_server_port(s),
                   20000);
    }
    for (i = 0; i < N; i++) {
        test_loop_until(&rig.t, &links[i].done);
        if (links[i].t == NULL) {
            fail_msg("%s", links[i].err.msg);
        }
        links[i].t->ops->watch(links[i].t, true, true);
    }
    for (i = 0; i < N; i++) {
        test_loop_until(&rig.t, &links[i].got_want);
        link_close(&links[i]);
    }
    assert_int_equal(test_server_accepted(s), N);
    test_server_close(s);
    net_rig_close(&rig);
}

/* The peer that came last. */
static void note_peer(struct test_peer *p)
{
    *(struct test_peer **)test_server_data(test_peer_server(p)) = p;
}

/* libcurl drops connections it regards as idle and finds closed, about once a
 * second while it makes others; ours it must leave alone. */
static void test_a_dead_connection_stays_ours(void **state)
{
    struct test_peer *peer = NULL;
    struct test_server_config config = {.on_open = note_peer, .data = &peer};
    struct net_rig rig;
    struct test_server *s;
    struct link first = {0};
    struct link second = {0};
    uint64_t until;

    (void)state;
    net_rig_init(&rig);
    net_rig_net(&rig, NULL, false);
    s = test_server_start(&rig.t.loop, &config);
    link_open(&first, &rig, "http", test_server_port(s));
    while (peer == NULL) {
        test_loop_turns(&rig.t, 1);
    }
    test_peer_drop(peer);
    for (until = uv_hrtime() + 1100000000u; uv_hrtime() < until;) {
        test_loop_turns(&rig.t, 10);
    }
    link_open(&second, &rig, "http", test_server_port(s));
    first.t->ops->watch(first.t, true, false);
    test_loop_until(&rig.t, &first.ended);
    assert_int_equal(first.end, UV_EOF);
    link_finish(&first);
    link_finish(&second);
    test_server_close(s);
    net_rig_close(&rig);
}

static void answer(const struct test_http_request *req)
{
    test_http_answer(req, 200, "", "ok");
}

static int prepare(struct request *r, unsigned n, struct attempt *a,
                   struct err *e)
{
    (void)n;
    (void)e;
    a->url = request_data(r);
    return 0;
}

static void request_over(struct request *r, const struct response *resp,
                         const struct err *err)
{
    assert_null(err);
    assert_int_equal(resp->status, 200);
    *(char *)request_data(r) = '\0';
    request_close(r);
}

/* Make one request to @url and wait for it. */
static void get(struct net_rig *rig, const char *url)
{
    struct request_config config = {.max_attempts = 1, .prepare = prepare};
    char mine[128];

    snprintf(mine, sizeof mine, "%s", url);
    request_start(request_new(rig->net, &config, mine), request_over);
    while (mine[0] != '\0') {
        uv_run(&rig->t.loop, UV_RUN_ONCE);
    }
}

/* Requests and streams to one host keep apart. */
static void test_requests_and_streams_share_no_connection(void **state)
{
    struct net_rig rig;
    struct test_http *h;
    struct link a = {0};
    struct link b = {0};
    SSL_CTX *tls;
    char url[64];

    (void)state;
    net_rig_init(&rig);
    net_rig_net(&rig, rig.pki.ca_file, false);
    tls = test_pki_context(&rig.pki, TEST_CERT_GOOD);
    h = test_http_start(&rig.t.loop, tls, answer, NULL);
    SSL_CTX_free(tls);
    snprintf(url, sizeof url, "https://127.0.0.1:%u", test_http_port(h));
    link_open(&a, &rig, "https", test_http_port(h));
    get(&rig, url);
    link_open(&b, &rig, "https", test_http_port(h));
    get(&rig, url);
    assert_int_equal(test_http_connections(h), 3);
    link_finish(&a);
    link_finish(&b);
    test_http_close(h);
    net_rig_close(&rig);
}

#ifdef __linux__
/* The socket of ours that leads to @port. */
static int find_socket(unsigned port)
{
    int fd;

    for (fd = 3; fd < 256; fd++) {
        struct sockaddr_in a = {0};
        socklen_t len = sizeof a;

        if (getpeername(fd, (struct sockaddr *)&a, &len) == 0 &&
            a.sin_family == AF_INET && ntohs(a.sin_port) == port) {
            return fd;
        }
    }
    fail_msg("%s", "no such socket");
    return -1;
}

static int option(int fd, int level, int name)
{
    int value = -1;
    socklen_t len = sizeof value;

    assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
    return value;
}

static void test_the_socket_s_options(void **state)
{
    struct test_server_config config = {.on_data = echo};
    struct net_rig rig;
    struct test_server *s = setup(&rig, &config);
    struct link l = {0};
    int fd;

    (void)state;
    link_open(&l, &rig, "https", test_server_port(s));
    fd = find_socket(test_server_port(s));
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 30);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPINTVL), 10);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 60000);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
    link_finish(&l);
    test_server_close(s);
    net_rig_close(&rig);
}
#endif

static void test_lack_of_memory_anywhere(void **state)
{
    struct test_server_config config = {.on_data = echo};
    struct net_rig rig;
    struct test_server *s = setup(&rig, &config);
    bool passed = false;
    int n;

    (void)state;
    for (n = 1; !passed; n++) {
        struct link l = {.rig = &rig};
        struct conn_config cfg = {.url = l.url, .connect_timeout_ms = 5000};
        int left = n;

        snprintf(l.url, sizeof l.url, "https://127.0.0.1:%u",
                 test_server_port(s));
        mem_set_hook(net_rig_refuse_nth, &left);
        l.conn = conn_new(rig.net, &cfg, &l);
        if (l.conn != NULL) {
            conn_start(l.conn, on_done);
            test_loop_until(&rig.t, &l.done);
            mem_set_hook(NULL, NULL);
            passed = l.t != NULL;
            assert_int_equal(l.err.code, passed ? 0 : UV_ENOMEM);
            link_finish(&l);
        }
        mem_set_hook(NULL, NULL);
    }
    assert_true(n > 6);
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
        cmocka_unit_test(test_ends_of_every_kind),
        cmocka_unit_test(test_a_reset),
        cmocka_unit_test(test_closing_says_farewell),
        cmocka_unit_test(test_failures_name_their_cause),
        cmocka_unit_test(test_certificates_that_do_not_convince),
        cmocka_unit_test(test_closing_after_every_turn),
        cmocka_unit_test(test_closing_before_the_start),
        cmocka_unit_test(test_closing_inside_each_callback),
        cmocka_unit_test(test_two_hundred_at_once),
        cmocka_unit_test(test_a_dead_connection_stays_ours),
        cmocka_unit_test(test_requests_and_streams_share_no_connection),
#ifdef __linux__
        cmocka_unit_test(test_the_socket_s_options),
#endif
        cmocka_unit_test(test_lack_of_memory_anywhere),
    };

    int failed = cmocka_run_group_tests_name("direct", tests, NULL, NULL);

    through_libcurl = true;
    return failed +
           cmocka_run_group_tests_name("through libcurl", tests, NULL, NULL);
}
