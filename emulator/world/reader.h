/* SPDX-License-Identifier: Apache-2.0 */
/* reader.h - JSON into structs, by tables, with the JSON path in each error.
 *
 * A record is a C struct and a table of its fields.  reader_object() walks a
 * JSON object along the table: unknown keys, missing required ones, wrong
 * types and values out of range are refused with "file: $.path: reason".
 * Strings stay in the JSON document; lists and sub-structs come from the
 * arena. */
#ifndef EMU_READER_H
#define EMU_READER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

struct err;
struct reader;

enum { READER_PATH_SIZE = 512 };

/* One reading of one document. */
struct reader {
    const char *file;            /* For messages */
    struct arena *arena;         /* Where lists and sub-structs go */
    struct err *e;               /* Filled at the first fault */
    char path[READER_PATH_SIZE]; /* "$.vpcs[0].id" */
};

enum field_kind {
    FIELD_STRING,  /* const char * */
    FIELD_BOOL,    /* bool */
    FIELD_INT,     /* int64_t, within min and max */
    FIELD_TIME,    /* int64_t ms, from ISO 8601 text */
    FIELD_STRINGS, /* const char **, with a count */
    FIELD_IP,      /* struct ip * */
    FIELD_IPS,     /* struct ip *, with a count */
    FIELD_CIDRS,   /* struct cidr *, with a count */
    FIELD_TAGS,    /* struct world_tag *, with a count, from an object */
    FIELD_LIST,    /* An array of records, with a count */
    FIELD_RECORD,  /* A record in place */
    FIELD_ANY,     /* json_t *, borrowed */
    FIELD_CUSTOM   /* By the function */
};

struct record;

/* One key of an object and where it goes. */
struct field {
    const char *key;
    enum field_kind kind;
    bool required;
    size_t offset;   /* Of the member */
    size_t n_offset; /* Of its count */
    int64_t min;     /* FIELD_INT; both 0: anything */
    int64_t max;
    const struct record *record; /* FIELD_LIST, FIELD_RECORD */
    const char *words;           /* FIELD_STRING: "a|b|c" are allowed */
    int (*custom)(struct reader *r, json_t *value, void *object);
};

/* Two kinds of fields in short, for the table of struct @type: a string, and a
 * number from @least to @most. */
#define FIELD_OF_STRING(name, type, member)                                    \
    {                                                                          \
        .key = (name), .kind = FIELD_STRING, .offset = offsetof(type, member)  \
    }
#define FIELD_OF_INT(name, type, member, least, most)                          \
    {                                                                          \
        .key = (name), .kind = FIELD_INT, .offset = offsetof(type, member),    \
        .min = (least), .max = (most)                                          \
    }

/* A kind of object. */
struct record {
    size_t size;
    const struct field *fields;
    size_t n_fields;
    void (*defaults)(void *object); /* Before reading; may be NULL */
};

/* Parse @text, in which line and block comments as in C may stand outside
 * strings.  NULL with the line and column in @e when it is not JSON. */
json_t *reader_document(const char *file, const char *text, size_t len,
                        struct err *e);

/* Fill @object from @value.  0 or a code with r->e filled. */
int reader_object(struct reader *r, json_t *value, const struct record *record,
                  void *object);

/* Fail at the present path. */
int reader_fail(struct reader *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Step into a member or an element; reader_leave() takes back what it
 * returned. */
size_t reader_enter(struct reader *r, const char *key);
size_t reader_enter_at(struct reader *r, size_t index);
void reader_leave(struct reader *r, size_t mark);

#endif /* EMU_READER_H */
