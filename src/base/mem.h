/* SPDX-License-Identifier: Apache-2.0 */
/* mem.h - every allocation of ours, so that a test can make any of them fail.
 *
 * These are malloc and friends until a test installs a hook.  The hook is the
 * one mutable global outside the programs' main files: an allocator that each
 * object would have to carry would cost more clarity than it saves. */
#ifndef MEM_H
#define MEM_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed memory, or NULL. */
void *mem_zalloc(size_t size);

/* Uninitialised memory, or NULL. */
void *mem_alloc(size_t size);

/* As realloc(): on NULL the old block is untouched. */
void *mem_realloc(void *p, size_t size);

/* Copies of a string and of a part of one, or NULL. */
char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t len);

/* A formatted string, or NULL. */
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Free any of the above; NULL is fine. */
void mem_free(void *p);

/* Asked before each allocation; false makes it fail. */
typedef bool (*mem_hook)(void *data, size_t size);

/* Install @hook for tests, or none.  Not while another thread allocates. */
void mem_set_hook(mem_hook hook, void *data);

#endif /* MEM_H */
