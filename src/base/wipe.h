/* SPDX-License-Identifier: Apache-2.0 */
/* wipe.h - forgetting secrets for good. */
#ifndef WIPE_H
#define WIPE_H

#include <stddef.h>

/* Overwrite @size bytes at @p in a way no optimiser removes. */
void wipe(void *p, size_t size);

/* Overwrite a string from mem_*() and free it; NULL is fine. */
void wipe_free(char *s);

#endif /* WIPE_H */
