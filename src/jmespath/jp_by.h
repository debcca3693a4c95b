/* SPDX-License-Identifier: Apache-2.0 */
/* jp_by.h - JMESPath's functions that put values in order. */
#ifndef JP_BY_H
#define JP_BY_H

#include <jansson.h>
#include <stddef.h>

struct jp_arg;
struct jp_eval;

/* Each of them as jp_call() has checked its arguments. */
int jp_call_max(struct jp_eval *v, const struct jp_arg *a, size_t n,
                json_t **out);
int jp_call_min(struct jp_eval *v, const struct jp_arg *a, size_t n,
                json_t **out);
int jp_call_sort(struct jp_eval *v, const struct jp_arg *a, size_t n,
                 json_t **out);
int jp_call_max_by(struct jp_eval *v, const struct jp_arg *a, size_t n,
                   json_t **out);
int jp_call_min_by(struct jp_eval *v, const struct jp_arg *a, size_t n,
                   json_t **out);
int jp_call_sort_by(struct jp_eval *v, const struct jp_arg *a, size_t n,
                    json_t **out);

/* Say that @value (NULL: an expression) is none of @types, the letters of the
 * table in jp_functions.c.  Returns ERR_PARSE. */
int jp_refuse(struct jp_eval *v, const char *function, const json_t *value,
              const char *types, const char *received);

/* What JMESPath calls a value's type, and what Python does. */
const char *jp_type(const json_t *value);
const char *jp_python_type(const json_t *value);

#endif /* JP_BY_H */
