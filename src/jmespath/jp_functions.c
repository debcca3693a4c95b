/* SPDX-License-Identifier: Apache-2.0 */
/* jp_functions.c - JMESPath's functions: a table of names, what arguments they
 * take, and what they do.
 *
 * What can go wrong: no such function, too many or too few arguments, one of
 * the wrong type; all in jmespath.py's words. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "jp_by.h"
#include "jp_eval.h"
#include "json.h"
#include "mem.h"
#include "pytext.h"

enum { STRING_LIMIT = 16 << 20 };

/* abs, ceil, floor */
static int call_round(struct jp_eval *v, const struct jp_arg *a, json_t **out,
                      char how)
{
    const json_t *x = a[0].value;
    double d = json_number_value(x);

    if (json_is_integer(x)) {
        json_int_t i = json_integer_value(x);

        return jp_give(v, json_integer(how == 'a' && i < 0 ? -i : i), out);
    }
    if (how == 'a') {
        return jp_give(v, json_real(fabs(d)), out);
    }
    d = how == 'c' ? ceil(d) : floor(d);
    if (fabs(d) >= 9.2e18) {
        return jp_give(v, json_real(d), out);
    }
    return jp_give(v, json_integer((json_int_t)d), out);
}

static int call_abs(struct jp_eval *v, const struct jp_arg *a, size_t n,
                    json_t **out)
{
    (void)n;
    return call_round(v, a, out, 'a');
}

static int call_ceil(struct jp_eval *v, const struct jp_arg *a, size_t n,
                     json_t **out)
{
    (void)n;
    return call_round(v, a, out, 'c');
}

static int call_floor(struct jp_eval *v, const struct jp_arg *a, size_t n,
                      json_t **out)
{
    (void)n;
    return call_round(v, a, out, 'f');
}

/* The sum of a list; an integer if all are and it fits. */
static int call_sum(struct jp_eval *v, const struct jp_arg *a, size_t n,
                    json_t **out)
{
    json_int_t whole = 0;
    double real = 0;
    bool is_real = false;
    size_t i;

    (void)n;
    for (i = 0; i < json_array_size(a[0].value); i++) {
        const json_t *x = json_array_get(a[0].value, i);

        real += json_number_value(x);
        is_real = is_real || !json_is_integer(x) ||
                  __builtin_add_overflow(whole, json_integer_value(x), &whole);
    }
    return jp_give(v, is_real ? json_real(real) : json_integer(whole), out);
}

static int call_avg(struct jp_eval *v, const struct jp_arg *a, size_t n,
                    json_t **out)
{
    size_t size = json_array_size(a[0].value);
    double sum;
    int rv;

    if (size == 0) {
        return jp_give(v, json_null(), out);
    }
    rv = call_sum(v, a, n, out);
    if (rv == 0) {
        sum = json_number_value(*out);
        json_decref(*out);
        rv = jp_give(v, json_real(sum / (double)size), out);
    }
    return rv;
}

