/* SPDX-License-Identifier: Apache-2.0 */
/* options.h - command line options from tables, read as argparse reads them.
 *
 * The AWS CLI's command line is Python's argparse: options anywhere, "--a b"
 * or "--a=b", unambiguous beginnings of names, the last repetition wins, a
 * value may be a negative number or hold a space but not otherwise begin with
 * '-', everything after "--" is no option.  Scripts rely on all of it.
 *
 * Options that only we have are marked and never make one of the AWS CLI's
 * ambiguous: --local means --local-port although there is --local-socket. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

/* How an option's value is stored at its offset in the values. */
enum option_kind {
    OPTION_FLAG,    /* bool: true when given; takes no value */
    OPTION_COUNT,   /* unsigned: how often it was given; takes no value */
    OPTION_STRING,  /* char *: mem_*() memory, freed by options_free() */
    OPTION_CHOICE,  /* char *: as a string, one of words */
    OPTION_INT,     /* int64_t: as Python's int() reads it; beyond int64_t the
                       nearest end */
    OPTION_SECONDS, /* int64_t: milliseconds, from seconds with a fraction */
    OPTION_PORT,    /* int64_t: an int, or OPTION_AUTO for the word "auto" */
    OPTION_LIST     /* struct option_list: every value given, in order */
};

/* What numbers are set to before parsing, for "not given". */
#define OPTION_UNSET INT64_MIN
#define OPTION_AUTO (INT64_MIN + 1)

enum {
    OPTION_OURS = 1,   /* The AWS CLI has no such option */
    OPTION_FILES = 2,  /* file:// and fileb:// name the value's file */
    OPTION_IGNORED = 4 /* Accepted because the AWS CLI accepts it */
};

/* One option; tables are const and end with a row whose name is NULL. */
struct option {
    const char *name;         /* Without the dashes */
    enum option_kind kind;    /* And so the type at offset */
    size_t offset;            /* In the values of its set */
    const char *value;        /* What the value is called in the help */
    const char *help;         /* A phrase for the help */
    const char *const *words; /* OPTION_CHOICE: NULL-terminated */
    unsigned flags;
    char letter; /* "-v"; 0: none */
};

/* A table and where its values go. */
struct option_set {
    const struct option *list;
    void *values; /* What the offsets count from */
};

/* The arguments that are still to be read; the strings are the caller's. */
struct option_args {
    const char **list;
    size_t n;
};

/* The values of an option that may be given several times. */
struct option_list {
    char **items; /* mem_*() memory, freed by options_free() */
    size_t n;
};

/* How many options there are in @list. */
size_t options_count(const struct option *list);

/* Take the options of @set, and their values, out of @args; all else stays, in
 * order.  Beginnings of names match the AWS CLI's options first and, if
 * @ours_too, our own second.  Returns 0; ERR_USAGE with @e in argparse's words
 * when the command line is wrong; ERR_PARSE when a number is not one (the AWS
 * CLI exits with 255 for that), also with @e. */
int options_parse(const struct option_set *set, struct option_args *args,
                  bool ours_too, struct err *e);

/* Whether @arg would be taken for an option's value or a plain word rather
 * than for an option, when it is not one of a known set. */
bool option_is_word(const char *arg);

/* The option of @list that @arg, "--name" or "--name=value", means: by its full
 * name, or by the beginning of a single one (the AWS CLI's before ours).  NULL
 * when there is none, or more than one. */
const struct option *option_find(const struct option *list, const char *arg);

/* The option of @list that @arg, which is none, is nearest to; NULL if none is
 * nearer than *@best, which see likeness.h. */
const struct option *option_like(const struct option *list, const char *arg,
                                 size_t *best);

/* Whether a value belongs to @o. */
bool option_takes_value(const struct option *o);

/* Free the strings of @set, and forget them. */
void options_free(const struct option_set *set);

#endif /* OPTIONS_H */
