/* SPDX-License-Identifier: Apache-2.0 */
/* test_tunnel_end.c - every way in which a tunnel ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "far.h"
#include "near.h"
#include "tunnel.h"
#include "tunnel_rig.h"

/* A peer that says something @n times after our EOF, each time soon enough:
 * false if the machine was not, so that nothing is proved. */
static bool talk_while_lingering(struct rig *r, int n)
{
    uint64_t limit = (r->config.linger_ms - 2) * 1000000;
    uint64_t heard = uv_hrtime();

    while (n-- > 0) {
        uint64_t now = uv_hrtime();

        far_send(&r->far, "\x82\x01.", 3);
        rig_turn(r, 5);
        if (uv_hrtime() - heard >= limit) {
            return false;
        }
        assert_false(r->far.got_close);
        heard = now;
        uv_sleep((unsigned)r->config.linger_ms / 3);
    }
    return true;
}

/* Local EOF: all is sent, what still comes is written, then quiet, CLOSE. */
static void test_local_eof_lingers(void **state)
{
    bool proved = false;
    int tries;

    (void)state;
    for (tries = 0; !proved && tries < 8; tries++) {
        struct rig r;

        rig_init(&r);
        r.config.linger_ms = (unsigned)SHORT_MS << tries;
        rig_open(&r);
        near_say(&r.near, "bye", 3);
        near_end(&r.near, UV_EOF);
        /* Twice as long as it would linger alone. */
        proved = talk_while_lingering(&r, 6);
        rig_until(&r, &r.closed);
        rig_assert_ok(&r);
        if (proved) {
            rig_assert_heard(&r, "......");
        }
        assert_true(r.near.shut);
        assert_string_equal(far_frames(&r.far), "BIN bye|CLOSE 1000|");
        rig_free(&r);
    }
    assert_true(proved);
}

/* A quiet peer's PINGs are no reason to linger on. */
static void test_pings_do_not_prolong_the_linger(void **state)
{
    struct rig *r = *state;
    uint64_t begun;

    rig_open(r);
    near_end(&r->near, UV_EOF);
    begun = uv_hrtime();
    while (!r->closed) {
        if (!r->far.got_close) {
            far_send(&r->far, "\x89\x00", 2);
        }
        rig_turn(r, 1);
        assert_true(uv_hrtime() - begun < 5000000000u);
    }
    rig_assert_ok(r);
}

/* While the local reader is the slow one, the peer is not taken for quiet. */
static void test_a_slow_reader_prolongs_the_linger(void **state)
{
    struct rig *r = *state;

    rig_open(r);
    near_take(&r->near, 0);
    far_send(&r->far, "\x82\x04late", 6);
    rig_turn(r, 5);
    near_end(&r->near, UV_EOF);
    rig_turn(r, 5);
    uv_sleep(3 * SHORT_MS);
    rig_turn(r, 5);
    assert_false(r->far.got_close);
    near_take(&r->near, SIZE_MAX);
    rig_until(r, &r->closed);
    rig_assert_ok(r);
    rig_assert_heard(r, "late");
}

/* A linger time of 0 closes at once. */
static void test_no_linger(void **state)
{
    struct rig *r = *state;

    r->config.linger_ms = 0;
    rig_open(r);
    near_end(&r->near, UV_EOF);
    rig_until(r, &r->closed);
    rig_assert_ok(r);
    assert_string_equal(far_frames(&r->far), "CLOSE 1000|");
}

static void test_port_probe_ends_early(void **state)
{
    struct rig *r = *state;

    r->config.end_on_early_eof = true;
    r->far.dial_hangs = true;
    near_end(&r->near, UV_EOF);
    rig_run(r);
    rig_assert_ok(r);
    assert_int_equal(r->far.request.len, 0);
}

static void test_early_eof_after_words_is_no_probe(void **state)
{
    struct rig *r = *state;

    r->config.end_on_early_eof = true;
    near_say(&r->near, "GET", 3);
    near_end(&r->near, UV_EOF);
    rig_run(r);
    rig_assert_ok(r);
    assert_string_equal(far_frames(&r->far), "BIN GET|CLOSE 1000|");
}

static void test_early_eof_may_mean_silence(void **state)
{
    struct rig *r = *state;

    near_end(&r->near, UV_EOF);
    far_send(&r->far, "\x82\x02hi", 4);
    rig_run(r);
    rig_assert_ok(r);
    rig_assert_heard(r, "hi");
    assert_string_equal(far_frames(&r->far), "CLOSE 1000|");
}

