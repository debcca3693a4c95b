/* SPDX-License-Identifier: Apache-2.0 */
/* jp_numbers.c - JMESPath's functions that give numbers of numbers. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "jp_calls.h"
#include "jp_eval.h"

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

int jp_call_abs(struct jp_eval *v, const struct jp_arg *a, size_t n,
                json_t **out)
{
    (void)n;
    return call_round(v, a, out, 'a');
}

int jp_call_ceil(struct jp_eval *v, const struct jp_arg *a, size_t n,
                 json_t **out)
{
    (void)n;
    return call_round(v, a, out, 'c');
}

int jp_call_floor(struct jp_eval *v, const struct jp_arg *a, size_t n,
                  json_t **out)
{
    (void)n;
    return call_round(v, a, out, 'f');
}

int jp_call_sum(struct jp_eval *v, const struct jp_arg *a, size_t n,
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

int jp_call_avg(struct jp_eval *v, const struct jp_arg *a, size_t n,
                json_t **out)
{
    size_t size = json_array_size(a[0].value);
    double sum;
    int rv;

    if (size == 0) {
        return jp_give(v, json_null(), out);
    }
    rv = jp_call_sum(v, a, n, out);
    if (rv == 0) {
        sum = json_number_value(*out);
        json_decref(*out);
        rv = jp_give(v, json_real(sum / (double)size), out);
    }
    return rv;
}

int jp_call_to_number(struct jp_eval *v, const struct jp_arg *a, size_t n,
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
