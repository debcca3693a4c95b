/* SPDX-License-Identifier: Apache-2.0 */
/* reader.c - comments out, JSON in, one field after the other. */
#include "reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "err.h"
#include "ip.h"
#include "iso8601.h"
#include "mem.h"
#include "model.h"
#include "wipe.h"

/* Overwrite comments by spaces; line breaks stay, so that the parser's line
 * numbers are the file's. */
static void blank_comments(char *s, size_t len)
{
    bool in_string = false;
    size_t i = 0;

    while (i < len) {
        if (in_string) {
            if (s[i] == '\\') {
                i++;
            } else if (s[i] == '"') {
                in_string = false;
            }
        } else if (s[i] == '"') {
            in_string = true;
        } else if (s[i] == '/' && i + 1 < len && s[i + 1] == '/') {
            while (i < len && s[i] != '\n') {
                s[i++] = ' ';
            }
            continue;
        } else if (s[i] == '/' && i + 1 < len && s[i + 1] == '*') {
            s[i++] = ' ';
            s[i++] = ' ';
            while (i < len &&
                   !(s[i] == '*' && i + 1 < len && s[i + 1] == '/')) {
                if (s[i] != '\n') {
                    s[i] = ' ';
                }
                i++;
            }
            if (i < len) {
                s[i] = ' ';
                s[i + 1] = ' ';
                i++;
            }
        }
        i++;
    }
}

json_t *reader_document(const char *file, const char *text, size_t len,
                        struct err *e)
{
    json_error_t why;
    char *copy = mem_alloc(len + 1);
    json_t *doc;

    if (copy == NULL) {
        err_set_uv(e, UV_ENOMEM, file);
        return NULL;
    }
    memcpy(copy, text, len);
    blank_comments(copy, len);
    doc = json_loadb(copy, len, JSON_REJECT_DUPLICATES, &why);
    wipe(copy, len);
    mem_free(copy);
    if (doc == NULL) {
        err_set(e, ERR_PARSE, "%s:%d:%d: %s", file, why.line, why.column,
                why.text);
        return NULL;
    }
    return doc;
}

int reader_fail(struct reader *r, const char *fmt, ...)
{
    char why[ERR_MSG_SIZE / 2];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    return err_set(r->e, ERR_PARSE, "%s: %s: %s", r->file, r->path, why);
}

size_t reader_enter(struct reader *r, const char *key)
{
    size_t mark = strlen(r->path);

    snprintf(r->path + mark, sizeof r->path - mark, ".%s", key);
    return mark;
}

size_t reader_enter_at(struct reader *r, size_t index)
{
    size_t mark = strlen(r->path);

    snprintf(r->path + mark, sizeof r->path - mark, "[%zu]", index);
    return mark;
}

void reader_leave(struct reader *r, size_t mark)
{
    r->path[mark] = '\0';
}

/* Out of memory, at the present path. */
static int no_memory(struct reader *r)
{
    return err_set_uv(r->e, UV_ENOMEM, r->file);
}

/* Whether @text is one of the words in "a|b|c". */
static bool is_word_of(const char *words, const char *text)
{
    size_t len = strlen(text);
    const char *at = words;

    while (*at != '\0') {
        size_t n = strcspn(at, "|");

        if (n == len && memcmp(at, text, n) == 0) {
            return true;
        }
        at += n;
        at += *at == '|' ? 1 : 0;
    }
    return false;
}

/* The string in @value, refused when it is none or has a NUL inside. */
static int read_string(struct reader *r, json_t *value, const char *words,
                       const char **out)
{
    if (!json_is_string(value)) {
        return reader_fail(r, "must be a string");
    }
    *out = json_string_value(value);
    if (strlen(*out) != json_string_length(value)) {
        return reader_fail(r, "must not contain a NUL character");
    }
    if (words != NULL && !is_word_of(words, *out)) {
        return reader_fail(r, "\"%s\" is none of %s", *out, words);
    }
    return 0;
}

static int read_ip(struct reader *r, json_t *value, struct ip *out)
{
    const char *text = "";
    int rv = read_string(r, value, NULL, &text);

    if (rv == 0 && !ip_parse(out, text)) {
        rv = reader_fail(r, "\"%s\" is not an IP address", text);
    }
    return rv;
}

static int read_cidr(struct reader *r, json_t *value, struct cidr *out)
{
    const char *text = "";
    int rv = read_string(r, value, NULL, &text);

    if (rv == 0 && !cidr_parse(out, text)) {
        rv = reader_fail(r, "\"%s\" is not an address block", text);
    }
    return rv;
}

static int read_time(struct reader *r, json_t *value, int64_t *out)
{
    const char *text = "";
    int64_t seconds;
    int millis;
    int rv = read_string(r, value, NULL, &text);

    if (rv != 0) {
        return rv;
    }
    if (iso8601_parse(text, &seconds, &millis) != 0) {
        return reader_fail(r, "\"%s\" is not a time such as %s", text,
                           "2026-01-02T03:04:05Z");
    }
    *out = seconds * 1000 + millis;
    return 0;
}

static int read_int(struct reader *r, json_t *value, const struct field *f,
                    int64_t *out)
{
    if (!json_is_integer(value)) {
        return reader_fail(r, "must be a whole number");
    }
    *out = (int64_t)json_integer_value(value);
    if ((f->min != 0 || f->max != 0) && (*out < f->min || *out > f->max)) {
        return reader_fail(r, "must be between %lld and %lld",
                           (long long)f->min, (long long)f->max);
    }
    return 0;
}

