/* SPDX-License-Identifier: Apache-2.0 */
/* ini.h - the grammar of the AWS configuration files, to the letter.
 *
 * It is that of Python's RawConfigParser in strict mode, which is what the AWS
 * CLI reads its files with: comments only on lines of their own, the first '='
 * or ':' splits, deeper indentation continues a value, [DEFAULT] reaches into
 * every section, and whatever is said twice is an error.  Pure: bytes in, a
 * tree out.  Values may be secrets; they are wiped when freed. */
#ifndef INI_H
#define INI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

/* "key = value" inside an indented block; keys keep their case. */
struct ini_pair {
    char *key;
    char *value;
};

/* One key of a section. */
struct ini_entry {
    char *key;              /* Lower case */
    char *value;            /* Trimmed; continuation lines joined with \n */
    struct ini_pair *block; /* The parsed lines of an indented block */
    size_t n_block, cap_block;
    bool is_block; /* The value began on the next line */
};

struct ini_section {
    char *name; /* Everything between '[' and the last ']' */
    struct ini_entry *entries;
    size_t n, cap;
    uint32_t hash; /* Of the name */
};

struct ini {
    struct ini_section *sections; /* In the order of the file */
    size_t n, cap;
};

/* Parse @len bytes.  Returns 0 and fills @ini, which is then freed with
 * ini_free(); or UV_ENOMEM, or ERR_PARSE with @e saying "line 3: ...", and
 * @ini is empty. */
int ini_parse(struct ini *ini, const char *text, size_t len, struct err *e);

/* The section called exactly @name, or NULL. */
const struct ini_section *ini_section(const struct ini *ini, const char *name);

/* The entry of @key (lower case), or NULL.  @s may be NULL. */
const struct ini_entry *ini_entry(const struct ini_section *s, const char *key);

/* The value of @key, or NULL when it is absent or a block. */
const char *ini_value(const struct ini_section *s, const char *key);

/* The value of @inner in the block of @key, or NULL. */
const char *ini_block_value(const struct ini_section *s, const char *key,
                            const char *inner);

/* Wipe and free everything; @ini is empty afterwards. */
void ini_free(struct ini *ini);

#endif /* INI_H */
