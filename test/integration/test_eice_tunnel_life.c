/* SPDX-License-Identifier: Apache-2.0 */
/* test_eice_tunnel_life.c - a tunnel of the public library is closed, at any
 * moment, or memory runs out, at any allocation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <uv.h>

#include "eice_bed.h"
#include "mem.h"
#include "scarce.h"
#include "tunnel_trial.h"

static void test_goes_away(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    trial_open(&t);
    bed_echo(&t.bed, t.fd, "x");
    eice_tunnel_close(t.tunnel, EICE_BYE_AWAY, bed_on_closed, &t.bed);
    eice_close(t.bed.eice, NULL, NULL); /* Waits for the tunnel. */
    t.bed.eice = NULL;
    bed_until(&t.bed, &t.bed.seen.closed);
    assert_int_equal(t.bed.far.last_close, 1001);
    assert_int_equal(t.bed.seen.n_done, 0);
    trial_free(&t);
}

/* Whatever stage a tunnel is in, closing it leaves nothing. */
static void test_close_after_any_turn(void **state)
{
    unsigned turns;
    bool opened = false;

    (void)state;
    for (turns = 0; !opened; turns++) {
        struct trial t;

        trial_init(&t);
        bed_ask_api(&t.bed);
        trial_open(&t);
        test_loop_turns(&t.bed.loop, turns);
        opened = t.bed.seen.opened;
        if (turns % 2 == 0) {
            eice_tunnel_close(t.tunnel, EICE_BYE_AWAY, NULL, NULL);
        } else {
            trial_close(&t);
        }
        trial_free(&t);
    }
    print_message("%u turns\n", turns);
    assert_true(turns > 4);
}

static void test_short_of_memory(void **state)
{
    unsigned n, refused = 0, failed = 0;

    (void)state;
    for (n = 0;; n++) {
        struct scarce c = {.left = n};
        struct eice_error error;
        struct trial t;

        trial_init(&t);
        bed_ask_api(&t.bed);
        mem_set_hook(scarce_one, &c);
        if (eice_new(&t.bed.eice, &t.bed.loop.loop, &t.bed.options, &error) !=
                0 ||
            trial_try(&t, &error) != 0) {
            refused++;
            assert_int_equal(error.code, UV_ENOMEM);
        } else {
            while (!t.bed.seen.done && !t.bed.seen.opened) {
                assert_false(t.bed.loop.expired);
                test_loop_turns(&t.bed.loop, 1);
            }
            failed += t.bed.seen.done;
            assert_true(!t.bed.seen.done || t.bed.seen.end.code != 0);
            trial_close(&t);
        }
        mem_set_hook(NULL, NULL);
        trial_free(&t);
        if (!c.fired) {
            break;
        }
    }
    print_message("%u allocations: %u refused at once, %u later\n", n, refused,
                  failed);
    assert_true(refused > 10 && failed > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goes_away),
        cmocka_unit_test(test_close_after_any_turn),
        cmocka_unit_test(test_short_of_memory),
    };

    bed_prepare();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
