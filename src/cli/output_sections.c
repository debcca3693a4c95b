/* SPDX-License-Identifier: Apache-2.0 */
/* output_sections.c - a JSON value as the sections of an AWS CLI's table.
 *
 * The value becomes sections, one for each object or list of objects inside,
 * each with a title, headings and rows.  What can go wrong: rows of one section
 * that differ in length, objects among other values, no memory. */
#include "output_sections.h"

#include <string.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "mem.h"
#include "output_text.h"
#include "pytext.h"

enum { CELL_LIMIT = 1 << 20 };

static bool is_nested(const json_t *value)
{
    return json_is_object(value) || json_is_array(value);
}

static int fail(struct output_sections *t, int code)
{
    t->error = t->error != 0 ? t->error : code;
    return code;
}

/* Begin a section. */
static void add_section(struct output_sections *t, const char *title,
                        unsigned level)
{
    struct output_section *grown =
        mem_realloc(t->list, (t->n + 1) * sizeof *t->list);

    if (grown == NULL) {
        buf_adds(t->why, "not enough memory");
        fail(t, UV_ENOMEM);
        return;
    }
    t->list = grown;
    json_array_append_new(t->titles, json_string(title));
    title = json_string_value(
        json_array_get(t->titles, json_array_size(t->titles) - 1));
    t->list[t->n++] =
        (struct output_section){.title = title != NULL ? title : "",
                                .level = level,
                                .rows = json_array()};
}

/* A value as the text of a cell. */
static json_t *cell_of(const json_t *value)
{
    struct buf text;
    json_t *cell;

    buf_init(&text, CELL_LIMIT);
    if (value != NULL) {
        pytext_str(&text, value);
    }
    cell = json_string(buf_str(&text));
    buf_free(&text);
    return cell;
}

/* Give the last section a row, or its headings; takes @row over. */
static void add_row(struct output_sections *t, json_t *row, bool headings)
{
    struct output_section *s = t->n > 0 ? &t->list[t->n - 1] : NULL;
    size_t n = json_array_size(row);

    if (s == NULL || t->error != 0) {
        json_decref(row);
        return;
    }
    if (!s->has_columns) {
        s->has_columns = true;
        s->n_columns = n;
    }
    if (n != s->n_columns || n > OUTPUT_MAX_COLUMNS) {
        buf_addf(t->why, "Row should have %zu elements, instead it has %zu",
                 n > OUTPUT_MAX_COLUMNS ? (size_t)OUTPUT_MAX_COLUMNS
                                        : s->n_columns,
                 n);
        fail(t, ERR_PARSE);
        json_decref(row);
    } else if (headings) {
        s->headings = row;
    } else {
        json_array_append_new(s->rows, row);
    }
}

static void build(struct output_sections *t, const char *title, json_t *value,
                  unsigned level);

/* The members of @object named in @names as a row. */
static json_t *row_of(json_t *object, const json_t *names)
{
    json_t *row = json_array();
    const json_t *name;
    size_t i;

    json_array_foreach(names, i, name)
    {
        json_array_append_new(
            row, cell_of(json_object_get(object, json_string_value(name))));
    }
    return row;
}

/* What is inside the members of @object named in @names. */
static void build_nested(struct output_sections *t, json_t *object,
                         const json_t *names, unsigned level)
{
    const json_t *name;
    size_t i;

    json_array_foreach(names, i, name)
    {
        json_t *inside = json_object_get(object, json_string_value(name));

        if (inside != NULL) {
            build(t, json_string_value(name), inside, level + 1);
        }
    }
}

/* An object: a row under headings; a single member is a row itself. */
static void build_object(struct output_sections *t, json_t *object,
                         unsigned level)
{
    json_t *plain = json_array();
    json_t *nested = json_array();
    const char *only;

    output_names(object, plain, nested);
    if (json_array_size(plain) == 1) {
        only = json_string_value(json_array_get(plain, 0));
        add_row(
            t,
            json_pack("[s, o]", only, cell_of(json_object_get(object, only))),
            false);
    } else if (json_array_size(plain) > 1) {
        add_row(t, json_copy(plain), true);
        add_row(t, row_of(object, plain), false);
    }
    build_nested(t, object, nested, level);
    json_decref(plain);
    json_decref(nested);
}

/* Objects: rows under the same headings; those with something inside each in
 * a section of its own. */
static void build_objects(struct output_sections *t, const char *title,
                          json_t *list, unsigned level)
{
    json_t *plain = json_array();
    json_t *nested = json_array();
    json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        output_names(item, plain, nested);
        if (!json_is_object(item) && t->error == 0) {
            buf_adds(t->why, "A list of objects and other values makes no "
                             "table.");
            fail(t, ERR_PARSE);
        }
    }
    add_row(t, json_copy(plain), true);
    json_array_foreach(list, i, item)
    {
        if (i > 0 && json_array_size(nested) > 0) {
            add_section(t, title, level);
            add_row(t, json_copy(plain), true);
        }
        add_row(t, row_of(item, plain), false);
        build_nested(t, item, nested, level);
    }
    json_decref(plain);
    json_decref(nested);
}

/* One element of a list of no objects. */
static void build_item(struct output_sections *t, json_t *item)
{
    json_t *row = json_array();
    bool flat = true;
    const char *key;
    json_t *value;
    size_t i;

    if (!is_nested(item)) {
        json_array_append_new(row, cell_of(item));
    }
    json_array_foreach(item, i, value)
    {
        flat = flat && !is_nested(value);
        json_array_append_new(row, cell_of(value));
    }
    json_object_foreach(item, key, value)
    {
        json_array_append_new(row, json_string(key)); /* As Python iterates */
    }
    if (flat) {
        add_row(t, row, false);
    } else {
        json_decref(row);
        build(t, NULL, item, 0);
    }
}

/* Whether Python takes @value for false. */
static bool is_empty(const json_t *value)
{
    return json_is_null(value) || json_is_false(value) ||
           (json_is_number(value) && json_number_value(value) == 0) ||
           (json_is_string(value) && json_string_length(value) == 0) ||
           (is_nested(value) &&
            json_array_size(value) + json_object_size(value) == 0);
}

static void build(struct output_sections *t, const char *title, json_t *value,
                  unsigned level)
{
    json_t *item;
    size_t i;

    if (is_empty(value) || t->error != 0) {
        return;
    }
    if (title != NULL) {
        add_section(t, title, level);
    }
    if (json_is_object(value)) {
        build_object(t, value, level);
    } else if (json_is_object(json_array_get(value, 0))) {
        build_objects(t, title, value, level);
    } else {
        json_array_foreach(value, i, item)
        {
            build_item(t, item);
        }
    }
}

int output_sections_make(struct output_sections *t, const char *title,
                         json_t *value)
{
    t->titles = json_array();
    build(t, title, value, 0);
    return t->error;
}

void output_sections_free(struct output_sections *t)
{
    size_t i;

    for (i = 0; i < t->n; i++) {
        json_decref(t->list[i].headings);
        json_decref(t->list[i].rows);
    }
    json_decref(t->titles);
    mem_free(t->list);
}
