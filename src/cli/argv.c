/* SPDX-License-Identifier: Apache-2.0 */
/* argv.c - words for exec. */
#include "argv.h"

#include <stdarg.h>
#include <stdio.h>

#include "mem.h"

/* Append @word, which becomes the list's. */
static void take(struct argv *a, char *word)
{
    char **list = NULL;

    if (word != NULL) {
        list = mem_realloc(a->list, (a->n + 2) * sizeof *list);
    }
    if (list == NULL) {
        mem_free(word);
        a->failed = true;
        return;
    }
    a->list = list;
    list[a->n++] = word;
    list[a->n] = NULL;
}

void argv_add(struct argv *a, const char *word)
{
    take(a, mem_strdup(word));
}

void argv_addf(struct argv *a, const char *fmt, ...)
{
    char *word = NULL;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n >= 0) {
        word = mem_alloc((size_t)n + 1);
    }
    if (word != NULL) {
        va_start(ap, fmt);
        vsnprintf(word, (size_t)n + 1, fmt, ap);
        va_end(ap);
    }
    take(a, word);
}

void argv_free(struct argv *a)
{
    size_t i;

    for (i = 0; i < a->n; i++) {
        mem_free(a->list[i]);
    }
    mem_free(a->list);
    *a = (struct argv){0};
}
