/* SPDX-License-Identifier: Apache-2.0 */
/* utf8_char.c - the table of RFC 3629, section 4. */
#include "utf8_char.h"

#include <stdbool.h>

/* Whether @c is a later byte of a character. */
static bool is_tail(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

size_t utf8_char_len(const void *text, size_t left)
{
    const unsigned char *s = text;
    bool ok;

    if (left == 0) {
        return 0;
    }
    if (s[0] < 0x80) {
        return 1;
    }
    if (s[0] >= 0xc2 && s[0] <= 0xdf) {
        return left >= 2 && is_tail(s[1]) ? 2 : 0;
    }
    if (s[0] >= 0xe0 && s[0] <= 0xef) {
        ok = left >= 3 && is_tail(s[1]) && is_tail(s[2]) &&
             (s[0] != 0xe0 || s[1] >= 0xa0) && /* Not overlong */
             (s[0] != 0xed || s[1] <= 0x9f);   /* No surrogates */
        return ok ? 3 : 0;
    }
    if (s[0] >= 0xf0 && s[0] <= 0xf4) {
        ok = left >= 4 && is_tail(s[1]) && is_tail(s[2]) && is_tail(s[3]) &&
             (s[0] != 0xf0 || s[1] >= 0x90) && /* Not overlong */
             (s[0] != 0xf4 || s[1] <= 0x8f);   /* Not beyond U+10FFFF */
        return ok ? 4 : 0;
    }
    return 0;
}
