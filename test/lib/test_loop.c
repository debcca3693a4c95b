/* SPDX-License-Identifier: Apache-2.0 */
/* test_loop.c - a loop, its watchdog, and what the system says about us. */
#include "test_loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { WATCHDOG_MS = 100000, TURN_MS = 1 };

static void on_watchdog(uv_timer_t *timer)
{
    struct test_loop *t = timer->data;

    t->expired = true;
    uv_stop(timer->loop);
}

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

void test_loop_init(struct test_loop *t)
{
    /* The first loop of a process opens some descriptors for good. */
    assert_int_equal(uv_loop_init(&t->loop), 0);
    assert_int_equal(uv_loop_close(&t->loop), 0);
    t->expired = false;
    t->n_fds = test_count_fds();
    assert_int_equal(uv_loop_init(&t->loop), 0);
    assert_int_equal(uv_timer_init(&t->loop, &t->watchdog), 0);
    t->watchdog.data = t;
    uv_timer_start(&t->watchdog, on_watchdog, WATCHDOG_MS, 0);
    uv_unref((uv_handle_t *)&t->watchdog);
    /* So that a turn never waits long: what is waited for may have happened
     * before the turn came to waiting. */
    assert_int_equal(uv_timer_init(&t->loop, &t->tick), 0);
    uv_timer_start(&t->tick, on_tick, TURN_MS, TURN_MS);
    uv_unref((uv_handle_t *)&t->tick);
}

void test_loop_until(struct test_loop *t, const bool *flag)
{
    while (!*flag) {
        if (uv_run(&t->loop, UV_RUN_ONCE) == 0 && !*flag) {
            fail_msg("%s", "the loop has nothing left to do");
        }
        if (t->expired) {
            fail_msg("%s", "the loop ran too long");
        }
    }
}

void test_loop_turns(struct test_loop *t, unsigned n)
{
    while (n-- > 0) {
        uv_run(&t->loop, UV_RUN_ONCE);
    }
}

void test_loop_close(struct test_loop *t)
{
    uv_run(&t->loop, UV_RUN_DEFAULT);
    if (t->expired) {
        fail_msg("%s", "something keeps the loop alive");
    }
    uv_close((uv_handle_t *)&t->watchdog, NULL);
    uv_close((uv_handle_t *)&t->tick, NULL);
    uv_run(&t->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&t->loop), 0);
    assert_int_equal(test_count_fds(), t->n_fds);
}

unsigned test_count_fds(void)
{
    unsigned n = 0;
    int fd;

    for (fd = 0; fd < 8192 && fd < sysconf(_SC_OPEN_MAX); fd++) {
        n += fcntl(fd, F_GETFD) != -1;
    }
    return n;
}

static unsigned n_fds_noted;

int test_fds_note(void **state)
{
    uv_loop_t loop;

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    /* The first loop of a process opens some descriptors for good. */
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
    n_fds_noted = test_count_fds();
    return 0;
}

int test_fds_check(void **state)
{
    (void)state;
    return test_count_fds() == n_fds_noted ? 0 : -1;
}

unsigned test_count_threads(void)
{
    DIR *d = opendir("/proc/self/task");
    unsigned n = 0;

    if (d == NULL) {
        return 0;
    }
    while (readdir(d) != NULL) {
        n++;
    }
    closedir(d);
    return n - 2; /* . and .. */
}

/* A socket bound to a free port of 127.0.0.1, which goes to *@port. */
static int bound_socket(unsigned *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    *port = ntohs(a.sin_port);
    return fd;
}

void test_wait_for_threads(unsigned n)
{
    int i;

    for (i = 0; i < 60000 && test_count_threads() > n; i++) {
        usleep(1000);
    }
    assert_true(test_count_threads() <= n);
}

unsigned test_free_port(void)
{
    unsigned port;

    close(bound_socket(&port));
    return port;
}

unsigned test_black_hole(int fds[TEST_BLACK_HOLE_FDS])
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    unsigned port;
    int i;

    /* A listener that never accepts, and enough connections to fill it. */
    fds[0] = bound_socket(&port);
    assert_int_equal(listen(fds[0], 0), 0);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    a.sin_port = htons((uint16_t)port);
    for (i = 1; i < TEST_BLACK_HOLE_FDS; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM, 0);
        assert_true(fds[i] >= 0);
        fcntl(fds[i], F_SETFL, O_NONBLOCK);
        (void)connect(fds[i], (const struct sockaddr *)&a, sizeof a);
    }
    usleep(20000); /* Let the first of them settle in. */
    return port;
}

void test_black_hole_close(int fds[TEST_BLACK_HOLE_FDS])
{
    int i;

    for (i = 0; i < TEST_BLACK_HOLE_FDS; i++) {
        close(fds[i]);
    }
}
