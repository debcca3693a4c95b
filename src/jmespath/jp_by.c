/* SPDX-License-Identifier: Apache-2.0 */
/* jp_by.c - JMESPath's functions that put values in order.
 *
 * Each element gets a key, which is itself or what an expression makes of it;
 * the keys are numbers or strings, and all of one kind when sorting. */
#include "jp_calls.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "jp_eval.h"
#include "mem.h"

/* An element on its way to its place. */
struct keyed {
    json_t *key;  /* A reference, or NULL */
    json_t *item; /* Borrowed */
    size_t place; /* Where it was: equal keys keep their order */
};

static int by_key(const void *a, const void *b)
{
    const struct keyed *x = a;
    const struct keyed *y = b;
    int way = jp_compare(x->key, y->key);

    return way != 0 ? way : (x->place > y->place) - (x->place < y->place);
}

static void keyed_free(struct keyed *list, size_t n)
{
    size_t i;

    for (i = 0; list != NULL && i < n; i++) {
        json_decref(list[i].key);
    }
    mem_free(list);
}

/* The keys of @array; by @ref, or the elements themselves. */
static int keyed_new(struct jp_eval *v, const char *name, json_t *array,
                     const struct jp_node *ref, struct keyed **out)
{
    size_t n = json_array_size(array);
    const char *types = strcmp(name, "sort_by") != 0 ? "ns" : NULL;
    struct keyed *list = mem_zalloc((n + 1) * sizeof *list);
    size_t i;
    int rv = list != NULL ? 0 : UV_ENOMEM;

    for (i = 0; rv == 0 && i < n; i++) {
        list[i].item = json_array_get(array, i);
        list[i].place = i;
        if (ref == NULL) {
            list[i].key = json_incref(list[i].item);
            continue;
        }
        rv = jp_visit(v, ref, list[i].item, &list[i].key);
        if (rv != 0) {
            break;
        }
        if (types == NULL && json_is_string(list[0].key)) {
            types = "s"; /* sort_by: the first key decides. */
        } else if (types == NULL && json_is_number(list[0].key)) {
            types = "n";
        } else if (types == NULL) {
            rv = jp_refuse(v, name, list[0].item, "sn", jp_type(list[0].key));
            break;
        }
        if (strchr(types, json_is_string(list[i].key)   ? 's'
                          : json_is_number(list[i].key) ? 'n'
                                                        : 'x') == NULL) {
            rv = jp_refuse(v, name, list[i].key, types, jp_type(list[i].key));
        }
    }
    if (rv != 0) {
        keyed_free(list, n);
        list = NULL;
    }
    *out = list;
    return rv;
}

/* All, in order. */
static int sorted(struct jp_eval *v, const char *name, json_t *array,
                  const struct jp_node *ref, json_t **out)
{
    size_t n = json_array_size(array);
    struct keyed *list;
    size_t i;
    int rv = keyed_new(v, name, array, ref, &list);

    if (rv != 0) {
        return rv;
    }
    qsort(list, n, sizeof *list, by_key);
    rv = jp_give(v, json_array(), out);
    for (i = 0; rv == 0 && i < n; i++) {
        json_array_append(*out, list[i].item);
    }
    keyed_free(list, n);
    return rv;
}

/* The first of the smallest, or of the largest; null of nothing. */
static int extreme(struct jp_eval *v, const char *name, json_t *array,
                   const struct jp_node *ref, bool largest, json_t **out)
{
    size_t n = json_array_size(array);
    struct keyed *list;
    size_t best = 0;
    size_t i;
    int rv = keyed_new(v, name, array, ref, &list);

    for (i = 1; rv == 0 && i < n; i++) {
        int way;

        if (json_is_string(list[i].key) != json_is_string(list[best].key)) {
            buf_addf(v->why,
                     "'%c' not supported between instances of '%s' and '%s'",
                     largest ? '>' : '<', jp_python_type(list[i].key),
                     jp_python_type(list[best].key));
            rv = ERR_PARSE;
            break;
        }
        way = jp_compare(list[i].key, list[best].key);
        best = (largest ? way > 0 : way < 0) ? i : best;
    }
    if (rv == 0) {
        rv =
            jp_give(v, n > 0 ? json_incref(list[best].item) : json_null(), out);
    }
    keyed_free(list, n);
    return rv;
}

int jp_call_max(struct jp_eval *v, const struct jp_arg *a, size_t n,
                json_t **out)
{
    (void)n;
    return extreme(v, "max", a[0].value, NULL, true, out);
}

int jp_call_min(struct jp_eval *v, const struct jp_arg *a, size_t n,
                json_t **out)
{
    (void)n;
    return extreme(v, "min", a[0].value, NULL, false, out);
}

int jp_call_sort(struct jp_eval *v, const struct jp_arg *a, size_t n,
                 json_t **out)
{
    (void)n;
    return sorted(v, "sort", a[0].value, NULL, out);
}

int jp_call_max_by(struct jp_eval *v, const struct jp_arg *a, size_t n,
                   json_t **out)
{
    (void)n;
    return extreme(v, "max_by", a[0].value, a[1].ref, true, out);
}

int jp_call_min_by(struct jp_eval *v, const struct jp_arg *a, size_t n,
                   json_t **out)
{
    (void)n;
    return extreme(v, "min_by", a[0].value, a[1].ref, false, out);
}

int jp_call_sort_by(struct jp_eval *v, const struct jp_arg *a, size_t n,
                    json_t **out)
{
    (void)n;
    return sorted(v, "sort_by", a[0].value, a[1].ref, out);
}
