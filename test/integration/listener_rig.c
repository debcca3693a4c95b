/* SPDX-License-Identifier: Apache-2.0 */
/* listener_rig.c - a listener and clients of every kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "listener_rig.h"

enum { GUARD_MS = 60000 };

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

void bench_close(struct bench *b)
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

void bench_close_in(struct bench *b, int turns)
{
    b->turns_left = turns;
    uv_idle_start(&b->turns, on_turn);
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

struct bench *bench_new(const struct listener_config *config)
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

void bench_end(struct bench *b)
{
    uv_run(&b->loop, UV_RUN_DEFAULT);
    assert_true(b->closed || b->l == NULL);
    assert_int_equal(fake_tunnels.n_now, 0);
    assert_int_equal(uv_loop_close(&b->loop), 0);
    free(b);
}

static void on_tick(uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, NULL);
}

void bench_settle(struct bench *b, unsigned turns)
{
    while (turns-- > 0) {
        uv_timer_t timer;

        uv_timer_init(&b->loop, &timer);
        uv_timer_start(&timer, on_tick, 1, 0);
        while (uv_is_active((uv_handle_t *)&timer)) {
            uv_run(&b->loop, UV_RUN_ONCE);
        }
        uv_run(&b->loop, UV_RUN_NOWAIT);
    }
}

/* One turn while something is waited for; the guard ends it. */
static void turn(struct bench *b)
{
    if (uv_run(&b->loop, UV_RUN_ONCE) == 0) {
        fail_msg("nothing is left to do after: %s", b->said);
    }
}

void bench_until(struct bench *b, const bool *flag)
{
    while (!*flag) {
        turn(b);
    }
}

void bench_await(struct bench *b, const char *said)
{
    while (strcmp(b->said, said) != 0) {
        turn(b);
    }
}

void bench_await_ends(struct bench *b, unsigned n)
{
    while (b->n_closed < n) {
        turn(b);
    }
}

/* ---- Clients ----------------------------------------------------------- */

static void on_client_closed(uv_handle_t *handle)
{
    struct client *c = handle->data;

    c->closed = true;
}

void client_await(struct client *c)
{
    while (strcmp(c->got, c->text) != 0) {
        turn(c->b);
    }
}

void client_close(struct client *c, int status)
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

struct client *client_new(struct bench *b, int family, const char *text)
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

const struct listener_config any_port = {.tcp = true, .max_connections = 10};

/* ---- Sockets of other kinds -------------------------------------------- */

int squat(const char *address, int port)
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

int port_of(int fd)
{
    struct sockaddr_in6 addr = {0};
    socklen_t len = sizeof addr;

    getsockname(fd, (struct sockaddr *)&addr, &len);
    return ntohs(addr.sin6_port); /* At the same place in both families */
}

char bench_dir[] = "/tmp/eice-test-XXXXXX";
char bench_path[64];

int bench_make_dir(void **state)
{
    (void)state;
    strcpy(bench_dir, "/tmp/eice-test-XXXXXX");
    if (mkdtemp(bench_dir) == NULL) {
        return -1;
    }
    snprintf(bench_path, sizeof bench_path, "%s/socket", bench_dir);
    return 0;
}

int bench_remove_dir(void **state)
{
    unlink(bench_path);
    return rmdir(bench_dir) != 0 ? -1 : test_fds_check(state);
}

struct bench *unix_bench(void)
{
    struct listener_config config = {.unix_path = bench_path,
                                     .max_connections = 4};

    return bench_new(&config);
}
