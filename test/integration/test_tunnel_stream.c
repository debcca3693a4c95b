/* SPDX-License-Identifier: Apache-2.0 */
/* test_tunnel_stream.c - what goes in at one end of a tunnel comes out at the
 * other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "chunk.h"
#include "far.h"
#include "near.h"
#include "pump_down.h"
#include "pump_up.h"
#include "tunnel.h"
#include "tunnel_rig.h"

/* The happy path, both ways. */
static void test_bytes_both_ways(void **state)
{
    struct rig *r = *state;

    near_say(&r->near, "hello", 5);
    far_send(&r->far,
             "\x82\x03"
             "SSH",
             5);
    rig_open(r);
    assert_string_equal(r->request_id, "req-1");
    assert_string_equal(far_frames(&r->far), "BIN hello|");
    rig_assert_heard(r, "SSH");
    near_say(&r->near, "more", 4);
    rig_turn(r, 3);
    far_send(&r->far, "\x02\x01-\x89\x01p\x80\x02--", 10);
    rig_turn(r, 5);
    assert_string_equal(far_frames(&r->far), "BIN hello|BIN more|PONG p|");
    rig_assert_heard(r, "SSH---");
    assert_int_equal(tunnel_stats(r->tunnel).bytes_up, 9);
    assert_int_equal(tunnel_stats(r->tunnel).bytes_down, 6);
    rig_close(r);
    assert_false(r->done);
    assert_string_equal(far_frames(&r->far),
                        "BIN hello|BIN more|PONG p|CLOSE 1001|");
}

/* Whatever size the pieces have in which bytes come. */
static void test_any_split_of_the_stream(void **state)
{
    static const char frames[] = "\x82\x05hello\x82\x00\x02\x01 \x89\x02hi"
                                 "\x00\x00\x80\x05world\x88\x02\x03\xe8";
    size_t step;

    (void)state;
    for (step = 1; step < sizeof frames; step++) {
        struct rig r;

        rig_init(&r);
        r.far.recv_max = step;
        far_send(&r.far, frames, sizeof frames - 1);
        rig_run(&r);
        rig_assert_ok(&r);
        rig_assert_heard(&r, "hello world");
        assert_string_equal(far_frames(&r.far), "PONG hi|CLOSE 1000|");
        rig_free(&r);
    }
}

/* A little pseudo-randomness, the same every time. */
static unsigned draw(unsigned *seed)
{
    *seed = *seed * 1103515245 + 12345;
    return *seed >> 16;
}

/* Both ways at once, both ends taking and giving by fits and starts. */
static void bulk_by_fits_and_starts(struct rig *r, bool hides)
{
    enum { TOTAL = 300000 };
    static char words[TOTAL];
    unsigned seed = 1;
    size_t fed = 0;
    size_t i;

    r->far.hides = hides;
    for (i = 0; i < TOTAL; i++) {
        words[i] = (char)('a' + i * i % 26);
    }
    rig_open(r);
    near_say(&r->near, words, TOTAL);
    while (r->far.payload < TOTAL || r->near.heard.len < TOTAL) {
        if (fed < TOTAL) {
            size_t n = draw(&seed) % 5 == 0 ? 20000 : draw(&seed) % 125;
            unsigned char head[4] = {0x82, 126};

            n = n < TOTAL - fed ? n : TOTAL - fed;
            head[1] = n < 126 ? (unsigned char)n : 126;
            head[2] = (unsigned char)(n >> 8);
            head[3] = (unsigned char)n;
            far_send(&r->far, head, n < 126 ? 2 : 4);
            far_send(&r->far, words + fed, n);
            fed += n;
        }
        r->far.recv_max = 1 + draw(&seed) % 30000;
        r->near.read_max = 1 + draw(&seed) % 70000;
        far_take(&r->far, draw(&seed) % 30000);
        near_take(&r->near, draw(&seed) % 30000);
        rig_turn(r, 1);
    }
    assert_memory_equal(r->near.heard.data, words, TOTAL);
    /* The frames, put together again. */
    for (i = 0, fed = 0; i < r->far.frames.len; i++) {
        if (strncmp(r->far.frames.data + i, "BIN ", 4) == 0) {
            i += 4;
        }
        if (r->far.frames.data[i] != '|') {
            assert_int_equal(r->far.frames.data[i], words[fed]);
            fed++;
        }
    }
    assert_int_equal(fed, TOTAL);
    far_take(&r->far, SIZE_MAX);
    near_take(&r->near, SIZE_MAX);
    rig_close(r);
}

