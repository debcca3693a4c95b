/* SPDX-License-Identifier: Apache-2.0 */
/* test_agent.c - the private ssh-agent on its socket: who talks to it, how, and
 * what happens when either side goes away in the middle. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent.h"
#include "agent_answer.h"
#include "buf.h"
#include "err.h"
#include "mem.h"
#include "scarce.h"
#include "ssh_key.h"
#include "test_loop.h"

enum { CLIENTS = 3, ANSWER_MAX = 4096, LIST_ANSWER = 12, SIGN_ANSWER = 14 };

static const unsigned char list_request[] = {0, 0, 0, 1, 11};

/* An agent and those who talk to it. */
struct fixture {
    struct test_loop loop;
    struct ssh_key key;
    char dir[32];
    char path[64];
    struct agent *agent;
    int fds[CLIENTS]; /* -1: not connected */
};

static void fixture_init(struct fixture *f)
{
    int i;

    *f = (struct fixture){.dir = "/tmp/agent-XXXXXX"};
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof f->path, "%s/agent", f->dir);
    test_loop_init(&f->loop);
    assert_int_equal(ssh_key_make(&f->key, NULL), 0);
    for (i = 0; i < CLIENTS; i++) {
        f->fds[i] = -1;
    }
}

static void client_leave(struct fixture *f, int i)
{
    if (f->fds[i] != -1) {
        close(f->fds[i]);
        f->fds[i] = -1;
    }
}

/* Nothing is left: no handle, no descriptor, no socket. */
static void fixture_free(struct fixture *f)
{
    int i;

    agent_close(f->agent);
    for (i = 0; i < CLIENTS; i++) {
        client_leave(f, i);
    }
    test_loop_close(&f->loop);
    assert_int_equal(access(f->path, F_OK), -1);
    assert_int_equal(rmdir(f->dir), 0);
    ssh_key_wipe(&f->key);
}

static void begin(struct fixture *f)
{
    struct err e;

    assert_int_equal(
        agent_start(&f->agent, &f->loop.loop, f->path, &f->key, &e), 0);
}

static void client_come(struct fixture *f, int i)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(addr.sun_path, sizeof addr.sun_path, "%s", f->path);
    assert_int_not_equal(fd, -1);
    assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof addr), 0);
    assert_int_not_equal(fcntl(fd, F_SETFL, O_NONBLOCK), -1);
    f->fds[i] = fd;
}

static void say(const struct fixture *f, int i, const void *data, size_t len)
{
    assert_int_equal(send(f->fds[i], data, len, MSG_NOSIGNAL), len);
}

/* Ask for a signature. */
static void sign_request(struct buf *out, const struct fixture *f)
{
    struct buf blob;

    buf_init(&blob, 1000);
    ssh_key_blob(&blob, &f->key);
    ssh_put_u32(out, 1 + 4 + (unsigned long)blob.len + 4 + 2 + 4);
    buf_addc(out, 13);
    ssh_put_string(out, blob.data, blob.len);
    ssh_put_string(out, "hi", 2);
    ssh_put_u32(out, 0);
    buf_free(&blob);
}

/* The type of the next answer client @i gets; 0: it was hung up on. */
static int hear(struct fixture *f, int i)
{
    unsigned char answer[ANSWER_MAX];
    size_t want = 4;
    size_t have = 0;

    while (have < want) {
        ssize_t n = recv(f->fds[i], answer + have, want - have, 0);

        if (n == 0 || (n == -1 && errno == ECONNRESET)) {
            return 0;
        }
        if (n > 0) {
            have += (size_t)n;
        } else {
            assert_true(errno == EAGAIN);
            assert_false(f->loop.expired);
            test_loop_turns(&f->loop, 1);
        }
        if (have == 4 && want == 4) {
            want += (size_t)answer[2] << 8 | answer[3];
            assert_true(want > 4 && want <= sizeof answer);
        }
    }
    return answer[4];
}

static void test_answers(void **state)
{
    struct fixture f;
    struct stat st;
    struct buf ask;
    size_t i;

    (void)state;
    fixture_init(&f);
    begin(&f);
    assert_int_equal(stat(f.path, &st), 0);
    client_come(&f, 0);
    client_come(&f, 1);
    say(&f, 0, list_request, sizeof list_request);
    assert_int_equal(hear(&f, 0), LIST_ANSWER);
    buf_init(&ask, 1000);
    sign_request(&ask, &f);
    for (i = 0; i < ask.len; i++) { /* A byte at a time. */
        say(&f, 1, ask.data + i, 1);
        test_loop_turns(&f.loop, 1);
    }
    assert_int_equal(hear(&f, 1), SIGN_ANSWER);
    buf_add(&ask, list_request, sizeof list_request); /* Two at once. */
    say(&f, 0, ask.data, ask.len);
    assert_int_equal(hear(&f, 0), SIGN_ANSWER);
    assert_int_equal(hear(&f, 0), LIST_ANSWER);
    buf_free(&ask);
    fixture_free(&f);
}

