/* SPDX-License-Identifier: Apache-2.0 */
/* error.h - the one place where a failure becomes words on stderr. */
#ifndef ERROR_H
#define ERROR_H

#include <stdbool.h>

struct buf;
struct eice_error;
struct err;

/* How errors are to be shown. */
struct error_style {
    const char *format; /* --cli-error-format; NULL: enhanced */
    bool json_log;      /* --log-format json: one object a line */
};

/* Take over an error of our own modules. */
void error_from(struct eice_error *out, const struct err *e);

/* Fill @out with a failure of the program itself; returns @code. */
int error_set(struct eice_error *out, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The cause and then what to do about it, as one line. */
void error_sentence(struct buf *out, const struct eice_error *error);

/* Append the JSON object that --log-format json prints for @error, about
 * connection @id (0: none). */
void error_json(struct buf *out, unsigned id, const struct eice_error *error);

/* Append what is printed for @error, without the last newline. */
void error_format(struct buf *out, const struct error_style *style,
                  const struct eice_error *error);

/* Print it, and return the program's exit code for it. */
int error_print(const struct error_style *style,
                const struct eice_error *error);

#endif /* ERROR_H */
