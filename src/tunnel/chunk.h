/* SPDX-License-Identifier: Apache-2.0 */
/* chunk.h - the memory bytes pass through, shared by the tunnels of a loop.
 *
 * A chunk is taken when bytes are on their way and given back when they have
 * gone, so that an idle tunnel holds none.  The pool keeps a few free ones:
 * a keystroke should not cost a round through the allocator. */
#ifndef CHUNK_H
#define CHUNK_H

#include <stdint.h>

enum {
    /* Header and payload of one outgoing frame: four full TLS records. */
    CHUNK_SIZE = 65536,
    CHUNK_POOL_KEEP = 4 /* Free chunks kept for the next taker */
};

/* CHUNK_SIZE bytes.  While free, it links to the next free one. */
union chunk {
    union chunk *next;
    uint8_t bytes[CHUNK_SIZE];
};

/* Free chunks of one loop; fields belong to chunk.c. */
struct chunk_pool {
    union chunk *free;
    unsigned n_free;
};

/* An empty pool.  Allocates nothing. */
void chunk_pool_init(struct chunk_pool *pool);

/* Free what is kept.  Chunks still in use are their holders' affair: they must
 * have been put back before. */
void chunk_pool_free(struct chunk_pool *pool);

/* Take a chunk, uninitialised, from @pool (which may be NULL) or from the
 * allocator.  NULL when memory is short. */
union chunk *chunk_take(struct chunk_pool *pool);

/* Give @chunk (NULL is fine) back to @pool, or free it. */
void chunk_put(struct chunk_pool *pool, union chunk *chunk);

#endif /* CHUNK_H */
