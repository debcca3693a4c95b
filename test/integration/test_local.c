/* SPDX-License-Identifier: Apache-2.0 */
/* test_local.c - local_stdio and local_stream over everything a descriptor can
 * be: pipes, named pipes, sockets, terminals, files, devices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <uv.h>

#include "copier.h"
#include "err.h"
#include "local_stdio.h"
#include "local_stream.h"
#include "mem.h"
#include "scarce.h"

enum { BIG = 1000003 /* More than any pipe or socket holds */ };

/* Feed @fd with BIG bytes of a pattern from another process, then close. */
static pid_t feeder(int fd, const int *others, size_t n)
{
    pid_t pid = fork();
    char block[997];
    size_t done;
    size_t i;
    ssize_t w;

    if (pid != 0) {
        close(fd);
        return pid;
    }
    for (i = 0; i < n; i++) {
        close(others[i]);
    }
    for (done = 0; done < BIG; done += (size_t)w) {
        size_t want = BIG - done < sizeof block ? BIG - done : sizeof block;

        for (i = 0; i < want; i++) {
            block[i] = (char)((done + i) % 251);
        }
        w = write(fd, block, want);
        if (w <= 0) {
            _exit(1);
        }
    }
    _exit(0);
}

/* Read @fd to its end in another process and check the pattern. */
static pid_t checker(int fd, const int *others, size_t n)
{
    pid_t pid = fork();
    char block[1009];
    size_t done = 0;
    ssize_t r;
    ssize_t k;
    size_t i;

    if (pid != 0) {
        close(fd);
        return pid;
    }
    for (i = 0; i < n; i++) {
        close(others[i]);
    }
    while ((r = read(fd, block, sizeof block)) > 0) {
        for (k = 0; k < r; k++) {
            if (block[k] != (char)((done + (size_t)k) % 251)) {
                _exit(2);
            }
        }
        done += (size_t)r;
    }
    _exit(done == BIG && r == 0 ? 0 : 3);
}

