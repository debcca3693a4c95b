/* SPDX-License-Identifier: Apache-2.0 */
/* filter.h - EC2's Filter.N.Name and Filter.N.Value.M.
 *
 * Filters are and-ed, the values of one or-ed; values may hold * and ?, and \
 * makes the next character plain. */
#ifndef EMU_FILTER_H
#define EMU_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "call.h"

enum { FILTER_MAX = 50, FILTER_MAX_VALUES = 200 };

struct filter {
    const char *name;
    const char *values[FILTER_MAX_VALUES];
    size_t n_values;
};

struct filters {
    struct filter *v; /* FILTER_MAX of them */
    size_t n;
};

/* Read the call's filters.  Names must be one of @allowed (a NULL-ended list;
 * "tag:" stands for any tag:KEY); else the call is refused.  filters_free() is
 * needed either way. */
bool filters_read(struct api_call *c, const char *const *allowed,
                  struct filters *out);
void filters_free(struct filters *f);

/* Whether @text fits @pattern. */
bool filter_glob(const char *pattern, const char *text);

/* Whether one of the filter's values fits @value; NULL fits nothing. */
bool filter_has(const struct filter *f, const char *value);

/* For filters on tags ("tag:KEY", "tag-key", "tag-value"): whether @tags fit;
 * false in *@is_tag when @f is no such filter. */
bool filter_tags(const struct filter *f, const struct world_tag *tags,
                 size_t n_tags, bool *is_tag);

#endif /* EMU_FILTER_H */
