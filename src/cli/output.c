/* SPDX-License-Identifier: Apache-2.0 */
/* output.c - objects as JSON, text, a table or YAML. */
#include "output.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "json.h"
#include "say.h"

enum { TEXT_LIMIT = 64 << 20, PLAIN_SIZE = 512 };

/* How many columns @text takes on a terminal: its characters, in UTF-8. */
static size_t width_of(const char *text)
{
    size_t n = 0;

    for (; *text != '\0'; text++) {
        n += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return n;
}

/* Append @n times @c. */
static void add_many(struct buf *out, char c, size_t n)
{
    while (n-- > 0) {
        buf_addc(out, c);
    }
}

/* A plain value as the AWS CLI's text and tables show it. */
static const char *plain(char store[static PLAIN_SIZE], const json_t *value)
{
    if (json_is_string(value)) {
        return json_string_value(value);
    }
    if (json_is_boolean(value)) {
        return json_is_true(value) ? "True" : "False";
    }
    if (json_is_integer(value)) {
        snprintf(store, PLAIN_SIZE, "%lld",
                 (long long)json_integer_value(value));
        return store;
    }
    return "None";
}

/* One object as one line, its values with tabs between. */
static void add_text(struct buf *out, json_t *object)
{
    char store[PLAIN_SIZE];
    const char *key;
    json_t *value;
    bool first = true;

    json_object_foreach(object, key, value)
    {
        buf_addf(out, "%s%s", first ? "" : "\t", plain(store, value));
        first = false;
    }
    buf_addc(out, '\n');
}

/* One object as YAML; each line but the first after @indent. */
static void add_yaml(struct buf *out, json_t *object, const char *indent)
{
    const char *key;
    json_t *value;
    bool first = true;

    json_object_foreach(object, key, value)
    {
        buf_addf(out, "%s%s: ", first ? "" : indent, key);
        if (json_is_string(value)) {
            js_write_str(out, json_string_value(value), 0);
        } else {
            js_write(out, value, JS_COMPACT);
        }
        buf_addc(out, '\n');
        first = false;
    }
}

/* One object as a table of two columns under @title. */
static void add_table(struct buf *out, const char *title, json_t *object)
{
    char store[PLAIN_SIZE];
    size_t left = 0;
    size_t right = 0;
    const char *key;
    json_t *value;
    size_t total;

    json_object_foreach(object, key, value)
    {
        size_t l = strlen(key);
        size_t r = width_of(plain(store, value));

        left = l > left ? l : left;
        right = r > right ? r : right;
    }
    total = left + right + 11;
    total = strlen(title) + 4 > total ? strlen(title) + 4 : total;
    right = total - left - 11;
    add_many(out, '-', total);
    buf_addf(out, "\n|%*s%s%*s|\n", (int)((total - 2 - strlen(title)) / 2), "",
             title, (int)((total - 1 - strlen(title)) / 2), "");
    buf_addc(out, '+');
    add_many(out, '-', left + 4);
    buf_addc(out, '+');
    add_many(out, '-', right + 4);
    buf_adds(out, "+\n");
    json_object_foreach(object, key, value)
    {
        const char *text = plain(store, value);

        buf_addf(out, "|  %-*s  |  %s", (int)left, key, text);
        add_many(out, ' ', right + 2 - width_of(text));
        buf_adds(out, "|\n");
    }
    buf_addc(out, '+');
    add_many(out, '-', left + 4);
    buf_addc(out, '+');
    add_many(out, '-', right + 4);
    buf_adds(out, "+\n");
}

/* One object in @format. */
static void add_object(struct buf *out, const char *format, const char *title,
                       json_t *object, bool in_list)
{
    if (strcmp(format, "text") == 0) {
        add_text(out, object);
    } else if (strcmp(format, "table") == 0) {
        add_table(out, title, object);
    } else {
        buf_adds(out, in_list ? "- " : "");
        add_yaml(out, object, in_list ? "  " : "");
    }
}

void output_format(struct buf *out, const char *format, const char *title,
                   json_t *value)
{
    json_t *item;
    size_t i;

    format = format != NULL ? format : "json";
    if (strcmp(format, "off") == 0) {
        return;
    }
    if (strcmp(format, "text") != 0 && strcmp(format, "table") != 0 &&
        strncmp(format, "yaml", 4) != 0) {
        js_write(out, value, JS_PRETTY);
        buf_addc(out, '\n');
        return;
    }
    if (!json_is_array(value)) {
        add_object(out, format, title, value,
                   strcmp(format, "yaml-stream") == 0);
        return;
    }
    json_array_foreach(value, i, item)
    {
        add_object(out, format, title, item, true);
    }
}

void output_print(const char *format, const char *title, json_t *value)
{
    struct buf out;

    buf_init(&out, TEXT_LIMIT);
    output_format(&out, format, title, value);
    say_text(STDOUT_FILENO, buf_str(&out));
    buf_free(&out);
}

void output_columns(struct buf *out, const char *const *cells, size_t n_rows,
                    size_t n_columns)
{
    size_t r;
    size_t c;

    for (r = 0; r < n_rows; r++) {
        for (c = 0; c < n_columns; c++) {
            const char *text = cells[r * n_columns + c];
            size_t width = 0;
            size_t k;

            text = text != NULL ? text : "-";
            buf_adds(out, text);
            if (c + 1 == n_columns) {
                break; /* Nothing follows on this line. */
            }
            for (k = 0; k < n_rows; k++) {
                const char *other = cells[k * n_columns + c];
                size_t w = width_of(other != NULL ? other : "-");

                width = w > width ? w : width;
            }
            add_many(out, ' ', width + 2 - width_of(text));
        }
        buf_addc(out, '\n');
    }
}
