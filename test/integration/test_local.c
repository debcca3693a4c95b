/* SPDX-License-Identifier: Apache-2.0 */
/* test_local.c - local_stdio and local_stream over everything a descriptor can
 * be: pipes, named pipes, sockets, terminals, files, devices. */
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
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <uv.h>

#include "err.h"
#include "local.h"
#include "local_stdio.h"
#include "local_stream.h"
#include "mem.h"
#include "scarce.h"
#include "test_loop.h"

enum {
    CHUNK = 5000,
    BIG = 1000003, /* More than any pipe or socket holds */
    GUARD_MS = 20000
};

/* A user of a local that copies what it reads to where it writes, then shuts
 * down and closes. */
struct copier {
    uv_loop_t loop;
    uv_timer_t guard; /* A hang fails the test */
    uv_idle_t turns;  /* Counts down turns_left, then closes */
    int turns_left;
    struct local *local;
    char chunk[CHUNK];
    size_t total;
    unsigned n_asked; /* How often memory was to be lent */
    int read_end;     /* What ended reading */
    int write_status; /* What the last write() said */
    int lost;         /* What lost_cb said */
    bool sink;        /* Do not write anything back */
    bool stay;        /* Do not close at the end of input */
    bool writing;
    bool closing;
    bool closed;
};

static void on_guard(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("nothing happened for %d ms", GUARD_MS);
}

static void on_local_closed(struct local *l)
{
    struct copier *c = l->data;

    assert_true(c->closing);
    assert_false(c->closed);
    c->closed = true;
    uv_close((uv_handle_t *)&c->guard, NULL);
    uv_close((uv_handle_t *)&c->turns, NULL);
}

static void copier_close(struct copier *c)
{
    if (!c->closing) {
        c->closing = true;
        c->local->ops->close(c->local, on_local_closed);
    }
}

static void on_shutdown(struct local *l, int status)
{
    struct copier *c = l->data;

    if (!c->closing) {
        assert_int_equal(status, 0);
        copier_close(c);
    }
}

static void on_alloc(struct local *l, uv_buf_t *buf)
{
    struct copier *c = l->data;

    /* Now and then: not in this turn. */
    *buf = ++c->n_asked % 7 == 3 ? uv_buf_init(NULL, 0)
                                 : uv_buf_init(c->chunk, CHUNK);
}

static void on_read(struct local *l, ssize_t nread);

static void on_write(struct local *l, int status)
{
    struct copier *c = l->data;

    c->writing = false;
    c->write_status = status;
    if (c->closing) {
        assert_int_equal(status, UV_ECANCELED);
        return;
    }
    if (status != 0) {
        copier_close(c);
        return;
    }
    assert_int_equal(l->ops->read_start(l, on_alloc, on_read), 0);
}

static void on_read(struct local *l, ssize_t nread)
{
    struct copier *c = l->data;
    uv_buf_t buf;
    ssize_t n = 0;

    assert_false(c->closing);
    if (nread < 0) {
        c->read_end = (int)nread;
        if (c->stay) {
            return;
        }
        if (nread == UV_EOF && !c->sink) {
            assert_int_equal(l->ops->shutdown(l, on_shutdown), 0);
        } else {
            copier_close(c);
        }
        return;
    }
    c->total += (size_t)nread;
    if (c->sink || nread == 0) {
        return;
    }
    buf = uv_buf_init(c->chunk, (unsigned)nread);
    n = l->ops->try_write(l, &buf, 1);
    if (n == nread) {
        return;
    }
    if (n < 0 && n != UV_EAGAIN) {
        c->write_status = (int)n;
        copier_close(c);
        return;
    }
    n = n < 0 ? 0 : n;
    l->ops->read_stop(l);
    c->writing = true;
    assert_int_equal(
        l->ops->write(l,
                      uv_buf_init(c->chunk + n, (unsigned)nread - (unsigned)n),
                      on_write),
        0);
}

static void on_lost(struct local *l, int status)
{
    struct copier *c = l->data;

    assert_int_equal(c->lost, 0);
    c->lost = status;
    copier_close(c);
}

static void on_turn(uv_idle_t *idle)
{
    struct copier *c = idle->data;

    if (c->turns_left-- <= 0) {
        uv_idle_stop(idle);
        copier_close(c);
    }
}

static void copier_init(struct copier *c)
{
    *c = (struct copier){0};
    assert_int_equal(uv_loop_init(&c->loop), 0);
    uv_timer_init(&c->loop, &c->guard);
    uv_timer_start(&c->guard, on_guard, GUARD_MS, 0);
    uv_idle_init(&c->loop, &c->turns);
    c->turns.data = c;
}

/* Run a copier over @local until it has closed it. */
static void copier_run(struct copier *c, struct local *local)
{
    c->local = local;
    local->data = c;
    local->lost_cb = on_lost;
    assert_int_equal(local->ops->read_start(local, on_alloc, on_read), 0);
    uv_run(&c->loop, UV_RUN_DEFAULT);
    assert_true(c->closed);
    assert_int_equal(uv_loop_close(&c->loop), 0);
}

