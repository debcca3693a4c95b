/* SPDX-License-Identifier: Apache-2.0 */
/* columns.h - how much room a text takes on a terminal. */
#ifndef COLUMNS_H
#define COLUMNS_H

#include <stddef.h>

/* How many columns @text takes, which is UTF-8: East Asian characters and most
 * pictures two, marks on top of another character none, others one.  Bytes
 * that are not UTF-8 take one each. */
size_t columns(const char *text);

#endif /* COLUMNS_H */
