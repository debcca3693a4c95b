/* SPDX-License-Identifier: Apache-2.0 */
/* argv.h - a growing list of words for exec. */
#ifndef ARGV_H
#define ARGV_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed is empty. */
struct argv {
    char **list; /* Ends with NULL once something was added */
    size_t n;
    bool failed; /* Memory was short; sticky */
};

/* Append a copy of @word, or a formatted word. */
void argv_add(struct argv *a, const char *word);
void argv_addf(struct argv *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Free every word. */
void argv_free(struct argv *a);

#endif /* ARGV_H */