/* A copier from @in to @out, which it owns. */
static void copy_fds(struct copier *c, int in, int out)
{
    struct local *local;
    struct err e;

    copier_init(c);
    assert_int_equal(local_stdio_new(&local, &c->loop, in, out, &e), 0);
    copier_run(c, local);
}

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
    copy_fds(&c, in[0], out[1]);
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
    copy_fds(&c, in[0], open("/dev/null", O_WRONLY));
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
    copy_fds(&c, in, open("/dev/null", O_WRONLY));
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
    copy_fds(&c, pair[0], both);
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
    copy_fds(&c, in_fd, dup(out_fd));
    assert_int_equal(c.read_end, UV_EOF);
    assert_int_equal(c.total, sizeof wrote);
    assert_int_equal(lseek(out_fd, 0, SEEK_SET), 0);
    assert_int_equal(read(out_fd, got, sizeof got), sizeof wrote);
    assert_memory_equal(got, wrote, sizeof wrote);
    close(out_fd);
    unlink(in);
    unlink(out);

    copy_fds(&c, open("/dev/null", O_RDONLY), open("/dev/null", O_WRONLY));
    assert_int_equal(c.read_end, UV_EOF);
    assert_int_equal(c.total, 0);
    copy_fds(&c, open("/dev/zero", O_RDONLY), open("/dev/full", O_WRONLY));
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
    copy_fds(&c, dup(slave), dup(slave));
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
        assert_true(uv_hrtime() - began < 1000000000);
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
    copy_fds(&c, in[0], out[1]);
    assert_true(c.lost == UV_EPIPE || c.write_status == UV_EPIPE);
    close(in[1]);
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
            c.turns_left = turns;
            uv_idle_start(&c.turns, on_turn);
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
        uv_close((uv_handle_t *)&c.guard, NULL);
        uv_close((uv_handle_t *)&c.turns, NULL);
        uv_run(&c.loop, UV_RUN_DEFAULT);
        assert_int_equal(uv_loop_close(&c.loop), 0);
        assert_int_equal(close(in), 0);
        assert_int_equal(close(out), 0);
    }
    assert_int_equal(allowed, 2);
}

static void test_stream_over_a_socket(void **state)
{
    struct copier c;
    struct local *local;
    char got[8];
    struct scarce none = {.left = 0};
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    copier_init(&c);
    mem_set_hook(scarce_after, &none);
    assert_int_equal(local_stream_new(&local, &c.loop, pair[0]), UV_ENOMEM);
    mem_set_hook(NULL, NULL);
    assert_int_equal(local_stream_new(&local, &c.loop, pair[0]), 0);
    assert_int_equal(write(pair[1], "abc", 3), 3);
    shutdown(pair[1], SHUT_WR);
    copier_run(&c, local);
    assert_int_equal(read(pair[1], got, sizeof got), 3);
    assert_int_equal(read(pair[1], got, sizeof got), 0);
    close(pair[1]);
}

/* The caller's own handle, whose memory is the caller's again at the end. */
static void test_stream_of_the_callers(void **state)
{
    struct copier c;
    struct local *local;
    uv_pipe_t pipe;
    char got[8];
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    copier_init(&c);
    assert_int_equal(uv_pipe_init(&c.loop, &pipe, 0), 0);
    assert_int_equal(uv_pipe_open(&pipe, pair[0]), 0);
    assert_int_equal(local_stream_wrap(&local, (uv_stream_t *)&pipe), 0);
    assert_int_equal(write(pair[1], "abc", 3), 3);
    shutdown(pair[1], SHUT_WR);
    copier_run(&c, local);
    assert_int_equal(read(pair[1], got, sizeof got), 3);
    assert_int_equal(read(pair[1], got, sizeof got), 0);
    close(pair[1]);
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

int main(void)
{
#define T(name) cmocka_unit_test_teardown(name, test_fds_check)
    const struct CMUnitTest tests[] = {
        T(test_pipes_carry_everything),
        T(test_a_pipe_whose_writer_has_left_ends),
        T(test_a_fifo_whose_writer_has_left_ends),
        T(test_one_socket_for_both),
        T(test_files_and_devices),
        T(test_a_terminal),
        T(test_shared_flags_are_left_alone),
        T(test_a_vanished_reader_is_noticed),
        T(test_a_half_closed_reader_is_still_watched),
        T(test_a_reader_that_left_before_is_an_error),
        T(test_what_cannot_be_used_is_named),
        T(test_close_after_some_turns),
        T(test_out_of_memory),
        T(test_stream_over_a_socket),
        T(test_stream_of_the_callers),
        T(test_half_closed_is_not_gone),
    };

    return cmocka_run_group_tests(tests, test_fds_note, NULL);
}
