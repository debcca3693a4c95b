/* SPDX-License-Identifier: Apache-2.0 */
/* test_listener_unix.c - unix sockets, whose place in the file system is shared
 * with others, and sockets that somebody else has opened for the listener. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <uv.h>

#include "err.h"
#include "listener.h"
#include "listener_rig.h"
#include "unix_listener.h"

/* ---- Unix sockets ------------------------------------------------------ */

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
    assert_int_equal(stat(bench_path, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_string_equal(listener_address(b->l, 0, &port), bench_path);
    assert_int_equal(port, 0);
    assert_int_equal(listener_port(b->l), 0);
    c = client_new(b, AF_UNIX, "hello");
    b->close_after = 1;
    uv_run(&b->loop, UV_RUN_DEFAULT);
    assert_string_equal(c->got, "hello");
    assert_int_equal(stat(bench_path, &st), -1);
    bench_end(b);
}

/* Bind a socket at path, and leave it there without anybody listening. */
static void leave_stale(void)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    strcpy(addr.sun_path, bench_path);
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
    assert_non_null(strstr(second->err.msg, bench_path));
    bench_end(second);
    assert_int_equal(stat(bench_path, &st), 0);
    bench_close(first);
    bench_end(first);
}

/* One of those who find the same stale socket at once takes its place. */
static void take_and_tell(int start, int tell, int end)
{
    struct unix_listener u;
    struct err e = {0};
    char go;
    int fd;
    char won = read(start, &go, 1) == 0 &&
               unix_listener_open(&u, bench_path, &fd, &e) == 0;

    _exit(write(tell, &won, 1) == 1 && read(end, &go, 1) == 0 ? 0 : 1);
}

static void test_a_stale_socket_has_one_heir(void **state)
{
    enum { ROUNDS = 40, HEIRS = 6 };
    int start[2], tell[2], end[2];
    int round, i, winners, status;
    char won;

    (void)state;
    for (round = 0; round < ROUNDS; round++) {
        leave_stale();
        assert_int_equal(pipe(start) | pipe(tell) | pipe(end), 0);
        for (i = 0; i < HEIRS; i++) {
            if (fork() == 0) {
                close(start[1]);
                close(end[1]);
                take_and_tell(start[0], tell[1], end[0]);
            }
        }
        close(start[1]); /* Now! */
        for (i = winners = 0; i < HEIRS; i++) {
            assert_int_equal(read(tell[0], &won, 1), 1);
            winners += won;
        }
        close(end[1]);
        for (i = 0; i < HEIRS; i++) {
            assert_true(wait(&status) > 0);
            assert_int_equal(status, 0);
        }
        assert_int_equal(winners, 1);
        close(start[0]);
        close(tell[0]);
        close(tell[1]);
        close(end[0]);
        assert_int_equal(unlink(bench_path), 0);
    }
}

static void test_other_files_are_left_alone(void **state)
{
    struct listener_config config = {.max_connections = 1};
    struct bench *b;
    char longer[200];
    struct stat st;

    (void)state;
    close(open(bench_path, O_CREAT | O_WRONLY, 0600));
    b = unix_bench();
    assert_int_equal(b->err.code, UV_EEXIST);
    bench_end(b);
    assert_int_equal(stat(bench_path, &st), 0);
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
    unlink(bench_path);
    leave_stale();
    bench_close(b);
    bench_end(b);
    assert_int_equal(stat(bench_path, &st), 0);
}

/* TCP and unix are all or nothing, too. */
static void test_both_or_none(void **state)
{
    struct listener_config config = {
        .tcp = true, .unix_path = bench_path, .max_connections = 4};
    struct bench *b;
    int fd = squat("127.0.0.1", 0);
    struct stat st;

    (void)state;
    config.port = port_of(fd);
    b = bench_new(&config);
    assert_int_equal(b->err.code, UV_EADDRINUSE);
    assert_int_equal(stat(bench_path, &st), -1);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        DIR_TEST(test_a_unix_socket_lives_and_goes),
        DIR_TEST(test_a_stale_socket_is_replaced),
        DIR_TEST(test_a_live_socket_is_left_alone),
        DIR_TEST(test_a_stale_socket_has_one_heir),
        DIR_TEST(test_other_files_are_left_alone),
        DIR_TEST(test_anothers_socket_is_not_removed),
        DIR_TEST(test_both_or_none),
        BENCH_TEST(test_passed_sockets_serve),
        BENCH_TEST(test_passed_nonsense_is_named),
        BENCH_TEST(test_passed_but_watched),
    };

    return cmocka_run_group_tests(tests, test_fds_note, NULL);
}
