/* SPDX-License-Identifier: Apache-2.0 */
/* wipe.c - overwriting memory where the compiler must not look away. */
#include "wipe.h"

#include <string.h>

#include "mem.h"

void wipe(void *p, size_t size)
{
    memset(p, 0, size);
    /* As far as the compiler knows, somebody reads all of it here. */
    __asm__ __volatile__("" : : "r"(p) : "memory");
}

void wipe_free(char *s)
{
    if (s != NULL) {
        wipe(s, strlen(s));
        mem_free(s);
    }
}
