/* SPDX-License-Identifier: Apache-2.0 */
/* list_row.h - an instance as `eice list` shows it; pure. */
#ifndef LIST_ROW_H
#define LIST_ROW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include <eice/eice.h>

enum { LIST_REASON_SIZE = 160 };

/* Why @i cannot be reached through an endpoint, into @out, which is "" when it
 * can.  @f holds the endpoints. */
void list_reason(char out[static LIST_REASON_SIZE],
                 const struct eice_instance *i, const struct eice_found *f);

/* The column that @name ("id", "name", "tag:KEY") stands for exists. */
bool list_column_known(const char *name);

/* The heading of a column, which is its name in capitals, to @out. */
void list_heading(char *out, size_t size, const char *name);

/* What stands in the column @name for @i; NULL for nothing.  @reason is
 * list_reason()'s. */
const char *list_cell(const char *name, const struct eice_instance *i,
                      const struct eice_found *f, const char *reason);

/* @i as an object; NULL when memory is short. */
json_t *list_object(const struct eice_instance *i, const struct eice_found *f,
                    const char *reason);

#endif /* LIST_ROW_H */
