/* SPDX-License-Identifier: Apache-2.0 */
/* op_trial.c - one question to the public library on a bed of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mem.h"
#include "op_trial.h"
#include "scarce.h"

void trial_init(struct trial *t, trial_begin_fn *begin)
{
    *t = (struct trial){.begin = begin, .query = {.size = sizeof t->query}};
    bed_init(&t->bed);
}

void trial_note(struct trial *t, const struct eice_error *error)
{
    t->answered = true;
    t->n_answers++;
    t->error = error != NULL ? *error : (struct eice_error){0};
    if (error != NULL) {
        print_message("%s [%s]\n", error->message, error->hint);
    }
}

int trial_ask(struct trial *t, int what, struct eice_error *error)
{
    int rv;

    if (t->bed.eice == NULL) {
        bed_open(&t->bed);
    }
    rv = t->begin(t, what, error);
    assert_int_equal(rv, error->code);
    assert_true((rv == 0) == (t->op != NULL));
    assert_false(t->answered);
    return rv;
}

void trial_run(struct trial *t, int what)
{
    struct eice_error error;

    t->answered = false;
    t->n_answers = 0;
    t->bed.seen.closed = false;
    assert_int_equal(trial_ask(t, what, &error), 0);
    bed_until(&t->bed, &t->answered);
    assert_int_equal(t->n_answers, 1);
    eice_op_close(t->op, bed_on_closed, &t->bed);
    bed_until(&t->bed, &t->bed.seen.closed);
}

/* Ask, and leave after @turns. */
static void leave_after(trial_prepare_fn *prepare, int what, unsigned turns,
                        bool silent)
{
    bool report = turns % 2 == 0;
    struct eice_error error;
    struct trial t;

    prepare(&t, what);
    t.bed.api_silent = silent;
    assert_int_equal(trial_ask(&t, what, &error), 0);
    test_loop_turns(&t.bed.loop, turns);
    assert_true(t.n_answers <= 1);
    eice_op_close(t.op, report ? bed_on_closed : NULL, &t.bed);
    eice_close(t.bed.eice, NULL, NULL); /* Waits for it. */
    t.bed.eice = NULL;
    bed_free(&t.bed);
    assert_int_equal(t.bed.seen.n_closed, report);
}

void trial_close_any_turn(trial_prepare_fn *prepare, int n, unsigned turns)
{
    unsigned i;
    int what;

    for (what = 0; what < n; what++) {
        for (i = 0; i < turns; i++) {
            leave_after(prepare, what, i, false);
            leave_after(prepare, what, i, true);
        }
    }
}

/* Ask with a memory as scarce as @c says; whether that failed. */
static bool fails_with(trial_prepare_fn *prepare, int what, struct scarce *c)
{
    struct eice_error error;
    struct trial t;
    bool failed = true;

    prepare(&t, what);
    bed_open(&t.bed);
    mem_set_hook(scarce_one, c);
    if (trial_ask(&t, what, &error) == 0) {
        bed_until(&t.bed, &t.answered);
        failed = t.error.code != 0;
        eice_op_close(t.op, NULL, NULL);
    }
    mem_set_hook(NULL, NULL);
    bed_free(&t.bed);
    return failed;
}

void trial_short_of_memory(trial_prepare_fn *prepare, int n, unsigned least)
{
    int what;

    for (what = 0; what < n; what++) {
        unsigned failed = 0;
        bool failing;
        struct scarce c;
        int left = 0;

        do {
            c = (struct scarce){.left = left++};
            failing = fails_with(prepare, what, &c);
            failed += failing;
        } while (c.fired);
        assert_false(failing);
        print_message("%d allocations, %u needed\n", left - 1, failed);
        assert_true(failed > least);
    }
}
