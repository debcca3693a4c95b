/* SPDX-License-Identifier: Apache-2.0 */
/* jp_eval.h - asking a value what a JMESPath tree says. */
#ifndef JP_EVAL_H
#define JP_EVAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct buf;
struct jp_node;

/* One search. */
struct jp_eval {
    struct buf *why; /* What is wrong goes here */
    long steps;      /* That may still be made */
};

/* An argument of a function: a value, or an expression not yet asked. */
struct jp_arg {
    json_t *value;             /* Borrowed; NULL for an expression */
    const struct jp_node *ref; /* Or NULL */
};

/* Ask @value.  0 and a new reference in *@out, or a code with the reason in
 * @v->why.  Recursion is as deep as the tree. */
int jp_visit(struct jp_eval *v, const struct jp_node *n, json_t *value,
             json_t **out);

/* Call a function by its name, with @n arguments; as jp_visit(). */
int jp_call(struct jp_eval *v, const char *name, const struct jp_arg *args,
            size_t n, json_t **out);

/* Nodes that jp_visit() leaves to jp_project.c; as jp_visit(). */
int jp_project(struct jp_eval *v, const struct jp_node *n, json_t *value,
               json_t **out);
int jp_flatten(struct jp_eval *v, const struct jp_node *n, json_t *value,
               json_t **out);
int jp_multi(struct jp_eval *v, const struct jp_node *n, json_t *value,
             json_t **out);

/* Take a step, or as many as @value has parts: 0, or ERR_TOO_BIG. */
int jp_step(struct jp_eval *v);
int jp_charge(struct jp_eval *v, const json_t *value);

/* Whether two values are the same; numbers by their value. */
bool jp_equal(const json_t *a, const json_t *b);

/* Compare two numbers, or two strings by their characters: <0, 0, >0. */
int jp_compare(const json_t *a, const json_t *b);

/* What JMESPath calls false: null, false, and all that is empty. */
bool jp_is_false(const json_t *value);

/* *@out becomes @value, which may be NULL for lack of memory; 0 or
 * UV_ENOMEM. */
int jp_give(struct jp_eval *v, json_t *value, json_t **out);

#endif /* JP_EVAL_H */
