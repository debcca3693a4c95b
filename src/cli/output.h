/* SPDX-License-Identifier: Apache-2.0 */
/* output.h - answers in the AWS CLI's formats; pure. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct buf;

enum { OUTPUT_COLUMNS_MAX = 32 };

/* How an answer is to be shown. */
struct output {
    const char *format; /* json, text, table, yaml, yaml-stream or off; NULL is
                           json */
    const char *title;  /* The operation's name, for tables */
    size_t width;       /* Of the terminal, for tables */
};

/* Append any @value as @how says, whole lines.  0, or ERR_PARSE with the reason
 * in @why for what makes no table. */
int output_format(struct buf *out, const struct output *how, json_t *value,
                  struct buf *why);

/* Append rows in columns as wide as they need to be: @cells holds @n_rows times
 * @n_columns texts (OUTPUT_COLUMNS_MAX at most), the first row being the
 * headings.  NULL is "-". */
void output_columns(struct buf *out, const char *const *cells, size_t n_rows,
                    size_t n_columns);

#endif /* OUTPUT_H */