/* One element of an array into @slot. */
static int read_element(struct reader *r, json_t *value, const struct field *f,
                        void *slot)
{
    switch (f->kind) {
    case FIELD_STRINGS:
        return read_string(r, value, f->words, slot);
    case FIELD_IPS:
        return read_ip(r, value, slot);
    case FIELD_CIDRS:
        return read_cidr(r, value, slot);
    default:
        return reader_object(r, value, f->record, slot);
    }
}

/* How large one element of the list is. */
static size_t element_size(const struct field *f)
{
    switch (f->kind) {
    case FIELD_STRINGS:
        return sizeof(const char *);
    case FIELD_IPS:
        return sizeof(struct ip);
    case FIELD_CIDRS:
        return sizeof(struct cidr);
    default:
        return f->record->size;
    }
}

/* Put a list and its length where the field says. */
static void store_list(const struct field *f, void *object, void *list,
                       size_t n)
{
    memcpy((char *)object + f->offset, &list, sizeof list);
    memcpy((char *)object + f->n_offset, &n, sizeof n);
}

static int read_list(struct reader *r, json_t *value, const struct field *f,
                     void *object)
{
    size_t size = element_size(f);
    size_t i;
    size_t n;
    char *list;

    if (!json_is_array(value)) {
        return reader_fail(r, "must be an array");
    }
    n = json_array_size(value);
    list = arena_alloc(r->arena, size * (n + 1));
    if (list == NULL) {
        return no_memory(r);
    }
    for (i = 0; i < n; i++) {
        size_t mark = reader_enter_at(r, i);
        int rv = read_element(r, json_array_get(value, i), f, list + i * size);

        if (rv != 0) {
            return rv;
        }
        reader_leave(r, mark);
    }
    store_list(f, object, list, n);
    return 0;
}

static int read_tags(struct reader *r, json_t *value, const struct field *f,
                     void *object)
{
    struct world_tag *tags;
    const char *key;
    json_t *text;
    size_t n = 0;

    if (!json_is_object(value)) {
        return reader_fail(r, "must be an object of strings");
    }
    tags = arena_alloc(r->arena, sizeof *tags * (json_object_size(value) + 1));
    if (tags == NULL) {
        return no_memory(r);
    }
    json_object_foreach(value, key, text)
    {
        size_t mark = reader_enter(r, key);
        int rv = read_string(r, text, NULL, &tags[n].value);

        if (rv != 0) {
            return rv;
        }
        tags[n++].key = key;
        reader_leave(r, mark);
    }
    store_list(f, object, tags, n);
    return 0;
}

/* A single optional address: a pointer, so that its absence shows. */
static int read_ip_pointer(struct reader *r, json_t *value,
                           const struct field *f, void *object)
{
    struct ip *ip = arena_alloc(r->arena, sizeof *ip);

    if (ip == NULL) {
        return no_memory(r);
    }
    memcpy((char *)object + f->offset, &ip, sizeof ip);
    return read_ip(r, value, ip);
}

static int read_field(struct reader *r, json_t *value, const struct field *f,
                      void *object)
{
    void *member = (char *)object + f->offset;

    switch (f->kind) {
    case FIELD_STRING:
        return read_string(r, value, f->words, member);
    case FIELD_BOOL:
        if (!json_is_boolean(value)) {
            return reader_fail(r, "must be true or false");
        }
        *(bool *)member = json_is_true(value);
        return 0;
    case FIELD_INT:
        return read_int(r, value, f, member);
    case FIELD_TIME:
        return read_time(r, value, member);
    case FIELD_IP:
        return read_ip_pointer(r, value, f, object);
    case FIELD_TAGS:
        return read_tags(r, value, f, object);
    case FIELD_RECORD:
        return reader_object(r, value, f->record, member);
    case FIELD_ANY:
        *(json_t **)member = value;
        return 0;
    case FIELD_CUSTOM:
        return f->custom(r, value, object);
    case FIELD_STRINGS:
    case FIELD_IPS:
    case FIELD_CIDRS:
    case FIELD_LIST:
        break;
    }
    return read_list(r, value, f, object);
}

static const struct field *find_field(const struct record *record,
                                      const char *key)
{
    size_t i;

    for (i = 0; i < record->n_fields; i++) {
        if (strcmp(record->fields[i].key, key) == 0) {
            return &record->fields[i];
        }
    }
    return NULL;
}

int reader_object(struct reader *r, json_t *value, const struct record *record,
                  void *object)
{
    const char *key;
    json_t *member;
    size_t i;

    if (!json_is_object(value)) {
        return reader_fail(r, "must be an object");
    }
    if (record->defaults != NULL) {
        record->defaults(object);
    }
    json_object_foreach(value, key, member)
    {
        const struct field *f = find_field(record, key);
        size_t mark = reader_enter(r, key);
        int rv;

        if (f == NULL) {
            return reader_fail(r, "unknown key");
        }
        rv = read_field(r, member, f, object);
        if (rv != 0) {
            return rv;
        }
        reader_leave(r, mark);
    }
    for (i = 0; i < record->n_fields; i++) {
        if (record->fields[i].required &&
            json_object_get(value, record->fields[i].key) == NULL) {
            return reader_fail(r, "\"%s\" is missing", record->fields[i].key);
        }
    }
    return 0;
}
