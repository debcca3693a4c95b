/* SPDX-License-Identifier: Apache-2.0 */
/* jp_project.c - the parts of JMESPath that make lists and objects: [*], .*,
 * [?...], [], [a, b] and {a: b}. */
#include "buf.h"
#include "err.h"
#include "jp_eval.h"
#include "jp_parse.h"

/* Ask one element of a projection, and keep what is not null. */
static int project_one(struct jp_eval *v, const struct jp_node *right,
                       const struct jp_node *condition, json_t *item,
                       json_t *list)
{
    json_t *result;
    bool wanted = true;
    int rv = 0;

    if (condition != NULL) {
        rv = jp_visit(v, condition, item, &result);
        if (rv == 0) {
            wanted = !jp_is_false(result);
            json_decref(result);
        }
    }
    if (rv != 0 || !wanted) {
        return rv;
    }
    rv = jp_visit(v, right, item, &result);
    if (rv == 0 && json_is_null(result)) {
        json_decref(result);
    } else if (rv == 0 && json_array_append_new(list, result) != 0) {
        return jp_give(v, NULL, &result);
    }
    return rv;
}

int jp_project(struct jp_eval *v, const struct jp_node *n, json_t *value,
               json_t **out)
{
    const struct jp_node *right = n->child->sibling;
    bool of_object = n->kind == JP_N_VALUES;
    const char *key;
    json_t *item;
    json_t *base;
    size_t i;
    int rv = jp_visit(v, n->child, value, &base);

    *out = NULL;
    if (rv != 0) {
        return rv;
    }
    if (of_object ? !json_is_object(base) : !json_is_array(base)) {
        json_decref(base);
        return jp_give(v, json_null(), out);
    }
    rv = jp_give(v, json_array(), out);
    for (i = 0; rv == 0 && i < json_array_size(base); i++) {
        rv = project_one(v, right, right->sibling, json_array_get(base, i),
                         *out);
    }
    json_object_foreach(base, key, item)
    {
        if (rv == 0) {
            rv = project_one(v, right, NULL, item, *out);
        }
    }
    json_decref(base);
    if (rv != 0) {
        json_decref(*out);
        *out = NULL;
    }
    return rv;
}

/* The elements of the lists in @base, and what is no list. */
static int flatten(struct jp_eval *v, json_t *base, json_t **out)
{
    size_t i;
    size_t k;
    int rv = jp_give(v, json_array(), out);

    for (i = 0; rv == 0 && i < json_array_size(base); i++) {
        json_t *item = json_array_get(base, i);

        if (!json_is_array(item)) {
            rv = jp_step(v);
            json_array_append(*out, item);
        }
        for (k = 0; rv == 0 && k < json_array_size(item); k++) {
            rv = jp_step(v);
            json_array_append(*out, json_array_get(item, k));
        }
    }
    if (rv != 0) {
        json_decref(*out);
        *out = NULL;
    }
    return rv;
}

int jp_flatten(struct jp_eval *v, const struct jp_node *n, json_t *value,
               json_t **out)
{
    json_t *base;
    int rv = jp_visit(v, n->child, value, &base);

    *out = NULL;
    if (rv == 0) {
        rv = json_is_array(base) ? flatten(v, base, out)
                                 : jp_give(v, json_null(), out);
        json_decref(base);
    }
    return rv;
}

int jp_multi(struct jp_eval *v, const struct jp_node *n, json_t *value,
             json_t **out)
{
    const struct jp_node *c;
    json_t *one;
    int rv;

    if (json_is_null(value)) {
        return jp_give(v, json_null(), out);
    }
    rv = jp_give(v, n->kind == JP_N_LIST ? json_array() : json_object(), out);
    for (c = n->child; rv == 0 && c != NULL; c = c->sibling) {
        rv = jp_visit(v, c, value, &one);
        if (rv == 0 && (n->kind == JP_N_LIST
                            ? json_array_append_new(*out, one)
                            : json_object_set_new(*out, c->key, one)) != 0) {
            json_decref(*out);
            return jp_give(v, NULL, out);
        }
    }
    if (rv != 0) {
        json_decref(*out);
        *out = NULL;
    }
    return rv;
}
