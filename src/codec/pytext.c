/* SPDX-License-Identifier: Apache-2.0 */
/* pytext.c - JSON values as Python's str() and repr() write them. */
#include "pytext.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

/* The fewest digits that read back the same; Python writes 1e+16 and up, and
 * below 1e-4, with an exponent. */
static void add_real(struct buf *out, double value)
{
    char text[512];
    double size = fabs(value);
    int digits;
    int point;

    for (digits = 1; digits < 17; digits++) {
        snprintf(text, sizeof text, "%.*e", digits - 1, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    snprintf(text, sizeof text, "%.*e", digits - 1, value);
    if (value != 0 && (size >= 1e16 || size < 1e-4)) {
        buf_adds(out, text);
        return;
    }
    point = atoi(strchr(text, 'e') + 1); /* The exponent */
    point = digits - 1 - point;
    snprintf(text, sizeof text, "%.*f", point > 1 ? point : 1, value);
    buf_adds(out, text);
}

/* A string in the quotes that need no escape, if there are such. */
static void add_quoted(struct buf *out, const char *text)
{
    char quote =
        strchr(text, '\'') != NULL && strchr(text, '"') == NULL ? '"' : '\'';

    buf_addc(out, quote);
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            buf_adds(out, "\\n");
        } else if (*text == '\r') {
            buf_adds(out, "\\r");
        } else if (*text == '\t') {
            buf_adds(out, "\\t");
        } else if (*text == quote || *text == '\\') {
            buf_addf(out, "\\%c", *text);
        } else if ((unsigned char)*text < ' ' || *text == 0x7f) {
            buf_addf(out, "\\x%02x", (unsigned)(unsigned char)*text);
        } else {
            buf_addc(out, *text);
        }
    }
    buf_addc(out, quote);
}

/* [a, b] */
static void add_list(struct buf *out, const json_t *list)
{
    size_t i;

    buf_addc(out, '[');
    for (i = 0; i < json_array_size(list) && buf_error(out) == 0; i++) {
        buf_adds(out, i > 0 ? ", " : "");
        pytext_repr(out, json_array_get(list, i));
    }
    buf_addc(out, ']');
}

/* {'a': 1, 'b': 2} */
static void add_dict(struct buf *out, const json_t *object)
{
    json_t *o = (json_t *)(uintptr_t)object; /* jansson reads it only */
    const char *key;
    json_t *value;
    size_t n = 0;

    buf_addc(out, '{');
    json_object_foreach(o, key, value)
    {
        buf_adds(out, n++ > 0 ? ", " : "");
        add_quoted(out, key);
        buf_adds(out, ": ");
        pytext_repr(out, value);
        if (buf_error(out) != 0) {
            break;
        }
    }
    buf_addc(out, '}');
}

void pytext_repr(struct buf *out, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        add_dict(out, value);
        break;
    case JSON_ARRAY:
        add_list(out, value);
        break;
    case JSON_STRING:
        add_quoted(out, json_string_value(value));
        break;
    case JSON_INTEGER:
        buf_addf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
        add_real(out, json_real_value(value));
        break;
    case JSON_TRUE:
        buf_adds(out, "True");
        break;
    case JSON_FALSE:
        buf_adds(out, "False");
        break;
    case JSON_NULL:
        buf_adds(out, "None");
        break;
    }
}

void pytext_str(struct buf *out, const json_t *value)
{
    if (json_is_string(value)) {
        buf_adds(out, json_string_value(value));
    } else {
        pytext_repr(out, value);
    }
}
