/* SPDX-License-Identifier: Apache-2.0 */
/* numbers.h - whole numbers as the AWS CLI reads them from a file. */
#ifndef NUMBERS_H
#define NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

/* Read @text as Python's int() does: blanks around it, a sign, decimal digits
 * with single underscores between them.  What is beyond 32 bits becomes a
 * number of that order.  False when it is no number. */
bool number_parse(const char *text, int64_t *out);

#endif /* NUMBERS_H */
