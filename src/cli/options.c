/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - command line options from tables, read as argparse reads them.
 *
 * Two steps, like the original: first the command line is taken apart and the
 * last text of each option is remembered, then the texts are converted in the
 * order of the table.  So a missing value is found before a bad number. */
#include "options.h"

#include <ctype.h>
#include <string.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "likeness.h"
#include "mem.h"
#include "values.h"

enum { MESSAGE_LIMIT = 1000 };

/* One pass over a command line. */
struct pass {
    const struct option_set *set;
    bool ours_too;
    const char **text; /* The last text of each option, or NULL */
    struct err *e;
};

/* What an argument that begins with '-' turned out to be. */
struct match {
    const struct option *option; /* NULL: none of ours */
    const char *value;           /* After '='; NULL when there is none */
};

bool option_takes_value(const struct option *o)
{
    return o->kind != OPTION_FLAG && o->kind != OPTION_COUNT;
}

/* "-1", "-.5", "-12.5": argparse does not take these for options. */
static bool is_negative_number(const char *arg)
{
    size_t whole = strspn(arg + 1, "0123456789");
    const char *p = arg + 1 + whole;

    if (*p == '\0') {
        return whole > 0;
    }
    if (*p != '.') {
        return false;
    }
    whole = strspn(p + 1, "0123456789");
    return whole > 0 && p[1 + whole] == '\0';
}

bool option_is_word(const char *arg)
{
    return arg[0] != '-' || arg[1] == '\0' || is_negative_number(arg) ||
           strchr(arg, ' ') != NULL;
}

/* Report that the name before '=' or the end of @arg could be several. */
static int ambiguous(const struct pass *p, const char *arg, size_t len,
                     unsigned ours)
{
    struct buf names;
    size_t i;

    buf_init(&names, MESSAGE_LIMIT);
    for (i = 0; p->set->list[i].name != NULL; i++) {
        const struct option *o = &p->set->list[i];

        if ((o->flags & OPTION_OURS) == ours &&
            strncmp(o->name, arg + 2, len) == 0) {
            buf_addf(&names, "%s--%s", names.len > 0 ? ", " : "", o->name);
        }
    }
    err_set(p->e, ERR_USAGE, "ambiguous option: %s could match %s", arg,
            buf_str(&names));
    buf_free(&names);
    return ERR_USAGE;
}

/* Find the one option of a group whose name begins with the @len bytes after
 * the dashes of @arg. */
static int match_beginning(const struct pass *p, const char *arg, size_t len,
                           unsigned ours, struct match *m)
{
    size_t i;

    for (i = 0; p->set->list[i].name != NULL; i++) {
        const struct option *o = &p->set->list[i];

        if ((o->flags & OPTION_OURS) != ours ||
            strncmp(o->name, arg + 2, len) != 0) {
            continue;
        }
        if (m->option != NULL) {
            return ambiguous(p, arg, len, ours);
        }
        m->option = o;
    }
    return 0;
}

/* Find the option @arg, "--name" or "--name=value". */
static int match_long(const struct pass *p, const char *arg, struct match *m)
{
    size_t len = strcspn(arg + 2, "=");
    size_t i;
    int rv;

    *m = (struct match){0};
    if (arg[2 + len] == '=') {
        m->value = arg + 2 + len + 1;
    }
    for (i = 0; p->set->list[i].name != NULL; i++) {
        const char *name = p->set->list[i].name;

        if (strlen(name) == len && memcmp(name, arg + 2, len) == 0) {
            m->option = &p->set->list[i];
            return 0;
        }
    }
    rv = match_beginning(p, arg, len, 0, m);
    if (rv == 0 && m->option == NULL && p->ours_too) {
        rv = match_beginning(p, arg, len, OPTION_OURS, m);
    }
    return rv;
}

/* The option with the letter @c, or NULL. */
static const struct option *find_letter(const struct pass *p, char c)
{
    size_t i;

    for (i = 0; p->set->list[i].name != NULL; i++) {
        if (p->set->list[i].letter == c && c != '\0') {
            return &p->set->list[i];
        }
    }
    return NULL;
}

/* Whether @arg is an option of this set, or looks like one of any other. */
static bool is_option(const struct pass *p, const char *arg)
{
    struct pass quiet = *p;
    struct match m;

    if (arg[0] != '-' || arg[1] == '\0') {
        return false;
    }
    if (!option_is_word(arg)) { /* "--" among them */
        return true;
    }
    quiet.e = NULL;
    return arg[1] == '-' &&
           (match_long(&quiet, arg, &m) != 0 || m.option != NULL);
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
        o = find_letter(p, *c);
        if (o == NULL) {
            return 0;
        }
        if (option_takes_value(o)) {
            break;
        }
    }
    *known = true;
    for (c = arg + 1; *c != '\0'; c++) {
        o = find_letter(p, *c);
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
    struct match m;
    int rv;

    rv = match_long(p, arg, &m);
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
    struct match m;
    size_t i;
    int rv = 0;

    for (i = 0; rv == 0 && i < args->n && strcmp(args->list[i], "--") != 0;
         i++) {
        if (strncmp(args->list[i], "--", 2) == 0) {
            rv = match_long(p, args->list[i], &m);
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

const struct option *option_find(const struct option *list, const char *arg)
{
    struct option_set set = {list, NULL};
    struct pass quiet = {.set = &set, .ours_too = true};
    struct match m;

    return match_long(&quiet, arg, &m) == 0 ? m.option : NULL;
}

const struct option *option_like(const struct option *list, const char *arg,
                                 size_t *best)
{
    const struct option *found = NULL;
    const struct option *o;

    if (strncmp(arg, "--", 2) != 0) {
        return NULL;
    }
    for (o = list; o->name != NULL; o++) {
        if ((o->flags & OPTION_IGNORED) == 0 &&
            likeness_better(arg + 2, strcspn(arg + 2, "="), o->name, best)) {
            found = o;
        }
    }
    return found;
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
