/* SPDX-License-Identifier: Apache-2.0 */
/* jp_node.c - making the tree of a JMESPath expression. */
#include "jp_node.h"

#include <string.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "jmespath.h"
#include "mem.h"

struct jp_node *jp_refuse_at(struct jp_parser *p, const struct jp_token *t,
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

struct jp_node *jp_refuse_here(struct jp_parser *p, const struct jp_token *t,
                               const char *what)
{
    return jp_refuse_at(p, t, t->at, what);
}

struct jp_node *jp_refuse_end(struct jp_parser *p)
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

struct jp_node *jp_refuse_depth(struct jp_parser *p)
{
    buf_addf(p->why, "Invalid jmespath expression: deeper than %d",
             JMESPATH_MAX_DEPTH);
    p->error = ERR_PARSE;
    return NULL;
}

struct jp_node *jp_no_memory(struct jp_parser *p)
{
    buf_adds(p->why, "not enough memory");
    p->error = UV_ENOMEM;
    return NULL;
}

struct jp_node *jp_node_new(struct jp_parser *p, enum jp_kind k)
{
    struct jp_node *n = mem_zalloc(sizeof *n);

    if (n == NULL) {
        return jp_no_memory(p);
    }
    n->kind = k;
    n->depth = 1;
    n->older = p->nodes;
    p->nodes = n;
    return n;
}

struct jp_node *jp_adopt(struct jp_parser *p, struct jp_node *parent,
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
        return jp_refuse_depth(p);
    }
    return parent;
}

struct jp_node *jp_node_of(struct jp_parser *p, enum jp_kind k,
                           struct jp_node *a, struct jp_node *b)
{
    struct jp_node *n = a != NULL ? jp_node_new(p, k) : NULL;

    n = jp_adopt(p, n, a);
    return b != NULL ? jp_adopt(p, n, b) : n;
}

struct jp_node *jp_node_of_two(struct jp_parser *p, enum jp_kind k,
                               struct jp_node *a, struct jp_node *b)
{
    return b != NULL ? jp_node_of(p, k, a, b) : NULL;
}

struct jp_node *jp_node_text(struct jp_parser *p, enum jp_kind k,
                             const char *text)
{
    struct jp_node *n = jp_node_new(p, k);

    if (n != NULL) {
        n->text = mem_strdup(text);
        if (n->text == NULL) {
            return jp_no_memory(p);
        }
    }
    return n;
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
