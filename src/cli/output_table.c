/* SPDX-License-Identifier: Apache-2.0 */
/* output_table.c - a JSON value as the AWS CLI's --output table: the widest
 * section decides how wide all are. */
#include <math.h>
#include <stdbool.h>

#include "buf.h"
#include "columns.h"
#include "output_sections.h"
#include "output_text.h"

enum { PADDING = 4 };

/* The width of the widest cell of column @c. */
static size_t column_width(const struct output_section *s, size_t c)
{
    size_t widest = 0;
    const json_t *row;
    size_t i;

    if (s->headings != NULL) {
        widest = columns(json_string_value(json_array_get(s->headings, c)));
    }
    json_array_foreach(s->rows, i, row)
    {
        size_t w = columns(json_string_value(json_array_get(row, c)));

        widest = w > widest ? w : widest;
    }
    return widest;
}

/* How wide the section would be. */
static size_t section_width(const struct output_section *s)
{
    size_t edges = 2 + 2 * (size_t)s->level;
    size_t title = columns(s->title) + edges;
    size_t total = edges;
    size_t c;

    for (c = 0; c < s->n_columns; c++) {
        total += column_width(s, c) + PADDING;
    }
    return title > total ? title : total;
}

static size_t table_width(const struct output_sections *t)
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
static void turn(struct output_section *s)
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
static void scale(const struct output_section *s, size_t *widths, size_t width)
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
    size_t len = columns(text);
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
    size_t len = columns(text);
    size_t before = width >= len + 3 + edge ? 2 : 0;
    size_t used = before + len + edge + 1;

    buf_adds(out, edge ? "|" : "");
    add_many(out, ' ', before);
    buf_adds(out, text);
    add_many(out, ' ', width > used ? width - used : 0);
    buf_addc(out, '|');
}

/* The beginning or the end of a line. */
static void add_edge(struct buf *out, const struct output_section *s, bool end)
{
    add_many(out, '|', s->level);
    buf_adds(out, end ? "\n" : "");
}

/* +-----+---+ */
static void add_rule(struct buf *out, const struct output_section *s,
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

static void add_cells(struct buf *out, const struct output_section *s,
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

static void render(struct buf *out, const struct output_section *s,
                   size_t width)
{
    size_t widths[OUTPUT_MAX_COLUMNS];
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
    struct output_sections t = {.why = why};
    int rv = output_sections_make(&t, title, value);
    size_t widest = table_width(&t);
    size_t i;

    if (widest > width) {
        for (i = 0; i < t.n; i++) {
            turn(&t.list[i]);
        }
        widest = table_width(&t);
    }
    if (t.n > 0 && rv == 0) {
        add_many(out, '-', widest);
        buf_addc(out, '\n');
    }
    for (i = 0; i < t.n && rv == 0; i++) {
        render(out, &t.list[i], widest);
    }
    output_sections_free(&t);
    return rv;
}
