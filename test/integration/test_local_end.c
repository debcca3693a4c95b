/* SPDX-License-Identifier: Apache-2.0 */
/* test_local_end.c - local_stdio and local_stream when the other side goes,
 * when they are closed at any turn, and when they cannot begin. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <uv.h>

#include "copier.h"
#include "err.h"
#include "local_stdio.h"
#include "local_stream.h"
#include "mem.h"
#include "scarce.h"

static void close_later(uv_timer_t *timer)
{
    close(*(int *)timer->data);
    uv_close((uv_handle_t *)timer, NULL);
}

/* Nothing is written, input stays open, and yet we learn it. */
static void test_a_vanished_reader_is_noticed(void **state)
{
    struct copier c;
    struct local *local;
    struct err e;
    uv_timer_t timer;
    uint64_t began;
    int in[2];
    int out[2];
    int i;

    (void)state;
    for (i = 0; i < 2; i++) {
        assert_int_equal(pipe(in), 0);
        assert_int_equal(
            i == 0 ? pipe(out) : socketpair(AF_UNIX, SOCK_STREAM, 0, out), 0);
        copier_init(&c);
        assert_int_equal(local_stdio_new(&local, &c.loop, in[0], out[1], &e),
                         0);
        uv_timer_init(&c.loop, &timer);
        timer.data = &out[0];
        uv_timer_start(&timer, close_later, 20, 0);
        began = uv_hrtime();
        copier_run(&c, local);
        assert_int_equal(c.lost, UV_EPIPE);
        assert_true(uv_hrtime() - began < 5 * UINT64_C(1000000000));
        close(in[1]);
    }
}

/* A peer that only finishes sending is still there; when it goes we know. */
static void test_a_half_closed_reader_is_still_watched(void **state)
{
    struct copier c;
    struct local *local;
    struct err e;
    uv_timer_t timer;
    int in[2];
    int pair[2];

    (void)state;
    assert_int_equal(pipe(in), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    copier_init(&c);
    assert_int_equal(local_stdio_new(&local, &c.loop, in[0], pair[1], &e), 0);
    shutdown(pair[0], SHUT_WR);
    uv_timer_init(&c.loop, &timer);
    timer.data = &pair[0];
    uv_timer_start(&timer, close_later, 600, 0);
    copier_run(&c, local);
    assert_int_equal(c.lost, UV_EPIPE);
    close(in[1]);
}

static void test_a_reader_that_left_before_is_an_error(void **state)
{
    struct copier c;
    int in[2];
    int out[2];

    (void)state;
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    close(out[0]);
    assert_int_equal(write(in[1], "x", 1), 1);
    copier_run_fds(&c, in[0], out[1]);
    assert_true(c.lost == UV_EPIPE || c.write_status == UV_EPIPE);
    close(in[1]);
}

/* Two connected sockets: TCP over loopback, or unix. */
static void connected(int family, int pair[2])
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int listening;

    if (family == AF_UNIX) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        return;
    }
    listening = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listening, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(listening, 1), 0);
    assert_int_equal(getsockname(listening, (struct sockaddr *)&at, &len), 0);
    pair[1] = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(pair[1], (struct sockaddr *)&at, sizeof at), 0);
    pair[0] = accept(listening, NULL, NULL);
    assert_true(pair[0] >= 0);
    close(listening);
}

static void on_gone_closed(struct local *l)
{
    *(bool *)l->data = true;
}

/* Who only ends his side is still there; who closes is gone. */
static void test_half_closed_is_not_gone(void **state)
{
    static const int families[] = {AF_UNIX, AF_INET};
    struct local *local;
    uv_loop_t loop;
    bool closed;
    int pair[2];
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        connected(families[i], pair);
        assert_int_equal(uv_loop_init(&loop), 0);
        assert_int_equal(local_stream_new(&local, &loop, pair[0]), 0);
        assert_false(local->ops->gone(local));
        assert_int_equal(shutdown(pair[1], SHUT_WR), 0);
        assert_false(local->ops->gone(local));
        close(pair[1]);
#ifdef __linux__
        assert_true(local->ops->gone(local));
#endif
        closed = false;
        local->data = &closed;
        local->ops->close(local, on_gone_closed);
        uv_run(&loop, UV_RUN_DEFAULT);
        assert_true(closed);
        assert_int_equal(uv_loop_close(&loop), 0);
    }
}

