/* SPDX-License-Identifier: Apache-2.0 */
/* params.c - splitting at & and =, decoding, looking up by name and number. */
#include "params.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "err.h"
#include "mem.h"
#include "percent.h"
#include "utf8.h"

enum { MAX_INDEX = 1000 };

/* Decode @len bytes onto the end of the text, with a NUL; its offset in
 * *@at. */
static int add_decoded(struct params *p, const char *text, size_t len,
                       bool form, size_t *at)
{
    int rv;

    *at = p->text.len;
    rv = form ? percent_decode_form(&p->text, text, len)
              : percent_decode(&p->text, text, len);
    if (rv != 0) {
        return rv;
    }
    if (p->text.len > *at &&
        (memchr(p->text.data + *at, '\0', p->text.len - *at) != NULL ||
         !utf8_valid(p->text.data + *at, p->text.len - *at))) {
        return ERR_PARSE;
    }
    buf_addc(&p->text, '\0');
    return buf_error(&p->text);
}

/* How many pairs the text can have. */
static size_t count_pairs(const char *text, size_t len)
{
    size_t n = 1;
    size_t i;

    for (i = 0; i < len; i++) {
        n += text[i] == '&' ? 1 : 0;
    }
    return n;
}

/* One pair: its two offsets, until the text has its final place. */
struct offsets {
    size_t name;
    size_t value;
};

static int parse_pairs(struct params *p, const char *text, size_t len,
                       bool form, struct offsets *at)
{
    const char *end = text + len;

    while (text < end) {
        const char *amp = memchr(text, '&', (size_t)(end - text));
        size_t n = (size_t)((amp != NULL ? amp : end) - text);
        const char *eq = memchr(text, '=', n);
        size_t name_len = eq != NULL ? (size_t)(eq - text) : n;
        int rv;

        if (n > 0) {
            rv = add_decoded(p, text, name_len, form, &at[p->n].name);
            if (rv == 0) {
                rv = add_decoded(p, eq != NULL ? eq + 1 : "",
                                 eq != NULL ? n - name_len - 1 : 0, form,
                                 &at[p->n].value);
            }
            if (rv != 0) {
                return rv;
            }
            p->n++;
        }
        text += n + 1;
    }
    return 0;
}

int params_parse(struct params *p, const char *text, size_t len, bool form)
{
    size_t most = count_pairs(text, len);
    struct offsets *at;
    size_t i;
    int rv;

    *p = (struct params){0};
    buf_init(&p->text, PARAMS_MAX_BYTES);
    if (most > PARAMS_MAX || len > PARAMS_MAX_BYTES) {
        return ERR_TOO_BIG;
    }
    at = mem_alloc(most * sizeof *at);
    p->v = mem_zalloc(most * sizeof *p->v);
    rv = at == NULL || p->v == NULL ? UV_ENOMEM
                                    : parse_pairs(p, text, len, form, at);
    for (i = 0; rv == 0 && i < p->n; i++) {
        p->v[i].name = p->text.data + at[i].name;
        p->v[i].value = p->text.data + at[i].value;
    }
    mem_free(at);
    if (rv != 0) {
        p->n = 0;
    }
    return rv;
}

void params_free(struct params *p)
{
    mem_free(p->v);
    buf_wipe(&p->text);
    *p = (struct params){0};
}

const char *params_get(struct params *p, const char *name)
{
    size_t i;

    for (i = 0; i < p->n; i++) {
        if (strcmp(p->v[i].name, name) == 0) {
            p->v[i].used = true;
            return p->v[i].value;
        }
    }
    return NULL;
}

bool params_twice(const struct params *p, const char *name)
{
    size_t n = 0;
    size_t i;

    for (i = 0; i < p->n; i++) {
        n += strcmp(p->v[i].name, name) == 0 ? 1 : 0;
    }
    return n > 1;
}

/* The N of "PREFIX.N" or "PREFIX.N.more" in @name; 0 when it is neither. */
static unsigned index_of(const char *name, const char *prefix)
{
    size_t n = strlen(prefix);
    char *end;
    long value;

    if (strncmp(name, prefix, n) != 0 || name[n] != '.' || name[n + 1] < '0' ||
        name[n + 1] > '9') {
        return 0;
    }
    value = strtol(name + n + 1, &end, 10);
    if ((*end != '\0' && *end != '.') || value < 1 || value > MAX_INDEX) {
        return 0;
    }
    return (unsigned)value;
}

unsigned params_count(const struct params *p, const char *prefix)
{
    unsigned most = 0;
    size_t i;

    for (i = 0; i < p->n; i++) {
        unsigned n = index_of(p->v[i].name, prefix);

        most = n > most ? n : most;
    }
    return most;
}

size_t params_list(struct params *p, const char *prefix, const char **out,
                   size_t max)
{
    unsigned most = params_count(p, prefix);
    unsigned i;
    size_t n = 0;

    for (i = 1; i <= most; i++) {
        char name[128];
        const char *value;

        snprintf(name, sizeof name, "%s.%u", prefix, i);
        value = params_get(p, name);
        if (value == NULL) {
            continue;
        }
        if (n == max) {
            return max + 1;
        }
        out[n++] = value;
    }
    return n;
}

const char *params_at(struct params *p, const char *prefix, unsigned n,
                      const char *member)
{
    char name[160];

    snprintf(name, sizeof name, "%s.%u.%s", prefix, n, member);
    return params_get(p, name);
}
