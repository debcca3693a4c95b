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
        is_not = jp_is_false(*out);
        json_decref(*out);
        return jp_give(v, json_boolean(is_not), out);
    }
    if (jp_is_false(*out) == (n->kind == JP_N_OR)) {
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
        return jp_project(v, n, value, out);
    case JP_N_FLATTEN:
        return jp_flatten(v, n, value, out);
    case JP_N_LIST:
    case JP_N_HASH:
        return jp_multi(v, n, value, out);
    case JP_N_FUNCTION:
        return visit_function(v, n, value, out);
    case JP_N_EXPREF:
        break;
    }
    buf_adds(v->why, "An expression after '&' can only be an argument of a "
                     "function.");
    return ERR_PARSE;
}