static int call_not_null(struct jp_eval *v, const struct jp_arg *a, size_t n,
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

static int call_to_array(struct jp_eval *v, const struct jp_arg *a, size_t n,
                         json_t **out)
{
    (void)n;
    if (json_is_array(a[0].value)) {
        return jp_give(v, json_incref(a[0].value), out);
    }
    return jp_give(v, json_pack("[O]", a[0].value), out);
}

static int call_to_string(struct jp_eval *v, const struct jp_arg *a, size_t n,
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

/* A number, or the one that a string holds, or null. */
static int call_to_number(struct jp_eval *v, const struct jp_arg *a, size_t n,
                          json_t **out)
{
    json_t *number = NULL;
    const char *text;
    size_t len;

    (void)n;
    if (json_is_number(a[0].value)) {
        return jp_give(v, json_incref(a[0].value), out);
    }
    if (json_is_string(a[0].value)) {
        text = json_string_value(a[0].value);
        text += strspn(text, " \t\n\r\v\f");
        text += *text == '+';
        len = strcspn(text, " \t\n\r\v\f");
        if (text[len + strspn(text + len, " \t\n\r\v\f")] == '\0' &&
            strspn(text, "-+.eE0123456789") >= len) {
            number = json_loadb(text, len, JSON_DECODE_ANY, NULL);
        }
    }
    return jp_give(v, number != NULL ? number : json_null(), out);
}

static int call_contains(struct jp_eval *v, const struct jp_arg *a, size_t n,
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

static int call_length(struct jp_eval *v, const struct jp_arg *a, size_t n,
                       json_t **out)
{
    const json_t *x = a[0].value;
    size_t size = json_is_string(x)  ? characters(json_string_value(x))
                  : json_is_array(x) ? json_array_size(x)
                                     : json_object_size(x);

    (void)n;
    return jp_give(v, json_integer((json_int_t)size), out);
}

static int call_starts_with(struct jp_eval *v, const struct jp_arg *a, size_t n,
                            json_t **out)
{
    const char *text = json_string_value(a[0].value);
    const char *part = json_string_value(a[1].value);

    (void)n;
    return jp_give(v, json_boolean(strncmp(text, part, strlen(part)) == 0),
                   out);
}

static int call_ends_with(struct jp_eval *v, const struct jp_arg *a, size_t n,
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

static int call_reverse(struct jp_eval *v, const struct jp_arg *a, size_t n,
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

static int call_join(struct jp_eval *v, const struct jp_arg *a, size_t n,
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

static int call_map(struct jp_eval *v, const struct jp_arg *a, size_t n,
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

static int call_merge(struct jp_eval *v, const struct jp_arg *a, size_t n,
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

static int call_keys(struct jp_eval *v, const struct jp_arg *a, size_t n,
                     json_t **out)
{
    (void)n;
    return members(v, a[0].value, true, out);
}

static int call_values(struct jp_eval *v, const struct jp_arg *a, size_t n,
                       json_t **out)
{
    (void)n;
    return members(v, a[0].value, false, out);
}

static int call_type(struct jp_eval *v, const struct jp_arg *a, size_t n,
                     json_t **out)
{
    (void)n;
    return jp_give(v, json_string(jp_type(a[0].value)), out);
}

/* What an argument may be: one letter a type, b(oolean) l(ist) o(bject)
 * z(ero, null) s(tring) n(umber) e(xpression), N and S a list of numbers, of
 * strings; "" anything.  In jmespath.py's order, which its messages show. */
static const struct function {
    const char *name;
    size_t n_args;
    bool variadic;
    const char *types[2];
    int (*call)(struct jp_eval *v, const struct jp_arg *a, size_t n,
                json_t **out);
} functions[] = {
    {"abs", 1, false, {"n"}, call_abs},
    {"avg", 1, false, {"N"}, call_avg},
    {"ceil", 1, false, {"n"}, call_ceil},
    {"contains", 2, false, {"ls", ""}, call_contains},
    {"ends_with", 2, false, {"s", "s"}, call_ends_with},
    {"floor", 1, false, {"n"}, call_floor},
    {"join", 2, false, {"s", "S"}, call_join},
    {"keys", 1, false, {"o"}, call_keys},
    {"length", 1, false, {"slo"}, call_length},
    {"map", 2, false, {"e", "l"}, call_map},
    {"max", 1, false, {"NS"}, jp_call_max},
    {"max_by", 2, false, {"l", "e"}, jp_call_max_by},
    {"merge", 1, true, {"o"}, call_merge},
    {"min", 1, false, {"NS"}, jp_call_min},
    {"min_by", 2, false, {"l", "e"}, jp_call_min_by},
    {"not_null", 1, true, {""}, call_not_null},
    {"reverse", 1, false, {"ls"}, call_reverse},
    {"sort", 1, false, {"SN"}, jp_call_sort},
    {"sort_by", 2, false, {"l", "e"}, jp_call_sort_by},
    {"starts_with", 2, false, {"s", "s"}, call_starts_with},
    {"sum", 1, false, {"N"}, call_sum},
    {"to_array", 1, false, {""}, call_to_array},
    {"to_number", 1, false, {""}, call_to_number},
    {"to_string", 1, false, {""}, call_to_string},
    {"type", 1, false, {""}, call_type},
    {"values", 1, false, {"o"}, call_values},
};

/* The letter of an argument's type. */
static char letter_of(const struct jp_arg *a)
{
    if (a->ref != NULL) {
        return 'e';
    }
    switch (json_typeof(a->value)) {
    case JSON_OBJECT:
        return 'o';
    case JSON_ARRAY:
        return 'l';
    case JSON_STRING:
        return 's';
    case JSON_INTEGER:
    case JSON_REAL:
        return 'n';
    case JSON_TRUE:
    case JSON_FALSE:
        return 'b';
    case JSON_NULL:
        break;
    }
    return 'z';
}

const char *jp_type(const json_t *value)
{
    const struct jp_arg a = {.value = (json_t *)(uintptr_t)value};

    switch (letter_of(&a)) {
    case 'o':
        return "object";
    case 'l':
        return "array";
    case 's':
        return "string";
    case 'n':
        return "number";
    case 'b':
        return "boolean";
    default:
        return "null";
    }
}

const char *jp_python_type(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "dict";
    case JSON_ARRAY:
        return "list";
    case JSON_STRING:
        return "str";
    case JSON_INTEGER:
        return "int";
    case JSON_REAL:
        return "float";
    case JSON_TRUE:
    case JSON_FALSE:
        return "bool";
    case JSON_NULL:
        break;
    }
    return "NoneType";
}

int jp_refuse(struct jp_eval *v, const char *function, const json_t *value,
              const char *types, const char *received)
{
    static const char letters[] = "lsnoeNS";
    static const char *const words[] = {"array",       "string", "number",
                                        "object",      "expref", "array-number",
                                        "array-string"};
    const char *p;

    buf_addf(v->why, "In function %s(), invalid type for value: ", function);
    if (value != NULL) {
        pytext_str(v->why, value);
    } else {
        buf_adds(v->why, "an expression");
    }
    buf_adds(v->why, ", expected one of: [");
    for (p = types; *p != '\0'; p++) {
        buf_addf(v->why, "%s'%s'", p > types ? ", " : "",
                 words[strchr(letters, *p) - letters]);
    }
    buf_addf(v->why, "], received: \"%s\"", received);
    return ERR_PARSE;
}

/* A list is of numbers or of strings, as @types says. */
static int check_items(struct jp_eval *v, const struct function *f,
                       const json_t *list, const char *types)
{
    const json_t *item = json_array_get(list, 0);
    bool strings = strchr(types, 'S') != NULL;
    size_t i;

    if (strings && strchr(types, 'N') != NULL) {
        strings = json_is_string(item); /* The first decides. */
    }
    for (i = 0; i < json_array_size(list); i++) {
        item = json_array_get(list, i);
        if (strings ? !json_is_string(item) : !json_is_number(item)) {
            return jp_refuse(v, f->name, item, types, jp_python_type(item));
        }
    }
    return 0;
}

/* An argument is of one of the types. */
static int check_type(struct jp_eval *v, const struct function *f,
                      const struct jp_arg *a, const char *types)
{
    char letter = letter_of(a);
    bool items = strpbrk(types, "NS") != NULL;

    if (types[0] == '\0' && a->ref == NULL) {
        return 0;
    }
    if (items && letter == 'l') {
        return check_items(v, f, a->value, types);
    }
    if (types[0] == '\0' || items || strchr(types, letter) == NULL) {
        return jp_refuse(v, f->name, a->value, types,
                         a->ref != NULL ? "expref" : jp_type(a->value));
    }
    return 0;
}

int jp_call(struct jp_eval *v, const char *name, const struct jp_arg *args,
            size_t n, json_t **out)
{
    const struct function *f = NULL;
    size_t i;
    int rv = 0;

    for (i = 0; f == NULL && i < sizeof functions / sizeof functions[0]; i++) {
        f = strcmp(functions[i].name, name) == 0 ? &functions[i] : NULL;
    }
    if (f == NULL) {
        buf_addf(v->why, "Unknown function: %s()", name);
        return ERR_PARSE;
    }
    if (f->variadic ? n < f->n_args : n != f->n_args) {
        buf_addf(v->why,
                 "Expected %s%zu argument%s for function %s(), "
                 "received %zu",
                 f->variadic ? "at least " : "", f->n_args,
                 f->n_args == 1 ? "" : "s", name, n);
        return ERR_PARSE;
    }
    /* Of a variadic function the first type is for all: without it an object
     * could be merged with none. */
    for (i = 0; rv == 0 && i < n; i++) {
        rv = check_type(v, f, &args[i], f->types[f->variadic ? 0 : i]);
    }
    return rv != 0 ? rv : f->call(v, args, n, out);
}
