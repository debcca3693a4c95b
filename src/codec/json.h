/* SPDX-License-Identifier: Apache-2.0 */
/* json.h - what we add to jansson: limits, short getters, exact writing.
 *
 * The prefix is js_ because json_ is jansson's.  Values are jansson's json_t
 * with its reference counts.  Object getters take NULL or a value of the wrong
 * type and say "absent", so a chain of them needs one check at its end. */
#ifndef JSON_H
#define JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;

enum { JS_MAX_BYTES = 4 << 20, JS_MAX_DEPTH = 64 };

/* Read one object or array from @len bytes.  Strings hold no NUL; a key twice
 * in one object is an error.  Returns a new reference, or NULL with @e filled:
 * ERR_PARSE naming line and column, or ERR_TOO_BIG over the limits above. */
json_t *js_parse(const char *text, size_t len, struct err *e);

/* Overwrite every string in @value, for secrets must not stay in memory, and
 * drop a reference.  Nobody else may use its strings.  NULL is fine. */
void js_wipe(json_t *value);

/* The member @key if it is a string, an object, an array; else NULL.  Borrowed
 * from @obj. */
const char *js_str(const json_t *obj, const char *key);
json_t *js_obj(const json_t *obj, const char *key);
json_t *js_arr(const json_t *obj, const char *key);

/* The member @key if it is an integer, a boolean; false leaves @out alone. */
bool js_int(const json_t *obj, const char *key, int64_t *out);
bool js_bool(const json_t *obj, const char *key, bool *out);

/* The string member @key into *@out, or ERR_PARSE with @e saying that it is
 * missing or not a string. */
int js_need_str(const json_t *obj, const char *key, const char **out,
                struct err *e);

/* How js_write() writes; or-ed. */
enum {
    JS_COMPACT = 0, /* {"a":1,"b":[2,3]} */
    JS_SPACED = 1,  /* {"a": 1, "b": [2, 3]} as Python's json.dumps() */
    JS_PRETTY = 2,  /* One member a line, four spaces an indent, as the AWS
                     * CLI's output; no newline at the end */
    JS_SORTED = 4,  /* Members by key, else in the order they were set */
    JS_ASCII = 8    /* All but printable ASCII as \uXXXX, lower-case digits
                     * and surrogate pairs, as Python's ensure_ascii */
};

/* Append @value.  Check buf_error(@out). */
void js_write(struct buf *out, json_t *value, unsigned how);

/* Append one string, quoted; of @how only JS_ASCII counts. */
void js_write_str(struct buf *out, const char *text, unsigned how);

#endif /* JSON_H */
