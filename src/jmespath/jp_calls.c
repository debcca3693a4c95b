/* SPDX-License-Identifier: Apache-2.0 */
/* jp_calls.c - JMESPath's functions of strings, lists, objects and anything. */
#include "jp_calls.h"

#include <string.h>

#include "buf.h"
#include "err.h"
#include "jp_eval.h"
#include "json.h"

enum { STRING_LIMIT = 16 << 20 };

int jp_call_not_null(struct jp_eval *v, const struct jp_arg *a, size_t n,
                     json_t **out)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (!json_is_null(a[i].value)) {
            return jp_give(v, json_incref(a[i].value), out);
        }
    }
    return jp_give(v, json_null(), out);
}

int jp_call_to_array(struct jp_eval *v, const struct jp_arg *a, size_t n,
                     json_t **out)
{
    (void)n;
    if (json_is_array(a[0].value)) {
        return jp_give(v, json_incref(a[0].value), out);
    }
    return jp_give(v, json_pack("[O]", a[0].value), out);
}

int jp_call_to_string(struct jp_eval *v, const struct jp_arg *a, size_t n,
                      json_t **out)
{
    struct buf text;
    int rv;

    (void)n;
    if (json_is_string(a[0].value)) {
        return jp_give(v, json_incref(a[0].value), out);
    }
    rv = jp_charge(v, a[0].value);
    if (rv == 0) {
        buf_init(&text, STRING_LIMIT);
        js_write(&text, a[0].value, JS_COMPACT | JS_ASCII);
        rv = buf_error(&text) != 0
                 ? jp_give(v, NULL, out)
                 : jp_give(v, json_string(buf_str(&text)), out);
        buf_free(&text);
    }
    return rv;
}

int jp_call_contains(struct jp_eval *v, const struct jp_arg *a, size_t n,
                     json_t **out)
{
    const json_t *in = a[0].value;
    const json_t *what = a[1].value;
    bool found = false;
    size_t i;

    (void)n;
    if (json_is_string(in)) {
        if (!json_is_string(what)) {
            buf_addf(v->why,
                     "'in <string>' requires string as left operand, not ");
            buf_adds(v->why, jp_python_type(what));
            return ERR_PARSE;
        }
        found = strstr(json_string_value(in), json_string_value(what)) != NULL;
    }
    for (i = 0; !found && i < json_array_size(in); i++) {
        if (jp_charge(v, what) != 0) {
            return ERR_TOO_BIG;
        }
        found = jp_equal(json_array_get(in, i), what);
    }
    return jp_give(v, json_boolean(found), out);
}

/* Characters in UTF-8. */
static size_t characters(const char *text)
{
    size_t n = 0;

    for (; *text != '\0'; text++) {
        n += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return n;
}

int jp_call_length(struct jp_eval *v, const struct jp_arg *a, size_t n,
                   json_t **out)
{
    const json_t *x = a[0].value;
    size_t size = json_is_string(x)  ? characters(json_string_value(x))
                  : json_is_array(x) ? json_array_size(x)
                                     : json_object_size(x);

    (void)n;
    return jp_give(v, json_integer((json_int_t)size), out);
}

int jp_call_starts_with(struct jp_eval *v, const struct jp_arg *a, size_t n,
                        json_t **out)
{
    const char *text = json_string_value(a[0].value);
    const char *part = json_string_value(a[1].value);

    (void)n;
    return jp_give(v, json_boolean(strncmp(text, part, strlen(part)) == 0),
                   out);
}

int jp_call_ends_with(struct jp_eval *v, const struct jp_arg *a, size_t n,
                      json_t **out)
{
    const char *text = json_string_value(a[0].value);
    const char *part = json_string_value(a[1].value);
    size_t len = strlen(text);
    size_t part_len = strlen(part);

    (void)n;
    return jp_give(v,
                   json_boolean(part_len <= len &&
                                strcmp(text + len - part_len, part) == 0),
                   out);
}

/* A text backwards, character by character. */
static json_t *backwards(const char *text)
{
    size_t end = strlen(text);
    size_t i;
    struct buf out;
    json_t *value;

    buf_init(&out, STRING_LIMIT);
    for (i = end; i-- > 0;) {
        if (((unsigned char)text[i] & 0xc0) != 0x80) {
            buf_add(&out, text + i, end - i);
            end = i;
        }
    }
    value = buf_error(&out) == 0 ? json_string(buf_str(&out)) : NULL;
    buf_free(&out);
    return value;
}

int jp_call_reverse(struct jp_eval *v, const struct jp_arg *a, size_t n,
                    json_t **out)
{
    json_t *x = a[0].value;
    size_t i;
    int rv;

    (void)n;
    if (json_is_string(x)) {
        return jp_give(v, backwards(json_string_value(x)), out);
    }
    rv = jp_give(v, json_array(), out);
    for (i = json_array_size(x); rv == 0 && i-- > 0;) {
        json_array_append(*out, json_array_get(x, i));
    }
    return rv;
}

int jp_call_join(struct jp_eval *v, const struct jp_arg *a, size_t n,
                 json_t **out)
{
    struct buf text;
    size_t i;
    int rv;

    (void)n;
    buf_init(&text, STRING_LIMIT);
    for (i = 0; i < json_array_size(a[1].value); i++) {
        buf_adds(&text, i > 0 ? json_string_value(a[0].value) : "");
        buf_adds(&text, json_string_value(json_array_get(a[1].value, i)));
    }
    rv = jp_give(v, buf_error(&text) == 0 ? json_string(buf_str(&text)) : NULL,
                 out);
    buf_free(&text);
    return rv;
}

int jp_call_map(struct jp_eval *v, const struct jp_arg *a, size_t n,
                json_t **out)
{
    json_t *one;
    size_t i;
    int rv = jp_give(v, json_array(), out);

    (void)n;
    for (i = 0; rv == 0 && i < json_array_size(a[1].value); i++) {
        rv = jp_visit(v, a[0].ref, json_array_get(a[1].value, i), &one);
        if (rv == 0) {
            json_array_append_new(*out, one);
        }
    }
    if (rv != 0) {
        json_decref(*out);
        *out = NULL;
    }
    return rv;
}

int jp_call_merge(struct jp_eval *v, const struct jp_arg *a, size_t n,
                  json_t **out)
{
    size_t i;
    int rv = jp_give(v, json_object(), out);

    for (i = 0; rv == 0 && i < n; i++) {
        json_object_update(*out, a[i].value);
    }
    return rv;
}

/* The names of the members, or their values. */
static int members(struct jp_eval *v, json_t *object, bool names, json_t **out)
{
    const char *key;
    json_t *value;
    int rv = jp_give(v, json_array(), out);

    json_object_foreach(object, key, value)
    {
        if (rv == 0) {
            json_array_append_new(*out, names ? json_string(key)
                                              : json_incref(value));
        }
    }
    return rv;
}

int jp_call_keys(struct jp_eval *v, const struct jp_arg *a, size_t n,
                 json_t **out)
{
    (void)n;
    return members(v, a[0].value, true, out);
}

int jp_call_values(struct jp_eval *v, const struct jp_arg *a, size_t n,
                   json_t **out)
{
    (void)n;
    return members(v, a[0].value, false, out);
}

int jp_call_type(struct jp_eval *v, const struct jp_arg *a, size_t n,
                 json_t **out)
{
    (void)n;
    return jp_give(v, json_string(jp_type(a[0].value)), out);
}
