/* SPDX-License-Identifier: Apache-2.0 */
/* test_pool.c - connections that were used before: taken again, or not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "ask_rig.h"
#include "err.h"
#include "pool.h"
#include "test_http.h"

static time_t slept_s; /* That only the wall clock knows of */

/* Stands before libc's in the order of symbols. */
__attribute__((visibility("default"))) time_t time(time_t *out)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    now.tv_sec += slept_s;
    if (out != NULL) {
        *out = now.tv_sec;
    }
    return now.tv_sec;
}

/* A request, to its good end. */
static void ask_once(struct net_rig *rig, const struct test_http *h)
{
    struct ask ask = {.method = "POST", .body = "x"};

    ask_plain(&ask, rig, h, "/");
    test_loop_until(&rig->t, &ask.done);
    assert_int_equal(ask.status, 200);
    assert_int_equal(ask.n_prepared, 1);
}

static void test_a_connection_serves_again(void **state)
{
    struct net_rig rig;
    struct test_http *h;

    (void)state;
    h = ask_server(&rig, ask_echo, NULL);
    ask_once(&rig, h);
    ask_once(&rig, h);
    assert_int_equal(test_http_connections(h), 1);
    ask_end(&rig, h);
}

static void test_not_after_sleep(void **state)
{
    static const time_t jumps[] = {8 * 3600, POOL_IDLE_S + 1, -3600};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof jumps / sizeof jumps[0]; i++) {
        struct net_rig rig;
        struct test_http *h;

        slept_s = 0;
        h = ask_server(&rig, ask_echo, NULL);
        ask_once(&rig, h);
        slept_s = jumps[i];
        ask_once(&rig, h);
        assert_int_equal(test_http_connections(h), 2);
        /* The old one is still there, and must not be the next one's. */
        ask_once(&rig, h);
        assert_int_equal(test_http_connections(h), 3);
        assert_non_null(strstr(rig.lines, "the clock has jumped"));
        ask_end(&rig, h);
    }
    slept_s = 0;
}

static void test_doubt_ends(void **state)
{
    struct log log = {0};
    struct pool p;
    uint64_t now = 1000000;

    (void)state;
    slept_s = 0;
    pool_init(&p, now);
    assert_false(pool_is_doubtful(&p, now, &log));
    slept_s = 2; /* Rounding, and a slow machine */
    assert_false(pool_is_doubtful(&p, now, &log));
    slept_s = 100;
    assert_true(pool_is_doubtful(&p, now, &log));
    /* From here on both clocks go at the same pace. */
    now += (uint64_t)POOL_IDLE_S * 1000;
    slept_s += POOL_IDLE_S;
    assert_true(pool_is_doubtful(&p, now, &log));
    now += 3000;
    slept_s += 3;
    assert_false(pool_is_doubtful(&p, now, &log));
    slept_s = 0;
}

/* Connections seen, and whether those say nothing any more. */
struct forgetful {
    const struct test_peer *seen[8];
    struct test_http_request waiting;
    unsigned n_seen, n_silent;
    bool silent;
};

/* Answer the first two requests together, so that there are two connections;
 * later only those who come on a new one. */
static void forget(const struct test_http_request *req)
{
    struct forgetful *f = req->data;
    unsigned i;

    for (i = 0; f->silent && i < f->n_seen; i++) {
        if (f->seen[i] == req->peer) {
            f->n_silent++;
            f->seen[i] = NULL; /* Its memory may be the next one's */
            return;
        }
    }
    assert_in_range(f->n_seen, 0, 7);
    f->seen[f->n_seen++] = req->peer;
    if (f->silent) {
        test_http_answer(req, 200, "", "new");
    } else if (f->n_seen == 1) {
        f->waiting = *req;
    } else {
        test_http_answer(&f->waiting, 200, "", "first");
        test_http_answer(req, 200, "", "second");
    }
}

static void test_a_second_try_takes_a_new_one(void **state)
{
    struct request_config config = ask_quick;
    struct forgetful f = {0};
    struct net_rig rig;
    struct test_http *h;
    struct ask asks[3] = {{0}, {0}, {0}};

    (void)state;
    ask_setup(&rig);
    config.timeout_ms = 2000;
    config.max_attempts = 2; /* One for each silent connection would fail */
    h = test_http_start(&rig.t.loop, NULL, forget, &f);
    ask_plain(&asks[0], &rig, h, "/");
    ask_plain(&asks[1], &rig, h, "/");
    test_loop_until(&rig.t, &asks[0].done);
    test_loop_until(&rig.t, &asks[1].done);
    assert_int_equal(test_http_connections(h), 2);
    f.silent = true;
    ask_start(&asks[2], &rig, &config, "http", "127.0.0.1", test_http_port(h),
              "/");
    test_loop_until(&rig.t, &asks[2].done);
    assert_int_equal(asks[2].status, 200);
    assert_int_equal(f.n_silent, 1);
    assert_int_equal(test_http_connections(h), 3);
    ask_end(&rig, h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_connection_serves_again),
        cmocka_unit_test(test_not_after_sleep),
        cmocka_unit_test(test_doubt_ends),
        cmocka_unit_test(test_a_second_try_takes_a_new_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
