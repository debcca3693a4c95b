/* SPDX-License-Identifier: Apache-2.0 */
/* ini_tree.h - how the tree of ini.h grows while a text is read: for
 * ini_parse() alone.
 *
 * What one function hands out is good until the next one adds to the same
 * list. */
#ifndef INI_TREE_H
#define INI_TREE_H

#include "ini.h"
#include "span.h"

/* Add an empty section called @name at the end.  UV_EEXIST: there is one of
 * that name; UV_ENOMEM. */
int ini_add_section(struct ini *ini, struct span name);

/* Add an entry for @key, without a value, at the end; it owns @key then.
 * UV_ENOMEM, and @key is still the caller's.  That there is none of that name
 * yet is the caller's to see. */
int ini_add_entry(struct ini_section *s, char *key);

/* Make @entry a block and add a copy of a pair to it.  UV_ENOMEM: what there
 * is of it is freed with the entry. */
int ini_add_pair(struct ini_entry *entry, struct span key, struct span value);

/* Give @s copies of the entries of @from, none of them a block, that it does
 * not have itself.  UV_ENOMEM. */
int ini_add_defaults(struct ini_section *s, const struct ini_section *from);

/* Wipe and free what @s holds. */
void ini_section_clear(struct ini_section *s);

#endif /* INI_TREE_H */
