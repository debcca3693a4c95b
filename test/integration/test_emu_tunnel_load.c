/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_tunnel_load.c - tunnels with much to carry, or with nobody who
 * takes it. */
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

/* 64 MiB to an echo and back, 2 MiB in flight. */
static void bulk(struct rig *r)
{
    enum { RUN = 512 * 1024, RUNS = 128, AHEAD = 4 };
    uint8_t *run = malloc(RUN), *back = malloc(RUN);
    uint64_t sent = 0, got = 0;
    struct caller c;
    struct frame f;

    CHECK(r, run != NULL && back != NULL);
    CHECK(r, rig_tunnel(r, &c));
    while (got < (uint64_t)RUN * RUNS) {
        while (sent < (uint64_t)RUN * RUNS && sent - got < AHEAD * RUN) {
            for (size_t i = 0; i < RUN; i++) {
                run[i] = (uint8_t)((sent + i) * 2654435761u >> 13);
            }
            CHECK(r, caller_frame(&c, 0x82, run, RUN));
            sent += RUN;
        }
        CHECK(r, caller_read_frame(&c, &f) && f.first == 0x82);
        for (size_t i = 0; i < f.len; i++, got++) {
            if (f.data[i] != (uint8_t)(got * 2654435761u >> 13)) {
                CHECK(r, false); /* A byte changed. */
            }
        }
        caller_frame_free(&f);
    }
    free(run);
    free(back);
    caller_close(&c);
}

/* What a flood came to. */
struct flood {
    size_t taken;     /* Frames of 1 MiB */
    atomic_bool over; /* The target may go */
};

/* Nobody reads: the client must be stopped, not believed for ever. */
static void flood(struct rig *r)
{
    char *run = calloc(1, 1024 * 1024);
    struct flood *f = r->data;
    struct caller c;

    CHECK(r, run != NULL);
    CHECK(r, rig_tunnel(r, &c));
    while (f->taken < 256 && caller_frame(&c, 0x82, run, 1024 * 1024)) {
        f->taken++;
        caller_patience(&c, 1000);
    }
    f->over = true;
    free(run);
    caller_close(&c);
}

/* How long a transfer took, by the clock and by the loop's own pace: its ticks,
 * which a machine that stalls makes fewer, as it does the throttle's. */
struct pace {
    uv_timer_t timer;
    atomic_uint ticks;
    uint64_t took_ms, took_ticks;
};

enum { TICK_MS = 20 }; /* As often as the throttle renews what may pass */

static void on_tick(uv_timer_t *timer)
{
    ((struct pace *)timer->data)->ticks++;
}

static void throttled(struct rig *r)
{
    struct pace *p = r->data;
    unsigned before;
    uint64_t begin;
    char *run = calloc(1, 400 * 1024);
    size_t got = 0;
    struct caller c;
    struct frame f;

    CHECK(r, run != NULL);
    CHECK(r, rig_tunnel(r, &c));
    before = p->ticks;
    begin = uv_hrtime();
    CHECK(r, caller_frame(&c, 0x82, run, 400 * 1024));
    while (got < 400 * 1024) {
        CHECK(r, caller_read_frame(&c, &f) && f.first == 0x82);
        got += f.len;
        caller_frame_free(&f);
    }
    p->took_ms = (uv_hrtime() - begin) / 1000000;
    p->took_ticks = p->ticks - before;
    free(run);
    caller_close(&c);
}

static void many(struct rig *r)
{
    struct caller c[20];
    char text[16];

    for (int i = 0; i < 20; i++) {
        CHECK(r, rig_tunnel(r, &c[i]));
        snprintf(text, sizeof text, "tunnel %d", i);
        CHECK(r, caller_frame(&c[i], 0x82, text, strlen(text)));
    }
    for (int i = 0; i < 20; i++) {
        snprintf(text, sizeof text, "tunnel %d", i);
        CHECK(r, caller_expect(&c[i], 0x82, text, strlen(text)));
        caller_close(&c[i]);
    }
}

static void target_sleeps(struct rig *r, int fd)
{
    struct flood *f = r->data;

    (void)fd;
    for (int i = 0; i < 6000 && !f->over; i++) {
        usleep(10 * 1000);
    }
}

/* ---- the tests ---- */

static void test_sixty_four_mebibytes_both_ways(void **state)
{
    (void)state;
    rig_once(target_echo, bulk, NULL);
}

static void test_a_target_that_does_not_read_stops_the_client(void **state)
{
    struct flood f = {0};

    (void)state;
    rig_once(target_sleeps, flood, &f);
    assert_in_range(f.taken, 1, 64);
}

/* 400 KiB there and back at 200 KiB/s each way, at the same time: never in
 * less than two seconds, and twice that only where the machine is slow. */
static void test_the_throttle_holds(void **state)
{
    struct pace p = {.took_ticks = UINT64_MAX};

    (void)state;
    for (int i = 0; i < 8 && p.took_ticks > 4000 / TICK_MS; i++) {
        struct rig r;

        rig_init(&r, target_echo);
        r.data = &p;
        r.verdict.bytes_per_s = 200 * 1024;
        assert_int_equal(uv_timer_init(&r.loop, &p.timer), 0);
        p.timer.data = &p;
        uv_timer_start(&p.timer, on_tick, TICK_MS, TICK_MS);
        rig_start(&r);
        rig_run(&r, throttled);
        uv_close((uv_handle_t *)&p.timer, NULL);
        rig_stop(&r);
        assert_true(p.took_ms >= 1600);
    }
    assert_true(p.took_ticks <= 4000 / TICK_MS);
}

static void test_twenty_tunnels_at_once(void **state)
{
    (void)state;
    rig_once(target_echo, many, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sixty_four_mebibytes_both_ways),
        cmocka_unit_test(test_a_target_that_does_not_read_stops_the_client),
        cmocka_unit_test(test_the_throttle_holds),
        cmocka_unit_test(test_twenty_tunnels_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
