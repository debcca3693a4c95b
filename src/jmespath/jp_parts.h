/* SPDX-License-Identifier: Apache-2.0 */
/* jp_parts.h - the parts of a JMESPath expression that stand in brackets, in
 * braces or behind a dot; as jp_node.h, whose rules hold here. */
#ifndef JP_PARTS_H
#define JP_PARTS_H

#include <stdbool.h>

#include "jp_node.h"

/* The token to be read next, and its kind. */
static inline const struct jp_token *jp_token_here(const struct jp_parser *p)
{
    return &p->t->list[p->i];
}

static inline enum jp_token_kind jp_kind_here(const struct jp_parser *p)
{
    return jp_token_here(p)->kind;
}

/* How tightly a token binds what is before it. */
int jp_power(enum jp_token_kind k);

/* What tokens that bind tighter than @power make together; in jp_parse.c. */
struct jp_node *jp_expression(struct jp_parser *p, int power);

/* Pass over a token that must be of this kind, or refuse another. */
bool jp_match(struct jp_parser *p, enum jp_token_kind k);

/* "a, b]" and "a: b, c: d}"; what opens them is read. */
struct jp_node *jp_multi_list(struct jp_parser *p);
struct jp_node *jp_multi_hash(struct jp_parser *p);

/* What follows a '.'; what is done with each element of a projection. */
struct jp_node *jp_dot_right(struct jp_parser *p, int power);
struct jp_node *jp_projection_right(struct jp_parser *p, int power);

/* "1]" or "1:2]"; the same of @left, where a slice projects; "*]" of @left and
 * what follows.  The bracket is read. */
struct jp_node *jp_index_or_slice(struct jp_parser *p);
struct jp_node *jp_apply_index(struct jp_parser *p, struct jp_node *left);
struct jp_node *jp_star_index(struct jp_parser *p, struct jp_node *left);

#endif /* JP_PARTS_H */
