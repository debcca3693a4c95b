/* SPDX-License-Identifier: Apache-2.0 */
/* wipe_alloc.c - a size in front of each block. */
#include "wipe_alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "wipe.h"

/* In front of each block; what comes after it is aligned for anything. */
union head {
    size_t size;
    max_align_t align;
};

/* @p is of this size, and of that of its head. */
static void *block_of(union head *head, size_t size)
{
    if (head == NULL) {
        return NULL;
    }
    head->size = size;
    return head + 1;
}

static union head *head_of(void *p)
{
    return (union head *)p - 1;
}

void *wipe_malloc(size_t size)
{
    if (size > SIZE_MAX - sizeof(union head)) {
        return NULL;
    }
    return block_of(malloc(sizeof(union head) + size), size);
}

void *wipe_calloc(size_t n, size_t size)
{
    if (size != 0 && n > (SIZE_MAX - sizeof(union head)) / size) {
        return NULL;
    }
    return block_of(calloc(1, sizeof(union head) + n * size), n * size);
}

/* Bring what is in @p to @to, unless either is NULL.  Not realloc(), which
 * would leave a copy where the block was. */
static void *move(void *to, void *p, size_t size)
{
    if (to != NULL && p != NULL) {
        size_t old = head_of(p)->size;

        memcpy(to, p, old < size ? old : size);
        wipe_dealloc(p);
    }
    return to;
}

void *wipe_realloc(void *p, size_t size)
{
    return move(wipe_malloc(size), p, size);
}

char *wipe_strdup(const char *s)
{
    size_t size = strlen(s) + 1;
    char *copy = wipe_malloc(size);

    return copy != NULL ? memcpy(copy, s, size) : NULL;
}

void *wipe_mem_alloc(size_t size)
{
    if (size > SIZE_MAX - sizeof(union head)) {
        return NULL;
    }
    return block_of(mem_alloc(sizeof(union head) + size), size);
}

void *wipe_mem_realloc(void *p, size_t size)
{
    return move(wipe_mem_alloc(size), p, size);
}

void wipe_dealloc(void *p)
{
    if (p != NULL) {
        union head *head = head_of(p);

        wipe(p, head->size);
        mem_free(head); /* Which is free() */
    }
}
