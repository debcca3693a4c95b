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
#include "mem.h"

/* Tokens that bind less end a projection. */
enum { PROJECTION_STOP = 10 };

/* What is being read. */
struct parser {
    const struct jp_tokens *t;
    size_t i; /* The token to be read next */
    const char *text;
    struct jp_node *nodes; /* All made so far */
    unsigned depth;        /* Of expression() */
    struct buf *why;
    int error;
};

static const int powers[] = {
#define X(token, name, power) power,
    JP_TOKENS(X)
#undef X
};

static struct jp_node *expression(struct parser *p, int power);

static const struct jp_token *token(const struct parser *p)
{
    return &p->t->list[p->i];
}

static enum jp_token_kind kind(const struct parser *p)
{
    return token(p)->kind;
}

/* Say that @t cannot stand at column @at, in jmespath.py's form. */
static struct jp_node *refuse_at(struct parser *p, const struct jp_token *t,
                                 size_t at, const char *what)
{
    const char *name = jp_token_name(t->kind);
    size_t n = jp_column(p->text, at);

    buf_addf(p->why, "%s: Parse error at column %zu, token \"%s\" (", what, n,
             t->text);
    for (; *name != '\0'; name++) {
        buf_addc(p->why,
                 *name >= 'a' && *name <= 'z' ? (char)(*name - 32) : *name);
    }
    buf_addf(p->why, "), for expression:\n\"%s\"\n", p->text);
    while (n-- > 0) {
        buf_addc(p->why, ' ');
    }
    buf_adds(p->why, " ^");
    p->error = ERR_PARSE;
    return NULL;
}

static struct jp_node *refuse(struct parser *p, const struct jp_token *t,
                              const char *what)
{
    return refuse_at(p, t, t->at, what);
}

/* Say that more is needed. */
static struct jp_node *refuse_end(struct parser *p)
{
    size_t n = jp_column(p->text, strlen(p->text));

    buf_addf(p->why,
             "Invalid jmespath expression: Incomplete expression:\n\"%s\"\n",
             p->text);
    while (n-- > 0) {
        buf_addc(p->why, ' ');
    }
    buf_adds(p->why, " ^");
    p->error = ERR_PARSE;
    return NULL;
}

static struct jp_node *no_memory(struct parser *p)
{
    buf_adds(p->why, "not enough memory");
    p->error = UV_ENOMEM;
    return NULL;
}

/* Make a node. */
static struct jp_node *node_new(struct parser *p, enum jp_kind k)
{
    struct jp_node *n = mem_zalloc(sizeof *n);

    if (n == NULL) {
        return no_memory(p);
    }
    n->kind = k;
    n->depth = 1;
    n->older = p->nodes;
    p->nodes = n;
    return n;
}

/* Give @child, which is complete, to @parent.  NULLs pass through. */
static struct jp_node *adopt(struct parser *p, struct jp_node *parent,
                             struct jp_node *child)
{
    struct jp_node **last;

    if (parent == NULL || child == NULL) {
        return NULL;
    }
    for (last = &parent->child; *last != NULL; last = &(*last)->sibling) {
    }
    *last = child;
    if (child->depth >= parent->depth) {
        parent->depth = child->depth + 1;
    }
    if (parent->depth > JMESPATH_MAX_DEPTH) {
        buf_addf(p->why, "Invalid jmespath expression: deeper than %d",
                 JMESPATH_MAX_DEPTH);
        p->error = ERR_PARSE;
        return NULL;
    }
    return parent;
}

/* A node with these children; a NULL second stands for none. */
static struct jp_node *node_of(struct parser *p, enum jp_kind k,
                               struct jp_node *a, struct jp_node *b)
{
    struct jp_node *n = a != NULL ? node_new(p, k) : NULL;

    n = adopt(p, n, a);
    return b != NULL ? adopt(p, n, b) : n;
}

/* The same, with a second child that must be there. */
static struct jp_node *node_of_two(struct parser *p, enum jp_kind k,
                                   struct jp_node *a, struct jp_node *b)
{
    return b != NULL ? node_of(p, k, a, b) : NULL;
}

/* A node with a copy of @text. */
static struct jp_node *node_text(struct parser *p, enum jp_kind k,
                                 const char *text)
{
    struct jp_node *n = node_new(p, k);

    if (n != NULL) {
        n->text = mem_strdup(text);
        if (n->text == NULL) {
            return no_memory(p);
        }
    }
    return n;
}

