/* SPDX-License-Identifier: Apache-2.0 */
/* test_tunnel_memory.c - what a tunnel holds, and gives back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chunk.h"
#include "far.h"
#include "mem.h"
#include "near.h"
#include "tunnel.h"
#include "tunnel_rig.h"

/* A far side that takes nothing: reading stops, memory stays. */
static void test_stalled_far_side(void **state)
{
    static char words[1000000];
    struct rig *r = *state;
    int chunks = 0;
    unsigned reads;

    r->far.no_text = true;
    mem_set_hook(rig_count_chunks, &chunks);
    rig_open(r);
    far_take(&r->far, 1000);
    near_say(&r->near, words, sizeof words);
    rig_turn(r, 100);
    assert_int_equal(r->near.says.len, sizeof words - (CHUNK_SIZE - 8));
    reads = r->near.n_reads;
    rig_turn(r, 100);
    assert_int_equal(r->near.n_reads, reads);
    /* The other way is not disturbed. */
    far_send(&r->far, "\x82\x02hi", 4);
    rig_turn(r, 5);
    rig_assert_heard(r, "hi");
    far_take(&r->far, SIZE_MAX);
    while (r->far.payload < sizeof words) {
        rig_turn(r, 1);
    }
    mem_set_hook(NULL, NULL);
    assert_true(chunks <= 2);
    rig_close(r);
}

/* A local side that takes nothing: the same. */
static void test_stalled_local_side(void **state)
{
    struct rig *r = *state;
    int chunks = 0;
    unsigned recvs;

    mem_set_hook(rig_count_chunks, &chunks);
    rig_open(r);
    near_take(&r->near, 1000);
    far_send_fill(&r->far, 'x', 1000000);
    rig_turn(r, 100);
    assert_int_equal(r->far.sends.len, 1000010 - CHUNK_SIZE);
    recvs = r->far.n_recvs;
    rig_turn(r, 100);
    assert_int_equal(r->far.n_recvs, recvs);
    near_say(&r->near, "hi", 2);
    rig_turn(r, 5);
    assert_string_equal(far_frames(&r->far), "BIN hi|");
    near_take(&r->near, SIZE_MAX);
    while (r->near.heard.len < 1000000) {
        rig_turn(r, 1);
    }
    mem_set_hook(NULL, NULL);
    assert_true(chunks <= 2);
    rig_close(r);
}

/* An idle tunnel holds no chunk. */
static void test_idle_tunnel_gives_its_chunks_back(void **state)
{
    struct rig *r = *state;
    int chunks = 0;

    r->near.quiet_reads = true;
    mem_set_hook(rig_count_chunks, &chunks);
    near_say(&r->near, "hello", 5);
    far_send(&r->far, "\x82\x02hi", 4);
    rig_open(r);
    rig_turn(r, 10);
    mem_set_hook(NULL, NULL);
    assert_true(chunks > 0);
    assert_int_equal(r->pool.n_free, chunks);
    rig_close(r);
}

/* Nor does one that dials, when what was lent comes back empty. */
static void test_dialing_tunnel_gives_its_chunk_back(void **state)
{
    struct rig *r = *state;

    r->far.dial_hangs = true;
    assert_int_equal(rig_start(r), 0);
    r->near.quiet_reads = true;
    r->near.lent_before = true;
    near_take(&r->near, SIZE_MAX); /* Wakes it. */
    rig_turn(r, 3);
    assert_int_equal(r->near.n_reads, 1);
    assert_int_equal(r->pool.n_free, 1);
    rig_close(r);
}

/* The pool keeps a few chunks, not all there ever were. */
static void test_pool_keeps_a_few(void **state)
{
    union chunk *taken[2 * CHUNK_POOL_KEEP];
    struct rig *r = *state;
    int i;

    for (i = 0; i < 2 * CHUNK_POOL_KEEP; i++) {
        taken[i] = chunk_take(&r->pool);
        assert_non_null(taken[i]);
    }
    for (i = 0; i < 2 * CHUNK_POOL_KEEP; i++) {
        chunk_put(&r->pool, taken[i]);
    }
    assert_int_equal(r->pool.n_free, CHUNK_POOL_KEEP);
    assert_ptr_equal(chunk_take(&r->pool), taken[CHUNK_POOL_KEEP - 1]);
    chunk_put(&r->pool, taken[CHUNK_POOL_KEEP - 1]);
}

/* Without a pool memory comes and goes. */
static void test_without_a_pool(void **state)
{
    struct rig *r = *state;

    r->config.chunks = NULL;
    near_say(&r->near, "hello", 5);
    far_send(&r->far, "\x82\x02hi\x88\x00", 6);
    rig_run(r);
    rig_assert_ok(r);
    rig_assert_heard(r, "hi");
    assert_string_equal(far_frames(&r->far), "BIN hello|CLOSE 1005|");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_stalled_far_side),
        RIG_TEST(test_stalled_local_side),
        RIG_TEST(test_idle_tunnel_gives_its_chunks_back),
        RIG_TEST(test_dialing_tunnel_gives_its_chunk_back),
        RIG_TEST(test_pool_keeps_a_few),
        RIG_TEST(test_without_a_pool),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
