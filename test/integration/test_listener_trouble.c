/* SPDX-License-Identifier: Apache-2.0 */
/* test_listener_trouble.c - descriptors that run out, other users who come, a
 * close at any turn, and memory that runs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <netinet/in.h>
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
#include "listener.h"
#include "listener_rig.h"
#include "mem.h"
#include "scarce.h"

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
    bench_until(b, &c->closed);
    bench_settle(b, 50);
    assert_int_equal(c->n_got, 0);
    assert_string_equal(b->said, "X0 ");
    assert_non_null(strstr(b->why, "too many open files"));
    while (n > 0) {
        close(hog[--n]);
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    c = client_new(b, AF_INET, "again");
    client_await(c);
    bench_close(b);
    bench_end(b);
}

/* Be another user, connect to @port (or bench_path), and say what came back. */
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
        strcpy(un.sun_path, bench_path);
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
    bench_await(b, "R1 ");
    assert_string_equal(b->why, "refused a connection made by user 65534");
    bench_close(b);
    bench_end(b);

    config.allow_other_users = true;
    b = bench_new(&config);
    assert_int_equal(other_user(b, listener_port(b->l)), 0);
    bench_await(b, "A1 O1 C1 ");
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
    assert_int_equal(chmod(bench_dir, 0755), 0);
    b = unix_bench();
    assert_int_equal(other_user(b, 0), EACCES);
    assert_string_equal(b->said, "");
    /* Even where the mode would let them in. */
    assert_int_equal(chmod(bench_path, 0666), 0);
    assert_int_equal(other_user(b, 0), 1);
    bench_await(b, "R1 ");
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
        bench_close_in(b, turns);
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

static void test_out_of_memory(void **state)
{
    static const char *const addresses[] = {"127.0.0.1", "::1"};
    struct listener_config config = {.tcp = true,
                                     .bind_addresses = addresses,
                                     .n_bind_addresses = 2,
                                     .unix_path = bench_path,
                                     .max_connections = 4};
    struct scarce scarce;
    struct bench *b;
    bool served = false;
    int allowed;

    (void)state;
    for (allowed = 0; !served; allowed++) {
        assert_true(allowed < 40);
        scarce = (struct scarce){.left = allowed};
        mem_set_hook(scarce_after, &scarce);
        b = bench_new(&config);
        if (b->l != NULL && b->err.code == 0) {
            client_new(b, AF_INET, "hello");
            bench_until(b, &b->clients[0].closed);
            served = b->clients[0].n_got == 5;
            bench_close(b);
        }
        mem_set_hook(NULL, NULL);
        bench_end(b);
    }
    assert_true(allowed > 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(test_no_descriptor_left),
        BENCH_TEST(test_other_users_are_refused),
        DIR_TEST(test_other_users_of_a_unix_socket),
        BENCH_TEST(test_close_after_some_turns),
        DIR_TEST(test_out_of_memory),
    };

    return cmocka_run_group_tests(tests, test_fds_note, NULL);
}
