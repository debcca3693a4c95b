/* SPDX-License-Identifier: Apache-2.0 */
/* question.h - a subcommand that asks the library one thing, prints the answer
 * and ends.
 *
 * The subcommand calls question_start(), puts its question with &q->op as the
 * place for the handle, and returns question_run().  The answer's callback
 * ends with question_end() or question_fail(). */
#ifndef QUESTION_H
#define QUESTION_H

#include <stdbool.h>

#include <eice/eice.h>

#include "program.h"

/* One run of the subcommand.  The fields below "state" are question.c's. */
struct question {
    struct program *p;
    struct eice_op *op; /* NULL if it could not be put */
    /* state */
    bool closing;
    int exit_code;
};

/* Start the program: 0, or a code with @error, which error_print() shows. */
int question_start(struct question *q, struct program *p,
                   struct eice_error *error);

/* Run until the end; the exit code.  @rv is what putting the question said,
 * with @error if it was not 0. */
int question_run(struct question *q, int rv, const struct eice_error *error);

/* All is said: end. */
void question_end(struct question *q);

/* Show what went wrong, and end with its exit code. */
void question_fail(struct question *q, const struct eice_error *error);

#endif /* QUESTION_H */