/* One that talks nonsense is hung up on, the others are not. */
static void test_nonsense(void **state)
{
    static const unsigned char huge[] = {0xff, 0, 0, 1, 11};
    static const unsigned char half[] = {0, 0, 1};
    struct fixture f;

    (void)state;
    fixture_init(&f);
    begin(&f);
    client_come(&f, 0);
    client_come(&f, 1);
    client_come(&f, 2);
    say(&f, 0, huge, sizeof huge);
    assert_int_equal(hear(&f, 0), 0);
    say(&f, 1, half, sizeof half); /* And it goes away. */
    client_leave(&f, 1);
    say(&f, 2, list_request, sizeof list_request);
    assert_int_equal(hear(&f, 2), LIST_ANSWER);
    fixture_free(&f);
}

/* Who never reads what was asked for is held back, and does not hold others. */
static void test_deaf_client(void **state)
{
    struct fixture f;
    ssize_t n = 1;
    struct buf ask;
    int i;

    (void)state;
    fixture_init(&f);
    begin(&f);
    buf_init(&ask, 1 << 20);
    for (i = 0; i < 500; i++) {
        sign_request(&ask, &f);
    }
    client_come(&f, 0);
    for (i = 0; i < 100 && n > 0; i++) {
        n = send(f.fds[0], ask.data, ask.len, MSG_NOSIGNAL);
        test_loop_turns(&f.loop, 5);
    }
    assert_int_equal(n, -1);
    client_come(&f, 1);
    say(&f, 1, list_request, sizeof list_request);
    assert_int_equal(hear(&f, 1), LIST_ANSWER);
    buf_free(&ask);
    fixture_free(&f);
}

static void test_path_cannot_be_used(void **state)
{
    struct fixture f;
    struct err e;
    char path[300];

    (void)state;
    fixture_init(&f);
    snprintf(path, sizeof path, "%s/none/agent", f.dir);
    assert_int_not_equal(agent_start(&f.agent, &f.loop.loop, path, &f.key, &e),
                         0);
    assert_null(f.agent);
    assert_non_null(strstr(e.msg, path));
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_not_equal(agent_start(&f.agent, &f.loop.loop, path, &f.key, &e),
                         0);
    assert_null(f.agent);
    fixture_free(&f);
}

/* All that can be under way: whole, half and double requests, a leaver. */
static void clients_begin(struct fixture *f)
{
    struct buf ask;

    buf_init(&ask, 4000);
    sign_request(&ask, f);
    buf_add(&ask, list_request, sizeof list_request);
    client_come(f, 0);
    say(f, 0, ask.data, ask.len);
    client_come(f, 1);
    say(f, 1, list_request, 3);
    client_come(f, 2);
    say(f, 2, list_request, sizeof list_request);
    client_leave(f, 2);
    buf_free(&ask);
}

static void test_close_after_any_turn(void **state)
{
    unsigned turns;

    (void)state;
    for (turns = 0; turns < 12; turns++) {
        struct fixture f;

        fixture_init(&f);
        begin(&f);
        clients_begin(&f);
        test_loop_turns(&f.loop, turns);
        agent_close(f.agent);
        f.agent = NULL;
        fixture_free(&f);
    }
}

static void test_short_of_memory(void **state)
{
    struct scarce scarce = {.fired = true};
    int refused = 0;
    int n;

    (void)state;
    for (n = 0; scarce.fired; n++) { /* Until one is not asked for any more. */
        struct fixture f;
        struct err e;
        int rv;

        fixture_init(&f);
        scarce = (struct scarce){.left = n};
        mem_set_hook(scarce_one, &scarce);
        rv = agent_start(&f.agent, &f.loop.loop, f.path, &f.key, &e);
        mem_set_hook(NULL, NULL);
        assert_true((rv == 0) == (f.agent != NULL));
        refused += rv != 0;
        if (rv == 0) {
            clients_begin(&f);
            mem_set_hook(scarce_one, &scarce);
            test_loop_turns(&f.loop, 8);
            mem_set_hook(NULL, NULL);
            /* Others are served whatever happened. */
            client_come(&f, 2);
            say(&f, 2, list_request, sizeof list_request);
            assert_int_equal(hear(&f, 2), LIST_ANSWER);
        }
        fixture_free(&f);
    }
    print_message("%d allocations\n", n);
    assert_int_equal(refused, 1);
    assert_true(n > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_deaf_client),
        cmocka_unit_test(test_path_cannot_be_used),
        cmocka_unit_test(test_close_after_any_turn),
        cmocka_unit_test(test_short_of_memory),
    };

    signal(SIGPIPE, SIG_IGN); /* As the program does. */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
