/* SPDX-License-Identifier: Apache-2.0 */
/* wipe_alloc.h - malloc and friends that overwrite what they free.
 *
 * For libraries that let their allocator be replaced and do not overwrite
 * secrets that pass through their buffers.  Each block has its size in front of
 * it, so what comes from here goes back here only. */
#ifndef WIPE_ALLOC_H
#define WIPE_ALLOC_H

#include <stddef.h>

/* As malloc(), calloc(), realloc(), strdup() and free(). */
void *wipe_malloc(size_t size);
void *wipe_calloc(size_t n, size_t size);
void *wipe_realloc(void *p, size_t size);
char *wipe_strdup(const char *s);
void wipe_dealloc(void *p);

/* The first and the third of them for our own use: as mem_*(), so that a test
 * can make them fail.  wipe_dealloc() frees these, too. */
void *wipe_mem_alloc(size_t size);
void *wipe_mem_realloc(void *p, size_t size);

#endif /* WIPE_ALLOC_H */