/* The peer closes: everything that came is written out first. */
static void test_remote_close(void **state)
{
    struct rig *r = *state;

    rig_open(r);
    near_take(&r->near, 0);
    far_send(&r->far,
             "\x82\x04"
             "last\x88\x02\x03\xe8\x82\x01x",
             13);
    rig_turn(r, 20);
    assert_false(r->done);
    assert_false(r->near.shut);
    near_take(&r->near, 2);
    rig_turn(r, 20);
    assert_false(r->done);
    near_take(&r->near, SIZE_MAX);
    rig_until(r, &r->closed);
    rig_assert_ok(r);
    rig_assert_heard(r, "last");
    assert_true(r->near.shut);
    assert_int_equal(r->stats.bytes_down, 4);
    assert_string_equal(far_frames(&r->far), "CLOSE 1000|");
}

/* Whatever the peer's last word is, and what it means. */
static void test_remote_endings(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        int end; /* After the bytes */
        int code;
        const char *msg;
        const char *frames;
        const char *heard;
        bool refused;
    } rows[] = {
        {"\x88\x00", 2, 0, 0, "", "CLOSE 1005|", "", false},
        {"\x82\x01x\x88\x02\x03\xe9", 7, 0, ERR_PEER_CLOSED,
         "Websocket Closure Reason: none given (code 1001)", "CLOSE 1001|", "x",
         false},
        {"\x88\x1d\x03\xf3Unable to connect to target", 31, 0, ERR_PEER_CLOSED,
         "Websocket Closure Reason: Unable to connect to target", "CLOSE 1011|",
         "", true},
        {"\x82\x01x\x88\x05\x0f\xa1why", 10, 0, ERR_PEER_CLOSED,
         "Websocket Closure Reason: why", "CLOSE 4001|", "x", false},
        {"\x82\x01x", 3, UV_EOF, 0, "", "", "x", false},
        {"", 0, UV_EOF, ERR_PEER_CLOSED,
         "the endpoint hung up before any data came", "", "", true},
        {"\x82\x05half", 6, UV_EOF, ERR_PEER_CLOSED,
         "the endpoint hung up in the middle of a frame", "", "half", false},
        {"\x02\x04half", 6, UV_EOF, ERR_PEER_CLOSED,
         "the endpoint hung up in the middle of a frame", "", "half", false},
        {"\x82\x01x", 3, UV_ECONNRESET, UV_ECONNRESET,
         "far: connection reset by peer", "", "x", false},
        {"", 0, UV_ECONNRESET, UV_ECONNRESET, "far: connection reset by peer",
         "", "", true},
        {"\x82\x01x\x83\x00", 5, 0, ERR_PROTOCOL,
         "the endpoint broke the WebSocket protocol: an unknown opcode",
         "CLOSE 1002|", "x", false},
        {"\x82\x01x\x81\x01y", 6, 0, ERR_PROTOCOL,
         "Received invalid data from server, closing websocket connection.",
         "CLOSE 1003|", "x", false},
        {"\x88\x03\x03\xe8\xff", 5, 0, ERR_PROTOCOL,
         "the endpoint broke the WebSocket protocol: a close reason that is "
         "not UTF-8",
         "CLOSE 1007|", "", false},
        {"\x88\x01x", 3, 0, ERR_PROTOCOL,
         "the endpoint broke the WebSocket protocol: half a close code",
         "CLOSE 1002|", "", false},
    };
    size_t i;
    int when;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (when = 0; when < 2; when++) { /* With the 101, or later */
            struct rig r;

            rig_init(&r);
            if (when == 1) {
                rig_open(&r);
            }
            far_send(&r.far, rows[i].bytes, rows[i].len);
            far_end(&r.far, rows[i].end);
            if (when == 0) {
                rig_run(&r);
            }
            rig_until(&r, &r.closed);
            rig_assert_failed(&r, rows[i].code, rows[i].msg);
            rig_assert_heard(&r, rows[i].heard);
            assert_true(r.near.shut);
            assert_int_equal(r.far.refused, rows[i].refused);
            if (rows[i].end == 0) {
                assert_string_equal(far_frames(&r.far), rows[i].frames);
            }
            rig_free(&r);
        }
    }
}

static void test_unreachable_target_has_a_hint(void **state)
{
    struct rig *r = *state;

    far_send(&r->far, "\x88\x1d\x03\xf3Unable to connect to target", 31);
    rig_run(r);
    assert_non_null(strstr(r->err.hint, "sshd"));
    assert_non_null(strstr(r->err.hint, "security group"));
    assert_string_equal(r->err.request_id, "req-1");
    assert_string_equal(r->far.server_date, "Sat, 25 Jul 2026 10:00:00 GMT");
}

/* Once we had finished, an end without CLOSE and without payload is fine. */
static void test_remote_eof_after_local_eof(void **state)
{
    struct rig *r = *state;

    r->config.linger_ms = 10000;
    near_end(&r->near, UV_EOF);
    rig_open(r);
    far_end(&r->far, UV_EOF);
    rig_until(r, &r->closed);
    rig_assert_ok(r);
    assert_true(r->near.shut);
}

