/* SPDX-License-Identifier: Apache-2.0 */
/* output_table.c - a JSON value as the AWS CLI's --output table.
 *
 * The value becomes sections, one for each object or list of objects inside,
 * each with a title, headings and rows; the widest decides how wide all are.
 * What can go wrong: rows of one section that differ in length. */
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "mem.h"
#include "output_text.h"
#include "pytext.h"

enum { CELL_LIMIT = 1 << 20, PADDING = 4, MAX_COLUMNS = 256 };

/* One titled part; the arrays hold strings. */
struct section {
    const char *title; /* In the table's titles */
    unsigned level;    /* How deep inside others */
    json_t *headings;  /* Array, or NULL */
    json_t *rows;      /* Array of arrays */
    size_t n_columns;
    bool has_columns;
};

/* The table that is made. */
struct table {
    struct section *list;
    size_t n;
    json_t *titles; /* Array of strings */
    struct buf *why;
    int error;
};

static bool is_nested(const json_t *value)
{
    return json_is_object(value) || json_is_array(value);
}

static int fail(struct table *t, int code)
{
    t->error = t->error != 0 ? t->error : code;
    return code;
}

/* Begin a section. */
static void add_section(struct table *t, const char *title, unsigned level)
{
    struct section *grown = mem_realloc(t->list, (t->n + 1) * sizeof *t->list);

    if (grown == NULL) {
        buf_adds(t->why, "not enough memory");
        fail(t, UV_ENOMEM);
        return;
    }
    t->list = grown;
    json_array_append_new(t->titles, json_string(title));
    title = json_string_value(
        json_array_get(t->titles, json_array_size(t->titles) - 1));
    t->list[t->n++] = (struct section){.title = title != NULL ? title : "",
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
static void add_row(struct table *t, json_t *row, bool headings)
{
    struct section *s = t->n > 0 ? &t->list[t->n - 1] : NULL;
    size_t n = json_array_size(row);

    if (s == NULL || t->error != 0) {
        json_decref(row);
        return;
    }
    if (!s->has_columns) {
        s->has_columns = true;
        s->n_columns = n;
    }
    if (n != s->n_columns || n > MAX_COLUMNS) {
        buf_addf(t->why, "Row should have %zu elements, instead it has %zu",
                 n > MAX_COLUMNS ? (size_t)MAX_COLUMNS : s->n_columns, n);
        fail(t, ERR_PARSE);
        json_decref(row);
    } else if (headings) {
        s->headings = row;
    } else {
        json_array_append_new(s->rows, row);
    }
}

static void build(struct table *t, const char *title, json_t *value,
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
static void build_nested(struct table *t, json_t *object, const json_t *names,
                         unsigned level)
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
static void build_object(struct table *t, json_t *object, unsigned level)
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
static void build_objects(struct table *t, const char *title, json_t *list,
                          unsigned level)
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
static void build_item(struct table *t, json_t *item)
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

static void build(struct table *t, const char *title, json_t *value,
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

/* The width of the widest cell of column @c. */
static size_t column_width(const struct section *s, size_t c)
{
    size_t widest = 0;
    const json_t *row;
    size_t i;

    if (s->headings != NULL) {
        widest =
            output_width(json_string_value(json_array_get(s->headings, c)));
    }
    json_array_foreach(s->rows, i, row)
    {
        size_t w = output_width(json_string_value(json_array_get(row, c)));

        widest = w > widest ? w : widest;
    }
    return widest;
}

/* How wide the section would be. */
static size_t section_width(const struct section *s)
{
    size_t edges = 2 + 2 * (size_t)s->level;
    size_t title = output_width(s->title) + edges;
    size_t total = edges;
    size_t c;

    for (c = 0; c < s->n_columns; c++) {
        total += column_width(s, c) + PADDING;
    }
    return title > total ? title : total;
}

static size_t table_width(const struct table *t)
{
    size_t widest = 0;
    size_t i;

    for (i = 0; i < t->n; i++) {
        size_t w = section_width(&t->list[i]);

        widest = w > widest ? w : widest;
    }
    return widest;
}

/* A section of one row becomes a line a member. */
static void turn(struct section *s)
{
    json_t *rows = json_array();
    const json_t *row = json_array_get(s->rows, 0);
    size_t i;

    if (s->headings == NULL || json_array_size(s->rows) != 1) {
        json_decref(rows);
        return;
    }
    for (i = 0; i < s->n_columns; i++) {
        json_array_append_new(rows, json_pack("[O, O]",
                                              json_array_get(s->headings, i),
                                              json_array_get(row, i)));
    }
    json_decref(s->headings);
    json_decref(s->rows);
    s->headings = NULL;
    s->rows = rows;
    s->n_columns = 2;
}

/* Stretch the columns so that together they are @width wide. */
static void scale(const struct section *s, size_t *widths, size_t width)
{
    size_t sum = 0;
    size_t now = 0;
    size_t c;

    for (c = 0; c < s->n_columns; c++) {
        widths[c] = column_width(s, c) + PADDING;
        sum += widths[c];
    }
    for (c = 0; c < s->n_columns; c++) {
        widths[c] =
            (size_t)rint((double)width / (double)sum * (double)widths[c]);
        now += widths[c];
    }
    for (c = 0; now > width; c = (c + 1) % s->n_columns) {
        widths[c]--;
        now--;
    }
    for (c = s->n_columns; now<width; c = c> 1 ? c - 1 : s->n_columns) {
        widths[c - 1]++;
        now++;
    }
}

static void add_many(struct buf *out, char c, size_t n)
{
    while (n-- > 0) {
        buf_addc(out, c);
    }
}

/* @text in the middle of @width, with an edge on the right, and on the left
 * if @edge. */
static void add_centred(struct buf *out, const char *text, size_t width,
                        bool edge)
{
    size_t len = output_width(text);
    size_t before = width / 2 > len / 2 ? width / 2 - len / 2 - 1 : 0;
    size_t used = before + len + edge + 1;

    buf_adds(out, edge ? "|" : "");
    add_many(out, ' ', before);
    buf_adds(out, text);
    add_many(out, ' ', width > used ? width - used : 0);
    buf_addc(out, '|');
}

/* @text at the left. */
static void add_left(struct buf *out, const char *text, size_t width, bool edge)
{
    size_t len = output_width(text);
    size_t before = width >= len + 3 + edge ? 2 : 0;
    size_t used = before + len + edge + 1;

    buf_adds(out, edge ? "|" : "");
    add_many(out, ' ', before);
    buf_adds(out, text);
    add_many(out, ' ', width > used ? width - used : 0);
    buf_addc(out, '|');
}

/* The beginning or the end of a line. */
static void add_edge(struct buf *out, const struct section *s, bool end)
{
    add_many(out, '|', s->level);
    buf_adds(out, end ? "\n" : "");
}

/* +-----+---+ */
static void add_rule(struct buf *out, const struct section *s,
                     const size_t *widths)
{
    size_t c;

    add_edge(out, s, false);
    for (c = 0; c < s->n_columns; c++) {
        size_t edges = c == 0 ? 2 : 1;

        buf_adds(out, c == 0 ? "+" : "");
        add_many(out, '-', widths[c] > edges ? widths[c] - edges : 0);
        buf_addc(out, '+');
    }
    add_edge(out, s, true);
}

static void add_cells(struct buf *out, const struct section *s,
                      const json_t *row, const size_t *widths, bool centred)
{
    const json_t *cell;
    size_t c;

    add_edge(out, s, false);
    json_array_foreach(row, c, cell)
    {
        if (centred) {
            add_centred(out, json_string_value(cell), widths[c], c == 0);
        } else {
            add_left(out, json_string_value(cell), widths[c], c == 0);
        }
    }
    add_edge(out, s, true);
}

static void render(struct buf *out, const struct section *s, size_t width)
{
    size_t widths[MAX_COLUMNS];
    const json_t *row;
    size_t i;

    width -= 2 * (size_t)s->level;
    add_edge(out, s, false);
    add_centred(out, s->title, width, true);
    add_edge(out, s, true);
    if (s->n_columns == 0) {
        if (json_array_size(s->rows) == 0) {
            add_edge(out, s, false);
            buf_addc(out, '+');
            add_many(out, '-', width - 2);
            buf_addc(out, '+');
            add_edge(out, s, true);
        }
        return; /* An empty row shows nothing. */
    }
    scale(s, widths, width);
    if (s->headings != NULL) {
        add_rule(out, s, widths);
        add_cells(out, s, s->headings, widths, true);
    }
    if (json_array_size(s->rows) > 0) {
        add_rule(out, s, widths);
        json_array_foreach(s->rows, i, row)
        {
            add_cells(out, s, row, widths, false);
        }
        add_rule(out, s, widths);
    }
}

int output_table(struct buf *out, const char *title, json_t *value,
                 size_t width, struct buf *why)
{
    struct table t = {.titles = json_array(), .why = why};
    size_t widest;
    size_t i;

    build(&t, title, value, 0);
    widest = table_width(&t);
    if (widest > width) {
        for (i = 0; i < t.n; i++) {
            turn(&t.list[i]);
        }
        widest = table_width(&t);
    }
    if (t.n > 0 && t.error == 0) {
        add_many(out, '-', widest);
        buf_addc(out, '\n');
    }
    for (i = 0; i < t.n; i++) {
        if (t.error == 0) {
            render(out, &t.list[i], widest);
        }
        json_decref(t.list[i].headings);
        json_decref(t.list[i].rows);
    }
    json_decref(t.titles);
    mem_free(t.list);
    return t.error;
}
