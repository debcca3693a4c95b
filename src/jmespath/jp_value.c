/* SPDX-License-Identifier: Apache-2.0 */
/* jp_value.c - JSON values as JMESPath counts, compares and judges them. */
#include <stdint.h>
#include <string.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "jp_eval.h"

int jp_give(struct jp_eval *v, json_t *value, json_t **out)
{
    *out = value;
    if (value == NULL) {
        buf_adds(v->why, "not enough memory");
        return UV_ENOMEM;
    }
    return 0;
}

int jp_step(struct jp_eval *v)
{
    if (v->steps-- > 0) {
        return 0;
    }
    buf_adds(v->why, "The expression makes too much of the value.");
    return ERR_TOO_BIG;
}

int jp_charge(struct jp_eval *v, const json_t *value)
{
    json_t *object = (json_t *)(uintptr_t)value; /* jansson reads it only */
    const char *key;
    json_t *member;
    size_t i;
    int rv = jp_step(v);

    for (i = 0; rv == 0 && i < json_array_size(value); i++) {
        rv = jp_charge(v, json_array_get(value, i));
    }
    json_object_foreach(object, key, member)
    {
        if (rv == 0) {
            rv = jp_charge(v, member);
        }
    }
    return rv;
}

int jp_compare(const json_t *a, const json_t *b)
{
    double x;
    double y;

    if (json_is_string(a)) {
        return strcmp(json_string_value(a), json_string_value(b));
    }
    if (json_is_integer(a) && json_is_integer(b)) {
        return (json_integer_value(a) > json_integer_value(b)) -
               (json_integer_value(a) < json_integer_value(b));
    }
    x = json_number_value(a);
    y = json_number_value(b);
    return (x > y) - (x < y);
}

/* Whether two objects have the same members. */
static bool objects_equal(const json_t *a, const json_t *b)
{
    json_t *object = (json_t *)(uintptr_t)a; /* jansson reads it only */
    const char *key;
    json_t *member;

    if (json_object_size(a) != json_object_size(b)) {
        return false;
    }
    json_object_foreach(object, key, member)
    {
        const json_t *other = json_object_get(b, key);

        if (other == NULL || !jp_equal(member, other)) {
            return false;
        }
    }
    return true;
}

bool jp_equal(const json_t *a, const json_t *b)
{
    size_t i;

    if (json_is_number(a) && json_is_number(b)) {
        return jp_compare(a, b) == 0;
    }
    if (json_typeof(a) != json_typeof(b)) {
        return false;
    }
    if (json_is_object(a)) {
        return objects_equal(a, b);
    }
    if (!json_is_array(a)) {
        return json_equal(a, b) != 0;
    }
    for (i = 0; i < json_array_size(a); i++) {
        if (i >= json_array_size(b) ||
            !jp_equal(json_array_get(a, i), json_array_get(b, i))) {
            return false;
        }
    }
    return json_array_size(a) == json_array_size(b);
}

bool jp_is_false(const json_t *value)
{
    return json_is_null(value) || json_is_false(value) ||
           (json_is_string(value) && json_string_length(value) == 0) ||
           (json_is_array(value) && json_array_size(value) == 0) ||
           (json_is_object(value) && json_object_size(value) == 0);
}
