/* SPDX-License-Identifier: Apache-2.0 */
/* utf8_char.h - one character of UTF-8 (RFC 3629). */
#ifndef UTF8_CHAR_H
#define UTF8_CHAR_H

#include <stddef.h>

/* How many bytes the character takes that begins the @left bytes at @text; 0
 * when there is no well-formed one: none at all, a stray or a missing later
 * byte, an overlong form, a surrogate, or beyond U+10FFFF. */
size_t utf8_char_len(const void *text, size_t left);

#endif /* UTF8_CHAR_H */
