/* SPDX-License-Identifier: Apache-2.0 */
/* output_sections.h - a JSON value as the sections of an AWS CLI's table. */
#ifndef OUTPUT_SECTIONS_H
#define OUTPUT_SECTIONS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct buf;

enum { OUTPUT_MAX_COLUMNS = 256 };

/* One titled part; the arrays hold strings. */
struct output_section {
    const char *title; /* In the table's titles */
    unsigned level;    /* How deep inside others */
    json_t *headings;  /* Array, or NULL */
    json_t *rows;      /* Array of arrays */
    size_t n_columns;
    bool has_columns;
};

/* The table that is made. */
struct output_sections {
    struct output_section *list;
    size_t n;
    json_t *titles; /* Array of strings */
    struct buf *why;
    int error;
};

/* Make the sections of @value, the first with @title.  All zero but @why
 * before; 0, or a code, also in error, with @why filled.  Either way they go to
 * output_sections_free(). */
int output_sections_make(struct output_sections *t, const char *title,
                         json_t *value);

/* Free what is in @t. */
void output_sections_free(struct output_sections *t);

#endif /* OUTPUT_SECTIONS_H */
