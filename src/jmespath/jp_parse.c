/* SPDX-License-Identifier: Apache-2.0 */
/* jp_parse.c - a JMESPath expression as a tree.
 *
 * The happy path is: tokens that can begin an expression make a node ("first"
 * below), and while a token binds tighter than what is around, it makes a
 * larger node of that ("join").  What can go wrong: a token that can do
 * neither where it stands, the end too early, too deep, no memory; every
 * function then gives NULL and the parser has the reason. */
#include "jp_parse.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "jmespath.h"
#include "jp_node.h"
#include "jp_parts.h"
#include "mem.h"

/* [ at the beginning of an expression. */
static struct jp_node *first_bracket(struct jp_parser *p)
{
    if (jp_kind_here(p) == JP_NUMBER || jp_kind_here(p) == JP_COLON) {
        struct jp_node *left = jp_node_new(p, JP_N_CURRENT);

        return left != NULL ? jp_apply_index(p, left) : NULL;
    }
    if (jp_kind_here(p) == JP_STAR &&
        p->t->list[p->i + 1].kind == JP_RBRACKET) {
        return jp_star_index(p, jp_node_new(p, JP_N_CURRENT));
    }
    return jp_multi_list(p);
}

/* [] and what follows. */
static struct jp_node *flatten(struct jp_parser *p, struct jp_node *left)
{
    struct jp_node *n = jp_node_of(p, JP_N_FLATTEN, left, NULL);

    return n == NULL
               ? NULL
               : jp_node_of_two(p, JP_N_PROJECT, n,
                                jp_projection_right(p, jp_power(JP_FLATTEN)));
}

/* [?condition] and what follows; "[?" is read. */
static struct jp_node *filter(struct jp_parser *p, struct jp_node *left)
{
    struct jp_node *condition = left != NULL ? jp_expression(p, 0) : NULL;
    struct jp_node *right;
    struct jp_node *n;

    if (condition == NULL || !jp_match(p, JP_RBRACKET)) {
        return NULL;
    }
    right = jp_kind_here(p) == JP_FLATTEN
                ? jp_node_new(p, JP_N_CURRENT)
                : jp_projection_right(p, jp_power(JP_FILTER));
    n = jp_node_of_two(p, JP_N_FILTER, left, right);
    return jp_adopt(p, n, condition);
}

/* * at the beginning of an expression, or after a dot. */
static struct jp_node *star(struct jp_parser *p, struct jp_node *left,
                            int power)
{
    struct jp_node *right = left == NULL ? NULL : jp_projection_right(p, power);

    return jp_node_of_two(p, JP_N_VALUES, left, right);
}

/* *, where "*]" ends it. */
static struct jp_node *first_star(struct jp_parser *p)
{
    struct jp_node *left = jp_node_new(p, JP_N_CURRENT);

    if (jp_kind_here(p) == JP_RBRACKET) {
        return jp_node_of_two(p, JP_N_VALUES, left,
                              jp_node_new(p, JP_N_CURRENT));
    }
    return star(p, left, jp_power(JP_STAR));
}

/* A name; in quotes it cannot be a function's. */
static struct jp_node *first_name(struct jp_parser *p, const struct jp_token *t)
{
    if (t->kind == JP_QUOTED && jp_kind_here(p) == JP_LPAREN) {
        return jp_refuse_at(
            p, jp_token_here(p), 0,
            "Quoted identifier not allowed for function names.");
    }
    return jp_node_text(p, JP_N_FIELD, t->text);
}

/* (expression) */
static struct jp_node *first_paren(struct jp_parser *p)
{
    struct jp_node *n = jp_expression(p, 0);

    return n != NULL && jp_match(p, JP_RPAREN) ? n : NULL;
}

/* A literal. */
static struct jp_node *first_literal(struct jp_parser *p,
                                     const struct jp_token *t)
{
    struct jp_node *n = jp_node_new(p, JP_N_LITERAL);

    if (n != NULL) {
        n->literal = json_incref(t->value);
    }
    return n;
}

/* The node that a token at the beginning makes; the token is read. */
static struct jp_node *first(struct jp_parser *p, const struct jp_token *t)
{
    switch (t->kind) {
    case JP_LITERAL:
        return first_literal(p, t);
    case JP_NAME:
    case JP_QUOTED:
        return first_name(p, t);
    case JP_STAR:
        return first_star(p);
    case JP_FILTER:
        return filter(p, jp_node_new(p, JP_N_CURRENT));
    case JP_LBRACE:
        return jp_multi_hash(p);
    case JP_LPAREN:
        return first_paren(p);
    case JP_FLATTEN:
        return flatten(p, jp_node_new(p, JP_N_CURRENT));
    case JP_NOT:
        return jp_node_of(p, JP_N_NOT, jp_expression(p, jp_power(JP_NOT)),
                          NULL);
    case JP_LBRACKET:
        return first_bracket(p);
    case JP_CURRENT:
        return jp_node_new(p, JP_N_CURRENT);
    case JP_EXPREF:
        return jp_node_of(p, JP_N_EXPREF, jp_expression(p, jp_power(JP_EXPREF)),
                          NULL);
    case JP_EOF:
        return jp_refuse_end(p);
    default:
        return jp_refuse_here(p, t, "invalid token");
    }
}

