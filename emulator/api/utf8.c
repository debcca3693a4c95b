/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.c - one character at a time, by the table of RFC 3629. */
#include "utf8.h"

#include <string.h>

/* Whether @c is a later byte of a character. */
static bool is_tail(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/* The length of the character at @s, of @left bytes; 0 when it is none. */
static size_t character(const unsigned char *s, size_t left)
{
    if (s[0] < 0x80) {
        return 1;
    }
    if (s[0] >= 0xc2 && s[0] <= 0xdf) {
        return left >= 2 && is_tail(s[1]) ? 2 : 0;
    }
    if (s[0] >= 0xe0 && s[0] <= 0xef) {
        bool ok = left >= 3 && is_tail(s[1]) && is_tail(s[2]) &&
                  (s[0] != 0xe0 || s[1] >= 0xa0) && /* Not overlong */
                  (s[0] != 0xed || s[1] <= 0x9f) && /* No surrogates */
                  !(s[0] == 0xef && s[1] == 0xbf && s[2] >= 0xbe);

        return ok ? 3 : 0;
    }
    if (s[0] >= 0xf0 && s[0] <= 0xf4) {
        bool ok = left >= 4 && is_tail(s[1]) && is_tail(s[2]) &&
                  is_tail(s[3]) && (s[0] != 0xf0 || s[1] >= 0x90) &&
                  (s[0] != 0xf4 || s[1] <= 0x8f);

        return ok ? 4 : 0;
    }
    return 0;
}

bool utf8_valid(const char *text, size_t len)
{
    while (len > 0) {
        size_t n = character((const unsigned char *)text, len);

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
        size_t n = character((const unsigned char *)text, left);

        if (n == 0) {
            *text = '?';
            n = 1;
        }
        text += n;
        left -= n;
    }
}
