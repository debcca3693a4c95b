/* SPDX-License-Identifier: Apache-2.0 */
/* jp_parts.c - the parts of a JMESPath expression that stand in brackets, in
 * braces or behind a dot. */
#include "jp_parts.h"

#include <stdio.h>
#include <string.h>

#include "jp_node.h"
#include "mem.h"

/* Tokens that bind less end a projection. */
enum { PROJECTION_STOP = 10 };

static const int powers[] = {
#define X(token, name, power) power,
    JP_TOKENS(X)
#undef X
};

int jp_power(enum jp_token_kind k)
{
    return powers[k];
}

bool jp_match(struct jp_parser *p, enum jp_token_kind k)
{
    char what[80];

    if (jp_kind_here(p) == k) {
        p->i++;
        return true;
    }
    if (jp_kind_here(p) == JP_EOF) {
        jp_refuse_end(p);
        return false;
    }
    snprintf(what, sizeof what, "Expecting: %s, got: %s", jp_token_name(k),
             jp_token_name(jp_kind_here(p)));
    jp_refuse_here(p, jp_token_here(p), what);
    return false;
}

struct jp_node *jp_multi_list(struct jp_parser *p)
{
    struct jp_node *n = jp_node_new(p, JP_N_LIST);

    for (;;) {
        n = jp_adopt(p, n, n != NULL ? jp_expression(p, 0) : NULL);
        if (n == NULL) {
            return NULL;
        }
        if (jp_kind_here(p) == JP_RBRACKET) {
            break;
        }
        if (!jp_match(p, JP_COMMA)) {
            return NULL;
        }
    }
    p->i++;
    return n;
}

/* The name of a member of {a: b}. */
static bool hash_key(struct jp_parser *p, char **key)
{
    char what[120];

    if (jp_kind_here(p) == JP_EOF) {
        jp_refuse_end(p);
        return false;
    }
    if (jp_kind_here(p) != JP_NAME && jp_kind_here(p) != JP_QUOTED) {
        snprintf(what, sizeof what,
                 "Expecting: ['quoted_identifier', 'unquoted_identifier'], "
                 "got: %s",
                 jp_token_name(jp_kind_here(p)));
        jp_refuse_here(p, jp_token_here(p), what);
        return false;
    }
    *key = mem_strdup(jp_token_here(p)->text);
    if (*key == NULL) {
        jp_no_memory(p);
        return false;
    }
    p->i++;
    return true;
}

struct jp_node *jp_multi_hash(struct jp_parser *p)
{
    struct jp_node *n = jp_node_new(p, JP_N_HASH);
    struct jp_node *value;
    char *key = NULL;

    while (n != NULL) {
        if (!hash_key(p, &key)) {
            return NULL;
        }
        /* Each value is a child of its own node, which has the key. */
        value = jp_match(p, JP_COLON) ? jp_expression(p, 0) : NULL;
        value = jp_node_of(p, JP_N_CHAIN, value, NULL);
        if (value == NULL) {
            mem_free(key);
            return NULL;
        }
        value->key = key;
        n = jp_adopt(p, n, value);
        if (n != NULL && jp_kind_here(p) == JP_COMMA) {
            p->i++;
        } else if (n != NULL && jp_kind_here(p) == JP_RBRACE) {
            p->i++;
            return n;
        }
    }
    return NULL;
}

struct jp_node *jp_dot_right(struct jp_parser *p, int power)
{
    char what[140];

    switch (jp_kind_here(p)) {
    case JP_QUOTED:
    case JP_NAME:
    case JP_STAR:
        return jp_expression(p, power);
    case JP_LBRACKET:
        p->i++;
        return jp_multi_list(p);
    case JP_LBRACE:
        p->i++;
        return jp_multi_hash(p);
    default:
        snprintf(what, sizeof what,
                 "Expecting: ['quoted_identifier', 'unquoted_identifier', "
                 "'lbracket', 'lbrace'], got: %s",
                 jp_token_name(jp_kind_here(p)));
        return jp_refuse_here(p, jp_token_here(p), what);
    }
}

struct jp_node *jp_projection_right(struct jp_parser *p, int power)
{
    if (jp_power(jp_kind_here(p)) < PROJECTION_STOP) {
        return jp_node_new(p, JP_N_CURRENT);
    }
    if (jp_kind_here(p) == JP_LBRACKET || jp_kind_here(p) == JP_FILTER) {
        return jp_expression(p, power);
    }
    if (jp_kind_here(p) == JP_DOT) {
        p->i++;
        return jp_dot_right(p, power);
    }
    return jp_refuse_here(p, jp_token_here(p), "syntax error");
}

/* 1:2:3]; the bracket is read. */
static struct jp_node *slice(struct jp_parser *p)
{
    struct jp_node *n = jp_node_new(p, JP_N_SLICE);
    unsigned part = 0;

    while (n != NULL && jp_kind_here(p) != JP_RBRACKET) {
        if (jp_kind_here(p) == JP_COLON) {
            if (++part == 3) {
                return jp_refuse_here(p, jp_token_here(p), "syntax error");
            }
        } else if (jp_kind_here(p) == JP_NUMBER) {
            n->number[part] = jp_token_here(p)->number;
            n->given[part] = true;
        } else {
            return jp_refuse_here(p, jp_token_here(p), "syntax error");
        }
        p->i++;
    }
    p->i++;
    return n;
}

struct jp_node *jp_index_or_slice(struct jp_parser *p)
{
    struct jp_node *n;

    if (jp_kind_here(p) == JP_COLON || p->t->list[p->i + 1].kind == JP_COLON) {
        return slice(p);
    }
    n = jp_node_new(p, JP_N_INDEX);
    if (n != NULL) {
        n->number[0] = jp_token_here(p)->number;
        p->i++;
    }
    return n != NULL && jp_match(p, JP_RBRACKET) ? n : NULL;
}

struct jp_node *jp_apply_index(struct jp_parser *p, struct jp_node *left)
{
    struct jp_node *right = jp_index_or_slice(p);
    bool projects = right != NULL && right->kind == JP_N_SLICE;
    struct jp_node *n = jp_node_of_two(p, JP_N_INDEX_CHAIN, left, right);

    if (n == NULL || !projects) {
        return n;
    }
    return jp_node_of_two(p, JP_N_PROJECT, n,
                          jp_projection_right(p, jp_power(JP_STAR)));
}

/* [*] and what follows; the bracket is read. */
struct jp_node *jp_star_index(struct jp_parser *p, struct jp_node *left)
{
    if (left == NULL || !jp_match(p, JP_STAR) || !jp_match(p, JP_RBRACKET)) {
        return NULL;
    }
    return jp_node_of_two(p, JP_N_PROJECT, left,
                          jp_projection_right(p, jp_power(JP_STAR)));
}
