/* SPDX-License-Identifier: Apache-2.0 */
/* scarce.c - memory that runs out on purpose, for mem_set_hook(). */
#include "scarce.h"

bool scarce_one(void *scarce, size_t size)
{
    struct scarce *s = scarce;

    (void)size;
    if (s->left-- == 0) {
        s->fired = true;
        return false;
    }
    return true;
}

bool scarce_after(void *scarce, size_t size)
{
    struct scarce *s = scarce;

    (void)size;
    if (s == NULL) {
        return false;
    }
    if (s->left > 0) {
        s->left--;
        return true;
    }
    s->fired = true;
    return false;
}
