/* SPDX-License-Identifier: Apache-2.0 */
/* json.c - limits before jansson reads, and a writer that matches Python's
 * byte for byte: cache file names are hashes of such text. */
#include "json.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "mem.h"
#include "wipe.h"

/* How deep the brackets of @text go, strings aside. */
static size_t depth_of(const char *text, size_t len)
{
    size_t deepest = 0;
    size_t depth = 0;
    bool in_string = false;
    size_t i;

    for (i = 0; i < len; i++) {
        if (in_string) {
            if (text[i] == '\\') {
                i++;
            } else if (text[i] == '"') {
                in_string = false;
            }
        } else if (text[i] == '"') {
            in_string = true;
        } else if (text[i] == '{' || text[i] == '[') {
            depth++;
            deepest = depth > deepest ? depth : deepest;
        } else if ((text[i] == '}' || text[i] == ']') && depth > 0) {
            depth--;
        }
    }
    return deepest;
}

json_t *js_parse(const char *text, size_t len, struct err *e)
{
    json_error_t why;
    json_t *value;

    if (len > JS_MAX_BYTES) {
        err_set(e, ERR_TOO_BIG, "JSON: %zu bytes are too many", len);
        return NULL;
    }
    if (depth_of(text, len) > JS_MAX_DEPTH) {
        err_set(e, ERR_TOO_BIG, "JSON: nested deeper than %d", JS_MAX_DEPTH);
        return NULL;
    }
    value = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
    if (value == NULL) {
        err_set(e, ERR_PARSE, "JSON: line %d column %d: %s", why.line,
                why.column, why.text);
    }
    return value;
}

/* Overwrite the strings in @value; no deeper than js_parse() goes. */
static void wipe_strings(json_t *value)
{
    const char *key;
    json_t *item;
    size_t i;

    if (json_is_string(value)) {
        wipe((void *)(uintptr_t)json_string_value(value),
             json_string_length(value));
    }
    json_array_foreach(value, i, item)
    {
        wipe_strings(item);
    }
    json_object_foreach(value, key, item)
    {
        wipe_strings(item);
    }
}

void js_wipe(json_t *value)
{
    if (value != NULL) {
        wipe_strings(value);
        json_decref(value);
    }
}

const char *js_str(const json_t *obj, const char *key)
{
    return json_string_value(json_object_get(obj, key));
}

json_t *js_obj(const json_t *obj, const char *key)
{
    json_t *value = json_object_get(obj, key);

    return json_is_object(value) ? value : NULL;
}

json_t *js_arr(const json_t *obj, const char *key)
{
    json_t *value = json_object_get(obj, key);

    return json_is_array(value) ? value : NULL;
}

bool js_int(const json_t *obj, const char *key, int64_t *out)
{
    const json_t *value = json_object_get(obj, key);

    if (!json_is_integer(value)) {
        return false;
    }
    *out = json_integer_value(value);
    return true;
}

bool js_bool(const json_t *obj, const char *key, bool *out)
{
    const json_t *value = json_object_get(obj, key);

    if (!json_is_boolean(value)) {
        return false;
    }
    *out = json_is_true(value);
    return true;
}

int js_need_str(const json_t *obj, const char *key, const char **out,
                struct err *e)
{
    const json_t *value = json_object_get(obj, key);

    if (value == NULL) {
        return err_set(e, ERR_PARSE, "JSON: \"%s\" is missing", key);
    }
    if (!json_is_string(value)) {
        return err_set(e, ERR_PARSE, "JSON: \"%s\" is not a string", key);
    }
    *out = json_string_value(value);
    return 0;
}

/* Read one UTF-8 character, which jansson has checked to be well-formed. */
static unsigned long next_char(const unsigned char **p)
{
    unsigned long c = *(*p)++;
    int more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;

    if (more > 0) {
        c &= 0x3fUL >> more;
    }
    while (more-- > 0 && (**p & 0xc0) == 0x80) {
        c = c << 6 | (*(*p)++ & 0x3f);
    }
    return c;
}

/* Append \uXXXX, twice for a character beyond the first plane. */
static void put_escape(struct buf *out, unsigned long c)
{
    if (c >= 0x10000) {
        c -= 0x10000;
        buf_addf(out, "\\u%04lx\\u%04lx", 0xd800 + (c >> 10 & 0x3ff),
                 0xdc00 + (c & 0x3ff));
    } else {
        buf_addf(out, "\\u%04lx", c);
    }
}

