/* SPDX-License-Identifier: Apache-2.0 */
/* chunk.c - a short list of free chunks. */
#include "chunk.h"

#include <stddef.h>

#include "mem.h"

void chunk_pool_init(struct chunk_pool *pool)
{
    *pool = (struct chunk_pool){NULL, 0};
}

void chunk_pool_free(struct chunk_pool *pool)
{
    while (pool->free != NULL) {
        union chunk *chunk = pool->free;

        pool->free = chunk->next;
        mem_free(chunk);
    }
    pool->n_free = 0;
}

union chunk *chunk_take(struct chunk_pool *pool)
{
    union chunk *chunk;

    if (pool == NULL || pool->free == NULL) {
        return mem_alloc(sizeof *chunk);
    }
    chunk = pool->free;
    pool->free = chunk->next;
    pool->n_free--;
    return chunk;
}

void chunk_put(struct chunk_pool *pool, union chunk *chunk)
{
    if (chunk == NULL) {
        return;
    }
    if (pool == NULL || pool->n_free == CHUNK_POOL_KEEP) {
        mem_free(chunk);
        return;
    }
    chunk->next = pool->free;
    pool->free = chunk;
    pool->n_free++;
}
