/* SPDX-License-Identifier: Apache-2.0 */
/* scarce.h - memory that runs out on purpose, for mem_set_hook().
 *
 * A sweep lets one allocation more succeed each time, until all do:
 *
 *     do {
 *         struct scarce s = {.left = n++};
 *
 *         mem_set_hook(scarce_one, &s);
 *         ...
 *         mem_set_hook(NULL, NULL);
 *     } while (s.fired); */
#ifndef SCARCE_H
#define SCARCE_H

#include <stdbool.h>
#include <stddef.h>

/* Owned by the test, until the hook is taken away. */
struct scarce {
    int left;   /* How many allocations still succeed */
    bool fired; /* One was refused */
};

/* Refuse one allocation, when @scarce->left have succeeded, and no other. */
bool scarce_one(void *scarce, size_t size);

/* Refuse all from then on; or, with NULL, at once. */
bool scarce_after(void *scarce, size_t size);

#endif /* SCARCE_H */
