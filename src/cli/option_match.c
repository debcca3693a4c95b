/* SPDX-License-Identifier: Apache-2.0 */
/* option_match.c - names, their beginnings, letters, and what is no option. */
#include "option_match.h"

#include <string.h>

#include "buf.h"
#include "err.h"
#include "likeness.h"

enum { MESSAGE_LIMIT = 1000 };

/* Report that the name before '=' or the end of @arg could be several. */
static int ambiguous(const struct option *list, const char *arg, size_t len,
                     unsigned ours, struct err *e)
{
    struct buf names;
    size_t i;

    buf_init(&names, MESSAGE_LIMIT);
    for (i = 0; list[i].name != NULL; i++) {
        const struct option *o = &list[i];

        if ((o->flags & OPTION_OURS) == ours &&
            strncmp(o->name, arg + 2, len) == 0) {
            buf_addf(&names, "%s--%s", names.len > 0 ? ", " : "", o->name);
        }
    }
    err_set(e, ERR_USAGE, "ambiguous option: %s could match %s", arg,
            buf_str(&names));
    buf_free(&names);
    return ERR_USAGE;
}

/* Find the one option of a group whose name begins with the @len bytes after
 * the dashes of @arg. */
static int match_beginning(const struct option *list, const char *arg,
                           size_t len, unsigned ours, struct option_match *m,
                           struct err *e)
{
    size_t i;

    for (i = 0; list[i].name != NULL; i++) {
        const struct option *o = &list[i];

        if ((o->flags & OPTION_OURS) != ours ||
            strncmp(o->name, arg + 2, len) != 0) {
            continue;
        }
        if (m->option != NULL) {
            return ambiguous(list, arg, len, ours, e);
        }
        m->option = o;
    }
    return 0;
}

int option_match(const struct option *list, bool ours_too, const char *arg,
                 struct option_match *m, struct err *e)
{
    size_t len = strcspn(arg + 2, "=");
    size_t i;
    int rv;

    *m = (struct option_match){0};
    if (arg[2 + len] == '=') {
        m->value = arg + 2 + len + 1;
    }
    for (i = 0; list[i].name != NULL; i++) {
        const char *name = list[i].name;

        if (strlen(name) == len && memcmp(name, arg + 2, len) == 0) {
            m->option = &list[i];
            return 0;
        }
    }
    rv = match_beginning(list, arg, len, 0, m, e);
    if (rv == 0 && m->option == NULL && ours_too) {
        rv = match_beginning(list, arg, len, OPTION_OURS, m, e);
    }
    return rv;
}

const struct option *option_letter(const struct option *list, char c)
{
    size_t i;

    for (i = 0; list[i].name != NULL; i++) {
        if (list[i].letter == c && c != '\0') {
            return &list[i];
        }
    }
    return NULL;
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

const struct option *option_find(const struct option *list, const char *arg)
{
    struct option_match m;

    return option_match(list, true, arg, &m, NULL) == 0 ? m.option : NULL;
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
