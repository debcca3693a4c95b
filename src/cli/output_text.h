/* SPDX-License-Identifier: Apache-2.0 */
/* output_text.h - a JSON value as the AWS CLI's --output text and table. */
#ifndef OUTPUT_TEXT_H
#define OUTPUT_TEXT_H

#include <jansson.h>
#include <stddef.h>

struct buf;

/* Append @value as lines of fields with tabs between; the members of objects
 * by name, what is inside a member after its name in capitals. */
void output_text(struct buf *out, json_t *value);

/* Append @value as a table under @title, in columns, or if that is wider than
 * @width with a line a member.  An empty @value is nothing.  0, or ERR_PARSE
 * with the reason in @why for what makes no table. */
int output_table(struct buf *out, const char *title, json_t *value,
                 size_t width, struct buf *why);

/* The names of @object's members, sorted and without doubles: those whose
 * values are plain to @plain, the others to @nested, both arrays. */
void output_names(json_t *object, json_t *plain, json_t *nested);

#endif /* OUTPUT_TEXT_H */
