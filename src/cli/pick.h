/* SPDX-License-Identifier: Apache-2.0 */
/* pick.h - one instance of several that a word means.  Pure. */
#ifndef PICK_H
#define PICK_H

#include <stdbool.h>
#include <stddef.h>

struct eice_found;
struct err;

/* Whether @pick ("newest", "random", "3") is a way to choose. */
bool pick_check(const char *pick);

/* Choose one of the running instances of @found, which was looked for as
 * @word in @place ("eu-central-1"), by @pick (NULL: there must be one only)
 * with @random as the dice. Returns 0 with its position in *@out; ERR_NOT_FOUND
 * when there is none, UV_ENOTCONN when none runs, ERR_USAGE when there are
 * several, with @e. */
int pick_one(const struct eice_found *found, const char *word,
             const char *place, const char *pick, unsigned random, size_t *out,
             struct err *e);

#endif /* PICK_H */
