/* SPDX-License-Identifier: Apache-2.0 */
/* jp_functions.c - JMESPath's functions: a table of names, of what arguments
 * they take, and who does it.
 *
 * What can go wrong: no such function, too many or too few arguments, one of
 * the wrong type; all in jmespath.py's words. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "jp_calls.h"
#include "jp_eval.h"
#include "pytext.h"

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
    {"abs", 1, false, {"n"}, jp_call_abs},
    {"avg", 1, false, {"N"}, jp_call_avg},
    {"ceil", 1, false, {"n"}, jp_call_ceil},
    {"contains", 2, false, {"ls", ""}, jp_call_contains},
    {"ends_with", 2, false, {"s", "s"}, jp_call_ends_with},
    {"floor", 1, false, {"n"}, jp_call_floor},
    {"join", 2, false, {"s", "S"}, jp_call_join},
    {"keys", 1, false, {"o"}, jp_call_keys},
    {"length", 1, false, {"slo"}, jp_call_length},
    {"map", 2, false, {"e", "l"}, jp_call_map},
    {"max", 1, false, {"NS"}, jp_call_max},
    {"max_by", 2, false, {"l", "e"}, jp_call_max_by},
    {"merge", 1, true, {"o"}, jp_call_merge},
    {"min", 1, false, {"NS"}, jp_call_min},
    {"min_by", 2, false, {"l", "e"}, jp_call_min_by},
    {"not_null", 1, true, {""}, jp_call_not_null},
    {"reverse", 1, false, {"ls"}, jp_call_reverse},
    {"sort", 1, false, {"SN"}, jp_call_sort},
    {"sort_by", 2, false, {"l", "e"}, jp_call_sort_by},
    {"starts_with", 2, false, {"s", "s"}, jp_call_starts_with},
    {"sum", 1, false, {"N"}, jp_call_sum},
    {"to_array", 1, false, {""}, jp_call_to_array},
    {"to_number", 1, false, {""}, jp_call_to_number},
    {"to_string", 1, false, {""}, jp_call_to_string},
    {"type", 1, false, {""}, jp_call_type},
    {"values", 1, false, {"o"}, jp_call_values},
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
