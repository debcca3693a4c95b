/* SPDX-License-Identifier: Apache-2.0 */
/* ini.c - the tree: how it grows, what it is asked, how it goes. */
#include "ini.h"

#include <string.h>
#include <uv.h>

#include "ini_tree.h"
#include "mem.h"
#include "wipe.h"

enum { FIRST_CAP = 8 };

/* FNV-1a, to skip most comparisons of section names. */
static uint32_t hash_of(const char *p, size_t len)
{
    uint32_t h = 2166136261u;
    size_t i;

    for (i = 0; i < len; i++) {
        h = (h ^ (unsigned char)p[i]) * 16777619u;
    }
    return h;
}

/* Make room for one more of @n elements of @size at *@array. */
static int grow(void **array, size_t n, size_t *cap, size_t size)
{
    size_t more = *cap > 0 ? *cap * 2 : FIRST_CAP;
    void *p;

    if (n < *cap) {
        return 0;
    }
    p = mem_realloc(*array, more * size);
    if (p == NULL) {
        return UV_ENOMEM;
    }
    *array = p;
    *cap = more;
    return 0;
}

/* The section called @name, or NULL. */
static struct ini_section *find(const struct ini *ini, struct span name)
{
    uint32_t hash = hash_of(name.p, (size_t)(name.end - name.p));
    size_t i;

    for (i = 0; i < ini->n; i++) {
        if (ini->sections[i].hash == hash &&
            span_is(name, ini->sections[i].name)) {
            return &ini->sections[i];
        }
    }
    return NULL;
}

int ini_add_section(struct ini *ini, struct span name)
{
    struct ini_section *s;
    int rv;

    if (find(ini, name) != NULL) {
        return UV_EEXIST;
    }
    rv = grow((void **)&ini->sections, ini->n, &ini->cap, sizeof *s);
    if (rv != 0) {
        return rv;
    }
    s = &ini->sections[ini->n];
    *s = (struct ini_section){
        .name = span_dup(name),
        .hash = hash_of(name.p, (size_t)(name.end - name.p)),
    };
    if (s->name == NULL) {
        return UV_ENOMEM;
    }
    ini->n++;
    return 0;
}

int ini_add_entry(struct ini_section *s, char *key)
{
    int rv = grow((void **)&s->entries, s->n, &s->cap, sizeof *s->entries);

    if (rv == 0) {
        s->entries[s->n++] = (struct ini_entry){.key = key};
    }
    return rv;
}

int ini_add_pair(struct ini_entry *entry, struct span key, struct span value)
{
    struct ini_pair *pair;
    int rv;

    rv = grow((void **)&entry->block, entry->n_block, &entry->cap_block,
              sizeof *pair);
    if (rv != 0) {
        return rv;
    }
    pair = &entry->block[entry->n_block++];
    *pair = (struct ini_pair){span_dup(key), span_dup(value)};
    return pair->key != NULL && pair->value != NULL ? 0 : UV_ENOMEM;
}

int ini_add_defaults(struct ini_section *s, const struct ini_section *from)
{
    size_t i;
    char *key;
    int rv;

    for (i = 0; i < from->n; i++) {
        if (ini_entry(s, from->entries[i].key) != NULL) {
            continue;
        }
        key = mem_strdup(from->entries[i].key);
        rv = key != NULL ? ini_add_entry(s, key) : UV_ENOMEM;
        if (rv != 0) {
            mem_free(key);
            return rv;
        }
        s->entries[s->n - 1].value = mem_strdup(from->entries[i].value);
        if (s->entries[s->n - 1].value == NULL) {
            return UV_ENOMEM;
        }
    }
    return 0;
}

void ini_section_clear(struct ini_section *s)
{
    size_t i, k;

    for (i = 0; i < s->n; i++) {
        for (k = 0; k < s->entries[i].n_block; k++) {
            mem_free(s->entries[i].block[k].key);
            wipe_free(s->entries[i].block[k].value);
        }
        mem_free(s->entries[i].block);
        mem_free(s->entries[i].key);
        wipe_free(s->entries[i].value);
    }
    mem_free(s->entries);
    mem_free(s->name);
}

const struct ini_section *ini_section(const struct ini *ini, const char *name)
{
    return find(ini, (struct span){name, name + strlen(name)});
}

const struct ini_entry *ini_entry(const struct ini_section *s, const char *key)
{
    size_t i;

    for (i = 0; s != NULL && i < s->n; i++) {
        if (strcmp(s->entries[i].key, key) == 0) {
            return &s->entries[i];
        }
    }
    return NULL;
}

const char *ini_value(const struct ini_section *s, const char *key)
{
    const struct ini_entry *entry = ini_entry(s, key);

    return entry != NULL && !entry->is_block ? entry->value : NULL;
}

const char *ini_block_value(const struct ini_section *s, const char *key,
                            const char *inner)
{
    const struct ini_entry *entry = ini_entry(s, key);
    size_t i;

    /* The last of equal keys wins, as in a Python dict. */
    for (i = entry != NULL ? entry->n_block : 0; i > 0; i--) {
        if (strcmp(entry->block[i - 1].key, inner) == 0) {
            return entry->block[i - 1].value;
        }
    }
    return NULL;
}

void ini_free(struct ini *ini)
{
    size_t i;

    for (i = 0; i < ini->n; i++) {
        ini_section_clear(&ini->sections[i]);
    }
    mem_free(ini->sections);
    *ini = (struct ini){0};
}
