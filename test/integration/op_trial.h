/* SPDX-License-Identifier: Apache-2.0 */
/* op_trial.h - one question to the public library on a bed of its own, and its
 * answer as text. */
#ifndef OP_TRIAL_H
#define OP_TRIAL_H

#include <stdbool.h>

#include <eice/eice.h>

#include "eice_bed.h"

struct trial;

/* Ask the question that has number @what in the test; data of the callback,
 * which ends with trial_note(), is @t.  The library's code. */
typedef int trial_begin_fn(struct trial *t, int what, struct eice_error *error);

/* A question and its answer. */
struct trial {
    struct bed bed;
    trial_begin_fn *begin;
    struct eice_query query; /* For who asks for instances */
    struct eice_op *op;
    bool answered;
    unsigned n_answers;
    char answer[1024];
    struct eice_error error; /* code 0: none */
};

/* A bed and no question yet. */
void trial_init(struct trial *t, trial_begin_fn *begin);

/* The question is answered; @error may be NULL. */
void trial_note(struct trial *t, const struct eice_error *error);

/* Ask; the code, and the error in @error. */
int trial_ask(struct trial *t, int what, struct eice_error *error);

/* Ask, wait for the answer, close. */
void trial_run(struct trial *t, int what);

/* Sweeps over the questions 0 to @n - 1, each prepared by @prepare, which calls
 * trial_init() and says what the services answer.  Close the question and the
 * context after fewer than @turns, while services answer or do not. */
typedef void trial_prepare_fn(struct trial *t, int what);
void trial_close_any_turn(trial_prepare_fn *prepare, int n, unsigned turns);

/* Refuse any one allocation.  Each question must fail more than @least times,
 * and succeed when all memory is there. */
void trial_short_of_memory(trial_prepare_fn *prepare, int n, unsigned least);

#endif /* OP_TRIAL_H */