static void test_bulk_by_fits_and_starts(void **state)
{
    bulk_by_fits_and_starts(*state, false);
}

/* The same where polling does not see all that is there. */
static void test_bulk_that_hides(void **state)
{
    bulk_by_fits_and_starts(*state, true);
}

/* More slices than are written with one call, each too long to be moved. */
static void test_many_slices(void **state)
{
    enum { FRAMES = 40, LEN = 1500 };
    struct rig *r = *state;
    unsigned before;
    int i;
    int k;

    rig_open(r);
    before = r->near.n_try_writes;
    for (i = 0; i < FRAMES; i++) {
        far_send_fill(&r->far, (char)('A' + i), LEN);
    }
    rig_turn(r, 5);
    assert_int_equal(r->near.heard.len, FRAMES * LEN);
    for (i = 0; i < FRAMES; i++) {
        for (k = 0; k < LEN; k++) {
            assert_int_equal(r->near.heard.data[i * LEN + k], 'A' + i);
        }
    }
    assert_true(r->near.n_try_writes - before <= FRAMES / DOWN_SLICES + 1);
    rig_close(r);
}

/* A flood of payload is taken in portions, so that others get their turn. */
static void test_a_busy_tunnel_yields(void **state)
{
    struct rig *r = *state;
    size_t before;

    rig_open(r);
    r->far.hides = true; /* Nobody wakes the tunnel but itself. */
    far_send_fill(&r->far, 'x', 5000000);
    before = r->far.sends.len;
    rig_turn(r, 1);
    /* Once for being readable, once for coming back. */
    assert_true(before - r->far.sends.len <= 2 * DOWN_BUDGET + CHUNK_SIZE);
    while (r->near.heard.len < 5000000) {
        before = r->far.sends.len;
        rig_turn(r, 1);
        assert_true(before - r->far.sends.len <= 2 * DOWN_BUDGET + CHUNK_SIZE);
    }
    rig_close(r);
}

/* The same for a flood from the local side, which reads while it can. */
static void test_a_busy_local_side_yields(void **state)
{
    enum { TOTAL = 5000000 };
    static char words[TOTAL];
    struct rig *r = *state;
    size_t before;

    rig_open(r);
    r->far.no_text = true;
    r->near.burst = 32;
    near_say(&r->near, words, TOTAL);
    while (r->far.payload < TOTAL) {
        before = r->near.says.len;
        rig_turn(r, 1);
        assert_true(before - r->near.says.len <= UP_BUDGET + CHUNK_SIZE);
    }
    rig_close(r);
}

/* Many short frames that lie there together are written together. */
static void test_short_frames_are_joined(void **state)
{
    struct rig *r = *state;
    unsigned before;
    int i;

    rig_open(r);
    for (i = 0; i < 3000; i++) {
        far_send(&r->far, i % 3 == 0 ? "\x82\x00" : "\x82\x01x",
                 i % 3 == 0 ? 2 : 3);
    }
    before = r->near.n_try_writes;
    rig_turn(r, 5);
    assert_int_equal(r->near.heard.len, 2000);
    assert_true(r->near.n_try_writes - before <= 2);
    rig_close(r);
}

/* A transport that tells whether more is there spares a read. */
static void test_a_keystroke_costs_one_read(void **state)
{
    struct rig *r = *state;
    unsigned before;

    r->far.has_pending = true;
    far_send(&r->far, "\x82\x01x", 3);
    rig_open(r);
    before = r->far.n_recvs;
    far_send(&r->far, "\x82\x01y", 3);
    rig_turn(r, 5);
    rig_assert_heard(r, "xy");
    assert_int_equal(r->far.n_recvs - before, 1);
    rig_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_bytes_both_ways),
        RIG_TEST(test_any_split_of_the_stream),
        RIG_TEST(test_bulk_by_fits_and_starts),
        RIG_TEST(test_bulk_that_hides),
        RIG_TEST(test_many_slices),
        RIG_TEST(test_a_busy_tunnel_yields),
        RIG_TEST(test_a_busy_local_side_yields),
        RIG_TEST(test_short_frames_are_joined),
        RIG_TEST(test_a_keystroke_costs_one_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
