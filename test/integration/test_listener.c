/* SPDX-License-Identifier: Apache-2.0 */
/* test_listener.c - listening, accepting, limits, refusals and the end; the
 * tunnels are fake_tunnel.c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <uv.h>

#include "err.h"
#include "fake_tunnel.h"
#include "listener.h"
#include "mem.h"

enum {
    GUARD_MS = 20000,
    MAX_CLIENTS = 64,
    PROBE = -1 /* As a client's address: connect and leave */
};

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
    uv_shutdown_t end;
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

static void on_guard(uv_timer_t *timer)
{
    struct bench *b = timer->data;

    fail_msg("nothing happened for %d ms after: %s", GUARD_MS, b->said);
}

static void on_listener_closed(void *data)
{
    struct bench *b = data;

    assert_false(b->closed);
    b->closed = true;
    b->l = NULL;
    uv_close((uv_handle_t *)&b->guard, NULL);
    uv_close((uv_handle_t *)&b->turns, NULL);
}

static void bench_close(struct bench *b)
{
    if (!b->closing) {
        b->closing = true;
        listener_close(b->l, TUNNEL_BYE_AWAY, on_listener_closed, b);
    }
}

static void on_turn(uv_idle_t *idle)
{
    struct bench *b = idle->data;

    if (b->turns_left-- <= 0) {
        uv_idle_stop(idle);
        bench_close(b);
    }
}

static void on_event(struct listener *l, const struct listener_event *event)
{
    static const char letters[] = "AOSCFRX";
    struct bench *b = listener_data(l);
    size_t n = strlen(b->said);

    assert_false(b->closing);
    snprintf(b->said + n, sizeof b->said - n, "%c%u%s ", letters[event->type],
             event->k,
             event->type == LISTENER_CLOSED && event->err != NULL ? "!" : "");
    if (event->err != NULL) {
        snprintf(b->why, sizeof b->why, "%s", event->err->msg);
    }
    if (event->type == LISTENER_OPENED) {
        assert_string_equal(event->request_id, "request-1");
    }
    if (event->type == LISTENER_CLOSED) {
        assert_non_null(event->stats);
        assert_non_null(event->request_id);
    }
    b->n_closed +=
        event->type == LISTENER_CLOSED || event->type == LISTENER_REFUSED;
    if (b->close_after != 0 && b->n_closed >= b->close_after) {
        bench_close(b);
    }
}

/* A listener as @config says, bound and started; or b->err and no listener. */
static struct bench *bench_new(const struct listener_config *config)
{
    struct tunnel_config tunnel = {0};
    struct bench *b = calloc(1, sizeof *b);

    fake_tunnels = (struct fake_tunnels){0};
    assert_int_equal(uv_loop_init(&b->loop), 0);
    uv_timer_init(&b->loop, &b->guard);
    b->guard.data = b;
    uv_timer_start(&b->guard, on_guard, GUARD_MS, 0);
    uv_idle_init(&b->loop, &b->turns);
    b->turns.data = b;
    b->l = listener_new(&b->loop, NULL, config, b);
    if (b->l != NULL && listener_bind(b->l, &b->err) == 0) {
        listener_start(b->l, &tunnel, on_event);
        return b;
    }
    if (b->l != NULL) {
        assert_int_not_equal(b->err.code, 0);
        bench_close(b);
    } else {
        uv_close((uv_handle_t *)&b->guard, NULL);
        uv_close((uv_handle_t *)&b->turns, NULL);
    }
    return b;
}

/* Run to the end and look that nothing is left. */
static void bench_end(struct bench *b)
{
    uv_run(&b->loop, UV_RUN_DEFAULT);
    assert_true(b->closed || b->l == NULL);
    assert_int_equal(fake_tunnels.n_now, 0);
    assert_int_equal(uv_loop_close(&b->loop), 0);
    free(b);
}

/* Turn the loop until nothing more happens for @ms. */
static void on_settled(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

static void bench_settle(struct bench *b, unsigned ms)
{
    uv_timer_t timer;

    uv_timer_init(&b->loop, &timer);
    uv_timer_start(&timer, on_settled, ms, 0);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&b->loop, UV_RUN_NOWAIT);
}

/* ---- Clients ----------------------------------------------------------- */

static void on_client_closed(uv_handle_t *handle)
{
    struct client *c = handle->data;

    c->closed = true;
}