/* The letter of a two-character escape, or NUL. */
static char short_escape(unsigned long c)
{
    switch (c) {
    case '"':
        return '"';
    case '\\':
        return '\\';
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return '\0';
    }
}

void js_write_str(struct buf *out, const char *text, unsigned how)
{
    const unsigned char *p = (const unsigned char *)text;

    buf_addc(out, '"');
    while (*p != '\0') {
        const unsigned char *start = p;
        unsigned long c = next_char(&p);
        char escape = short_escape(c);

        if (escape != '\0') {
            buf_addc(out, '\\');
            buf_addc(out, escape);
        } else if (c < 0x20 || (c >= 0x7f && (how & JS_ASCII) != 0)) {
            put_escape(out, c);
        } else {
            buf_add(out, start, (size_t)(p - start));
        }
    }
    buf_addc(out, '"');
}

/* A writer's place: the style and the indent. */
struct writer {
    struct buf *out;
    unsigned how;
    int depth;
};

static void write_value(struct writer *w, json_t *value);

/* What goes before member or element number @i, or before the bracket. */
static void put_break(struct writer *w, size_t i, bool last)
{
    int n;

    if (i > 0 && !last) {
        buf_addc(w->out, ',');
    }
    if ((w->how & JS_PRETTY) != 0) {
        buf_addc(w->out, '\n');
        for (n = 0; n < w->depth * 4; n++) {
            buf_addc(w->out, ' ');
        }
    } else if ((w->how & JS_SPACED) != 0 && i > 0 && !last) {
        buf_addc(w->out, ' ');
    }
}

/* For qsort(): keys by their bytes, which for UTF-8 is by code point, as
 * Python sorts. */
static int by_key(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;

    return strcmp(*x, *y);
}

/* The keys of @object in the order to write them; NULL when memory is short.
 * The array is the caller's, the keys are the object's. */
static const char **keys_of(json_t *object, size_t n, unsigned how)
{
    const char **keys = mem_alloc(n * sizeof *keys);
    void *at = json_object_iter(object);
    size_t i;

    for (i = 0; keys != NULL && at != NULL && i < n; i++) {
        keys[i] = json_object_iter_key(at);
        at = json_object_iter_next(object, at);
    }
    if (keys != NULL && (how & JS_SORTED) != 0) {
        qsort(keys, n, sizeof *keys, by_key);
    }
    return keys;
}

static void write_object(struct writer *w, json_t *object)
{
    size_t n = json_object_size(object);
    const char **keys = keys_of(object, n, w->how);
    size_t i;

    if (keys == NULL) {
        w->out->error = UV_ENOMEM;
        return;
    }
    buf_addc(w->out, '{');
    w->depth++;
    for (i = 0; i < n; i++) {
        put_break(w, i, false);
        js_write_str(w->out, keys[i], w->how);
        buf_adds(w->out, (w->how & (JS_SPACED | JS_PRETTY)) != 0 ? ": " : ":");
        write_value(w, json_object_get(object, keys[i]));
    }
    w->depth--;
    if (n > 0) {
        put_break(w, n, true);
    }
    buf_addc(w->out, '}');
    mem_free(keys);
}

static void write_array(struct writer *w, const json_t *array)
{
    size_t n = json_array_size(array);
    size_t i;

    buf_addc(w->out, '[');
    w->depth++;
    for (i = 0; i < n; i++) {
        put_break(w, i, false);
        write_value(w, json_array_get(array, i));
    }
    w->depth--;
    if (n > 0) {
        put_break(w, n, true);
    }
    buf_addc(w->out, ']');
}

/* A real number in the fewest digits that read back the same. */
static void write_real(struct writer *w, double value)
{
    char text[64];
    int digits;

    for (digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    buf_adds(w->out, text);
    if (strpbrk(text, ".en") == NULL) {
        buf_adds(w->out, ".0");
    }
}

static void write_value(struct writer *w, json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        write_object(w, value);
        break;
    case JSON_ARRAY:
        write_array(w, value);
        break;
    case JSON_STRING:
        js_write_str(w->out, json_string_value(value), w->how);
        break;
    case JSON_INTEGER:
        buf_addf(w->out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
        write_real(w, json_real_value(value));
        break;
    case JSON_TRUE:
        buf_adds(w->out, "true");
        break;
    case JSON_FALSE:
        buf_adds(w->out, "false");
        break;
    case JSON_NULL:
        buf_adds(w->out, "null");
        break;
    }
}

void js_write(struct buf *out, json_t *value, unsigned how)
{
    struct writer w = {out, how, 0};

    write_value(&w, value);
}
