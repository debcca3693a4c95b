/* SPDX-License-Identifier: Apache-2.0 */
/* context.c - what is known about a request, by key. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

#include "iam_impl.h"
#include "mem.h"

struct entry {
    char *key;
    struct iam_strings values;
};

struct iam_context {
    struct entry *entries;
    size_t n;
};

int iam_strings_add(struct iam_strings *s, const char *text, size_t len)
{
    char **more = mem_realloc(s->at, (s->n + 1) * sizeof *more);

    if (more == NULL) {
        return UV_ENOMEM;
    }
    s->at = more;
    s->at[s->n] = mem_strndup(text, len);
    if (s->at[s->n] == NULL) {
        return UV_ENOMEM;
    }
    s->n++;
    return 0;
}

void iam_strings_free(struct iam_strings *s)
{
    size_t i;

    for (i = 0; i < s->n; i++) {
        mem_free(s->at[i]);
    }
    mem_free(s->at);
    *s = (struct iam_strings){0};
}

struct iam_context *iam_context_new(void)
{
    return mem_zalloc(sizeof(struct iam_context));
}

void iam_context_free(struct iam_context *c)
{
    size_t i;

    if (c == NULL) {
        return;
    }
    for (i = 0; i < c->n; i++) {
        mem_free(c->entries[i].key);
        iam_strings_free(&c->entries[i].values);
    }
    mem_free(c->entries);
    mem_free(c);
}

/* The entry of @key in any case of letters, or NULL. */
static struct entry *find(const struct iam_context *c, const char *key)
{
    size_t i;

    for (i = 0; i < c->n; i++) {
        if (strcasecmp(c->entries[i].key, key) == 0) {
            return &c->entries[i];
        }
    }
    return NULL;
}

/* A new entry without values, or NULL. */
static struct entry *entry_new(struct iam_context *c, const char *key)
{
    struct entry *more =
        mem_realloc(c->entries, (c->n + 1) * sizeof *c->entries);

    if (more == NULL) {
        return NULL;
    }
    c->entries = more;
    more[c->n] = (struct entry){.key = mem_strdup(key)};
    return more[c->n].key != NULL ? &more[c->n++] : NULL;
}

int iam_context_add(struct iam_context *c, const char *key, const char *value)
{
    struct entry *entry = find(c, key);

    if (entry == NULL) {
        entry = entry_new(c, key);
    }
    if (entry == NULL) {
        return UV_ENOMEM;
    }
    return iam_strings_add(&entry->values, value, strlen(value));
}

int iam_context_add_int(struct iam_context *c, const char *key, int64_t value)
{
    char text[32];

    snprintf(text, sizeof text, "%" PRId64, value);
    return iam_context_add(c, key, text);
}

const struct iam_strings *iam_context_values(const struct iam_context *c,
                                             const char *key)
{
    const struct entry *entry = c != NULL ? find(c, key) : NULL;

    return entry != NULL && entry->values.n > 0 ? &entry->values : NULL;
}

bool iam_context_has(const struct iam_context *c, const char *key)
{
    return iam_context_values(c, key) != NULL;
}

const char *iam_context_get(const struct iam_context *c, const char *key)
{
    const struct iam_strings *values = iam_context_values(c, key);

    return values != NULL && values->n == 1 ? values->at[0] : NULL;
}