static void client_close(struct client *c, int status)
{
    if (!uv_is_closing((uv_handle_t *)&c->h)) {
        c->status = status;
        if (c->reset) {
            uv_tcp_close_reset(&c->h.tcp, on_client_closed);
        } else {
            uv_close((uv_handle_t *)&c->h, on_client_closed);
        }
    }
}

static void on_client_alloc(uv_handle_t *handle, size_t suggested,
                            uv_buf_t *buf)
{
    struct client *c = handle->data;

    (void)suggested;
    *buf = uv_buf_init(c->got + c->n_got,
                       (unsigned)(sizeof c->got - 1 - c->n_got));
}

static void on_client_read(uv_stream_t *stream, ssize_t nread,
                           const uv_buf_t *buf)
{
    struct client *c = stream->data;

    (void)buf;
    if (nread < 0) {
        client_close(c, (int)nread);
        return;
    }
    c->n_got += (size_t)nread;
    if (c->hold) {
        return;
    }
    if (c->n_got == strlen(c->text)) {
        client_close(c, 0);
    }
}

static void on_client_written(uv_write_t *req, int status)
{
    (void)req;
    (void)status;
}

static void on_client_connected(uv_connect_t *req, int status)
{
    struct client *c = req->data;
    uv_buf_t buf;

    if (status != 0) {
        client_close(c, status);
        return;
    }
    c->connected = true;
    if (c->probe) {
        client_close(c, 0);
        return;
    }
    buf = uv_buf_init((char *)(uintptr_t)c->text, (unsigned)strlen(c->text));
    uv_write(&c->write, (uv_stream_t *)&c->h, &buf, 1, on_client_written);
    uv_read_start((uv_stream_t *)&c->h, on_client_alloc, on_client_read);
}

/* A client of the listener's @family (AF_UNIX: of its first address). */
static struct client *client_new(struct bench *b, int family, const char *text)
{
    struct client *c = &b->clients[b->n_clients++];
    struct sockaddr_storage addr;
    int port;

    assert_true(b->n_clients <= MAX_CLIENTS);
    c->b = b;
    c->text = text;
    c->connect.data = c;
    if (family == AF_UNIX) {
        uv_pipe_init(&b->loop, &c->h.pipe, 0);
        c->h.pipe.data = c;
        uv_pipe_connect(&c->connect, &c->h.pipe,
                        listener_address(b->l, 0, &port), on_client_connected);
        return c;
    }
    if (family == AF_INET) {
        uv_ip4_addr("127.0.0.1", listener_port(b->l),
                    (struct sockaddr_in *)&addr);
    } else {
        uv_ip6_addr("::1", listener_port(b->l), (struct sockaddr_in6 *)&addr);
    }
    uv_tcp_init(&b->loop, &c->h.tcp);
    c->h.tcp.data = c;
    assert_int_equal(uv_tcp_connect(&c->connect, &c->h.tcp,
                                    (struct sockaddr *)&addr,
                                    on_client_connected),
                     0);
    return c;
}

static const struct listener_config any_port = {.tcp = true,
                                                .max_connections = 10};

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