/* left.right */
static struct jp_node *join_dot(struct jp_parser *p, struct jp_node *left)
{
    struct jp_node *right;

    if (jp_kind_here(p) == JP_STAR) {
        p->i++;
        return star(p, left, jp_power(JP_DOT));
    }
    right = jp_dot_right(p, jp_power(JP_DOT));
    if (left->kind == JP_N_CHAIN) {
        return jp_adopt(p, left, right);
    }
    return jp_node_of_two(p, JP_N_CHAIN, left, right);
}

/* left[...] */
static struct jp_node *join_bracket(struct jp_parser *p, struct jp_node *left)
{
    if (jp_kind_here(p) != JP_NUMBER && jp_kind_here(p) != JP_COLON) {
        return jp_star_index(p, left);
    }
    if (left->kind == JP_N_INDEX_CHAIN) {
        return jp_adopt(p, left, jp_index_or_slice(p));
    }
    return jp_apply_index(p, left);
}

/* left(arguments) */
static struct jp_node *join_paren(struct jp_parser *p, struct jp_node *left)
{
    const struct jp_token *before = &p->t->list[p->i - 2];
    struct jp_node *n;
    struct buf what;

    if (left->kind != JP_N_FIELD) {
        buf_init(&what, 4096);
        buf_addf(&what, "Invalid function name '%s'", before->text);
        jp_refuse_here(p, before, buf_str(&what));
        buf_free(&what);
        return NULL;
    }
    n = jp_node_text(p, JP_N_FUNCTION, left->text);
    while (n != NULL && jp_kind_here(p) != JP_RPAREN) {
        n = jp_adopt(p, n, jp_expression(p, 0));
        if (n != NULL && jp_kind_here(p) == JP_COMMA) {
            p->i++;
        }
    }
    p->i += n != NULL;
    return n;
}

/* left op right */
static struct jp_node *join_two(struct jp_parser *p, struct jp_node *left,
                                enum jp_token_kind op)
{
    enum jp_kind k = op == JP_PIPE  ? JP_N_PIPE
                     : op == JP_OR  ? JP_N_OR
                     : op == JP_AND ? JP_N_AND
                                    : JP_N_COMPARE;
    struct jp_node *n =
        jp_node_of_two(p, k, left, jp_expression(p, jp_power(op)));

    if (n != NULL) {
        n->op = op;
    }
    return n;
}

/* The larger node that the token to be read next makes of @left. */
static struct jp_node *join(struct jp_parser *p, struct jp_node *left)
{
    const struct jp_token *t = jp_token_here(p);

    switch (t->kind) {
    case JP_DOT:
        p->i++;
        return join_dot(p, left);
    case JP_LBRACKET:
        p->i++;
        return join_bracket(p, left);
    case JP_LPAREN:
        p->i++;
        return join_paren(p, left);
    case JP_FILTER:
        p->i++;
        return filter(p, left);
    case JP_FLATTEN:
        p->i++;
        return flatten(p, left);
    case JP_PIPE:
    case JP_OR:
    case JP_AND:
    case JP_EQ:
    case JP_NE:
    case JP_GT:
    case JP_GTE:
    case JP_LT:
    case JP_LTE:
        p->i++;
        return join_two(p, left, t->kind);
    default:
        return jp_refuse_here(p, t, "invalid token");
    }
}

/* What tokens that bind tighter than @power make together. */
struct jp_node *jp_expression(struct jp_parser *p, int power)
{
    const struct jp_token *t = jp_token_here(p);
    struct jp_node *left;

    if (++p->depth > JMESPATH_MAX_DEPTH) {
        return jp_refuse_depth(p);
    }
    p->i += t->kind != JP_EOF;
    left = first(p, t);
    while (left != NULL && power < jp_power(jp_kind_here(p))) {
        left = join(p, left);
    }
    p->depth--;
    return left;
}

int jp_parse(struct jp_node **root, struct jp_node **nodes,
             const struct jp_tokens *t, const char *text, struct buf *why)
{
    struct jp_parser p = {.t = t, .text = text, .why = why};
    struct buf what;

    *root = jp_expression(&p, 0);
    *nodes = p.nodes;
    if (*root != NULL && jp_kind_here(&p) != JP_EOF) {
        buf_init(&what, 4096);
        buf_addf(&what, "Unexpected token: %s", jp_token_here(&p)->text);
        jp_refuse_here(&p, jp_token_here(&p), buf_str(&what));
        buf_free(&what);
    }
    return p.error;
}
