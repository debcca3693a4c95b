/* SPDX-License-Identifier: Apache-2.0 */
/* hex.h - bytes as hexadecimal digits and back. */
#ifndef HEX_H
#define HEX_H

#include <stdbool.h>
#include <stddef.h>

/* Write @len bytes as 2 * @len lower-case digits and a NUL into @out. */
void hex_encode(char *out, const void *data, size_t len);

/* Read @len digits of either case into @len / 2 bytes at @out.  False, with
 * @out undefined, when @len is odd or a character is no digit. */
bool hex_decode(void *out, const char *text, size_t len);

/* The value of one digit, or -1. */
int hex_digit(char c);

#endif /* HEX_H */
