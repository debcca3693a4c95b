/* SPDX-License-Identifier: Apache-2.0 */
/* jp_eval.c - asking a value what a JMESPath tree says.
 *
 * The happy path is: each node asks its children and makes one value of their
 * answers; what does not fit, such as a member of a list, is null.
 *
 * What can go wrong: a function refuses its arguments, a slice has a step of
 * zero, numbers and strings are ordered, the search takes too many steps, no
 * memory. */
#include "jp_eval.h"

#include <stdint.h>
#include <string.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "jmespath.h"
#include "jp_parse.h"
#include "mem.h"

enum { MAX_ARGS = 64 };

int jp_give(struct jp_eval *v, json_t *value, json_t **out)
{
    *out = value;
    if (value == NULL) {
        buf_adds(v->why, "not enough memory");
        return UV_ENOMEM;
    }
    return 0;
}

int jp_step(struct jp_eval *v)
{
    if (v->steps-- > 0) {
        return 0;
    }
    buf_adds(v->why, "The expression makes too much of the value.");
    return ERR_TOO_BIG;
}

int jp_charge(struct jp_eval *v, const json_t *value)
{
    json_t *object = (json_t *)(uintptr_t)value; /* jansson reads it only */
    const char *key;
    json_t *member;
    size_t i;
    int rv = jp_step(v);

    for (i = 0; rv == 0 && i < json_array_size(value); i++) {
        rv = jp_charge(v, json_array_get(value, i));
    }
    json_object_foreach(object, key, member)
    {
        if (rv == 0) {
            rv = jp_charge(v, member);
        }
    }
    return rv;
}

int jp_compare(const json_t *a, const json_t *b)
{
    double x;
    double y;

    if (json_is_string(a)) {
        return strcmp(json_string_value(a), json_string_value(b));
    }
    if (json_is_integer(a) && json_is_integer(b)) {
        return (json_integer_value(a) > json_integer_value(b)) -
               (json_integer_value(a) < json_integer_value(b));
    }
    x = json_number_value(a);
    y = json_number_value(b);
    return (x > y) - (x < y);
}

/* Whether two objects have the same members. */
static bool objects_equal(const json_t *a, const json_t *b)
{
    json_t *object = (json_t *)(uintptr_t)a; /* jansson reads it only */
    const char *key;
    json_t *member;

    if (json_object_size(a) != json_object_size(b)) {
        return false;
    }
    json_object_foreach(object, key, member)
    {
        const json_t *other = json_object_get(b, key);

        if (other == NULL || !jp_equal(member, other)) {
            return false;
        }
    }
    return true;
}

bool jp_equal(const json_t *a, const json_t *b)
{
    size_t i;

    if (json_is_number(a) && json_is_number(b)) {
        return jp_compare(a, b) == 0;
    }
    if (json_typeof(a) != json_typeof(b)) {
        return false;
    }
    if (json_is_object(a)) {
        return objects_equal(a, b);
    }
    if (!json_is_array(a)) {
        return json_equal(a, b) != 0;
    }
    for (i = 0; i < json_array_size(a); i++) {
        if (i >= json_array_size(b) ||
            !jp_equal(json_array_get(a, i), json_array_get(b, i))) {
            return false;
        }
    }
    return json_array_size(a) == json_array_size(b);
}

/* What JMESPath calls false: null, false, and all that is empty. */
static bool is_false(const json_t *value)
{
    return json_is_null(value) || json_is_false(value) ||
           (json_is_string(value) && json_string_length(value) == 0) ||
           (json_is_array(value) && json_array_size(value) == 0) ||
           (json_is_object(value) && json_object_size(value) == 0);
}

/* The element of @list that @index, from the end if negative, means. */
static json_t *element(json_t *list, int64_t index)
{
    int64_t size = (int64_t)json_array_size(list);
    json_t *found = NULL;

    index = index < 0 ? index + size : index;
    if (index >= 0 && index < size) {
        found = json_array_get(list, (size_t)index);
    }
    return found != NULL ? json_incref(found) : json_null();
}

