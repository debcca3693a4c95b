/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.h - keeping what clients send fit for XML and JSON answers. */
#ifndef EMU_UTF8_H
#define EMU_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the @len bytes are UTF-8 (RFC 3629) without U+FFFE and U+FFFF, which
 * XML cannot carry. */
bool utf8_valid(const char *text, size_t len);

/* Replace every byte of @text that is part of no such character by '?'. */
void utf8_repair(char *text);

#endif /* EMU_UTF8_H */
