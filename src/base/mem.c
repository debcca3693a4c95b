/* SPDX-License-Identifier: Apache-2.0 */
/* mem.c - malloc with a place for a test to say no. */
#include "mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static mem_hook test_hook;
static void *test_hook_data;

/* Whether this allocation may go ahead. */
static bool allowed(size_t size)
{
    return test_hook == NULL || test_hook(test_hook_data, size);
}

void *mem_zalloc(size_t size)
{
    return allowed(size) ? calloc(1, size > 0 ? size : 1) : NULL;
}

void *mem_alloc(size_t size)
{
    return allowed(size) ? malloc(size > 0 ? size : 1) : NULL;
}

void *mem_realloc(void *p, size_t size)
{
    return allowed(size) ? realloc(p, size > 0 ? size : 1) : NULL;
}

char *mem_strndup(const char *s, size_t len)
{
    size_t n = strnlen(s, len);
    char *copy = mem_alloc(n + 1);

    if (copy != NULL) {
        memcpy(copy, s, n);
        copy[n] = '\0';
    }
    return copy;
}

char *mem_strdup(const char *s)
{
    return mem_strndup(s, strlen(s));
}

char *mem_printf(const char *fmt, ...)
{
    va_list ap;
    char *text;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0) {
        return NULL;
    }
    text = mem_alloc((size_t)n + 1);
    if (text != NULL) {
        va_start(ap, fmt);
        vsnprintf(text, (size_t)n + 1, fmt, ap);
        va_end(ap);
    }
    return text;
}

void mem_free(void *p)
{
    free(p);
}

void mem_set_hook(mem_hook hook, void *data)
{
    test_hook = hook;
    test_hook_data = data;
}