/* A peer that has hung up is not waited for, even if it took nothing more. */
static void test_remote_eof_while_sending_is_blocked(void **state)
{
    struct rig *r = *state;
    uint64_t begun = uv_hrtime();

    far_send(&r->far, "\x82\x01x", 3);
    rig_open(r);
    far_take(&r->far, 0);
    near_say(&r->near, "x", 1);
    rig_turn(r, 3);
    far_end(&r->far, UV_EOF);
    rig_until(r, &r->closed);
    rig_assert_ok(r);
    assert_true(uv_hrtime() - begun < 5000000000u);
}

/* Between the report and the closing nothing more is said. */
static void test_nothing_is_reported_after_done(void **state)
{
    struct rig *r = *state;

    r->close_on_done = false;
    far_send(&r->far, "\x88\x00", 2);
    assert_int_equal(rig_start(r), 0);
    rig_until(r, &r->done);
    near_lose(&r->near, UV_EPIPE);
    near_say(&r->near, "x", 1);
    far_send(&r->far, "\x82\x01x", 3);
    rig_turn(r, 10);
    rig_assert_heard(r, "");
    assert_int_equal(r->near.says.len, 1);
    rig_close(r);
}

static void test_close_in_callbacks(void **state)
{
    struct rig *r = *state;

    r->close_on_open = true;
    near_say(&r->near, "never sent", 10);
    far_send(&r->far, "\x82\x01x", 3);
    rig_run(r);
    assert_true(r->opened);
    assert_false(r->done);
    assert_string_equal(far_frames(&r->far), "CLOSE 1001|");
    rig_assert_heard(r, "");
}

/* A peer that neither reads nor answers cannot hold us. */
static void test_close_is_bounded(void **state)
{
    struct rig *r = *state;

    r->config.close_timeout_ms = SHORT_MS;
    rig_open(r);
    r->far.no_echo = true;
    far_take(&r->far, 3);
    near_say(&r->near, "hello", 5);
    rig_turn(r, 3);
    rig_close(r);
    assert_string_equal(far_frames(&r->far), "");
}

static void test_peer_that_does_not_echo(void **state)
{
    struct rig *r = *state;

    r->config.close_timeout_ms = SHORT_MS;
    r->far.no_echo = true;
    rig_open(r);
    near_end(&r->near, UV_EOF);
    rig_until(r, &r->closed);
    rig_assert_ok(r);
    assert_string_equal(far_frames(&r->far), "CLOSE 1000|");
}

/* After our CLOSE, what still comes is for a local side that is gone. */
static void test_data_after_our_close_is_dropped(void **state)
{
    struct rig *r = *state;

    r->far.no_echo = true;
    rig_open(r);
    tunnel_close(r->tunnel, TUNNEL_BYE_DONE, rig_on_closed, r);
    rig_turn(r, 3);
    assert_true(r->near.closed);
    assert_false(r->closed);
    far_send_fill(&r->far, 'x', 300000);
    far_send(&r->far, "\x88\x02\x03\xe8", 4);
    rig_until(r, &r->closed);
    rig_assert_heard(r, "");
    assert_string_equal(far_frames(&r->far), "CLOSE 1000|");
}

/* Our CLOSE waits for the frame that is leaving. */
static void test_close_waits_for_its_turn(void **state)
{
    struct rig *r = *state;

    rig_open(r);
    far_take(&r->far, 4);
    near_say(&r->near, "hello", 5);
    rig_turn(r, 3);
    near_end(&r->near, UV_ECONNRESET);
    far_send(&r->far, "\x89\x01p", 3);
    rig_turn(r, 5);
    assert_string_equal(far_frames(&r->far), "");
    far_take(&r->far, SIZE_MAX);
    tunnel_close(r->tunnel, TUNNEL_BYE_AWAY, rig_on_closed, r);
    rig_until(r, &r->closed);
    assert_string_equal(far_frames(&r->far), "BIN hello|PONG p|CLOSE 1001|");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_local_eof_lingers),
        RIG_TEST(test_pings_do_not_prolong_the_linger),
        RIG_TEST(test_a_slow_reader_prolongs_the_linger),
        RIG_TEST(test_no_linger),
        RIG_TEST(test_port_probe_ends_early),
        RIG_TEST(test_early_eof_after_words_is_no_probe),
        RIG_TEST(test_early_eof_may_mean_silence),
        RIG_TEST(test_remote_close),
        RIG_TEST(test_remote_endings),
        RIG_TEST(test_unreachable_target_has_a_hint),
        RIG_TEST(test_remote_eof_after_local_eof),
        RIG_TEST(test_remote_eof_while_sending_is_blocked),
        RIG_TEST(test_nothing_is_reported_after_done),
        RIG_TEST(test_close_in_callbacks),
        RIG_TEST(test_close_is_bounded),
        RIG_TEST(test_peer_that_does_not_echo),
        RIG_TEST(test_data_after_our_close_is_dropped),
        RIG_TEST(test_close_waits_for_its_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