/* Pass over a token that must be of this kind. */
static bool match(struct parser *p, enum jp_token_kind k)
{
    char what[80];

    if (kind(p) == k) {
        p->i++;
        return true;
    }
    if (kind(p) == JP_EOF) {
        refuse_end(p);
        return false;
    }
    snprintf(what, sizeof what, "Expecting: %s, got: %s", jp_token_name(k),
             jp_token_name(kind(p)));
    refuse(p, token(p), what);
    return false;
}

/* [a, b]; the bracket is read. */
static struct jp_node *multi_list(struct parser *p)
{
    struct jp_node *n = node_new(p, JP_N_LIST);

    for (;;) {
        n = adopt(p, n, n != NULL ? expression(p, 0) : NULL);
        if (n == NULL) {
            return NULL;
        }
        if (kind(p) == JP_RBRACKET) {
            break;
        }
        if (!match(p, JP_COMMA)) {
            return NULL;
        }
    }
    p->i++;
    return n;
}

/* The name of a member of {a: b}. */
static bool hash_key(struct parser *p, char **key)
{
    char what[120];

    if (kind(p) == JP_EOF) {
        refuse_end(p);
        return false;
    }
    if (kind(p) != JP_NAME && kind(p) != JP_QUOTED) {
        snprintf(what, sizeof what,
                 "Expecting: ['quoted_identifier', 'unquoted_identifier'], "
                 "got: %s",
                 jp_token_name(kind(p)));
        refuse(p, token(p), what);
        return false;
    }
    *key = mem_strdup(token(p)->text);
    if (*key == NULL) {
        no_memory(p);
        return false;
    }
    p->i++;
    return true;
}

/* {a: b, c: d}; the brace is read. */
static struct jp_node *multi_hash(struct parser *p)
{
    struct jp_node *n = node_new(p, JP_N_HASH);
    struct jp_node *value;
    char *key = NULL;

    while (n != NULL) {
        if (!hash_key(p, &key)) {
            return NULL;
        }
        /* Each value is a child of its own node, which has the key. */
        value = match(p, JP_COLON) ? expression(p, 0) : NULL;
        value = node_of(p, JP_N_CHAIN, value, NULL);
        if (value == NULL) {
            mem_free(key);
            return NULL;
        }
        value->key = key;
        n = adopt(p, n, value);
        if (n != NULL && kind(p) == JP_COMMA) {
            p->i++;
        } else if (n != NULL && kind(p) == JP_RBRACE) {
            p->i++;
            return n;
        }
    }
    return NULL;
}

/* What follows a '.'. */
static struct jp_node *dot_right(struct parser *p, int power)
{
    char what[140];

    switch (kind(p)) {
    case JP_QUOTED:
    case JP_NAME:
    case JP_STAR:
        return expression(p, power);
    case JP_LBRACKET:
        p->i++;
        return multi_list(p);
    case JP_LBRACE:
        p->i++;
        return multi_hash(p);
    default:
        snprintf(what, sizeof what,
                 "Expecting: ['quoted_identifier', 'unquoted_identifier', "
                 "'lbracket', 'lbrace'], got: %s",
                 jp_token_name(kind(p)));
        return refuse(p, token(p), what);
    }
}

/* What is done with each element of a projection. */
static struct jp_node *projection_right(struct parser *p, int power)
{
    if (powers[kind(p)] < PROJECTION_STOP) {
        return node_new(p, JP_N_CURRENT);
    }
    if (kind(p) == JP_LBRACKET || kind(p) == JP_FILTER) {
        return expression(p, power);
    }
    if (kind(p) == JP_DOT) {
        p->i++;
        return dot_right(p, power);
    }
    return refuse(p, token(p), "syntax error");
}

/* 1:2:3]; the bracket is read. */
static struct jp_node *slice(struct parser *p)
{
    struct jp_node *n = node_new(p, JP_N_SLICE);
    unsigned part = 0;

    while (n != NULL && kind(p) != JP_RBRACKET) {
        if (kind(p) == JP_COLON) {
            if (++part == 3) {
                return refuse(p, token(p), "syntax error");
            }
        } else if (kind(p) == JP_NUMBER) {
            n->number[part] = token(p)->number;
            n->given[part] = true;
        } else {
            return refuse(p, token(p), "syntax error");
        }
        p->i++;
    }
    p->i++;
    return n;
}

/* 1] or 1:2]; the bracket is read. */
static struct jp_node *index_or_slice(struct parser *p)
{
    struct jp_node *n;

