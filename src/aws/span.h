/* SPDX-License-Identifier: Apache-2.0 */
/* span.h - pieces of a text of UTF-8, with white space and lines as Python
 * knows them.  Pure; nothing is copied but by span_dup(). */
#ifndef SPAN_H
#define SPAN_H

#include <stdbool.h>
#include <stddef.h>

/* The bytes from @p to before @end, lent by whoever has the text. */
struct span {
    const char *p;
    const char *end;
};

/* @s without white space at either end, as str.strip(), or at its end alone,
 * as str.rstrip(). */
struct span span_strip(struct span s);
struct span span_rstrip(struct span s);

/* How many characters of white space @s begins with. */
size_t span_indent(struct span s);

/* Take the first line off @rest, which is not empty; without its end: \n, \r\n
 * or \r, and what else str.splitlines() takes for one when @wide. */
struct span span_line(struct span *rest, bool wide);

/* Whether @s is @name. */
bool span_is(struct span s, const char *name);

/* A copy of @s, for mem_free(); NULL: out of memory. */
char *span_dup(struct span s);

#endif /* SPAN_H */
