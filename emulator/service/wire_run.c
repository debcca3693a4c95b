/* SPDX-License-Identifier: Apache-2.0 */
/* wire_run.c - a run of bytes with room behind it. */
#include "wire_run.h"

#include <string.h>

#include "mem.h"

/* Make room for @more bytes in @r. */
static bool run_reserve(struct wire_run *r, size_t more)
{
    size_t cap = r->cap != 0 ? r->cap : 4096;
    uint8_t *data;

    if (r->cap - r->len >= more) {
        return true;
    }
    while (cap - r->len < more) {
        cap *= 2;
    }
    data = mem_realloc(r->data, cap);
    if (data == NULL) {
        return false;
    }
    r->data = data;
    r->cap = cap;
    return true;
}

bool wire_run_add(struct wire_run *r, const void *data, size_t len)
{
    if (len == 0) {
        return true;
    }
    if (!run_reserve(r, len)) {
        return false;
    }
    memcpy(r->data + r->len, data, len);
    r->len += len;
    return true;
}
