/* SPDX-License-Identifier: Apache-2.0 */
/* likeness.h - which name somebody meant who mistyped one. */
#ifndef LIKENESS_H
#define LIKENESS_H

#include <stdbool.h>
#include <stddef.h>

/* Where the search begins: names that differ in so many letters are not
 * alike. */
enum { LIKENESS_LIMIT = 3 };

/* True, and *@best fewer, if the first @n letters of @typed are nearer to
 * @name than *@best changes, and at least half of them right. */
bool likeness_better(const char *typed, size_t n, const char *name,
                     size_t *best);

#endif /* LIKENESS_H */
