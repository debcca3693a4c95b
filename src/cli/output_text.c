/* SPDX-License-Identifier: Apache-2.0 */
/* output_text.c - a JSON value as the AWS CLI's --output text.
 *
 * An object is one line of its plain members, then what is inside the others,
 * each line after the member's name.  The objects of a list have the same
 * fields: what one does not have is empty. */
#include "output_text.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "buf.h"
#include "pytext.h"

static void add_value(struct buf *out, json_t *value, const char *name,
                      json_t *fields);

static bool is_nested(const json_t *value)
{
    return json_is_object(value) || json_is_array(value);
}

/* Put @name in its place in the sorted @names, once. */
static void insert_name(json_t *names, const char *name)
{
    size_t i;
    int way;

    for (i = 0; i < json_array_size(names); i++) {
        way = strcmp(json_string_value(json_array_get(names, i)), name);
        if (way == 0) {
            return;
        }
        if (way > 0) {
            break;
        }
    }
    json_array_insert_new(names, i, json_string(name));
}

void output_names(json_t *object, json_t *plain, json_t *nested)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        insert_name(is_nested(value) ? nested : plain, key);
    }
}

/* Whether @name is one of @names. */
static bool has_name(const json_t *names, const char *name)
{
    size_t i;

    for (i = 0; i < json_array_size(names); i++) {
        if (strcmp(json_string_value(json_array_get(names, i)), name) == 0) {
            return true;
        }
    }
    return false;
}

/* A name in capitals. */
static void add_upper(struct buf *out, const char *name)
{
    for (; *name != '\0'; name++) {
        buf_addc(out, (char)toupper((unsigned char)*name));
    }
}

/* The members of @object named in @fields, then what is inside others. */
static void add_object(struct buf *out, json_t *object, const char *name,
                       json_t *fields)
{
    json_t *plain = json_array();
    json_t *all = json_array();
    json_t *none = json_array();
    size_t i;
    json_t *field;

    output_names(object, plain, none);
    output_names(object, all, all);
    fields = fields != NULL ? fields : plain;
    if (json_array_size(fields) > 0) {
        if (name != NULL) {
            add_upper(out, name);
        }
        json_array_foreach(fields, i, field)
        {
            json_t *value = json_object_get(object, json_string_value(field));

            buf_adds(out, i > 0 || name != NULL ? "\t" : "");
            if (value != NULL) {
                pytext_str(out, value);
            }
        }
        buf_addc(out, '\n');
    }
    json_array_foreach(all, i, field)
    {
        const char *key = json_string_value(field);

        if (!has_name(fields, key)) {
            add_value(out, json_object_get(object, key), key, NULL);
        }
    }
    json_decref(plain);
    json_decref(all);
    json_decref(none);
}

/* The plain elements of @list: on one line, or each after @name. */
static void add_plain(struct buf *out, const json_t *list, const char *name)
{
    const json_t *item;
    size_t n = 0;
    size_t i;

    json_array_foreach(list, i, item)
    {
        if (is_nested(item)) {
            continue;
        }
        if (name != NULL) {
            add_upper(out, name);
            buf_addc(out, '\t');
        } else {
            buf_adds(out, n > 0 ? "\t" : "");
        }
        pytext_str(out, item);
        buf_adds(out, name != NULL ? "\n" : "");
        n++;
    }
    buf_adds(out, name == NULL && n > 0 ? "\n" : "");
}

static void add_list(struct buf *out, json_t *list, const char *name)
{
    json_t *fields = json_array();
    json_t *nested = json_array();
    bool objects = false;
    json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        objects = objects || json_is_object(item);
        output_names(item, fields, nested);
    }
    if (!objects) {
        add_plain(out, list, name);
    }
    json_array_foreach(list, i, item)
    {
        if (objects || is_nested(item)) {
            add_value(out, item, name, objects ? fields : NULL);
        }
    }
    json_decref(fields);
    json_decref(nested);
}

static void add_value(struct buf *out, json_t *value, const char *name,
                      json_t *fields)
{
    if (json_is_object(value)) {
        add_object(out, value, name, fields);
    } else if (json_is_array(value)) {
        add_list(out, value, name);
    } else {
        pytext_str(out, value);
        buf_addc(out, '\n');
    }
}

void output_text(struct buf *out, json_t *value)
{
    add_value(out, value, NULL, NULL);
}