/* A socket that has @port of @address, and listens on it. */
static int squat(const char *address, int port)
{
    struct sockaddr_storage addr = {0};
    socklen_t len = sizeof(struct sockaddr_in);
    int fd;

    if (uv_ip4_addr(address, port, (struct sockaddr_in *)&addr) != 0) {
        assert_int_equal(
            uv_ip6_addr(address, port, (struct sockaddr_in6 *)&addr), 0);
        len = sizeof(struct sockaddr_in6);
    }
    fd = socket(addr.ss_family, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&addr, len) != 0 || listen(fd, 1) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int port_of(int fd)
{
    struct sockaddr_in6 addr = {0};
    socklen_t len = sizeof addr;

    getsockname(fd, (struct sockaddr *)&addr, &len);
    return ntohs(addr.sin6_port); /* At the same place in both families */
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
    bench_settle(b, 20);
    c[1] = client_new(b, AF_INET, "Fail");
    bench_settle(b, 20);
    c[2] = client_new(b, AF_INET, "fine");
    bench_settle(b, 20);
    assert_string_equal(b->said, "A1 O1 A2 O2 C2! A3 O3 C3 ");
    assert_string_equal(b->why, "told to fail");
    assert_string_equal(c[0]->got, "held");
    assert_string_equal(c[2]->got, "fine");
    assert_int_equal(listener_connections(b->l), 1);
    bench_close(b);
    bench_settle(b, 20);
    assert_true(c[0]->closed);
    assert_int_equal(fake_tunnels.n_away, 1);
    bench_end(b);
}

static void test_a_tunnel_that_cannot_begin(void **state)
{
    struct bench *b = bench_new(&any_port);

    (void)state;
    fake_tunnels.no_memory = true;
    client_new(b, AF_INET, "x");
    bench_settle(b, 20);
    fake_tunnels.no_memory = false;
    fake_tunnels.start_rv = UV_EIO;
    client_new(b, AF_INET, "x");
    bench_settle(b, 20);
    fake_tunnels.start_rv = 0;
    client_new(b, AF_INET, "fine");
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
    bench_settle(b, 50);
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
    struct bench *b;
    unsigned i;

    (void)state;
    config.max_connections = 3;
    b = bench_new(&config);
    for (i = 0; i < 5; i++) {
        client_new(b, AF_INET, "hold")->hold = true;
        bench_settle(b, 10);
    }
    assert_string_equal(b->said, "A1 O1 A2 O2 A3 O3 F0 F0 ");
    assert_int_equal(listener_connections(b->l), 3);
    assert_true(b->clients[3].closed && b->clients[4].closed);
    assert_int_equal(b->clients[3].n_got, 0);
    /* A place that is free again is given away. */
    client_close(&b->clients[0], 0);
    bench_settle(b, 10);
    client_new(b, AF_INET, "next");
    bench_settle(b, 10);
    assert_string_equal(b->clients[5].got, "next");
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
    bench_settle(b, 10);
    assert_null(strchr(b->said, 'F')); /* Full, but nobody is waiting. */
    for (i = 0; i < 10; i++) {
        client_new(b, i % 2 == 0 ? AF_INET : AF_INET6, "wait");
    }
    bench_settle(b, 20);
    assert_int_equal(listener_connections(b->l), 2);
    assert_int_equal(b->clients[5].n_got, 0);
    assert_false(b->clients[5].closed);
    assert_string_equal(strchr(b->said, 'F'), "F0 ");
    client_close(&b->clients[0], 0);
    bench_settle(b, 100);
    for (i = 2; i < 12; i++) {
        assert_string_equal(b->clients[i].got, "wait");
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
        bench_settle(b, 30);
        for (i = 0; i < MAX_CLIENTS; i++) {
            assert_string_equal(b->clients[i].got, "hello");
            assert_true(b->clients[i].closed);
        }
    }
    assert_int_equal(b->n_closed, 20 * MAX_CLIENTS);
    assert_int_equal(listener_connections(b->l), 0);
    bench_close(b);
    bench_end(b);
}

/* ---- Unix sockets ------------------------------------------------------ */

static char dir[] = "/tmp/eice-test-XXXXXX";
static char path[64];

static int make_dir(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/eice-test-XXXXXX");
    if (mkdtemp(dir) == NULL) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/socket", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

/* A unix listener at path. */
static struct bench *unix_bench(void)
{
    struct listener_config config = {.unix_path = path, .max_connections = 4};

    return bench_new(&config);
}

static void test_a_unix_socket_lives_and_goes(void **state)
{
    struct bench *b;
    struct client *c;
    struct stat st;
    mode_t old = umask(0);
    int port = 1;

    (void)state;
    b = unix_bench();
    umask(old);
    assert_int_equal(b->err.code, 0);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_string_equal(listener_address(b->l, 0, &port), path);
    assert_int_equal(port, 0);
    assert_int_equal(listener_port(b->l), 0);
    c = client_new(b, AF_UNIX, "hello");
    b->close_after = 1;
    uv_run(&b->loop, UV_RUN_DEFAULT);
    assert_string_equal(c->got, "hello");
    assert_int_equal(stat(path, &st), -1);
    bench_end(b);
}

/* Bind a socket at path, and leave it there without anybody listening. */
static void leave_stale(void)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    strcpy(addr.sun_path, path);
    assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof addr), 0);
    close(fd);
}

static void test_a_stale_socket_is_replaced(void **state)
{
    struct bench *b;

    (void)state;
    leave_stale();
    b = unix_bench();
    assert_int_equal(b->err.code, 0);
    client_new(b, AF_UNIX, "hello");
    b->close_after = 1;
    uv_run(&b->loop, UV_RUN_DEFAULT);
    assert_string_equal(b->clients[0].got, "hello");
    bench_end(b);
}

