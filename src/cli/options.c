/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - command line options from tables, read as argparse reads them.
 *
 * Two steps, like the original: first the command line is taken apart and the
 * last text of each option is remembered, then the texts are converted in the
 * order of the table.  So a missing value is found before a bad number. */
#include "options.h"

#include <string.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "mem.h"
#include "option_match.h"
#include "values.h"

enum { MESSAGE_LIMIT = 1000 };

/* One pass over a command line. */
struct pass {
    const struct option_set *set;
    bool ours_too;
    const char **text; /* The last text of each option, or NULL */
    struct err *e;
};

bool option_takes_value(const struct option *o)
{
    return o->kind != OPTION_FLAG && o->kind != OPTION_COUNT;
}

/* Whether @arg is an option of this set, or looks like one of any other. */
static bool is_option(const struct pass *p, const char *arg)
{
    struct option_match m;

    if (arg[0] != '-' || arg[1] == '\0') {
        return false;
    }
    if (!option_is_word(arg)) { /* "--" among them */
        return true;
    }
    return arg[1] == '-' &&
           (option_match(p->set->list, p->ours_too, arg, &m, NULL) != 0 ||
            m.option != NULL);
}

/* Check that @text is one of the words of @o. */
static int choice_check(const struct option *o, const char *text, struct err *e)
{
    struct buf words;
    size_t i;

    buf_init(&words, MESSAGE_LIMIT);
    for (i = 0; o->words[i] != NULL; i++) {
        if (strcmp(o->words[i], text) == 0) {
            buf_free(&words);
            return 0;
        }
        buf_addf(&words, "%s%s", i > 0 ? ", " : "", o->words[i]);
    }
    err_set(e, ERR_USAGE, "argument --%s: Found invalid choice '%s'", o->name,
            text);
    err_hint(e, "choose one of %s", buf_str(&words));
    buf_free(&words);
    return ERR_USAGE;
}

/* Add @text to a list. */
static int list_add(struct option_list *list, const char *text, struct err *e)
{
    char **items;

    items = mem_realloc(list->items, (list->n + 1) * sizeof *items);
    if (items == NULL) {
        return err_set_uv(e, UV_ENOMEM, "the command line");
    }
    list->items = items;
    items[list->n] = mem_strdup(text);
    if (items[list->n] == NULL) {
        return err_set_uv(e, UV_ENOMEM, "the command line");
    }
    list->n++;
    return 0;
}

/* Remember what was given. */
static int take(struct pass *p, const struct option *o, const char *text)
{
    size_t i = (size_t)(o - p->set->list);
    void *at = (char *)p->set->values + o->offset;

    if (o->kind == OPTION_COUNT) {
        ++*(unsigned *)at;
        return 0;
    }
    if (o->kind == OPTION_LIST) {
        return list_add(at, text, p->e);
    }
    p->text[i] = text != NULL ? text : "";
    return o->kind == OPTION_CHOICE ? choice_check(o, text, p->e) : 0;
}

static int no_value_expected(const struct pass *p, const struct option *o,
                             const char *value)
{
    return err_set(p->e, ERR_USAGE,
                   "argument --%s: ignored explicit argument '%s'", o->name,
                   value);
}

/* Take the value of @o from what follows position *@i. */
static int take_following(struct pass *p, const struct option *o,
                          const struct option_args *args, size_t *i)
{
    size_t next = *i + 1;

    if (next >= args->n || is_option(p, args->list[next])) {
        return err_set(p->e, ERR_USAGE, "argument --%s: expected one argument",
                       o->name);
    }
    *i = next;
    return take(p, o, args->list[next]);
}

/* Read "-v", "-vv": letters of ours, all of them or none.  *known says which.
 */
static int letters_read(struct pass *p, const struct option_args *args,
                        size_t *i, bool *known)
{
    const char *arg = args->list[*i];
    const struct option *o = NULL;
    const char *c;

    *known = false;
    for (c = arg + 1; *c != '\0'; c++) {
        o = option_letter(p->set->list, *c);
        if (o == NULL) {
            return 0;
        }
        if (option_takes_value(o)) {
            break;
        }
    }
    *known = true;
    for (c = arg + 1; *c != '\0'; c++) {
        o = option_letter(p->set->list, *c);
        if (option_takes_value(o)) {
            return c[1] != '\0' ? take(p, o, c + 1)
                                : take_following(p, o, args, i);
        }
        take(p, o, NULL);
    }
    return 0;
}

