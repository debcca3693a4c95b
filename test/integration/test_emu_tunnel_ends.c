/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_tunnel_ends.c - how tunnels end: in time, by the target, by the
 * client, with the emulator; with everything that was said before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "live_rig.h"

/* ---- scripts ---- */

/* How long a tunnel lived (ms): its time began after the one moment and before
 * the other. */
struct life {
    uint64_t at_most, at_least;
};

/* It echoes, and is cut then with @why. */
static bool is_cut(struct rig *r, struct caller *c, uint64_t begin,
                   const char *why)
{
    struct life *life = r->data;
    uint64_t heard;

    if (r->verdict.idle_s > 0) {
        begin = uv_hrtime();
    }
    if (!caller_frame(c, 0x82, "x", 1) || !caller_expect(c, 0x82, "x", 1)) {
        return false;
    }
    heard = uv_hrtime();
    if (!caller_expect_close(c, 1008, why)) {
        return false;
    }
    life->at_most = (uv_hrtime() - begin) / 1000000;
    life->at_least = (uv_hrtime() - heard) / 1000000;
    return caller_frame(c, 0x88, "\x03\xf0", 2) && caller_expect_end(c);
}

/* A tunnel that is cut says so, and when is in *r->data. */
static void cut(struct rig *r)
{
    uint64_t begin = uv_hrtime();
    struct caller c;
    bool ok = rig_tunnel(r, &c) &&
              is_cut(r, &c, begin,
                     r->verdict.idle_s > 0 ? "Idle timeout reached"
                                           : "Maximum tunnel duration "
                                             "reached");

    caller_close(&c);
    CHECK(r, ok);
}

/* Nobody answers its CLOSE, and it ends all the same. */
static void ignored_close(struct rig *r)
{
    struct caller c;

    CHECK(r, rig_tunnel(r, &c));
    CHECK(r, caller_expect_close(&c, 1000, ""));
    CHECK(r, caller_expect_end(&c));
    caller_close(&c);
}

/* The target talks and goes: everything arrives, then CLOSE. */
static void talker(struct rig *r)
{
    uint64_t got = 0;
    struct caller c;
    struct frame f;

    CHECK(r, rig_tunnel(r, &c));
    for (;;) {
        CHECK(r, caller_read_frame(&c, &f));
        if (f.first != 0x82) {
            break;
        }
        got += f.len;
        caller_frame_free(&f);
    }
    CHECK(r, got == 8 * 1024 * 1024);
    CHECK(r,
          f.first == 0x88 && f.len == 2 && f.data[0] == 3 && f.data[1] == 0xe8);
    caller_frame_free(&f);
    CHECK(r, caller_frame(&c, 0x88, "\x03\xe8", 2));
    CHECK(r, caller_expect_end(&c));
    caller_close(&c);
}

/* What target_listens got, and whether it saw the end. */
static atomic_size_t target_got;
static atomic_bool target_ended;

/* The client talks and goes: the target gets everything.  How it goes is in
 * r->data: "close", "end". */
static void leaver(struct rig *r)
{
    enum { RUN = 256 * 1024 };
    const char *how = r->data;
    char *run = calloc(1, RUN);
    struct caller c;

    CHECK(r, run != NULL);
    CHECK(r, rig_tunnel(r, &c));
    for (int i = 0; i < 16; i++) {
        CHECK(r, caller_frame(&c, 0x82, run, RUN));
    }
    free(run);
    if (strcmp(how, "close") == 0) {
        CHECK(r, caller_frame(&c, 0x88, "\x03\xe8", 2));
        CHECK(r, caller_expect(&c, 0x88, "\x03\xe8", 2));
        CHECK(r, caller_expect_end(&c));
    }
    caller_close(&c);
    for (int i = 0; i < 12000 && !target_ended; i++) {
        usleep(5000);
    }
    CHECK(r, target_ended);
}

static void breaker(struct rig *r)
{
    struct caller c;

    for (int i = 0; i < 4; i++) {
        CHECK(r, rig_tunnel(r, &c));
        CHECK(r, caller_frame(&c, 0x82, "hello", 5));
        if (i % 2 == 0) {
            CHECK(r, caller_expect(&c, 0x82, "hello", 5));
        }
        caller_reset(&c);
    }
}

/* ---- targets ---- */

