/* SPDX-License-Identifier: Apache-2.0 */
/* test_conn_life.c - closing connections at any time, many at once, beside
 * libcurl's own, their sockets, and lack of memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "conn.h"
#include "conn_rig.h"
#include "mem.h"
#include "net_rig.h"
#include "request.h"
#include "scarce.h"
#include "test_http.h"
#include "test_server.h"

static void test_closing_after_every_turn(void **state)
{
    unsigned threads = test_count_threads();
    unsigned turns;
    bool finished = false;

    (void)state;
    for (turns = 0; !finished; turns++) {
        struct test_server_config config = {.on_data = link_echo};
        struct net_rig rig;
        struct test_server *s = link_server(&rig, &config);
        struct link l = {.to_send = 200000, .want = 200000};
        unsigned i;

        link_start(&l, &rig, "https",
                   net_rig_fakes_names() ? "some.test" : "localhost",
                   test_server_port(s), 20000);
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
    struct test_server_config config = {.on_open = link_send_pattern,
                                        .data = &len};
    struct net_rig rig;
    struct test_server *s = link_server(&rig, &config);
    struct link in_done = {.close_in_done = true};
    struct link in_failure = {.close_in_done = true};
    struct link in_ready = {.close_in_ready = true};

    (void)state;
    link_start(&in_done, &rig, "https", "127.0.0.1", test_server_port(s),
               20000);
    link_start(&in_failure, &rig, "https", "127.0.0.1", test_free_port(),
               20000);
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
    struct test_server_config config = {.on_data = link_echo};
    struct net_rig rig;
    struct test_server *s = link_server(&rig, &config);
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
    struct test_server *s = link_server_plain(&rig, &config);
    struct link first = {0};
    struct link second = {0};
    uint64_t until;

    (void)state;
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
    struct test_server_config config = {.on_data = link_echo};
    struct net_rig rig;
    struct test_server *s = link_server(&rig, &config);
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
    struct test_server_config config = {.on_data = link_echo};
    struct net_rig rig;
    struct test_server *s = link_server(&rig, &config);
    bool passed = false;
    int n;

    (void)state;
    for (n = 0; !passed; n++) {
        struct link l = {.rig = &rig};
        struct conn_config cfg = {.url = l.url, .connect_timeout_ms = 20000};
        struct scarce scarce = {.left = n};

        snprintf(l.url, sizeof l.url, "https://127.0.0.1:%u",
                 test_server_port(s));
        mem_set_hook(scarce_one, &scarce);
        l.conn = conn_new(rig.net, &cfg, &l);
        if (l.conn != NULL) {
            conn_start(l.conn, link_on_done);
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

    return LINK_RUN(tests);
}
