/* SPDX-License-Identifier: Apache-2.0 */
/* output.h - answers on stdout, in the AWS CLI's formats. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct buf;

/* Append @value (an object, or an array of objects, of plain values) in
 * @format: json, text, table, yaml, yaml-stream or off; NULL is json.  @title
 * is the operation's name, for tables.  Ends with a newline. */
void output_format(struct buf *out, const char *format, const char *title,
                   json_t *value);

/* The same, to stdout. */
void output_print(const char *format, const char *title, json_t *value);

/* Append rows in columns as wide as they need to be: @cells holds @n_rows times
 * @n_columns texts, the first row being the headings.  NULL is "-". */
void output_columns(struct buf *out, const char *const *cells, size_t n_rows,
                    size_t n_columns);

#endif /* OUTPUT_H */
