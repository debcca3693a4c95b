/* SPDX-License-Identifier: Apache-2.0 */
/* wipe.c - overwriting memory where the compiler must not look away. */
#include "wipe.h"

#include <string.h>

#include "mem.h"

void wipe(void *p, size_t size)
{
    volatile unsigned char *bytes = p;

    while (size-- > 0) {
        *bytes++ = 0;
    }
}

void wipe_free(char *s)
{
    if (s != NULL) {
        wipe(s, strlen(s));
        mem_free(s);
    }
}