static void test_a_live_socket_is_left_alone(void **state)
{
    struct bench *first = unix_bench();
    struct bench *second = unix_bench();
    struct stat st;

    (void)state;
    assert_int_equal(second->err.code, UV_EADDRINUSE);
    assert_non_null(strstr(second->err.msg, path));
    bench_end(second);
    assert_int_equal(stat(path, &st), 0);
    bench_close(first);
    bench_end(first);
}

static void test_other_files_are_left_alone(void **state)
{
    struct listener_config config = {.max_connections = 1};
    struct bench *b;
    char longer[200];
    struct stat st;

    (void)state;
    close(open(path, O_CREAT | O_WRONLY, 0600));
    b = unix_bench();
    assert_int_equal(b->err.code, UV_EEXIST);
    bench_end(b);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISREG(st.st_mode));

    config.unix_path = "/nowhere/at/all";
    b = bench_new(&config);
    assert_int_equal(b->err.code, UV_ENOENT);
    bench_end(b);
    config.unix_path = "";
    b = bench_new(&config);
    assert_int_equal(b->err.code, ERR_USAGE);
    bench_end(b);
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    config.unix_path = longer;
    b = bench_new(&config);
    assert_int_equal(b->err.code, ERR_USAGE);
    bench_end(b);
}

/* Somebody has put another socket in our place: it is theirs. */
static void test_anothers_socket_is_not_removed(void **state)
{
    struct bench *b = unix_bench();
    struct stat st;

    (void)state;
    unlink(path);
    leave_stale();
    bench_close(b);
    bench_end(b);
    assert_int_equal(stat(path, &st), 0);
}

/* TCP and unix are all or nothing, too. */
static void test_both_or_none(void **state)
{
    struct listener_config config = {
        .tcp = true, .unix_path = path, .max_connections = 4};
    struct bench *b;
    int fd = squat("127.0.0.1", 0);
    struct stat st;

    (void)state;
    config.port = port_of(fd);
    b = bench_new(&config);
    assert_int_equal(b->err.code, UV_EADDRINUSE);
    assert_int_equal(stat(path, &st), -1);
    bench_end(b);
    close(fd);
    b = bench_new(&config);
    assert_int_equal(b->err.code, 0);
    assert_int_equal(listener_addresses(b->l), 3);
    bench_close(b);
    bench_end(b);
}

/* ---- Sockets passed in ------------------------------------------------- */

static void test_passed_sockets_serve(void **state)
{
    int fd = squat("127.0.0.1", 0);
    struct listener_config config = {
        .fds = &fd, .n_fds = 1, .max_connections = 4};
    struct bench *b;

    (void)state;
    b = bench_new(&config);
    assert_int_equal(b->err.code, 0);
    assert_int_equal(listener_addresses(b->l), 1);
    assert_int_equal(listener_port(b->l), port_of(fd));
    client_new(b, AF_INET, "hello");
    b->close_after = 1;
    uv_run(&b->loop, UV_RUN_DEFAULT);
    assert_string_equal(b->clients[0].got, "hello");
    bench_end(b);
    assert_int_equal(fcntl(fd, F_GETFD), -1); /* The listener closed it. */
}

static void test_passed_nonsense_is_named(void **state)
{
    int fds[] = {squat("127.0.0.1", 0), -1};
    struct listener_config config = {
        .fds = fds, .n_fds = 2, .max_connections = 4};
    struct bench *b;
    int kind;

    (void)state;
    for (kind = 0; kind < 3; kind++) {
        fds[1] = kind == 0   ? open("/dev/null", O_RDWR)
                 : kind == 1 ? socket(AF_INET, SOCK_STREAM, 0)
                             : socket(AF_INET, SOCK_DGRAM, 0);
        b = bench_new(&config);
        assert_int_equal(b->err.code, ERR_CONFIG);
        bench_end(b);
        assert_int_equal(close(fds[1]), 0); /* Still ours. */
    }
    fds[1] = fds[0];
    b = bench_new(&config);
    assert_int_equal(b->err.code, ERR_CONFIG);
    bench_end(b);
    assert_int_equal(close(fds[0]), 0);
}

