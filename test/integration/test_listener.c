/* SPDX-License-Identifier: Apache-2.0 */
/* test_listener.c - what a listener listens on, whom it accepts and how many;
 * the tunnels are fake_tunnel.c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <uv.h>

#include "err.h"
#include "fake_tunnel.h"
#include "listener.h"
#include "listener_rig.h"

/* ---- Addresses --------------------------------------------------------- */

static void test_one_port_on_both_families(void **state)
{
    struct bench *b = bench_new(&any_port);
    struct client *four;
    struct client *six;
    int port;

    (void)state;
    assert_non_null(b->l);
    assert_int_equal(listener_addresses(b->l), 2);
    assert_string_equal(listener_address(b->l, 0, &port), "127.0.0.1");
    assert_int_equal(port, listener_port(b->l));
    assert_string_equal(listener_address(b->l, 1, &port), "::1");
    assert_int_equal(port, listener_port(b->l));
    b->close_after = 2;
    four = client_new(b, AF_INET, "four");
    six = client_new(b, AF_INET6, "six");
    uv_run(&b->loop, UV_RUN_DEFAULT);
    assert_string_equal(four->got, "four");
    assert_string_equal(six->got, "six");
    assert_true(fake_tunnels.early_eof_asked);
    bench_end(b);
}

/* A listener on a port that @taken holds says so and leaves nothing behind on
 * @other; false when somebody else has that port there. */
