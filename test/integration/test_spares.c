/* SPDX-License-Identifier: Apache-2.0 */
/* test_spares.c - connections made ahead: taken, closed by the other side,
 * grown old, in vain, and closed at any moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "conn.h"
#include "context.h"
#include "eice_bed.h"
#include "err.h"
#include "mem.h"
#include "scarce.h"
#include "spares.h"
#include "test_server.h"
#include "transport.h"

enum { PATIENCE_MS = 20000 };

struct trial {
    struct bed bed;
    struct spares spares;
};

static void trial_init(struct trial *t)
{
    struct err e;

    bed_init(&t->bed);
    bed_open(&t->bed);
    assert_int_equal(context_need(t->bed.eice, &e), 0);
    context_hold(t->bed.eice);
    spares_init(&t->spares, t->bed.eice);
}

static void keep(struct trial *t, unsigned n)
{
    spares_keep(&t->spares, t->bed.far.dns_name, n, PATIENCE_MS);
}

static void trial_close(struct trial *t)
{
    t->bed.seen.closed = false;
    spares_close(&t->spares, bed_on_closed, &t->bed);
    assert_false(t->bed.seen.closed);
    bed_until(&t->bed, &t->bed.seen.closed);
    context_release(t->bed.eice);
    bed_free(&t->bed);
}

static unsigned accepted(const struct trial *t)
{
    return test_server_accepted(t->bed.far.server);
}

/* Run until @n connections have been made, and a bit longer. */
static void until_made(struct trial *t, unsigned n)
{
    while (t->bed.far.n_shaken < n) {
        assert_false(t->bed.loop.expired);
        test_loop_turns(&t->bed.loop, 1);
    }
    test_loop_turns(&t->bed.loop, 5);
}

/* Run until @n connections stand, and a bit longer. */
static void until_alive(struct trial *t, unsigned n)
{
    while (test_server_alive(t->bed.far.server) != n) {
        assert_false(t->bed.loop.expired);
        test_loop_turns(&t->bed.loop, 1);
    }
    test_loop_turns(&t->bed.loop, 5);
    assert_int_equal(test_server_alive(t->bed.far.server), n);
}

/* The next one is not to be made yet. */
static bool is_pausing(const struct trial *t)
{
    return t->spares.not_before > uv_now(&t->bed.loop.loop);
}

static struct conn *take(struct trial *t)
{
    struct transport *transport = NULL;
    struct conn *c = spares_take(&t->spares, t->bed.far.dns_name, &transport);

    assert_true((c != NULL) == (transport != NULL));
    return c;
}

static void test_kept_and_taken(void **state)
{
    struct conn *a, *b;
    struct trial t;

    (void)state;
    trial_init(&t);
    assert_null(take(&t));
    keep(&t, 2);
    assert_null(take(&t)); /* They are not there yet. */
    until_made(&t, 2);
    a = take(&t);
    b = take(&t);
    assert_non_null(a);
    assert_non_null(b);
    assert_ptr_not_equal(a, b);
    assert_null(take(&t));
    test_loop_turns(&t.bed.loop, 50);
    assert_int_equal(accepted(&t), 2); /* Nobody has asked for more. */
    keep(&t, 1);
    until_made(&t, 3);
    assert_int_equal(accepted(&t), 3);
    conn_close(a, NULL, NULL);
    conn_close(b, NULL, NULL);
    trial_close(&t);
}

/* Fewer are wanted, or somewhere else. */
static void test_wishes_change(void **state)
{
    struct transport *transport;
    struct trial t;
    char other[64];

    (void)state;
    trial_init(&t);
    keep(&t, 3);
    until_made(&t, 3);
    assert_int_equal(test_server_alive(t.bed.far.server), 3);
    keep(&t, 1);
    until_alive(&t, 1);
    snprintf(other, sizeof other, "localhost:%u", test_free_port());
    assert_null(spares_take(&t.spares, other, &transport));
    spares_keep(&t.spares, other, 1, PATIENCE_MS);
    until_alive(&t, 0);
    assert_null(take(&t));
    keep(&t, 1); /* The failure there does not count here. */
    until_made(&t, 4);
    trial_close(&t);
}

/* Whether there was a pause after a young one was closed; its length is not
 * looked at. */
static bool pauses_after_a_young_one(void)
{
    bool paused;
    struct trial t;
    struct conn *c;

    trial_init(&t);
    keep(&t, 1);
    until_made(&t, 1);
    test_server_hang_up(t.bed.far.server);
    until_alive(&t, 0);
    paused = is_pausing(&t);
    if (paused) {
        assert_null(take(&t));
        assert_int_equal(accepted(&t), 1);
    }
    until_made(&t, 2);
    c = take(&t);
    assert_non_null(c);
    conn_close(c, NULL, NULL);
    trial_close(&t);
    return paused;
}