    if (kind(p) == JP_COLON || p->t->list[p->i + 1].kind == JP_COLON) {
        return slice(p);
    }
    n = node_new(p, JP_N_INDEX);
    if (n != NULL) {
        n->number[0] = token(p)->number;
        p->i++;
    }
    return n != NULL && match(p, JP_RBRACKET) ? n : NULL;
}

/* An index or slice of @left; a slice projects. */
static struct jp_node *apply_index(struct parser *p, struct jp_node *left)
{
    struct jp_node *right = index_or_slice(p);
    bool projects = right != NULL && right->kind == JP_N_SLICE;
    struct jp_node *n = node_of_two(p, JP_N_INDEX_CHAIN, left, right);

    if (n == NULL || !projects) {
        return n;
    }
    return node_of_two(p, JP_N_PROJECT, n,
                       projection_right(p, powers[JP_STAR]));
}

/* [*] and what follows; the bracket is read. */
static struct jp_node *star_index(struct parser *p, struct jp_node *left)
{
    if (left == NULL || !match(p, JP_STAR) || !match(p, JP_RBRACKET)) {
        return NULL;
    }
    return node_of_two(p, JP_N_PROJECT, left,
                       projection_right(p, powers[JP_STAR]));
}

/* [ at the beginning of an expression. */
static struct jp_node *first_bracket(struct parser *p)
{
    if (kind(p) == JP_NUMBER || kind(p) == JP_COLON) {
        struct jp_node *left = node_new(p, JP_N_CURRENT);

        return left != NULL ? apply_index(p, left) : NULL;
    }
    if (kind(p) == JP_STAR && p->t->list[p->i + 1].kind == JP_RBRACKET) {
        return star_index(p, node_new(p, JP_N_CURRENT));
    }
    return multi_list(p);
}

/* [] and what follows. */
static struct jp_node *flatten(struct parser *p, struct jp_node *left)
{
    struct jp_node *n = node_of(p, JP_N_FLATTEN, left, NULL);

    return n == NULL ? NULL
                     : node_of_two(p, JP_N_PROJECT, n,
                                   projection_right(p, powers[JP_FLATTEN]));
}

/* [?condition] and what follows; "[?" is read. */
static struct jp_node *filter(struct parser *p, struct jp_node *left)
{
    struct jp_node *condition = left != NULL ? expression(p, 0) : NULL;
    struct jp_node *right;
    struct jp_node *n;

    if (condition == NULL || !match(p, JP_RBRACKET)) {
        return NULL;
    }
    right = kind(p) == JP_FLATTEN ? node_new(p, JP_N_CURRENT)
                                  : projection_right(p, powers[JP_FILTER]);
    n = node_of_two(p, JP_N_FILTER, left, right);
    return adopt(p, n, condition);
}

/* * at the beginning of an expression, or after a dot. */
static struct jp_node *star(struct parser *p, struct jp_node *left, int power)
{
    struct jp_node *right = left == NULL ? NULL : projection_right(p, power);

    return node_of_two(p, JP_N_VALUES, left, right);
}

/* *, where "*]" ends it. */
static struct jp_node *first_star(struct parser *p)
{
    struct jp_node *left = node_new(p, JP_N_CURRENT);

    if (kind(p) == JP_RBRACKET) {
        return node_of_two(p, JP_N_VALUES, left, node_new(p, JP_N_CURRENT));
    }
    return star(p, left, powers[JP_STAR]);
}

/* A name; in quotes it cannot be a function's. */
static struct jp_node *first_name(struct parser *p, const struct jp_token *t)
{
    if (t->kind == JP_QUOTED && kind(p) == JP_LPAREN) {
        return refuse_at(p, token(p), 0,
                         "Quoted identifier not allowed for function names.");
    }
    return node_text(p, JP_N_FIELD, t->text);
}

/* (expression) */
static struct jp_node *first_paren(struct parser *p)
{
    struct jp_node *n = expression(p, 0);

    return n != NULL && match(p, JP_RPAREN) ? n : NULL;
}

/* A literal. */
static struct jp_node *first_literal(struct parser *p, const struct jp_token *t)
{
    struct jp_node *n = node_new(p, JP_N_LITERAL);

    if (n != NULL) {
        n->literal = json_incref(t->value);
    }
    return n;
}

