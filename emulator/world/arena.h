/* SPDX-License-Identifier: Apache-2.0 */
/* arena.h - memory that is given out piece by piece and freed in one go.
 *
 * A world file becomes some hundred small objects that live exactly as long
 * as the world; nobody frees one of them alone. */
#ifndef EMU_ARENA_H
#define EMU_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks; /* Newest first */
};

/* Zeroed memory, aligned for anything, or NULL. */
void *arena_alloc(struct arena *a, size_t size);

/* A copy of a string, a formatted string, or NULL. */
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Free every piece, overwriting it first: worlds hold keys. */
void arena_free(struct arena *a);

#endif /* EMU_ARENA_H */