static void on_nothing(uv_poll_t *poll, int status, int events)
{
    (void)poll;
    (void)status;
    (void)events;
}

/* Found only when the other sockets are with acceptors: all are given back. */
static void test_passed_but_watched(void **state)
{
    struct listener_config config = {.n_fds = 2, .max_connections = 4};
    int fds[] = {squat("127.0.0.1", 0), squat("127.0.0.1", 0)};
    struct listener *l;
    struct err err;
    uv_loop_t loop;
    uv_poll_t poll;

    (void)state;
    config.fds = fds;
    uv_loop_init(&loop);
    uv_poll_init(&loop, &poll, fds[1]);
    uv_poll_start(&poll, UV_READABLE, on_nothing);
    l = listener_new(&loop, NULL, &config, NULL);
    assert_int_equal(listener_bind(l, &err), UV_EEXIST);
    listener_close(l, TUNNEL_BYE_DONE, NULL, NULL);
    uv_close((uv_handle_t *)&poll, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(close(fds[0]), 0);
    assert_int_equal(close(fds[1]), 0);
}

/* ---- Trouble ----------------------------------------------------------- */

/* With no descriptor left a client is refused at once, the loop does not
 * spin, and when there is room again all goes on. */
static void test_no_descriptor_left(void **state)
{
    struct bench *b = bench_new(&any_port);
    struct rlimit old;
    struct rlimit tight;
    struct client *c;
    int top;
    int hog[64];
    int n = 0;

    (void)state;
    /* Connect first: the client needs a descriptor, too. */
    c = client_new(b, AF_INET, "x");
    getrlimit(RLIMIT_NOFILE, &old);
    top = dup(0);
    close(top);
    tight = old;
    tight.rlim_cur = (rlim_t)top + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    while (n < 64 && (hog[n] = dup(0)) != -1) {
        n++;
    }
    bench_settle(b, 100);
    assert_true(c->closed);
    assert_int_equal(c->n_got, 0);
    assert_string_equal(b->said, "X0 ");
    assert_non_null(strstr(b->why, "too many open files"));
    while (n > 0) {
        close(hog[--n]);
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    c = client_new(b, AF_INET, "again");
    bench_settle(b, 150);
    assert_string_equal(c->got, "again");
    bench_close(b);
    bench_end(b);
}

/* Be another user, connect to @port (or path), and say what came back. */
static int as_another_user(int port)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    char got[8];
    ssize_t n;
    int fd;

    if (setgid(65534) != 0 || setuid(65534) != 0) {
        return 99;
    }
    if (port == 0) {
        strcpy(un.sun_path, path);
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (connect(fd, (struct sockaddr *)&un, sizeof un) != 0) {
            return errno;
        }
    } else {
        in.sin_port = htons((uint16_t)port);
        in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(fd, (struct sockaddr *)&in, sizeof in) != 0) {
            return 98;
        }
    }
    n = write(fd, "hello", 5);
    if (n == 5) {
        n = read(fd, got, sizeof got);
    }
    return n == 5 ? 0 : 1; /* Served, or closed */
}

/* Fork the other user; run until it ends; its answer. */
static int other_user(struct bench *b, int port)
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        _exit(as_another_user(port));
    }
    while (waitpid(pid, &status, WNOHANG) == 0) {
        bench_settle(b, 10);
    }
    bench_settle(b, 10);
    return WEXITSTATUS(status);
}

static void test_other_users_are_refused(void **state)
{
    struct listener_config config = any_port;
    struct bench *b;

    (void)state;
    if (getuid() != 0) {
        skip();
    }
    b = bench_new(&config);
    assert_int_equal(other_user(b, listener_port(b->l)), 1);
    assert_string_equal(b->said, "R1 ");
    assert_string_equal(b->why, "refused a connection made by user 65534");
    bench_close(b);
    bench_end(b);

    config.allow_other_users = true;
    b = bench_new(&config);
    assert_int_equal(other_user(b, listener_port(b->l)), 0);
    assert_string_equal(b->said, "A1 O1 C1 ");
    bench_close(b);
    bench_end(b);
}

static void test_other_users_of_a_unix_socket(void **state)
{
    struct bench *b;

    (void)state;
    if (getuid() != 0) {
        skip();
    }
    assert_int_equal(chmod(dir, 0755), 0);
    b = unix_bench();
    assert_int_equal(other_user(b, 0), EACCES);
    assert_string_equal(b->said, "");
    /* Even where the mode would let them in. */
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(other_user(b, 0), 1);
    assert_string_equal(b->said, "R1 ");
    bench_close(b);
    bench_end(b);
}