static void target_leaves(struct rig *r, int fd)
{
    (void)r;
    (void)fd;
}

static void target_talks(struct rig *r, int fd)
{
    enum { RUN = 1024 * 1024 };
    char *run = calloc(1, RUN);

    (void)r;
    for (int i = 0; i < 8 && run != NULL; i++) {
        for (ssize_t at = 0, n; at < RUN; at += n) {
            n = send(fd, run + at, (size_t)(RUN - at), MSG_NOSIGNAL);
            if (n <= 0) {
                break;
            }
        }
    }
    free(run);
}

static void target_listens(struct rig *r, int fd)
{
    char chunk[65536];
    ssize_t n;

    (void)r;
    while ((n = recv(fd, chunk, sizeof chunk, 0)) > 0) {
        target_got += (size_t)n;
    }
    target_ended = n == 0;
}

/* ---- the tests ---- */

/* Never early; late, or before the echo, only when the machine is: then once
 * more, with a longer time. */
static void expect_cut(unsigned duration_s, unsigned idle_s)
{
    bool good = false;
    unsigned times;

    for (times = 1; !good; times *= 2) {
        unsigned limit_ms = times * 1000 * (idle_s > 0 ? idle_s : duration_s);
        struct life life = {0};
        struct rig r;

        rig_init(&r, target_echo);
        r.data = &life;
        r.verdict.duration_s = duration_s * times;
        r.verdict.idle_s = idle_s * times;
        rig_start(&r);
        good = rig_try(&r, cut);
        rig_stop(&r);
        if (good) {
            assert_true(life.at_most >= limit_ms * 9 / 10);
            good = life.at_least <= limit_ms * 5 / 4;
        }
        if (!good && times > 8) {
            fail_msg("%s, %llu ms", r.failure,
                     (unsigned long long)life.at_least);
        }
    }
}

static void test_the_duration_cuts_a_tunnel(void **state)
{
    (void)state;
    expect_cut(2, 0);
}

static void test_an_idle_tunnel_is_cut(void **state)
{
    (void)state;
    expect_cut(3600, 1);
}

static void test_the_targets_last_words_arrive(void **state)
{
    (void)state;
    rig_once(target_talks, talker, NULL);
}

static void test_the_clients_last_words_arrive(void **state)
{
    char how[2][8] = {"close", "end"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        target_got = 0;
        target_ended = false;
        rig_once(target_listens, leaver, how[i]);
        assert_int_equal(target_got, 4 * 1024 * 1024);
    }
}

static void test_a_close_without_answer_is_not_waited_for(void **state)
{
    (void)state;
    rig_once(target_leaves, ignored_close, NULL);
}

static void test_a_client_that_breaks_off(void **state)
{
    (void)state;
    rig_once(target_echo, breaker, NULL);
}

/* Close the emulator while tunnels are in every state. */
static void waiting_client(struct rig *r)
{
    struct caller c;
    char byte;

    if (rig_tunnel(r, &c)) {
        (void)caller_frame(&c, 0x82, "hello", 5);
    }
    while (caller_recv(&c, &byte, 1) > 0) {
        /* Until it is cut off. */
    }
    caller_close(&c);
}

static void run_waiting(void *arg)
{
    waiting_client(arg);
}

static void test_close_after_n_turns(void **state)
{
    (void)state;
    for (int turns = 0; turns < 40; turns += 1 + turns / 10) {
        uv_thread_t thread;
        struct rig r;

        rig_init(&r, target_echo);
        rig_start(&r);
        assert_int_equal(uv_thread_create(&thread, run_waiting, &r), 0);
        for (int i = 0; i < turns; i++) {
            uv_run(&r.loop, UV_RUN_NOWAIT);
            usleep(500); /* The client needs a moment, too. */
        }
        rig_stop(&r);
        uv_thread_join(&thread);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_duration_cuts_a_tunnel),
        cmocka_unit_test(test_an_idle_tunnel_is_cut),
        cmocka_unit_test(test_the_targets_last_words_arrive),
        cmocka_unit_test(test_the_clients_last_words_arrive),
        cmocka_unit_test(test_a_close_without_answer_is_not_waited_for),
        cmocka_unit_test(test_a_client_that_breaks_off),
        cmocka_unit_test(test_close_after_n_turns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