static void test_what_cannot_be_used_is_named(void **state)
{
    struct local *local = NULL;
    struct err e;
    uv_loop_t loop;
    int null = open("/dev/null", O_RDWR);
    int only_write = open("/dev/null", O_WRONLY);
    int only_read = open("/dev/null", O_RDONLY);
    int dir = open("/tmp", O_RDONLY);

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(local_stdio_new(&local, &loop, -1, null, &e), UV_EBADF);
    assert_non_null(strstr(e.msg, "stdin"));
    assert_int_equal(local_stdio_new(&local, &loop, null, -1, &e), UV_EBADF);
    assert_non_null(strstr(e.msg, "stdout"));
    assert_int_equal(local_stdio_new(&local, &loop, dir, null, &e), UV_EISDIR);
    assert_int_equal(local_stdio_new(&local, &loop, only_write, null, &e),
                     UV_EBADF);
    assert_string_equal(e.msg, "stdin: not open for reading");
    assert_int_equal(local_stdio_new(&local, &loop, null, only_read, &e),
                     UV_EBADF);
    assert_string_equal(e.msg, "stdout: not open for writing");
    assert_int_equal(local_stream_new(&local, &loop, null), UV_ENOTSOCK);
    assert_null(local);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    /* All are still ours. */
    assert_int_equal(close(null), 0);
    assert_int_equal(close(only_write), 0);
    assert_int_equal(close(only_read), 0);
    assert_int_equal(close(dir), 0);
}

/* A pair of descriptors of the @kind, and what is to be closed afterwards. */
static void make_pair(int kind, int fds[2], int others[2])
{
    int pair[2];
    int block = 65000;

    others[0] = others[1] = -1;
    switch (kind) {
    case 0: /* Files */
        fds[0] = open("/dev/zero", O_RDONLY);
        fds[1] = open("/dev/null", O_WRONLY);
        break;
    case 1: /* A socket, whose peer does not read */
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        fds[0] = pair[0];
        fds[1] = dup(pair[0]);
        others[0] = pair[1];
        setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &block, sizeof block);
        break;
    default: /* Endless input to a pipe nobody reads */
        assert_int_equal(pipe(pair), 0);
        fds[0] = open("/dev/zero", O_RDONLY);
        fds[1] = pair[1];
        others[0] = pair[0];
        break;
    }
}

static void test_close_after_some_turns(void **state)
{
    struct copier c;
    struct local *local;
    struct err e;
    int fds[2];
    int others[2];
    int turns;
    int kind;

    (void)state;
    for (kind = 0; kind < 3; kind++) {
        for (turns = 0; turns < 12; turns++) {
            make_pair(kind, fds, others);
            copier_init(&c);
            c.stay = true;
            copier_close_in(&c, turns);
            assert_int_equal(
                local_stdio_new(&local, &c.loop, fds[0], fds[1], &e), 0);
            copier_run(&c, local);
            close(others[0]);
        }
    }
}

static void test_out_of_memory(void **state)
{
    struct copier c;
    struct local *local;
    struct err e;
    struct scarce scarce;
    int allowed;
    int rv = UV_ENOMEM;

    (void)state;
    for (allowed = 0; rv != 0; allowed++) {
        int in = open("/dev/null", O_RDONLY);
        int out = open("/dev/null", O_WRONLY);

        assert_true(allowed < 10);
        copier_init(&c);
        scarce = (struct scarce){.left = allowed};
        mem_set_hook(scarce_after, &scarce);
        rv = local_stdio_new(&local, &c.loop, in, out, &e);
        mem_set_hook(NULL, NULL);
        if (rv == 0) {
            copier_run(&c, local);
            break;
        }
        assert_int_equal(rv, UV_ENOMEM);
        copier_drop(&c);
        assert_int_equal(close(in), 0);
        assert_int_equal(close(out), 0);
    }
    assert_int_equal(allowed, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COPIER_TEST(test_a_vanished_reader_is_noticed),
        COPIER_TEST(test_a_half_closed_reader_is_still_watched),
        COPIER_TEST(test_a_reader_that_left_before_is_an_error),
        COPIER_TEST(test_what_cannot_be_used_is_named),
        COPIER_TEST(test_close_after_some_turns),
        COPIER_TEST(test_out_of_memory),
        COPIER_TEST(test_half_closed_is_not_gone),
    };

    return cmocka_run_group_tests(tests, test_fds_note, NULL);
}
