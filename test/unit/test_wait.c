/* SPDX-License-Identifier: Apache-2.0 */
/* test_wait.c - a queue that changes while it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "wait.h"

/* One waiter and what it does when told. */
struct waiter {
    struct wait wait;
    unsigned told;
    int code;
    struct waiters *again; /* Wait for this again */
    struct waiter *cancel; /* Cancel this one */
};

static void on_told(struct wait *w, const struct err *err)
{
    struct waiter *me = w->data;

    me->told++;
    me->code = err != NULL ? err->code : 0;
    if (me->again != NULL) {
        wait_add(me->again, w, on_told);
    }
    if (me->cancel != NULL) {
        wait_cancel(&me->cancel->wait);
    }
}

static void add(struct waiters *ws, struct waiter *w)
{
    w->wait.data = w;
    wait_add(ws, &w->wait, on_told);
}

static void test_all_are_told(void **state)
{
    struct waiters ws = {0};
    struct waiter a = {0}, b = {0}, c = {0};
    struct err e;

    (void)state;
    add(&ws, &a);
    add(&ws, &b);
    add(&ws, &c);
    wait_cancel(&b.wait);
    wait_cancel(&b.wait);
    waiters_wake(&ws, NULL);
    assert_int_equal(a.told, 1);
    assert_int_equal(b.told, 0);
    assert_int_equal(c.told, 1);
    waiters_wake(&ws, NULL);
    assert_int_equal(a.told, 1);
    add(&ws, &b);
    err_set(&e, ERR_DNS, "x");
    waiters_wake(&ws, &e);
    assert_int_equal(b.told, 1);
    assert_int_equal(b.code, ERR_DNS);
}

static void test_change_while_told(void **state)
{
    struct waiters ws = {0};
    struct waiter a = {0}, b = {0}, c = {0}, d = {0};

    (void)state;
    a.again = &ws; /* Waits for the next answer, not for this one. */
    a.cancel = &b; /* Had not been told yet. */
    c.cancel = &a; /* Is in the new queue by now. */
    add(&ws, &a);
    add(&ws, &b);
    add(&ws, &c);
    add(&ws, &d);
    waiters_wake(&ws, NULL);
    assert_int_equal(a.told, 1);
    assert_int_equal(b.told, 0);
    assert_int_equal(c.told, 1);
    assert_int_equal(d.told, 1);
    assert_null(ws.first);
    assert_null(ws.waking);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_are_told),
        cmocka_unit_test(test_change_while_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
