/* SPDX-License-Identifier: Apache-2.0 */
/* key_lines.c - line by line. */
#include "key_lines.h"

#include <stddef.h>
#include <string.h>

#include "mem.h"
#include "wipe.h"

char *key_line_value(const char *text, const char *key)
{
    const char *end, *eq, *from, *to;
    char *value = NULL;

    for (; *text != '\0'; text = end + (*end != '\0')) {
        end = text + strcspn(text, "\r\n");
        eq = memchr(text, '=', (size_t)(end - text));
        if (eq == NULL) {
            continue;
        }
        from = text + strspn(text, " \t");
        to = eq;
        while (to > from && strchr(" \t", to[-1]) != NULL) {
            to--;
        }
        if ((size_t)(to - from) != strlen(key) ||
            strncmp(from, key, strlen(key)) != 0) {
            continue;
        }
        from = eq + 1 + strspn(eq + 1, " \t");
        to = end;
        while (to > from && strchr(" \t", to[-1]) != NULL) {
            to--;
        }
        wipe_free(value);
        value = mem_strndup(from, (size_t)(to > from ? to - from : 0));
    }
    return value;
}
