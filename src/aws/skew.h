/* SPDX-License-Identifier: Apache-2.0 */
/* skew.h - whether our clock is what a service refused, and by how much it is
 * off.  Pure. */
#ifndef SKEW_H
#define SKEW_H

#include <stdbool.h>
#include <stdint.h>

struct err;

/* Signatures are good for five minutes around their date; less than this is
 * not why one was refused. */
enum { SKEW_LIMIT_S = 4 * 60, SKEW_TEXT_SIZE = 48 };

/* The service's clock minus ours, from the Date header of an answer (NULL for
 * none) that came at @now.  False when there is no telling. */
bool skew_read(const char *date, int64_t now, int64_t *skew_s);

/* Whether @skew_s is enough to spoil a signature. */
bool skew_matters(int64_t skew_s);

/* Write "7 min 3 s" for |@skew_s|.  Returns @out. */
const char *skew_text(int64_t skew_s, char out[static SKEW_TEXT_SIZE]);

/* Hint in @e that the clock is off by @skew_s. */
void skew_hint(struct err *e, int64_t skew_s);

#endif /* SKEW_H */
