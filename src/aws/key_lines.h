/* SPDX-License-Identifier: Apache-2.0 */
/* key_lines.h - the file of the first EC2 tools: lines of "KEY=VALUE", without
 * sections, comments or quotes.  Pure. */
#ifndef KEY_LINES_H
#define KEY_LINES_H

/* The value of the last line of @text that sets @key, without the blanks around
 * it, or NULL.  A copy of the caller's, who wipes and frees it. */
char *key_line_value(const char *text, const char *key);

#endif /* KEY_LINES_H */
