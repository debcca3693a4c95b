/* SPDX-License-Identifier: Apache-2.0 */
/* test_tunnel_break.c - one side of a tunnel breaks, or falls silent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "far.h"
#include "mem.h"
#include "near.h"
#include "tunnel_rig.h"

/* When sending fails, the reason may lie among what was received. */
static void test_received_reason_beats_send_failure(void **state)
{
    struct rig *r = *state;

    rig_open(r);
    r->far.send_fails = UV_EPIPE;
    near_say(&r->near, "x", 1);
    rig_turn(r, 3);
    assert_false(r->done);
    far_send(&r->far, "\x88\x04\x03\xf3no", 6);
    far_end(&r->far, UV_EOF);
    rig_until(r, &r->closed);
    rig_assert_failed(r, ERR_PEER_CLOSED, "Websocket Closure Reason: no");
}

static void test_send_failure_then_orderly_end(void **state)
{
    struct rig *r = *state;

    far_send(&r->far, "\x82\x01x", 3);
    rig_open(r);
    r->far.send_fails = UV_EPIPE;
    near_say(&r->near, "x", 1);
    rig_turn(r, 3);
    far_end(&r->far, UV_EOF);
    rig_until(r, &r->closed);
    rig_assert_ok(r);
}

static void test_send_failure_alone(void **state)
{
    struct rig *r = *state;

    r->config.close_timeout_ms = SHORT_MS;
    rig_open(r);
    r->far.send_fails = UV_EPIPE;
    near_say(&r->near, "x", 1);
    rig_until(r, &r->closed);
    rig_assert_failed(r, UV_EPIPE, "far: broken pipe");
}

/* Once the peer has closed, it may be gone before our echo. */
static void test_echo_cannot_be_sent(void **state)
{
    struct rig *r = *state;

    rig_open(r);
    r->far.send_fails = UV_EPIPE;
    far_send(&r->far, "\x82\x01x\x88\x02\x03\xe8", 7);
    rig_until(r, &r->closed);
    rig_assert_ok(r);
    rig_assert_heard(r, "x");
}

static void test_local_read_error(void **state)
{
    struct rig *r = *state;

    rig_open(r);
    near_say(&r->near, "x", 1);
    near_end(&r->near, UV_ECONNRESET);
    rig_until(r, &r->closed);
    rig_assert_failed(r, ERR_LOCAL_LOST,
                      "the local side broke off: connection reset by peer");
    assert_string_equal(far_frames(&r->far), "BIN x|CLOSE 1000|");
}

static void test_local_read_error_while_dialing(void **state)
{
    struct rig *r = *state;

    r->far.dial_hangs = true;
    near_end(&r->near, UV_ECONNRESET);
    rig_run(r);
    rig_assert_failed(r, ERR_LOCAL_LOST,
                      "the local side broke off: connection reset by peer");
}

static void test_local_write_error(void **state)
{
    struct rig *r = *state;

    rig_open(r);
    r->near.write_fails = UV_EPIPE;
    far_send(&r->far, "\x82\x01x\x82\x01y\x89\x00", 8);
    rig_until(r, &r->closed);
    rig_assert_failed(r, ERR_LOCAL_LOST,
                      "the local side broke off: broken pipe");
    assert_false(r->near.shut);
    assert_string_equal(far_frames(&r->far), "PONG |CLOSE 1000|");
}

/* The same, found by a write that had to wait. */
static void test_local_write_error_later(void **state)
{
    struct rig *r = *state;

    rig_open(r);
    near_take(&r->near, 1);
    far_send(&r->far, "\x82\x02xy", 4);
    rig_turn(r, 5);
    assert_int_equal(r->near.n_writes, 1);
    r->near.write_fails = UV_EPIPE;
    near_take(&r->near, 1);
    rig_until(r, &r->closed);
    rig_assert_failed(r, ERR_LOCAL_LOST,
                      "the local side broke off: broken pipe");
}

static void test_local_reader_lost(void **state)
{
    struct rig *r = *state;

    rig_open(r);
    near_lose(&r->near, UV_EPIPE);
    rig_until(r, &r->closed);
    rig_assert_ok(r);
    assert_string_equal(far_frames(&r->far), "CLOSE 1000|");
}

static void test_local_reader_lost_with_bytes_pending(void **state)
{
    struct rig *r = *state;

    rig_open(r);
    near_take(&r->near, 0);
    far_send(&r->far, "\x82\x01x", 3);
    rig_turn(r, 5);
    near_lose(&r->near, UV_EPIPE);
    near_take(&r->near, SIZE_MAX);
    rig_until(r, &r->closed);
    rig_assert_failed(r, ERR_LOCAL_LOST,
                      "the local side broke off: broken pipe");
}

/* A write that is stuck for good holds nothing up for good. */
static void test_local_reader_lost_and_write_stuck(void **state)
{
    struct rig *r = *state;

    r->config.close_timeout_ms = SHORT_MS;
    rig_open(r);
    near_take(&r->near, 0);
    far_send(&r->far, "\x82\x01x", 3);
    rig_turn(r, 5);
    near_lose(&r->near, UV_EPIPE);
    rig_until(r, &r->closed);
    rig_assert_failed(r, ERR_LOCAL_LOST,
                      "the local side broke off: broken pipe");
    assert_string_equal(far_frames(&r->far), "CLOSE 1000|");
}

static void test_local_reader_lost_while_dialing(void **state)
{
    struct rig *r = *state;

    r->far.dial_hangs = true;
    assert_int_equal(rig_start(r), 0);
    rig_turn(r, 3);
    near_lose(&r->near, UV_EPIPE);
    rig_until(r, &r->closed);
    rig_assert_ok(r);
}

