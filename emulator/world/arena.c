/* SPDX-License-Identifier: Apache-2.0 */
/* arena.c - blocks in a list; a piece comes from the newest with room. */
#include "arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mem.h"
#include "wipe.h"

enum { ARENA_BLOCK = 16 * 1024 };

struct arena_block {
    struct arena_block *next;
    size_t used;
    size_t size;
    max_align_t data[];
};

void *arena_alloc(struct arena *a, size_t size)
{
    const size_t unit = sizeof(max_align_t);
    size_t need = (size + unit - 1) / unit * unit;
    struct arena_block *b = a->blocks;
    char *p;

    if (need < size) {
        return NULL;
    }
    if (b == NULL || b->size - b->used < need) {
        size_t room = need > ARENA_BLOCK ? need : (size_t)ARENA_BLOCK;

        b = mem_zalloc(sizeof *b + room);
        if (b == NULL) {
            return NULL;
        }
        b->size = room;
        b->next = a->blocks;
        a->blocks = b;
    }
    p = (char *)b->data + b->used;
    b->used += need;
    return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
    size_t n = strlen(s) + 1;
    char *copy = arena_alloc(a, n);

    if (copy != NULL) {
        memcpy(copy, s, n);
    }
    return copy;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    char *text;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0) {
        return NULL;
    }
    text = arena_alloc(a, (size_t)n + 1);
    if (text != NULL) {
        va_start(ap, fmt);
        vsnprintf(text, (size_t)n + 1, fmt, ap);
        va_end(ap);
    }
    return text;
}

void arena_free(struct arena *a)
{
    while (a->blocks != NULL) {
        struct arena_block *b = a->blocks;

        a->blocks = b->next;
        wipe(b->data, b->used);
        mem_free(b);
    }
}