static void test_close_after_some_turns(void **state)
{
    struct bench *b;
    int turns;
    int i;

    (void)state;
    for (turns = 0; turns < 12; turns++) {
        b = bench_new(&any_port);
        for (i = 0; i < 4; i++) {
            client_new(b, AF_INET, i % 2 ? "Fail" : "hello");
        }
        b->turns_left = turns;
        uv_idle_start(&b->turns, on_turn);
        bench_end(b);
    }
    /* Never bound; bound and never started. */
    for (turns = 0; turns < 2; turns++) {
        uv_loop_t loop;
        struct listener *l;
        struct err err;

        uv_loop_init(&loop);
        l = listener_new(&loop, NULL, &any_port, NULL);
        if (turns == 1) {
            assert_int_equal(listener_bind(l, &err), 0);
        }
        listener_close(l, TUNNEL_BYE_DONE, NULL, NULL);
        uv_run(&loop, UV_RUN_DEFAULT);
        assert_int_equal(uv_loop_close(&loop), 0);
    }
}

static bool some_memory(void *data, size_t size)
{
    (void)size;
    return (*(int *)data)-- > 0;
}

static void test_out_of_memory(void **state)
{
    static const char *const addresses[] = {"127.0.0.1", "::1"};
    struct listener_config config = {.tcp = true,
                                     .bind_addresses = addresses,
                                     .n_bind_addresses = 2,
                                     .unix_path = path,
                                     .max_connections = 4};
    struct bench *b;
    bool served = false;
    int allowed;
    int left;

    (void)state;
    for (allowed = 0; !served; allowed++) {
        assert_true(allowed < 40);
        left = allowed;
        mem_set_hook(some_memory, &left);
        b = bench_new(&config);
        if (b->l != NULL && b->err.code == 0) {
            client_new(b, AF_INET, "hello");
            bench_settle(b, 20);
            served = b->clients[0].n_got == 5;
            assert_true(served || b->clients[0].closed);
            bench_close(b);
        }
        mem_set_hook(NULL, NULL);
        bench_end(b);
    }
    assert_true(allowed > 6);
}

/* ---- Frame ------------------------------------------------------------- */

static int fds_at_start;

static int count_fds(void)
{
    int n = 0;
    int fd;

    for (fd = 0; fd < 1024; fd++) {
        n += fcntl(fd, F_GETFD) != -1;
    }
    return n;
}

static int check_fds(void **state)
{
    (void)state;
    return count_fds() == fds_at_start ? 0 : -1;
}

static int check_fds_and_dir(void **state)
{
    return remove_dir(state) != 0 ? -1 : check_fds(state);
}

int main(void)
{
#define T(name) cmocka_unit_test_teardown(name, check_fds)
#define U(name)                                                                \
    cmocka_unit_test_setup_teardown(name, make_dir, check_fds_and_dir)
    const struct CMUnitTest tests[] = {
        T(test_one_port_on_both_families),
        T(test_a_port_in_use_is_named),
        T(test_addresses_are_checked),
        T(test_nothing_to_listen_on),
        T(test_events_in_order),
        T(test_a_failed_tunnel_ends_only_itself),
        T(test_a_tunnel_that_cannot_begin),
        T(test_port_probes_are_no_errors),
        T(test_over_the_limit_is_closed),
        T(test_over_the_limit_waits),
        T(test_many_come_and_go),
        U(test_a_unix_socket_lives_and_goes),
        U(test_a_stale_socket_is_replaced),
        U(test_a_live_socket_is_left_alone),
        U(test_other_files_are_left_alone),
        U(test_anothers_socket_is_not_removed),
        U(test_both_or_none),
        T(test_passed_sockets_serve),
        T(test_passed_nonsense_is_named),
        T(test_passed_but_watched),
        T(test_no_descriptor_left),
        T(test_other_users_are_refused),
        U(test_other_users_of_a_unix_socket),
        T(test_close_after_some_turns),
        U(test_out_of_memory),
    };
    uv_loop_t loop;

    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&loop); /* libuv opens some of its own, once. */
    uv_loop_close(&loop);
    fds_at_start = count_fds();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
