/* SPDX-License-Identifier: Apache-2.0 */
/* test_times.c - how long a listener's connections took. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <eice/eice.h>

#include "listener.h"
#include "mem.h"
#include "scarce.h"
#include "times.h"
#include "tunnel.h"

/* What is known when connection @k has this @event, @now. */
static struct eice_stats note(struct times *t, enum listener_event_type type,
                              unsigned k, uint64_t now)
{
    static const struct tunnel_stats carried = {.bytes_up = 3, .bytes_down = 5};
    struct listener_event event = {.type = type, .k = k, .stats = &carried};
    struct eice_stats stats;

    times_note(t, &event, now, &stats);
    assert_int_equal(stats.bytes_up, 3);
    assert_int_equal(stats.bytes_down, 5);
    return stats;
}

static void test_each_has_its_own(void **state)
{
    struct times t = {0};
    struct eice_stats s;

    (void)state;
    note(&t, LISTENER_ACCEPTED, 1, 100);
    note(&t, LISTENER_ACCEPTED, 2, 110);
    s = note(&t, LISTENER_OPENED, 2, 150);
    assert_int_equal(s.open_ms, 40);
    assert_int_equal(s.total_ms, 40);
    s = note(&t, LISTENER_CLOSED, 1, 200); /* It never opened. */
    assert_int_equal(s.open_ms, 0);
    assert_int_equal(s.total_ms, 100);
    s = note(&t, LISTENER_CLOSED, 2, 1150);
    assert_int_equal(s.open_ms, 40);
    assert_int_equal(s.total_ms, 1040);
    assert_null(t.first); /* All are forgotten. */
    s = note(&t, LISTENER_CLOSED, 2, 2000);
    assert_int_equal(s.total_ms, 0);
}

static void test_without_memory_nothing_is_known(void **state)
{
    struct times t = {0};
    struct eice_stats s;

    (void)state;
    mem_set_hook(scarce_after, NULL);
    note(&t, LISTENER_ACCEPTED, 1, 100);
    mem_set_hook(NULL, NULL);
    s = note(&t, LISTENER_CLOSED, 1, 200);
    assert_int_equal(s.total_ms, 0);
    note(&t, LISTENER_ACCEPTED, 2, 300);
    times_clear(&t);
    assert_null(t.first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_has_its_own),
        cmocka_unit_test(test_without_memory_nothing_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