/* A bound of a slice, brought into low to high. */
static int64_t bound(const struct jp_node *n, unsigned part, int64_t size,
                     int64_t low, int64_t high, int64_t otherwise)
{
    int64_t at = n->number[part];

    if (!n->given[part]) {
        return otherwise;
    }
    if (at < 0) {
        at = at < -size ? -1 : at + size;
    }
    return at < low ? low : at > high ? high : at;
}

/* list[1:2:3], as Python takes slices. */
static int visit_slice(struct jp_eval *v, const struct jp_node *n, json_t *list,
                       json_t **out)
{
    int64_t size = (int64_t)json_array_size(list);
    int64_t step = n->given[2] ? n->number[2] : 1;
    int64_t i;
    int64_t stop;

    if (!json_is_array(list)) {
        return jp_give(v, json_null(), out);
    }
    if (step == 0) {
        buf_adds(v->why, "slice step cannot be zero");
        return ERR_PARSE;
    }
    if (jp_give(v, json_array(), out) != 0) {
        return UV_ENOMEM;
    }
    if (step > 0) {
        i = bound(n, 0, size, 0, size, 0);
        stop = bound(n, 1, size, 0, size, size);
    } else {
        i = bound(n, 0, size, -1, size - 1, size - 1);
        stop = bound(n, 1, size, -1, size - 1, -1);
    }
    while (step > 0 ? i < stop : i > stop) {
        json_array_append(*out, json_array_get(list, (size_t)i));
        if (step > size || step < -size) {
            break; /* The next one is beyond either end. */
        }
        i += step;
    }
    return 0;
}

/* All children in turn. */
static int visit_chain(struct jp_eval *v, const struct jp_node *n,
                       json_t *value, json_t **out)
{
    const struct jp_node *c;
    json_t *next;
    int rv = 0;

    *out = json_incref(value);
    for (c = n->child; c != NULL; c = c->sibling) {
        rv = jp_visit(v, c, *out, &next);
        json_decref(*out);
        *out = next;
        if (rv != 0) {
            break;
        }
    }
    return rv;
}

/* a, and b if a leaves it open; !a. */
static int visit_logic(struct jp_eval *v, const struct jp_node *n,
                       json_t *value, json_t **out)
{
    bool is_not;
    int rv = jp_visit(v, n->child, value, out);

    if (rv != 0) {
        return rv;
    }
    if (n->kind == JP_N_NOT) {
        is_not = is_false(*out);
        json_decref(*out);
        return jp_give(v, json_boolean(is_not), out);
    }
    if (is_false(*out) == (n->kind == JP_N_OR)) {
        json_decref(*out);
        return jp_visit(v, n->child->sibling, value, out);
    }
    return 0;
}

/* a op b for values that are there. */
static int compare(struct jp_eval *v, enum jp_token_kind op, const json_t *a,
                   const json_t *b, json_t **out)
{
    bool ordered = (json_is_string(a) || json_is_number(a)) &&
                   (json_is_string(b) || json_is_number(b));
    int way;

    if (op == JP_EQ || op == JP_NE) {
        if (jp_charge(v, a) != 0) {
            return ERR_TOO_BIG;
        }
        return jp_give(v, json_boolean(jp_equal(a, b) == (op == JP_EQ)), out);
    }
    if (!ordered) {
        return jp_give(v, json_null(), out);
    }
    if (json_is_string(a) != json_is_string(b)) {
        buf_addf(v->why,
                 "'%s' not supported between instances of '%s' and "
                 "'%s'",
                 op == JP_LT    ? "<"
                 : op == JP_LTE ? "<="
                 : op == JP_GT  ? ">"
                                : ">=",
                 json_is_string(a)    ? "str"
                 : json_is_integer(a) ? "int"
                                      : "float",
                 json_is_string(b)    ? "str"
                 : json_is_integer(b) ? "int"
                                      : "float");
        return ERR_PARSE;
    }
    way = jp_compare(a, b);
    return jp_give(v,
                   json_boolean(op == JP_LT    ? way < 0
                                : op == JP_LTE ? way <= 0
                                : op == JP_GT  ? way > 0
                                               : way >= 0),
                   out);
}