static void reap(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_pipes_carry_everything(void **state)
{
    struct copier c;
    int in[2];
    int out[2];
    pid_t feed;
    pid_t check;

    (void)state;
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    feed = feeder(in[1], (int[]){in[0], out[0], out[1]}, 3);
    check = checker(out[0], (int[]){in[0], out[1]}, 2);
    copier_run_fds(&c, in[0], out[1]);
    assert_int_equal(c.read_end, UV_EOF);
    assert_int_equal(c.total, BIG);
    reap(feed);
    reap(check);
}

/* Both ends of the writer's side are gone before anything is opened. */
static void test_a_pipe_whose_writer_has_left_ends(void **state)
{
    struct copier c;
    int in[2];

    (void)state;
    assert_int_equal(pipe(in), 0);
    assert_int_equal(write(in[1], "hello", 5), 5);
    close(in[1]);
    copier_run_fds(&c, in[0], open("/dev/null", O_WRONLY));
    assert_int_equal(c.read_end, UV_EOF);
    assert_int_equal(c.total, 5);
}

/* The same through a name, where opening anew would lose the end. */
static void test_a_fifo_whose_writer_has_left_ends(void **state)
{
    struct copier c;
    char dir[] = "/tmp/eice-test-XXXXXX";
    char path[64];
    int in;
    int writer;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/fifo", dir);
    assert_int_equal(mkfifo(path, 0600), 0);
    in = open(path, O_RDWR);
    writer = open(path, O_WRONLY);
    close(in);
    /* Reader and writer as a shell would open them. */
    in = open(path, O_RDONLY | O_NONBLOCK);
    assert_int_equal(fcntl(in, F_SETFL, 0), 0);
    assert_int_equal(write(writer, "hello", 5), 5);
    close(writer);
    copier_run_fds(&c, in, open("/dev/null", O_WRONLY));
    assert_int_equal(c.read_end, UV_EOF);
    assert_int_equal(c.total, 5);
    unlink(path);
    rmdir(dir);
}

static void test_one_socket_for_both(void **state)
{
    struct copier c;
    int pair[2];
    int both;
    pid_t feed;
    pid_t check;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    both = dup(pair[0]);
    check = checker(dup(pair[1]), (int[]){pair[0], both, pair[1]}, 3);
    feed = fork();
    if (feed == 0) {
        close(pair[0]);
        close(both);
        if (feeder(dup(pair[1]), NULL, 0) < 0) {
            _exit(1);
        }
        while (wait(NULL) > 0) {
        }
        shutdown(pair[1], SHUT_WR);
        _exit(0);
    }
    close(pair[1]);
    copier_run_fds(&c, pair[0], both);
    assert_int_equal(c.read_end, UV_EOF);
    assert_int_equal(c.total, BIG);
    reap(feed);
    reap(check);
}

static void test_files_and_devices(void **state)
{
    struct copier c;
    char in[] = "/tmp/eice-test-XXXXXX";
    char out[] = "/tmp/eice-test-XXXXXX";
    char wrote[CHUNK * 3];
    char got[CHUNK * 3 + 1];
    int in_fd = mkstemp(in);
    int out_fd = mkstemp(out);
    size_t i;

    (void)state;
    for (i = 0; i < sizeof wrote; i++) {
        wrote[i] = (char)(i * 7);
    }
    assert_int_equal(write(in_fd, wrote, sizeof wrote), sizeof wrote);
    assert_int_equal(lseek(in_fd, 0, SEEK_SET), 0);
    copier_run_fds(&c, in_fd, dup(out_fd));
    assert_int_equal(c.read_end, UV_EOF);
    assert_int_equal(c.total, sizeof wrote);
    assert_int_equal(lseek(out_fd, 0, SEEK_SET), 0);
    assert_int_equal(read(out_fd, got, sizeof got), sizeof wrote);
    assert_memory_equal(got, wrote, sizeof wrote);
    close(out_fd);
    unlink(in);
    unlink(out);

    copier_run_fds(&c, open("/dev/null", O_RDONLY),
                   open("/dev/null", O_WRONLY));
    assert_int_equal(c.read_end, UV_EOF);
    assert_int_equal(c.total, 0);
    copier_run_fds(&c, open("/dev/zero", O_RDONLY),
                   open("/dev/full", O_WRONLY));
    assert_int_equal(c.write_status, UV_ENOSPC);
}

/* A terminal: what is typed comes in, what is written shows. */
static void test_a_terminal(void **state)
{
    struct copier c;
    char got[64] = "";
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    int slave;
    ssize_t n;

    (void)state;
    assert_true(master >= 0);
    assert_int_equal(grantpt(master), 0);
    assert_int_equal(unlockpt(master), 0);
    slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    assert_true(slave >= 0);
    assert_int_equal(write(master, "hi\n\x04", 4), 4);
    copier_run_fds(&c, dup(slave), dup(slave));
    assert_int_equal(c.read_end, UV_EOF);
    assert_int_equal(c.total, 3);
    assert_int_equal(fcntl(slave, F_GETFL) & O_NONBLOCK, 0);
    n = read(master, got, sizeof got - 1);
    assert_true(n > 0);
    assert_non_null(strstr(got, "hi\r\n"));
    close(slave);
    close(master);
}

/* Whoever shares the open file sees no change, during or after. */
static void test_shared_flags_are_left_alone(void **state)
{
    struct copier c;
    struct local *local;
    struct err e;
    int in[2];
    int out[2];
    int pair[2];
    int shared_in;
    int shared_out;
    int shared_socket;

    (void)state;
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    shared_in = dup(in[0]);
    shared_out = dup(out[1]);
    copier_init(&c);
    assert_int_equal(local_stdio_new(&local, &c.loop, in[0], out[1], &e), 0);
    assert_int_equal(fcntl(shared_in, F_GETFL) & O_NONBLOCK, 0);
    assert_int_equal(fcntl(shared_out, F_GETFL) & O_NONBLOCK, 0);
    close(in[1]);
    copier_run(&c, local);
    close(shared_in);
    close(shared_out);
    close(out[0]);

    /* A socket cannot be opened anew: its flags come back at the end. */
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    shared_socket = dup(pair[0]);
    copier_init(&c);
    assert_int_equal(
        local_stdio_new(&local, &c.loop, pair[0], dup(shared_socket), &e), 0);
    assert_int_equal(fcntl(shared_socket, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    shutdown(pair[1], SHUT_WR);
    copier_run(&c, local);
    assert_int_equal(fcntl(shared_socket, F_GETFL) & O_NONBLOCK, 0);
    close(shared_socket);
    close(pair[1]);
}

/* What @peer says to @local comes back, and then the end. */
static void check_stream(struct copier *c, struct local *local, int peer)
{
    char got[8];

    assert_int_equal(write(peer, "abc", 3), 3);
    shutdown(peer, SHUT_WR);
    copier_run(c, local);
    assert_int_equal(read(peer, got, sizeof got), 3);
    assert_int_equal(read(peer, got, sizeof got), 0);
    close(peer);
}

static void test_stream_over_a_socket(void **state)
{
    struct copier c;
    struct local *local;
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    copier_init(&c);
    mem_set_hook(scarce_after, NULL);
    assert_int_equal(local_stream_new(&local, &c.loop, pair[0]), UV_ENOMEM);
    mem_set_hook(NULL, NULL);
    assert_int_equal(local_stream_new(&local, &c.loop, pair[0]), 0);
    check_stream(&c, local, pair[1]);
}

/* The caller's own handle, whose memory is the caller's again at the end. */
static void test_stream_of_the_callers(void **state)
{
    struct copier c;
    struct local *local;
    uv_pipe_t pipe;
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    copier_init(&c);
    assert_int_equal(uv_pipe_init(&c.loop, &pipe, 0), 0);
    assert_int_equal(uv_pipe_open(&pipe, pair[0]), 0);
    assert_int_equal(local_stream_wrap(&local, (uv_stream_t *)&pipe), 0);
    check_stream(&c, local, pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COPIER_TEST(test_pipes_carry_everything),
        COPIER_TEST(test_a_pipe_whose_writer_has_left_ends),
        COPIER_TEST(test_a_fifo_whose_writer_has_left_ends),
        COPIER_TEST(test_one_socket_for_both),
        COPIER_TEST(test_files_and_devices),
        COPIER_TEST(test_a_terminal),
        COPIER_TEST(test_shared_flags_are_left_alone),
        COPIER_TEST(test_stream_over_a_socket),
        COPIER_TEST(test_stream_of_the_callers),
    };

    return cmocka_run_group_tests(tests, test_fds_note, NULL);
}