/* One that the endpoint has closed is not given away; another is made, but not
 * at once where even a young one was closed.  To a slow machine it is old, or
 * the pause over, before we look. */
static void test_closed_by_the_endpoint(void **state)
{
    int tries = 0;

    (void)state;
    while (!pauses_after_a_young_one()) {
        assert_true(++tries < 10);
    }
}

/* An endpoint that wants none of it is left in peace. */
static void test_pauses_grow(void **state)
{
    uint64_t begin;
    struct trial t;

    (void)state;
    trial_init(&t);
    t.bed.far.shuts_door = true;
    begin = uv_now(&t.bed.loop.loop);
    keep(&t, 1);
    until_made(&t, 3); /* At 0, 1 and 3 seconds. */
    assert_true(uv_now(&t.bed.loop.loop) - begin >= 3000);
    assert_true(t.spares.pause_ms > 2000);
    trial_close(&t);
}

static void test_old_ones_are_replaced(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    t.spares.age_ms = 30;
    keep(&t, 2);
    while (accepted(&t) < 6) {
        assert_false(t.bed.loop.expired);
        test_loop_turns(&t.bed.loop, 1);
        assert_in_range(t.spares.n, 0, 2);
    }
    trial_close(&t);
}

/* One that was taken was dead: so are the others.  Whether the next one's
 * pause could be seen. */
static bool pauses_in_doubt(void)
{
    bool paused;
    struct trial t;
    struct conn *c;

    trial_init(&t);
    keep(&t, 2);
    until_made(&t, 2);
    c = take(&t);
    assert_non_null(c);
    spares_doubt(&t.spares);
    assert_null(take(&t));
    keep(&t, 1);
    test_loop_turns(&t.bed.loop, 20);
    paused = is_pausing(&t);
    if (paused) {
        assert_int_equal(accepted(&t), 2); /* Not yet. */
    }
    conn_close(c, NULL, NULL);
    until_made(&t, 3);
    trial_close(&t);
    return paused;
}

static void test_doubt(void **state)
{
    int tries = 0;

    (void)state;
    while (!pauses_in_doubt()) {
        assert_true(++tries < 10);
    }
}

static void test_close_after_any_turn(void **state)
{
    unsigned turns;
    bool made = false;

    (void)state;
    for (turns = 0; !made; turns++) {
        struct conn *conn;
        struct trial t;

        trial_init(&t);
        keep(&t, 2);
        test_loop_turns(&t.bed.loop, turns);
        conn = turns % 2 == 0 ? take(&t) : NULL;
        if (conn != NULL) {
            made = true;
            conn_close(conn, NULL, NULL);
        }
        trial_close(&t);
    }
    assert_true(turns > 3);
}

/* Without memory there is none for the moment, and that is all. */
static void test_short_of_memory(void **state)
{
    unsigned n;

    (void)state;
    for (n = 0;; n++) {
        struct scarce c = {.left = n};
        struct trial t;
        struct conn *conn = NULL;

        trial_init(&t);
        mem_set_hook(scarce_one, &c);
        keep(&t, 1);
        while (t.spares.host != NULL && t.spares.not_before == 0 &&
               t.bed.far.n_shaken == 0) {
            assert_false(t.bed.loop.expired);
            test_loop_turns(&t.bed.loop, 1);
        }
        test_loop_turns(&t.bed.loop, 5);
        mem_set_hook(NULL, NULL);
        if (t.spares.host == NULL) {
            keep(&t, 1);
        }
        while (conn == NULL) {
            assert_false(t.bed.loop.expired);
            test_loop_turns(&t.bed.loop, 1);
            conn = take(&t);
        }
        conn_close(conn, NULL, NULL);
        trial_close(&t);
        if (!c.fired) {
            break;
        }
    }
    print_message("%u allocations\n", n);
    assert_true(n > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept_and_taken),
        cmocka_unit_test(test_wishes_change),
        cmocka_unit_test(test_closed_by_the_endpoint),
        cmocka_unit_test(test_pauses_grow),
        cmocka_unit_test(test_old_ones_are_replaced),
        cmocka_unit_test(test_doubt),
        cmocka_unit_test(test_close_after_any_turn),
        cmocka_unit_test(test_short_of_memory),
    };

    bed_prepare();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
