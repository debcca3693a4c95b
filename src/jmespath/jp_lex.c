/* SPDX-License-Identifier: Apache-2.0 */
/* jp_lex.c - a JMESPath expression as tokens.
 *
 * What can go wrong: a character that begins no token, a quote that does not
 * end, a literal that is no JSON, no memory. */
#include "jp_lex.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "mem.h"

enum { NAME_LIMIT = 1 << 20 };

/* What is being read. */
struct lexer {
    struct jp_tokens *t;
    const char *text;
    size_t at;
    struct buf *why;
};

static const char *const names[] = {
#define X(token, name, power) name,
    JP_TOKENS(X)
#undef X
};

const char *jp_token_name(enum jp_token_kind kind)
{
    return names[kind];
}

size_t jp_column(const char *text, size_t at)
{
    size_t n = 0;
    size_t i;

    for (i = 0; i < at; i++) {
        n += ((unsigned char)text[i] & 0xc0) != 0x80;
    }
    return n;
}

/* Say where reading stopped, in jmespath.py's form. */
static int refuse(struct lexer *x, size_t at, const char *what,
                  const char *detail)
{
    size_t n = jp_column(x->text, at);

    buf_addf(x->why, "Bad jmespath expression: %s%s:\n%s\n", what, detail,
             x->text);
    while (n-- > 0) {
        buf_addc(x->why, ' ');
    }
    buf_addc(x->why, '^');
    return ERR_PARSE;
}

/* Append a token; takes @value over.  0 or UV_ENOMEM. */
static int push(struct lexer *x, enum jp_token_kind kind, size_t at,
                const char *text, size_t len, json_t *value)
{
    struct jp_tokens *t = x->t;
    struct jp_token *grown;
    size_t cap = t->cap > 0 ? t->cap * 2 : 16;

    if (t->n == t->cap) {
        grown = mem_realloc(t->list, cap * sizeof *t->list);
        if (grown == NULL) {
            json_decref(value);
            return UV_ENOMEM;
        }
        t->list = grown;
        t->cap = cap;
    }
    t->list[t->n] = (struct jp_token){
        .kind = kind, .at = at, .text = mem_strndup(text, len), .value = value};
    t->n++;
    return t->list[t->n - 1].text != NULL ? 0 : UV_ENOMEM;
}

/* A token of @len characters that mean themselves. */
static int push_plain(struct lexer *x, enum jp_token_kind kind, size_t len)
{
    size_t at = x->at;

    x->at += len;
    return push(x, kind, at, x->text + at, len, NULL);
}

/* A number, with or without a '-' before it. */
static int read_number(struct lexer *x)
{
    size_t at = x->at;
    size_t len = 1;
    int64_t number;
    int rv;

    while (isdigit((unsigned char)x->text[at + len])) {
        len++;
    }
    if (x->text[at] == '-' && len == 1) {
        return refuse(x, at, "Unknown token ", "'-'");
    }
    number = strtoll(x->text + at, NULL, 10); /* The nearest end if too big */
    rv = push_plain(x, JP_NUMBER, len);
    if (rv == 0) {
        x->t->list[x->t->n - 1].number = number;
    }
    return rv;
}

/* Take what stands between two @quote, the first of them here, into @inner,
 * with its backslashes, but for those before a quote if @unescape. */
static int take_quoted(struct lexer *x, char quote, bool unescape,
                       struct buf *inner)
{
    char name[] = {quote, ' ', 'd', 'e', 'l', 'i',
                   'm',   'i', 't', 'e', 'r', '\0'};
    size_t start = x->at++;
    const char *p = x->text + x->at;

    while (*p != quote) {
        if (*p == '\\' && p[1] != '\0') {
            if (!unescape || p[1] != quote) {
                buf_addc(inner, '\\');
            }
            p++;
        } else if (*p == '\\' || *p == '\0') {
            return refuse(x, start, "Unclosed ", name);
        }
        buf_addc(inner, *p++);
    }
    x->at = (size_t)(p + 1 - x->text);
    return buf_error(inner);
}

/* "name", in JSON's quotes. */
static int read_quoted_name(struct lexer *x)
{
    size_t at = x->at;
    json_t *value = NULL;
    struct buf inner;
    const char *p;
    const char *what = "Invalid \\escape";
    int rv;

    buf_init(&inner, NAME_LIMIT);
    buf_addc(&inner, '"');
    rv = take_quoted(x, '"', false, &inner);
    buf_addc(&inner, '"');
    if (rv == 0) {
        value = json_loadb(buf_str(&inner), inner.len, JSON_DECODE_ANY, NULL);
    }
    if (value != NULL) {
        rv = push(x, JP_QUOTED, at, json_string_value(value),
                  json_string_length(value), NULL);
    } else if (rv == 0) {
        for (p = buf_str(&inner); *p != '\0'; p++) {
            if ((unsigned char)*p < ' ') {
                what = "Invalid control character at";
            }
        }
        rv = refuse(x, at, what, "");
    }
    json_decref(value);
    buf_free(&inner);
    return rv;
}