/* The node that a token at the beginning makes; the token is read. */
static struct jp_node *first(struct parser *p, const struct jp_token *t)
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
        return filter(p, node_new(p, JP_N_CURRENT));
    case JP_LBRACE:
        return multi_hash(p);
    case JP_LPAREN:
        return first_paren(p);
    case JP_FLATTEN:
        return flatten(p, node_new(p, JP_N_CURRENT));
    case JP_NOT:
        return node_of(p, JP_N_NOT, expression(p, powers[JP_NOT]), NULL);
    case JP_LBRACKET:
        return first_bracket(p);
    case JP_CURRENT:
        return node_new(p, JP_N_CURRENT);
    case JP_EXPREF:
        return node_of(p, JP_N_EXPREF, expression(p, powers[JP_EXPREF]), NULL);
    case JP_EOF:
        return refuse_end(p);
    default:
        return refuse(p, t, "invalid token");
    }
}

/* left.right */
static struct jp_node *join_dot(struct parser *p, struct jp_node *left)
{
    struct jp_node *right;

    if (kind(p) == JP_STAR) {
        p->i++;
        return star(p, left, powers[JP_DOT]);
    }
    right = dot_right(p, powers[JP_DOT]);
    if (left->kind == JP_N_CHAIN) {
        return adopt(p, left, right);
    }
    return node_of_two(p, JP_N_CHAIN, left, right);
}

/* left[...] */
static struct jp_node *join_bracket(struct parser *p, struct jp_node *left)
{
    if (kind(p) != JP_NUMBER && kind(p) != JP_COLON) {
        return star_index(p, left);
    }
    if (left->kind == JP_N_INDEX_CHAIN) {
        return adopt(p, left, index_or_slice(p));
    }
    return apply_index(p, left);
}

/* left(arguments) */
static struct jp_node *join_paren(struct parser *p, struct jp_node *left)
{
    const struct jp_token *before = &p->t->list[p->i - 2];
    struct jp_node *n;
    struct buf what;

    if (left->kind != JP_N_FIELD) {
        buf_init(&what, 4096);
        buf_addf(&what, "Invalid function name '%s'", before->text);
        refuse(p, before, buf_str(&what));
        buf_free(&what);
        return NULL;
    }
    n = node_text(p, JP_N_FUNCTION, left->text);
    while (n != NULL && kind(p) != JP_RPAREN) {
        n = adopt(p, n, expression(p, 0));
        if (n != NULL && kind(p) == JP_COMMA) {
            p->i++;
        }
    }
    p->i += n != NULL;
    return n;
}

/* left op right */
static struct jp_node *join_two(struct parser *p, struct jp_node *left,
                                enum jp_token_kind op)
{
    enum jp_kind k = op == JP_PIPE  ? JP_N_PIPE
                     : op == JP_OR  ? JP_N_OR
                     : op == JP_AND ? JP_N_AND
                                    : JP_N_COMPARE;
    struct jp_node *n = node_of_two(p, k, left, expression(p, powers[op]));

    if (n != NULL) {
        n->op = op;
    }
    return n;
}

/* The larger node that the token to be read next makes of @left. */
static struct jp_node *join(struct parser *p, struct jp_node *left)
{
    const struct jp_token *t = token(p);

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
        return refuse(p, t, "invalid token");
    }
}

/* What tokens that bind tighter than @power make together. */
static struct jp_node *expression(struct parser *p, int power)
{
    const struct jp_token *t = token(p);
    struct jp_node *left;

    if (++p->depth > JMESPATH_MAX_DEPTH) {
        buf_addf(p->why, "Invalid jmespath expression: deeper than %d",
                 JMESPATH_MAX_DEPTH);
        p->error = ERR_PARSE;
        return NULL;
    }
    p->i += t->kind != JP_EOF;
    left = first(p, t);
    while (left != NULL && power < powers[kind(p)]) {
        left = join(p, left);
    }
    p->depth--;
    return left;
}

int jp_parse(struct jp_node **root, struct jp_node **nodes,
             const struct jp_tokens *t, const char *text, struct buf *why)
{
    struct parser p = {.t = t, .text = text, .why = why};
    struct buf what;

    *root = expression(&p, 0);
    *nodes = p.nodes;
    if (*root != NULL && kind(&p) != JP_EOF) {
        buf_init(&what, 4096);
        buf_addf(&what, "Unexpected token: %s", token(&p)->text);
        refuse(&p, token(&p), buf_str(&what));
        buf_free(&what);
    }
    return p.error;
}

void jp_nodes_free(struct jp_node *nodes)
{
    struct jp_node *older;

    for (; nodes != NULL; nodes = older) {
        older = nodes->older;
        mem_free(nodes->text);
        mem_free(nodes->key);
        json_decref(nodes->literal);
        mem_free(nodes);
    }
}
