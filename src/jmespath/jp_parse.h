/* SPDX-License-Identifier: Apache-2.0 */
/* jp_parse.h - a JMESPath expression as a tree. */
#ifndef JP_PARSE_H
#define JP_PARSE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "jp_lex.h"

/* What a node does with the value it is given; "a" and "b" are its children in
 * order. */
enum jp_kind {
    JP_N_CURRENT,     /* The value itself */
    JP_N_FIELD,       /* Its member text */
    JP_N_LITERAL,     /* literal, whatever the value is */
    JP_N_INDEX,       /* Its element number[0] */
    JP_N_SLICE,       /* Its elements number[0]:number[1]:number[2] */
    JP_N_CHAIN,       /* What all children in turn make of it */
    JP_N_INDEX_CHAIN, /* The same; further indexes join it */
    JP_N_PIPE,        /* The same */
    JP_N_OR,          /* a, or b if that is false */
    JP_N_AND,         /* a if that is false, or b */
    JP_N_NOT,         /* Whether a is false */
    JP_N_COMPARE,     /* a op b */
    JP_N_PROJECT,     /* b of each element of a */
    JP_N_VALUES,      /* b of each member of a */
    JP_N_FILTER,      /* b of those elements of a for which c is true */
    JP_N_FLATTEN,     /* The elements of the elements of a */
    JP_N_LIST,        /* A list of what the children are */
    JP_N_HASH,        /* An object of what the children are, by their key */
    JP_N_FUNCTION,    /* The function text of the children */
    JP_N_EXPREF       /* a, not yet asked; an argument only */
};

/* One node. */
struct jp_node {
    enum jp_kind kind;
    char *text;              /* mem_*(), or NULL */
    char *key;               /* Of a child of JP_N_HASH, or NULL; mem_*() */
    json_t *literal;         /* Or NULL */
    int64_t number[3];       /* Of an index or slice */
    bool given[3];           /* Which of them were */
    enum jp_token_kind op;   /* Of a comparison */
    unsigned depth;          /* 1 for a leaf */
    struct jp_node *child;   /* The first, or NULL */
    struct jp_node *sibling; /* The next child of the same parent, or NULL */
    struct jp_node *older;   /* The node made before this one, or NULL */
};

/* Make the tree of @text's tokens.  0, or ERR_PARSE or UV_ENOMEM with @why
 * filled.  Either way *@nodes is the list, by older, of what jp_nodes_free()
 * must have. */
int jp_parse(struct jp_node **root, struct jp_node **nodes,
             const struct jp_tokens *t, const char *text, struct buf *why);

/* Free the nodes of a list. */
void jp_nodes_free(struct jp_node *nodes);

#endif /* JP_PARSE_H */