/* Read "--name", "--name=value", "--name value". */
static int long_read(struct pass *p, const struct option_args *args, size_t *i,
                     bool *known)
{
    const char *arg = args->list[*i];
    struct option_match m;
    int rv;

    rv = option_match(p->set->list, p->ours_too, arg, &m, p->e);
    *known = m.option != NULL;
    if (rv != 0 || m.option == NULL) {
        return rv;
    }
    if (!option_takes_value(m.option)) {
        if (m.value != NULL) {
            return no_value_expected(p, m.option, m.value);
        }
        return take(p, m.option, NULL);
    }
    if (m.value != NULL) {
        return take(p, m.option, m.value);
    }
    return take_following(p, m.option, args, i);
}

/* argparse looks at every argument before it takes the first one. */
static int ambiguity_check(const struct pass *p, const struct option_args *args)
{
    struct option_match m;
    size_t i;
    int rv = 0;

    for (i = 0; rv == 0 && i < args->n && strcmp(args->list[i], "--") != 0;
         i++) {
        if (strncmp(args->list[i], "--", 2) == 0) {
            rv = option_match(p->set->list, p->ours_too, args->list[i], &m,
                              p->e);
        }
    }
    return rv;
}

/* Take the options of the set out of @args. */
static int take_apart(struct pass *p, struct option_args *args)
{
    size_t kept = 0;
    size_t i;
    bool known;
    int rv;

    for (i = 0; i < args->n; i++) {
        const char *arg = args->list[i];

        if (strcmp(arg, "--") == 0) {
            break;
        }
        known = false;
        rv = 0;
        if (arg[0] == '-' && arg[1] == '-') {
            rv = long_read(p, args, &i, &known);
        } else if (arg[0] == '-' && arg[1] != '\0') {
            rv = letters_read(p, args, &i, &known);
        }
        if (rv != 0) {
            return rv;
        }
        if (!known) {
            args->list[kept++] = arg;
        }
    }
    while (i < args->n) {
        args->list[kept++] = args->list[i++];
    }
    args->n = kept;
    return 0;
}

/* Put a string where it belongs, in place of an earlier one. */
static int string_set(const struct option *o, void *at, const char *text,
                      struct err *e)
{
    char **slot = at;
    char *value = NULL;
    int rv;

    rv = value_string(text, o->name, o->flags & OPTION_FILES, &value, e);
    if (rv != 0) {
        return rv;
    }
    mem_free(*slot);
    *slot = value;
    return 0;
}

/* Convert the text of one option. */
static int convert(const struct option *o, void *values, const char *text,
                   struct err *e)
{
    void *at = (char *)values + o->offset;

    switch (o->kind) {
    case OPTION_COUNT:
    case OPTION_LIST:
        return 0;
    case OPTION_FLAG:
        *(bool *)at = true;
        return 0;
    case OPTION_CHOICE:
    case OPTION_STRING:
        return string_set(o, at, text, e);
    case OPTION_SECONDS:
        return value_seconds(text, o->name, at, e);
    case OPTION_PORT:
        if (strcmp(text, "auto") == 0) {
            *(int64_t *)at = OPTION_AUTO;
            return 0;
        }
        return value_int(text, at, e);
    case OPTION_INT:
        break;
    }
    return value_int(text, at, e);
}

size_t options_count(const struct option *list)
{
    size_t n = 0;

    while (list[n].name != NULL) {
        n++;
    }
    return n;
}

int options_parse(const struct option_set *set, struct option_args *args,
                  bool ours_too, struct err *e)
{
    struct pass p = {.set = set, .ours_too = ours_too, .e = e};
    size_t i;
    int rv;

    p.text = mem_zalloc((options_count(set->list) + 1) * sizeof *p.text);
    if (p.text == NULL) {
        return err_set_uv(e, UV_ENOMEM, "the command line");
    }
    rv = ambiguity_check(&p, args);
    if (rv == 0) {
        rv = take_apart(&p, args);
    }
    for (i = 0; rv == 0 && set->list[i].name != NULL; i++) {
        if (p.text[i] != NULL) {
            rv = convert(&set->list[i], set->values, p.text[i], e);
        }
    }
    mem_free(p.text);
    return rv;
}

/* Free every value of a list. */
static void list_free(struct option_list *list)
{
    size_t i;

    for (i = 0; i < list->n; i++) {
        mem_free(list->items[i]);
    }
    mem_free(list->items);
    *list = (struct option_list){0};
}

void options_free(const struct option_set *set)
{
    size_t i;
    char **slot;

    for (i = 0; set->list[i].name != NULL; i++) {
        if (set->list[i].kind == OPTION_STRING ||
            set->list[i].kind == OPTION_CHOICE) {
            slot = (char **)(void *)((char *)set->values + set->list[i].offset);
            mem_free(*slot);
            *slot = NULL;
        } else if (set->list[i].kind == OPTION_LIST) {
            list_free((void *)((char *)set->values + set->list[i].offset));
        }
    }
}
