/* SPDX-License-Identifier: Apache-2.0 */
/* question.c - a subcommand that asks the library one thing, prints the answer
 * and ends.
 *
 * The happy path: the answer comes, is printed by the subcommand, and the
 * question is closed, which ends the program.
 *
 * What can go wrong: the question cannot be put, or a signal comes first; both
 * end the program without an answer. */
#include "question.h"

#include "error.h"

static void on_closed(void *data)
{
    struct question *q = data;

    program_finish(q->p, q->exit_code);
}

void question_end(struct question *q)
{
    if (!q->closing) {
        q->closing = true;
        eice_op_close(q->op, on_closed, q);
    }
}

void question_fail(struct question *q, const struct eice_error *error)
{
    q->exit_code = error_print(&q->p->style, error);
    question_end(q);
}

static void on_stop(struct program *p, void *data)
{
    (void)p;
    question_end(data);
}

int question_start(struct question *q, struct program *p,
                   struct eice_error *error)
{
    *q = (struct question){.p = p};
    return program_start(p, on_stop, q, error);
}

int question_run(struct question *q, int rv, const struct eice_error *error)
{
    if (rv != 0) {
        q->closing = true;
        program_finish(q->p, error_print(&q->p->style, error));
    }
    return program_run(q->p);
}
