/* SPDX-License-Identifier: Apache-2.0 */
/* jp_calls.h - JMESPath's functions, called by jp_functions.c alone, which has
 * checked their arguments: *@out gets a new reference.  jp_visit()'s codes. */
#ifndef JP_CALLS_H
#define JP_CALLS_H

#include <jansson.h>
#include <stddef.h>

struct jp_arg;
struct jp_eval;

int jp_call_abs(struct jp_eval *v, const struct jp_arg *a, size_t n,
                json_t **out);
int jp_call_avg(struct jp_eval *v, const struct jp_arg *a, size_t n,
                json_t **out);
int jp_call_ceil(struct jp_eval *v, const struct jp_arg *a, size_t n,
                 json_t **out);
int jp_call_contains(struct jp_eval *v, const struct jp_arg *a, size_t n,
                     json_t **out);
int jp_call_ends_with(struct jp_eval *v, const struct jp_arg *a, size_t n,
                      json_t **out);
int jp_call_floor(struct jp_eval *v, const struct jp_arg *a, size_t n,
                  json_t **out);
int jp_call_join(struct jp_eval *v, const struct jp_arg *a, size_t n,
                 json_t **out);
int jp_call_keys(struct jp_eval *v, const struct jp_arg *a, size_t n,
                 json_t **out);
int jp_call_length(struct jp_eval *v, const struct jp_arg *a, size_t n,
                   json_t **out);
int jp_call_map(struct jp_eval *v, const struct jp_arg *a, size_t n,
                json_t **out);
int jp_call_max(struct jp_eval *v, const struct jp_arg *a, size_t n,
                json_t **out);
int jp_call_max_by(struct jp_eval *v, const struct jp_arg *a, size_t n,
                   json_t **out);
int jp_call_merge(struct jp_eval *v, const struct jp_arg *a, size_t n,
                  json_t **out);
int jp_call_min(struct jp_eval *v, const struct jp_arg *a, size_t n,
                json_t **out);
int jp_call_min_by(struct jp_eval *v, const struct jp_arg *a, size_t n,
                   json_t **out);
int jp_call_not_null(struct jp_eval *v, const struct jp_arg *a, size_t n,
                     json_t **out);
int jp_call_reverse(struct jp_eval *v, const struct jp_arg *a, size_t n,
                    json_t **out);
int jp_call_sort(struct jp_eval *v, const struct jp_arg *a, size_t n,
                 json_t **out);
int jp_call_sort_by(struct jp_eval *v, const struct jp_arg *a, size_t n,
                    json_t **out);
int jp_call_starts_with(struct jp_eval *v, const struct jp_arg *a, size_t n,
                        json_t **out);
int jp_call_sum(struct jp_eval *v, const struct jp_arg *a, size_t n,
                json_t **out);
int jp_call_to_array(struct jp_eval *v, const struct jp_arg *a, size_t n,
                     json_t **out);
int jp_call_to_number(struct jp_eval *v, const struct jp_arg *a, size_t n,
                      json_t **out);
int jp_call_to_string(struct jp_eval *v, const struct jp_arg *a, size_t n,
                      json_t **out);
int jp_call_type(struct jp_eval *v, const struct jp_arg *a, size_t n,
                 json_t **out);
int jp_call_values(struct jp_eval *v, const struct jp_arg *a, size_t n,
                   json_t **out);

/* Say that @value (NULL: an expression) is none of @types, the letters of the
 * table in jp_functions.c.  Returns ERR_PARSE. */
int jp_refuse(struct jp_eval *v, const char *function, const json_t *value,
              const char *types, const char *received);

/* What JMESPath calls a value's type, and what Python does. */
const char *jp_type(const json_t *value);
const char *jp_python_type(const json_t *value);

#endif /* JP_CALLS_H */
