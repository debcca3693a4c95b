/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.c - one character at a time. */
#include "utf8.h"

#include <string.h>

#include "utf8_char.h"

/* The length of the character at @s, of @left bytes; 0 when it is none that
 * XML can carry. */
static size_t character(const char *s, size_t left)
{
    size_t n = utf8_char_len(s, left);
    bool is_fit = n != 3 || (memcmp(s, "\xef\xbf\xbe", 3) != 0 &&
                             memcmp(s, "\xef\xbf\xbf", 3) != 0);

    return is_fit ? n : 0;
}

bool utf8_valid(const char *text, size_t len)
{
    while (len > 0) {
        size_t n = character(text, len);

        if (n == 0) {
            return false;
        }
        text += n;
        len -= n;
    }
    return true;
}

void utf8_repair(char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        size_t n = character(text, left);

        if (n == 0) {
            *text = '?';
            n = 1;
        }
        text += n;
        left -= n;
    }
}