static void test_pong_missing_after_one_was_seen(void **state)
{
    struct rig *r = *state;
    uint64_t begun;

    r->config.ping_interval_ms = SHORT_MS;
    rig_open(r);
    while (r->far.frames.len == 0) {
        uv_run(&r->loop, UV_RUN_ONCE);
    }
    far_send(&r->far, "\x8a\x00", 2);
    begun = uv_hrtime();
    rig_until(r, &r->closed);
    rig_assert_failed(r, ERR_PEER_LOST,
                      "the endpoint has not answered for 0.03 seconds");
    /* Not at the first tick: that one only asks. */
    assert_true(uv_hrtime() - begun > 45000000u);
    assert_memory_equal(far_frames(&r->far), "PING |", 6);
}

static void test_pong_never_seen_is_no_failure(void **state)
{
    struct rig *r = *state;

    r->config.ping_interval_ms = 5;
    rig_open(r);
    while (r->far.frames.len < 6 * 6) {
        uv_run(&r->loop, UV_RUN_ONCE);
    }
    assert_false(r->done);
    rig_close(r);
}

/* A peer that sends PONGs by itself has not shown that it answers PINGs. */
static void test_unasked_pong_is_no_answer(void **state)
{
    struct rig *r = *state;

    r->config.ping_interval_ms = 5;
    rig_open(r);
    far_send(&r->far, "\x8a\x00", 2);
    rig_turn(r, 3);
    while (r->far.frames.len < 6 * 6) {
        uv_run(&r->loop, UV_RUN_ONCE);
    }
    assert_false(r->done);
    rig_close(r);
}

/* Other bytes are a sign of life too; so is our own deafness no proof. */
static void test_no_pong_but_alive_or_unheard(void **state)
{
    struct rig *r = *state;
    int deaf;

    for (deaf = 0; deaf < 2; deaf++) {
        struct rig g;
        int i;

        (void)r;
        rig_init(&g);
        g.config.ping_interval_ms = SHORT_MS / 3;
        rig_open(&g);
        while (g.far.frames.len == 0) {
            uv_run(&g.loop, UV_RUN_ONCE);
        }
        far_send(&g.far, "\x8a\x00", 2);
        rig_turn(&g, 3);
        if (deaf) {
            near_take(&g.near, 0);
            far_send(&g.far, "\x82\x01x", 3);
        }
        for (i = 0; i < 12; i++) {
            if (!deaf) {
                far_send(&g.far, "\x82\x01x", 3);
            }
            rig_turn(&g, 5);
            uv_sleep(SHORT_MS / 6);
        }
        assert_false(g.done);
        assert_false(g.far.got_close);
        near_take(&g.near, SIZE_MAX);
        rig_close(&g);
        rig_free(&g);
    }
}

/* PINGs that come faster than PONGs leave: the newest is answered. */
static void test_ping_flood_costs_nothing(void **state)
{
    struct rig *r = *state;
    int allocations = 0;
    int i;

    rig_open(r);
    far_take(&r->far, 3);
    near_say(&r->near, "x", 1); /* Begun, so it will be finished first. */
    rig_turn(r, 3);
    for (i = 0; i < 5000; i++) {
        char ping[] = "\x89\x04....";

        snprintf(ping + 2, 5, "%04d", i);
        far_send(&r->far, ping, 6);
    }
    mem_set_hook(rig_count_chunks, &allocations);
    rig_turn(r, 50);
    mem_set_hook(NULL, NULL);
    assert_true(allocations <= 1);
    assert_int_equal(r->far.sends.len, 0);
    far_take(&r->far, SIZE_MAX);
    rig_turn(r, 5);
    assert_string_equal(far_frames(&r->far), "BIN x|PONG 4999|");
    rig_close(r);
}

static void test_warning_before_the_end(void **state)
{
    struct rig *r = *state;

    r->config.max_duration_ms = 60000 + SHORT_MS;
    rig_open(r);
    assert_false(r->warned);
    rig_until(r, &r->warned);
    assert_false(r->done);
    rig_close(r);
}

static void test_short_durations_have_no_warning(void **state)
{
    struct rig *r = *state;

    r->config.max_duration_ms = 60000;
    r->config.ping_interval_ms = 1;
    rig_open(r);
    uv_sleep(5);
    rig_turn(r, 5);
    assert_false(r->warned);
    rig_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_received_reason_beats_send_failure),
        RIG_TEST(test_send_failure_then_orderly_end),
        RIG_TEST(test_send_failure_alone),
        RIG_TEST(test_echo_cannot_be_sent),
        RIG_TEST(test_local_read_error),
        RIG_TEST(test_local_read_error_while_dialing),
        RIG_TEST(test_local_write_error),
        RIG_TEST(test_local_write_error_later),
        RIG_TEST(test_local_reader_lost),
        RIG_TEST(test_local_reader_lost_with_bytes_pending),
        RIG_TEST(test_local_reader_lost_and_write_stuck),
        RIG_TEST(test_local_reader_lost_while_dialing),
        RIG_TEST(test_pong_missing_after_one_was_seen),
        RIG_TEST(test_pong_never_seen_is_no_failure),
        RIG_TEST(test_unasked_pong_is_no_answer),
        RIG_TEST(test_no_pong_but_alive_or_unheard),
        RIG_TEST(test_ping_flood_costs_nothing),
        RIG_TEST(test_warning_before_the_end),
        RIG_TEST(test_short_durations_have_no_warning),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
