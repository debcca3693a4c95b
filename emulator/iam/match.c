/* SPDX-License-Identifier: Apache-2.0 */
/* match.c - patterns with wildcards and policy variables.
 *
 * A pattern is first written out as units: a byte that stands for itself, or
 * one of two wildcards.  So the text of a variable never becomes a wildcard,
 * and ${*} is a plain asterisk. */
#include <ctype.h>
#include <string.h>
#include <uv.h>

#include "buf.h"
#include "iam_impl.h"
#include "mem.h"

enum {
    UNIT_ANY = 256, /* '*' */
    UNIT_ONE = 257, /* '?' */
    ARN_COLONS = 5,
    PATTERN_LIMIT = 4 << 20
};

/* "${key, 'default'}" taken apart. */
struct variable {
    const char *key;
    size_t key_len;
    const char *fallback; /* Or NULL */
    size_t fallback_len;
    size_t len; /* Of the whole, from '$' to '}' */
};

/* Pass over blanks. */
static const char *skip_blanks(const char *p)
{
    while (*p == ' ' || *p == '\t') {
        p++;
    }
    return p;
}

/* Read the variable at @text, which begins with "${". */
static bool variable_read(struct variable *v, const char *text)
{
    const char *p = skip_blanks(text + 2);
    const char *end;

    *v = (struct variable){.key = p};
    v->key_len = strcspn(p, ",}'");
    p += v->key_len;
    while (v->key_len > 0 && v->key[v->key_len - 1] == ' ') {
        v->key_len--;
    }
    if (*p == ',') {
        p = skip_blanks(p + 1);
        end = *p == '\'' ? strchr(p + 1, '\'') : NULL;
        if (end == NULL) {
            return false;
        }
        v->fallback = p + 1;
        v->fallback_len = (size_t)(end - p - 1);
        p = skip_blanks(end + 1);
    }
    v->len = (size_t)(p + 1 - text);
    return *p == '}' && v->key_len > 0;
}

bool iam_variables_valid(const char *text)
{
    struct variable v;

    while ((text = strstr(text, "${")) != NULL) {
        if (!variable_read(&v, text)) {
            return false;
        }
        text += v.len;
    }
    return true;
}

static void add_unit(struct buf *units, unsigned value)
{
    uint16_t unit = (uint16_t)value;

    buf_add(units, &unit, sizeof unit);
}

static void add_text(struct buf *units, const char *text, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        add_unit(units, (unsigned char)text[i]);
    }
}

/* Write out what @v stands for; IAM_YES, IAM_UNRESOLVED or UV_ENOMEM. */
static int add_variable(struct buf *units, const struct variable *v,
                        const struct iam_context *context)
{
    const char *value;
    char *key;

    if (v->key_len == 1 && strchr("*?$", v->key[0]) != NULL) {
        add_text(units, v->key, 1);
        return IAM_YES;
    }
    key = mem_strndup(v->key, v->key_len);
    if (key == NULL) {
        return UV_ENOMEM;
    }
    value = iam_context_get(context, key);
    mem_free(key);
    if (value != NULL) {
        add_text(units, value, strlen(value));
    } else if (v->fallback != NULL) {
        add_text(units, v->fallback, v->fallback_len);
    } else {
        return IAM_UNRESOLVED;
    }
    return IAM_YES;
}

/* Write @pattern out.  In an ARN variables count only in the last part. */
static int compile(struct buf *units, const char *pattern, unsigned how,
                   const struct iam_context *context)
{
    unsigned colons = (how & IAM_M_ARN) != 0 ? 0 : ARN_COLONS;
    struct variable v;
    int rv;

    while (*pattern != '\0') {
        if ((how & IAM_M_VARIABLES) != 0 && colons >= ARN_COLONS &&
            strncmp(pattern, "${", 2) == 0 && variable_read(&v, pattern)) {
            rv = add_variable(units, &v, context);
            if (rv != IAM_YES) {
                return rv;
            }
            pattern += v.len;
            continue;
        }
        if ((how & IAM_M_WILD) != 0 && *pattern == '*') {
            add_unit(units, UNIT_ANY);
        } else if ((how & IAM_M_WILD) != 0 && *pattern == '?') {
            add_unit(units, UNIT_ONE);
        } else {
            add_text(units, pattern, 1);
        }
        colons += *pattern == ':';
        pattern++;
    }
    return buf_error(units) != 0 ? UV_ENOMEM : IAM_YES;
}

/* The text to compare with, and where its parts end. */
struct subject {
    const char *text;
    size_t len;
    size_t walls; /* Offset past the last colon no wildcard may take */
};

/* Whether a wildcard may stand for the byte at @i. */
static bool open_at(const struct subject *s, size_t i)
{
    return i >= s->walls || s->text[i] != ':';
}

/* Whether @unit is the byte at @i. */
static bool unit_is(unsigned unit, const struct subject *s, size_t i,
                    unsigned how)
{
    unsigned char c = (unsigned char)s->text[i];

    if (unit == UNIT_ONE) {
        return open_at(s, i);
    }
    if ((how & IAM_M_NO_CASE) != 0 && unit < 256) {
        return tolower((int)unit) == tolower(c);
    }
    return unit == c;
}

/* Walk both sides; on a mismatch let the latest '*' take one byte more.  The
 * walls between ARN parts are only ever passed by a colon of the pattern, so
 * an earlier '*' cannot help where the latest cannot. */
static bool walk(const uint16_t *units, size_t n, const struct subject *s,
                 unsigned how)
{
    size_t star = SIZE_MAX; /* Unit after the latest '*' */
    size_t taken = 0;       /* Where its match ends */
    size_t u = 0;
    size_t i = 0;

    while (i < s->len) {
        if (u < n && units[u] == UNIT_ANY) {
            star = ++u;
            taken = i;
            if (u == n && (how & IAM_M_ARN_TAIL) != 0) {
                return true;
            }
        } else if (u < n && unit_is(units[u], s, i, how)) {
            u++;
            i++;
        } else if (star != SIZE_MAX && open_at(s, taken)) {
            u = star;
            i = ++taken;
        } else {
            return false;
        }
    }
    while (u < n && units[u] == UNIT_ANY) {
        u++;
    }
    return u == n;
}

int iam_match(const char *pattern, const char *text, unsigned how,
              const struct iam_context *context)
{
    struct subject s = {.text = text, .len = strlen(text)};
    struct buf units;
    unsigned colons = 0;
    int rv;

    if ((how & IAM_M_ARN) != 0) {
        while (colons < ARN_COLONS && text[s.walls] != '\0') {
            colons += text[s.walls++] == ':';
        }
        if (colons < ARN_COLONS && (how & IAM_M_ARN_TAIL) == 0) {
            return IAM_NO; /* No ARN */
        }
    }
    buf_init(&units, PATTERN_LIMIT);
    rv = compile(&units, pattern, how, context);
    if (rv == IAM_YES) {
        rv = walk((const uint16_t *)(const void *)units.data,
                  units.len / sizeof(uint16_t), &s, how)
                 ? IAM_YES
                 : IAM_NO;
    }
    buf_free(&units);
    return rv;
}