static bool port_in_use_is_named(const char *taken, const char *other)
{
    struct listener_config config = {.tcp = true};
    char expected[128];
    struct bench *b;
    int fd = squat(taken, 0);

    assert_true(fd >= 0);
    config.port = port_of(fd);
    b = bench_new(&config);
    assert_int_equal(b->err.code, UV_EADDRINUSE);
    snprintf(expected, sizeof expected, "port %d on %s is already in use",
             config.port, taken);
    assert_string_equal(b->err.msg, expected);
    assert_non_null(strstr(b->err.hint, "--local-port auto"));
    bench_end(b);
    close(fd);
    fd = squat(other, config.port);
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

static void test_a_port_in_use_is_named(void **state)
{
    int tries;

    (void)state;
    /* Other tests run beside this one and take ports too. */
    for (tries = 0; !port_in_use_is_named("127.0.0.1", "::1"); tries++) {
        assert_true(tries < 5);
    }
    for (tries = 0; !port_in_use_is_named("::1", "127.0.0.1"); tries++) {
        assert_true(tries < 5);
    }
}

static void test_addresses_are_checked(void **state)
{
    static const struct {
        const char *address;
        int port;
        int code;
    } rows[] = {
        {"nonsense", 0, ERR_USAGE},
        {"", 0, ERR_USAGE},
        {"127.0.0.1.1", 0, ERR_USAGE},
        {"[::1]", 0, ERR_USAGE},
        {"192.0.2.77", 0, UV_EADDRNOTAVAIL},
        {"localhost", 0, 0},
        {"127.0.0.2", 0, 0},
        {"0.0.0.0", 0, 0},
        {"::", 0, 0},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const list[] = {rows[i].address};
        struct listener_config config = any_port;
        struct bench *b;

        config.bind_addresses = list;
        config.n_bind_addresses = 1;
        config.port = rows[i].port;
        b = bench_new(&config);
        assert_int_equal(b->err.code, rows[i].code);
        if (rows[i].code == 0) {
            assert_true(listener_port(b->l) > 0);
            bench_close(b);
        }
        bench_end(b);
    }
}

static void test_nothing_to_listen_on(void **state)
{
    static const struct listener_config none = {.max_connections = 1};
    struct bench *b = bench_new(&none);

    (void)state;
    assert_int_equal(b->err.code, ERR_USAGE);
    bench_end(b);
}

/* ---- Connections ------------------------------------------------------- */

static void test_events_in_order(void **state)
{
    struct bench *b = bench_new(&any_port);
    struct client *c = client_new(b, AF_INET, "Near the end");

    (void)state;
    b->close_after = 1;
    uv_run(&b->loop, UV_RUN_DEFAULT);
    assert_string_equal(c->got, "Near the end");
    assert_string_equal(b->said, "A1 O1 S1 C1 ");
    bench_end(b);
}

static void test_a_failed_tunnel_ends_only_itself(void **state)
{
    struct bench *b = bench_new(&any_port);
    struct client *c[3];

    (void)state;
    c[0] = client_new(b, AF_INET, "held");
    c[0]->hold = true;
    client_await(c[0]);
    c[1] = client_new(b, AF_INET, "Fail");
    bench_await(b, "A1 O1 A2 O2 C2! ");
    c[2] = client_new(b, AF_INET, "fine");
    bench_await(b, "A1 O1 A2 O2 C2! A3 O3 C3 ");
    bench_settle(b, 20);
    assert_string_equal(b->said, "A1 O1 A2 O2 C2! A3 O3 C3 ");
    assert_string_equal(b->why, "told to fail");
    assert_string_equal(c[0]->got, "held");
    assert_string_equal(c[2]->got, "fine");
    assert_int_equal(listener_connections(b->l), 1);
    bench_close(b);
    bench_until(b, &c[0]->closed);
    assert_int_equal(fake_tunnels.n_away, 1);
    bench_end(b);
}

static void test_a_tunnel_that_cannot_begin(void **state)
{
    struct bench *b = bench_new(&any_port);

    (void)state;
    fake_tunnels.no_memory = true;
    client_new(b, AF_INET, "x");
    bench_await(b, "A1 C1! ");
    fake_tunnels.no_memory = false;
    fake_tunnels.start_rv = UV_EIO;
    client_new(b, AF_INET, "x");
    bench_await(b, "A1 C1! A2 C2! ");
    fake_tunnels.start_rv = 0;
    client_new(b, AF_INET, "fine");
    bench_await(b, "A1 C1! A2 C2! A3 O3 C3 ");
    bench_settle(b, 20);
    assert_string_equal(b->said, "A1 C1! A2 C2! A3 O3 C3 ");
    assert_string_equal(b->clients[2].got, "fine");
    assert_int_equal(listener_connections(b->l), 0);
    bench_close(b);
    bench_end(b);
}

/* Connect and leave, politely or not: no error. */
static void test_port_probes_are_no_errors(void **state)
{
    struct bench *b = bench_new(&any_port);
    int i;

    (void)state;
    for (i = 0; i < 6; i++) {
        struct client *c = client_new(b, AF_INET, "");

        c->probe = true;
        c->reset = i % 2 == 1;
    }
    bench_await_ends(b, 6);
    bench_settle(b, 20);
    assert_null(strchr(b->said, '!'));
    assert_null(strchr(b->said, 'R'));
    assert_int_equal(b->n_closed, 6);
    assert_int_equal(listener_connections(b->l), 0);
    bench_close(b);
    bench_end(b);
}

static void test_over_the_limit_is_closed(void **state)
{
    struct listener_config config = any_port;
    struct client *c;
    struct bench *b;
    unsigned i;

    (void)state;
    config.max_connections = 3;
    b = bench_new(&config);
    for (i = 0; i < 5; i++) {
        c = client_new(b, AF_INET, "hold");
        c->hold = true;
        if (i < 3) {
            client_await(c);
        } else {
            bench_until(b, &c->closed);
        }
    }
    bench_settle(b, 10);
    assert_string_equal(b->said, "A1 O1 A2 O2 A3 O3 F0 F0 ");
    assert_int_equal(listener_connections(b->l), 3);
    assert_int_equal(b->clients[3].n_got, 0);
    /* A place that is free again is given away. */
    client_close(&b->clients[0], 0);
    bench_await(b, "A1 O1 A2 O2 A3 O3 F0 F0 C1 ");
    bench_settle(b, 10);
    client_await(client_new(b, AF_INET, "next"));
    bench_close(b);
    bench_end(b);
}

static void test_over_the_limit_waits(void **state)
{
    struct listener_config config = any_port;
    struct bench *b;
    unsigned i;

    (void)state;
    config.max_connections = 2;
    config.when_full = LISTENER_FULL_WAIT;
    b = bench_new(&config);
    for (i = 0; i < 2; i++) {
        client_new(b, i == 0 ? AF_INET : AF_INET6, "hold")->hold = true;
    }
    client_await(&b->clients[0]);
    client_await(&b->clients[1]);
    bench_settle(b, 10);
    assert_null(strchr(b->said, 'F')); /* Full, but nobody is waiting. */
    for (i = 0; i < 10; i++) {
        client_new(b, i % 2 == 0 ? AF_INET : AF_INET6, "wait");
    }
    for (i = 2; i < 12; i++) {
        bench_until(b, &b->clients[i].connected);
    }
    bench_settle(b, 20);
    assert_int_equal(listener_connections(b->l), 2);
    assert_int_equal(b->clients[5].n_got, 0);
    assert_false(b->clients[5].closed);
    assert_string_equal(strchr(b->said, 'F'), "F0 ");
    client_close(&b->clients[0], 0);
    for (i = 2; i < 12; i++) {
        client_await(&b->clients[i]);
    }
    assert_int_equal(fake_tunnels.n_max, 2);
    bench_close(b);
    bench_end(b);
}

static void test_many_come_and_go(void **state)
{
    struct listener_config config = any_port;
    struct bench *b;
    unsigned round;
    unsigned i;

    (void)state;
    config.max_connections = 0;
    b = bench_new(&config);
    for (round = 0; round < 20; round++) {
        b->n_clients = 0;
        b->said[0] = '\0';
        for (i = 0; i < MAX_CLIENTS; i++) {
            b->clients[i] = (struct client){0};
            client_new(b, i % 2 ? AF_INET : AF_INET6, "hello");
        }
        for (i = 0; i < MAX_CLIENTS; i++) {
            bench_until(b, &b->clients[i].closed);
            assert_string_equal(b->clients[i].got, "hello");
        }
    }
    bench_await_ends(b, 20 * MAX_CLIENTS);
    bench_settle(b, 20);
    assert_int_equal(b->n_closed, 20 * MAX_CLIENTS);
    assert_int_equal(listener_connections(b->l), 0);
    bench_close(b);
    bench_end(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(test_one_port_on_both_families),
        BENCH_TEST(test_a_port_in_use_is_named),
        BENCH_TEST(test_addresses_are_checked),
        BENCH_TEST(test_nothing_to_listen_on),
        BENCH_TEST(test_events_in_order),
        BENCH_TEST(test_a_failed_tunnel_ends_only_itself),
        BENCH_TEST(test_a_tunnel_that_cannot_begin),
        BENCH_TEST(test_port_probes_are_no_errors),
        BENCH_TEST(test_over_the_limit_is_closed),
        BENCH_TEST(test_over_the_limit_waits),
        BENCH_TEST(test_many_come_and_go),
    };

    return cmocka_run_group_tests(tests, test_fds_note, NULL);
}
