/* SPDX-License-Identifier: Apache-2.0 */
/* values.h - option values: numbers as Python reads them, files, durations. */
#ifndef VALUES_H
#define VALUES_H

#include <stdbool.h>
#include <stdint.h>

struct err;

/* Read @text as Python's int() does: spaces around, a sign, digits with single
 * underscores between them.  Beyond int64_t the nearest end.  Returns 0, or
 * ERR_PARSE with Python's sentence in @e. */
int value_int(const char *text, int64_t *out, struct err *e);

/* Read seconds, "10" or "0.5", into milliseconds.  Returns 0, or ERR_USAGE
 * with @e naming the option @name. */
int value_seconds(const char *text, const char *name, int64_t *out_ms,
                  struct err *e);

/* The value @text of the option @name: itself, or, when it begins with file://
 * or fileb://, what that file holds ('~' and $VARIABLES in the path are
 * expanded).  Returns 0 with *out from mem_*(), or a code with @e. */
int value_string(const char *text, const char *name, bool files, char **out,
                 struct err *e);

#endif /* VALUES_H */