static int visit_compare(struct jp_eval *v, const struct jp_node *n,
                         json_t *value, json_t **out)
{
    json_t *a;
    json_t *b;
    int rv = jp_visit(v, n->child, value, &a);

    *out = NULL;
    if (rv != 0) {
        return rv;
    }
    rv = jp_visit(v, n->child->sibling, value, &b);
    if (rv == 0) {
        rv = compare(v, n->op, a, b, out);
        json_decref(b);
    }
    json_decref(a);
    return rv;
}

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
            wanted = !is_false(result);
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

/* b of each element of a, or of each member. */
static int visit_projection(struct jp_eval *v, const struct jp_node *n,
                            json_t *value, json_t **out)
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

static int visit_flatten(struct jp_eval *v, const struct jp_node *n,
                         json_t *value, json_t **out)
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

/* [a, b] or {a: b}; null of null. */
static int visit_multi(struct jp_eval *v, const struct jp_node *n,
                       json_t *value, json_t **out)
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

/* f(a, b) */
static int visit_function(struct jp_eval *v, const struct jp_node *n,
                          json_t *value, json_t **out)
{
    struct jp_arg args[MAX_ARGS];
    const struct jp_node *c;
    size_t n_args = 0;
    int rv = 0;

    *out = NULL;
    for (c = n->child; rv == 0 && c != NULL; c = c->sibling) {
        if (n_args == MAX_ARGS) {
            buf_addf(v->why, "More than %d arguments for function %s()",
                     MAX_ARGS, n->text);
            rv = ERR_PARSE;
            break;
        }
        args[n_args] = (struct jp_arg){0};
        if (c->kind == JP_N_EXPREF) {
            args[n_args].ref = c->child;
        } else {
            rv = jp_visit(v, c, value, &args[n_args].value);
        }
        n_args += rv == 0;
    }
    if (rv == 0) {
        rv = jp_call(v, n->text, args, n_args, out);
    }
    while (n_args > 0) {
        json_decref(args[--n_args].value);
    }
    return rv;
}

int jp_visit(struct jp_eval *v, const struct jp_node *n, json_t *value,
             json_t **out)
{
    json_t *member;

    *out = NULL;
    if (jp_step(v) != 0) {
        return ERR_TOO_BIG;
    }
    switch (n->kind) {
    case JP_N_CURRENT:
        return jp_give(v, json_incref(value), out);
    case JP_N_FIELD:
        member = json_object_get(value, n->text);
        return jp_give(v, member != NULL ? json_incref(member) : json_null(),
                       out);
    case JP_N_LITERAL:
        return jp_give(v, json_incref(n->literal), out);
    case JP_N_INDEX:
        return jp_give(v, element(value, n->number[0]), out);
    case JP_N_SLICE:
        return visit_slice(v, n, value, out);
    case JP_N_CHAIN:
    case JP_N_INDEX_CHAIN:
    case JP_N_PIPE:
        return visit_chain(v, n, value, out);
    case JP_N_OR:
    case JP_N_AND:
    case JP_N_NOT:
        return visit_logic(v, n, value, out);
    case JP_N_COMPARE:
        return visit_compare(v, n, value, out);
    case JP_N_PROJECT:
    case JP_N_VALUES:
    case JP_N_FILTER:
        return visit_projection(v, n, value, out);
    case JP_N_FLATTEN:
        return visit_flatten(v, n, value, out);
    case JP_N_LIST:
    case JP_N_HASH:
        return visit_multi(v, n, value, out);
    case JP_N_FUNCTION:
        return visit_function(v, n, value, out);
    case JP_N_EXPREF:
        break;
    }
    buf_adds(v->why, "An expression after '&' can only be an argument of a "
                     "function.");
    return ERR_PARSE;
}