/* 'text', in which only the quote is escaped. */
static int read_raw(struct lexer *x)
{
    size_t at = x->at;
    struct buf inner;
    int rv;

    buf_init(&inner, NAME_LIMIT);
    rv = take_quoted(x, '\'', true, &inner);
    if (rv == 0) {
        json_t *value = json_string(buf_str(&inner));

        rv = value != NULL
                 ? push(x, JP_LITERAL, at, buf_str(&inner), inner.len, value)
                 : refuse(x, at, "Bad token ", buf_str(&inner));
    }
    buf_free(&inner);
    return rv;
}

/* What stands in backquotes: JSON, or else, as it once was, a string. */
static json_t *literal_of(const struct buf *inner)
{
    json_t *value;
    struct buf quoted;
    const char *p = buf_str(inner);

    value = json_loadb(p, inner->len, JSON_DECODE_ANY, NULL);
    if (value == NULL) {
        buf_init(&quoted, NAME_LIMIT);
        buf_addf(&quoted, "\"%s\"", p + strspn(p, " \t\r\n\v\f"));
        value = json_loadb(buf_str(&quoted), quoted.len, JSON_DECODE_ANY, NULL);
        buf_free(&quoted);
    }
    return value;
}

/* `JSON` */
static int read_literal(struct lexer *x)
{
    size_t at = x->at;
    json_t *value;
    struct buf inner;
    int rv;

    buf_init(&inner, NAME_LIMIT);
    rv = take_quoted(x, '`', true, &inner);
    if (rv == 0) {
        value = literal_of(&inner);
        rv = value != NULL
                 ? push(x, JP_LITERAL, at, buf_str(&inner), inner.len, value)
                 : refuse(x, at, "Bad token ", buf_str(&inner));
    }
    buf_free(&inner);
    return rv;
}

/* A name without quotes. */
static int read_name(struct lexer *x)
{
    size_t len = 1;
    const char *p = x->text + x->at;

    while (isalnum((unsigned char)p[len]) || p[len] == '_') {
        len++;
    }
    return push_plain(x, JP_NAME, len);
}

/* The signs of one character or two.  False: none begins here. */
static bool sign_of(const char *p, enum jp_token_kind *kind, size_t *len)
{
    static const struct {
        const char *text;
        enum jp_token_kind kind;
    } signs[] = {
        {"[]", JP_FLATTEN}, {"[?", JP_FILTER},  {"||", JP_OR},
        {"&&", JP_AND},     {"<=", JP_LTE},     {">=", JP_GTE},
        {"!=", JP_NE},      {"==", JP_EQ},      {"[", JP_LBRACKET},
        {"|", JP_PIPE},     {"&", JP_EXPREF},   {"<", JP_LT},
        {">", JP_GT},       {"!", JP_NOT},      {".", JP_DOT},
        {"*", JP_STAR},     {"]", JP_RBRACKET}, {",", JP_COMMA},
        {":", JP_COLON},    {"@", JP_CURRENT},  {"(", JP_LPAREN},
        {")", JP_RPAREN},   {"{", JP_LBRACE},   {"}", JP_RBRACE},
    };
    size_t i;

    for (i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        *len = strlen(signs[i].text);
        if (strncmp(p, signs[i].text, *len) == 0) {
            *kind = signs[i].kind;
            return true;
        }
    }
    return false;
}

/* Whatever begins here; no space does. */
static int read_token(struct lexer *x)
{
    const char *p = x->text + x->at;
    enum jp_token_kind kind;
    char one[8] = "";
    size_t len;

    if (sign_of(p, &kind, &len)) {
        return push_plain(x, kind, len);
    }
    switch (*p) {
    case '"':
        return read_quoted_name(x);
    case '\'':
        return read_raw(x);
    case '`':
        return read_literal(x);
    case '=':
        return refuse(x, x->at, "Unknown token ", "'='");
    default:
        break;
    }
    if (isdigit((unsigned char)*p) || *p == '-') {
        return read_number(x);
    }
    if (isalpha((unsigned char)*p) || *p == '_') {
        return read_name(x);
    }
    one[0] = p[0]; /* One character, whatever its bytes */
    for (len = 1; len < 4 && ((unsigned char)p[len] & 0xc0) == 0x80; len++) {
        one[len] = p[len];
    }
    return refuse(x, x->at, "Unknown token ", one);
}

int jp_lex(struct jp_tokens *t, const char *text, struct buf *why)
{
    struct lexer x = {.t = t, .text = text, .why = why};
    int rv = 0;

    while (rv == 0) {
        x.at += strspn(text + x.at, " \t\r\n");
        if (text[x.at] == '\0') {
            break;
        }
        rv = read_token(&x);
    }
    return rv != 0 ? rv : push(&x, JP_EOF, x.at, "", 0, NULL);
}

void jp_tokens_free(struct jp_tokens *t)
{
    size_t i;

    for (i = 0; i < t->n; i++) {
        mem_free(t->list[i].text);
        json_decref(t->list[i].value);
    }
    mem_free(t->list);
    *t = (struct jp_tokens){0};
}
