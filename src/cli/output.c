/* SPDX-License-Identifier: Apache-2.0 */
/* output.c - objects as JSON, text, a table or YAML. */
#include "output.h"

#include <assert.h>
#include <string.h>

#include "buf.h"
#include "columns.h"
#include "json.h"
#include "output_text.h"

/* Append @n times @c. */
static void add_many(struct buf *out, char c, size_t n)
{
    while (n-- > 0) {
        buf_addc(out, c);
    }
}

static void add_yaml(struct buf *out, json_t *value, size_t indent);

/* What follows "key:" or "-", after a space or on lines of its own. */
static void add_yaml_inside(struct buf *out, json_t *value, size_t indent,
                            bool in_list)
{
    bool nested = json_array_size(value) + json_object_size(value) > 0;

    if (!nested || in_list) {
        buf_addc(out, ' ');
        add_yaml(out, value, indent + 2);
        buf_adds(out, nested ? "" : "\n");
        return;
    }
    indent += json_is_object(value) ? 2 : 0;
    buf_addc(out, '\n');
    add_many(out, ' ', indent);
    add_yaml(out, value, indent);
}

/* @value as YAML; each line but the first after @indent spaces. */
static void add_yaml(struct buf *out, json_t *value, size_t indent)
{
    const char *key;
    json_t *item;
    size_t n = 0;
    size_t i;

    json_array_foreach(value, i, item)
    {
        add_many(out, ' ', n++ > 0 ? indent : 0);
        buf_addc(out, '-');
        add_yaml_inside(out, item, indent, true);
    }
    json_object_foreach(value, key, item)
    {
        add_many(out, ' ', n++ > 0 ? indent : 0);
        buf_addf(out, "%s:", key);
        add_yaml_inside(out, item, indent, false);
    }
    if (n > 0) {
        return;
    }
    js_write(out, value, JS_COMPACT);
}

/* YAML with the end of line that a lone value lacks. */
static void add_yaml_document(struct buf *out, json_t *value, bool stream)
{
    bool nested = json_array_size(value) + json_object_size(value) > 0;

    if (stream) {
        buf_addc(out, '-');
        add_yaml_inside(out, value, 0, true);
        return;
    }
    add_yaml(out, value, 0);
    buf_adds(out, nested ? "" : "\n");
}

int output_format(struct buf *out, const struct output *how, json_t *value,
                  struct buf *why)
{
    const char *format = how->format != NULL ? how->format : "json";

    if (strcmp(format, "off") == 0) {
        return 0;
    }
    if (strcmp(format, "text") == 0) {
        output_text(out, value);
        return 0;
    }
    if (strcmp(format, "table") == 0) {
        return output_table(out, how->title, value, how->width, why);
    }
    if (json_is_object(value) && json_object_size(value) == 0) {
        return 0; /* As the AWS CLI: an empty answer is no line. */
    }
    if (strncmp(format, "yaml", 4) == 0) {
        add_yaml_document(out, value, strcmp(format, "yaml-stream") == 0);
        return 0;
    }
    js_write(out, value, JS_PRETTY);
    buf_addc(out, '\n');
    return 0;
}

/* How wide column @c has to be. */
static size_t column_width(const char *const *cells, size_t n_rows,
                           size_t n_columns, size_t c)
{
    size_t widest = 0;
    size_t r;

    for (r = 0; r < n_rows; r++) {
        const char *text = cells[r * n_columns + c];
        size_t w = columns(text != NULL ? text : "-");

        widest = w > widest ? w : widest;
    }
    return widest;
}

void output_columns(struct buf *out, const char *const *cells, size_t n_rows,
                    size_t n_columns)
{
    size_t widths[OUTPUT_COLUMNS_MAX];
    size_t r;
    size_t c;

    assert(n_columns <= OUTPUT_COLUMNS_MAX);
    for (c = 0; c + 1 < n_columns; c++) {
        widths[c] = column_width(cells, n_rows, n_columns, c);
    }
    for (r = 0; r < n_rows; r++) {
        for (c = 0; c < n_columns; c++) {
            const char *text = cells[r * n_columns + c];

            text = text != NULL ? text : "-";
            buf_adds(out, text);
            if (c + 1 < n_columns) { /* Nothing follows the last one. */
                add_many(out, ' ', widths[c] + 2 - columns(text));
            }
        }
        buf_addc(out, '\n');
    }
}
