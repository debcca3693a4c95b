/* SPDX-License-Identifier: Apache-2.0 */
/* jp_node.h - making the tree of a JMESPath expression, and saying why it
 * cannot be made.
 *
 * Functions that give a node give NULL when they fail; the parser then has the
 * reason.  Where they take nodes a NULL passes through, so that calls can be
 * put into one another. */
#ifndef JP_NODE_H
#define JP_NODE_H

#include <stddef.h>

#include "jp_parse.h"

/* What is being read. */
struct jp_parser {
    const struct jp_tokens *t;
    size_t i; /* The token to be read next */
    const char *text;
    struct jp_node *nodes; /* All made so far */
    unsigned depth;        /* Of expressions in one another */
    struct buf *why;
    int error; /* The reason's code, or 0 */
};

/* Say that @t cannot stand where it does, or at byte @at; that more is needed;
 * that there is no memory.  NULL. */
struct jp_node *jp_refuse_here(struct jp_parser *p, const struct jp_token *t,
                               const char *what);
struct jp_node *jp_refuse_at(struct jp_parser *p, const struct jp_token *t,
                             size_t at, const char *what);
struct jp_node *jp_refuse_end(struct jp_parser *p);
struct jp_node *jp_refuse_depth(struct jp_parser *p);
struct jp_node *jp_no_memory(struct jp_parser *p);

/* Make a node; with a copy of @text. */
struct jp_node *jp_node_new(struct jp_parser *p, enum jp_kind k);
struct jp_node *jp_node_text(struct jp_parser *p, enum jp_kind k,
                             const char *text);

/* Make a node with the child @a, and with @b if it is not NULL; with both, of
 * which neither may be NULL. */
struct jp_node *jp_node_of(struct jp_parser *p, enum jp_kind k,
                           struct jp_node *a, struct jp_node *b);
struct jp_node *jp_node_of_two(struct jp_parser *p, enum jp_kind k,
                               struct jp_node *a, struct jp_node *b);

/* Give @child, which is complete, to @parent, and return that. */
struct jp_node *jp_adopt(struct jp_parser *p, struct jp_node *parent,
                         struct jp_node *child);

#endif /* JP_NODE_H */
