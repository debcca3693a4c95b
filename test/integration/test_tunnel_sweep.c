/* SPDX-License-Identifier: Apache-2.0 */
/* test_tunnel_sweep.c - a tunnel closed at any moment, and memory short at any.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chunk.h"
#include "far.h"
#include "mem.h"
#include "near.h"
#include "scarce.h"
#include "tunnel.h"
#include "tunnel_rig.h"

/* The scenarios of the sweeps: everything that can be under way. */
static void begin_scenario(struct rig *r, int which)
{
    static char bulk[70000];

    r->config.linger_ms = 1;
    r->config.close_timeout_ms = 5;
    r->config.ping_interval_ms = 1;
    near_say(&r->near, "hello", 5);
    far_send(&r->far, "\x82\x02hi\x89\x01p", 7);
    switch (which) {
    case 0: /* The local side ends */
        near_end(&r->near, UV_EOF);
        break;
    case 1: /* The peer closes */
        far_send(&r->far, "\x88\x02\x03\xe8", 4);
        break;
    case 2: /* Both are stuck */
        r->far.no_text = true;
        near_say(&r->near, bulk, sizeof bulk);
        far_send_fill(&r->far, 'x', 70000);
        r->near.room = 100;
        r->far.room = 1000;
        break;
    case 3: /* Refused */
        r->far.answer = H403 "\r\n" BODY;
        r->far.end = UV_EOF;
        break;
    case 4: /* Slow and in little pieces */
        r->far.recv_max = 5;
        r->near.read_max = 2;
        r->near.end = UV_EOF;
        break;
    case 5: /* The local side breaks */
        r->near.write_fails = UV_EPIPE;
        break;
    case 6: /* The protocol is broken, the local side slow */
        r->near.room = 0;
        far_send(&r->far, "\xff", 1);
        break;
    case 7: /* Held back, both sides ending */
        r->config.hold_local = true;
        near_end(&r->near, UV_EOF);
        far_send(&r->far, "\x88\x02\x03\xe8", 4);
        break;
    default: /* The dial fails */
        r->far.dial_fails = ERR_CONNECT;
    }
}

enum { SCENARIOS = 9 };

/* The owner closes after n turns, whatever is going on. */
static void test_close_after_any_turn(void **state)
{
    int which;
    int n;

    (void)state;
    for (which = 0; which < SCENARIOS; which++) {
        for (n = 0; n < 60; n++) {
            struct rig r;

            rig_init(&r);
            r.close_on_done = false;
            begin_scenario(&r, which);
            assert_int_equal(rig_start(&r), 0);
            rig_turn(&r, n);
            rig_close(&r);
            rig_free(&r);
        }
    }
}

/* Memory runs out after n allocations, whatever is going on. */
static void test_out_of_memory_any_time(void **state)
{
    int which;
    int n;

    (void)state;
    for (which = 0; which < SCENARIOS; which++) {
        for (n = 0; n < 40; n++) {
            struct rig r;
            struct scarce scarce = {.left = n};

            rig_init(&r);
            r.config.chunks = NULL; /* Each chunk is an allocation. */
            begin_scenario(&r, which);
            mem_set_hook(scarce_after, &scarce);
            r.tunnel = tunnel_new(&r.loop, NULL, 1, &r.config);
            if (r.tunnel == NULL) {
                assert_int_equal(n, 0);
                mem_set_hook(NULL, NULL);
                rig_free(&r);
                continue;
            }
            assert_int_equal(rig_start_tunnel(&r), 0);
            if (which != 2 && which != 6) {
                rig_until(&r, &r.closed);
                assert_true(r.done);
            } else {
                rig_turn(&r, 30); /* Stuck for good, or failed. */
            }
            mem_set_hook(NULL, NULL);
            if (!r.closed) {
                rig_close(&r);
            }
            rig_free(&r);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_close_after_any_turn),
        cmocka_unit_test(test_out_of_memory_any_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
