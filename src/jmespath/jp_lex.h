/* SPDX-License-Identifier: Apache-2.0 */
/* jp_lex.h - a JMESPath expression as tokens. */
#ifndef JP_LEX_H
#define JP_LEX_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* X(token, what jmespath.py calls it, how tightly it binds what is before) */
#define JP_TOKENS(X)                                                           \
    X(EOF, "eof", 0)                                                           \
    X(NAME, "unquoted_identifier", 0)                                          \
    X(QUOTED, "quoted_identifier", 0)                                          \
    X(LITERAL, "literal", 0)                                                   \
    X(RBRACKET, "rbracket", 0)                                                 \
    X(RPAREN, "rparen", 0)                                                     \
    X(COMMA, "comma", 0)                                                       \
    X(RBRACE, "rbrace", 0)                                                     \
    X(NUMBER, "number", 0)                                                     \
    X(CURRENT, "current", 0)                                                   \
    X(EXPREF, "expref", 0)                                                     \
    X(COLON, "colon", 0)                                                       \
    X(PIPE, "pipe", 1)                                                         \
    X(OR, "or", 2)                                                             \
    X(AND, "and", 3)                                                           \
    X(EQ, "eq", 5)                                                             \
    X(GT, "gt", 5)                                                             \
    X(LT, "lt", 5)                                                             \
    X(GTE, "gte", 5)                                                           \
    X(LTE, "lte", 5)                                                           \
    X(NE, "ne", 5)                                                             \
    X(FLATTEN, "flatten", 9)                                                   \
    X(STAR, "star", 20)                                                        \
    X(FILTER, "filter", 21)                                                    \
    X(DOT, "dot", 40)                                                          \
    X(NOT, "not", 45)                                                          \
    X(LBRACE, "lbrace", 50)                                                    \
    X(LBRACKET, "lbracket", 55)                                                \
    X(LPAREN, "lparen", 60)

enum jp_token_kind {
#define X(token, name, power) JP_##token,
    JP_TOKENS(X)
#undef X
};

/* One token. */
struct jp_token {
    enum jp_token_kind kind;
    size_t at;      /* Byte in the expression */
    char *text;     /* A name, or the token as written; mem_*() */
    json_t *value;  /* Of a literal, else NULL */
    int64_t number; /* Of a number */
};

/* The tokens of an expression, the last one JP_EOF. */
struct jp_tokens {
    struct jp_token *list;
    size_t n;
    size_t cap;
};

/* Read @text into @t, all zero before.  0, or ERR_PARSE or UV_ENOMEM with @why
 * filled; either way @t goes to jp_tokens_free(). */
int jp_lex(struct jp_tokens *t, const char *text, struct buf *why);

/* Free what @t holds. */
void jp_tokens_free(struct jp_tokens *t);

/* What jmespath.py calls a token. */
const char *jp_token_name(enum jp_token_kind kind);

/* The number of characters before byte @at of @text. */
size_t jp_column(const char *text, size_t at);

#endif /* JP_LEX_H */
