/* SPDX-License-Identifier: Apache-2.0 */
/* filter.c - reading filters and matching values with wildcards. */
#include "filter.h"

#include <stdio.h>
#include <string.h>

#include "mem.h"

bool filter_glob(const char *pattern, const char *text)
{
    const char *star = NULL; /* After the last '*' */
    const char *mark = NULL; /* What it has eaten up to */

    while (*text != '\0') {
        if (*pattern == '*') {
            star = ++pattern;
            mark = text;
            continue;
        }
        if (*pattern == '?') {
            pattern++;
            text++;
            continue;
        }
        if (*pattern != '\0') {
            size_t skip = *pattern == '\\' && pattern[1] != '\0' ? 1 : 0;

            if (pattern[skip] == *text) {
                pattern += skip + 1;
                text++;
                continue;
            }
        }
        if (star == NULL) {
            return false;
        }
        pattern = star;
        text = ++mark;
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == '\0';
}

bool filter_has(const struct filter *f, const char *value)
{
    size_t i;

    for (i = 0; value != NULL && i < f->n_values; i++) {
        if (filter_glob(f->values[i], value)) {
            return true;
        }
    }
    return false;
}

bool filter_tags(const struct filter *f, const struct world_tag *tags,
                 size_t n_tags, bool *is_tag)
{
    bool by_key = strcmp(f->name, "tag-key") == 0;
    bool by_value = strcmp(f->name, "tag-value") == 0;
    const char *key = strncmp(f->name, "tag:", 4) == 0 ? f->name + 4 : NULL;
    size_t i;

    *is_tag = by_key || by_value || key != NULL;
    for (i = 0; *is_tag && i < n_tags; i++) {
        if (key != NULL && strcmp(tags[i].key, key) != 0) {
            continue;
        }
        if (filter_has(f, by_key ? tags[i].key : tags[i].value)) {
            return true;
        }
    }
    return false;
}

static bool is_allowed(const char *const *allowed, const char *name)
{
    bool is_tag = strncmp(name, "tag:", 4) == 0;

    for (; *allowed != NULL; allowed++) {
        if (strcmp(*allowed, is_tag ? "tag:" : name) == 0) {
            return !is_tag || name[4] != '\0';
        }
    }
    return false;
}

/* One filter, from Filter.N. */
static bool read_one(struct api_call *c, unsigned n, const char *const *allowed,
                     struct filter *f, size_t *total)
{
    char prefix[32];

    f->name = params_at(&c->params, "Filter", n, "Name");
    snprintf(prefix, sizeof prefix, "Filter.%u.Value", n);
    f->n_values = params_list(&c->params, prefix, f->values, FILTER_MAX_VALUES);
    if (f->name == NULL) {
        return call_fail(c, 400, "MissingParameter",
                         "The request must contain the parameter "
                         "Filter.%u.Name",
                         n);
    }
    if (!is_allowed(allowed, f->name)) {
        return call_fail(c, 400, "InvalidParameterValue",
                         "The filter '%s' is invalid", f->name);
    }
    *total += f->n_values;
    if (*total > FILTER_MAX_VALUES) {
        return call_fail(c, 400, "FilterLimitExceeded",
                         "The maximum number of filter values specified on a "
                         "single call is %d",
                         FILTER_MAX_VALUES);
    }
    if (f->n_values == 0) {
        return call_fail(c, 400, "InvalidParameterValue",
                         "The filter '%s' has no value", f->name);
    }
    return true;
}

bool filters_read(struct api_call *c, const char *const *allowed,
                  struct filters *out)
{
    unsigned most = params_count(&c->params, "Filter");
    size_t total = 0;
    unsigned i;

    *out = (struct filters){0};
    if (most == 0) {
        return true;
    }
    if (most > FILTER_MAX) {
        return call_fail(c, 400, "FilterLimitExceeded",
                         "The maximum number of filters on a single call is "
                         "%d",
                         FILTER_MAX);
    }
    out->v = mem_zalloc(most * sizeof *out->v);
    if (out->v == NULL) {
        return call_no_memory(c);
    }
    for (i = 1; i <= most; i++) {
        char prefix[32];

        snprintf(prefix, sizeof prefix, "Filter.%u.Value", i);
        if (params_at(&c->params, "Filter", i, "Name") == NULL &&
            params_count(&c->params, prefix) == 0) {
            continue; /* Numbers may have gaps. */
        }
        if (!read_one(c, i, allowed, &out->v[out->n++], &total)) {
            return false;
        }
    }
    return true;
}

void filters_free(struct filters *f)
{
    mem_free(f->v);
    *f = (struct filters){0};
}
