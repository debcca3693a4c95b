/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c - an answer on stdout, by --query and --output.
 *
 * The happy path is: the query is asked of the value, and what it gives is
 * printed in the format.  What can go wrong: a function of the query and the
 * value do not fit, what is left makes no table, no memory. */
#include "answer.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <uv.h>

#include <eice/eice.h>

#include "buf.h"
#include "err.h"
#include "error.h"
#include "globals.h"
#include "jmespath.h"
#include "output.h"
#include "program.h"
#include "say.h"

enum { TEXT_LIMIT = 64 << 20, WHY_LIMIT = 16 << 10, USUAL_WIDTH = 80 };

int answer_check_query(const char *query, struct err *e)
{
    struct jmespath *q = NULL;
    struct buf why;
    char *p;
    int rv;

    buf_init(&why, WHY_LIMIT);
    rv = jmespath_compile(&q, query, &why);
    if (rv != 0) {
        rv = err_set(e, ERR_USAGE, "the query");
        /* Its lines show where: not for err_set(), which makes them one. */
        snprintf(e->msg, sizeof e->msg, "Bad value for --query %s: %s", query,
                 buf_str(&why));
        for (p = e->msg; *p != '\0'; p++) {
            if ((unsigned char)*p < ' ' && *p != '\n') {
                *p = ' ';
            }
        }
    }
    jmespath_free(q);
    buf_free(&why);
    return rv;
}

bool answer_wanted(const struct globals *g)
{
    return g->output != NULL || g->query != NULL;
}

/* How wide a table may be. */
static size_t terminal_width(void)
{
    struct winsize size = {0};

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        return USUAL_WIDTH;
    }
    return size.ws_col;
}

/* What the query leaves of @value: 0 and a new reference. */
static int ask(const char *query, json_t *value, json_t **result,
               struct buf *why)
{
    struct jmespath *q = NULL;
    int rv;

    if (value == NULL) {
        buf_adds(why, "not enough memory");
        return UV_ENOMEM; /* UNTESTED: jansson is out of memory */
    }
    if (query == NULL) {
        *result = json_incref(value);
        return 0;
    }
    rv = jmespath_compile(&q, query, why);
    if (rv == 0) {
        rv = jmespath_search(q, value, result, why);
    }
    jmespath_free(q);
    return rv;
}

int answer_print(struct program *p, const char *format, const char *title,
                 json_t *value)
{
    struct output how = {.format = p->globals->output,
                         .title = title,
                         .width = terminal_width()};
    struct eice_error error = {0};
    json_t *result = NULL;
    struct buf out;
    struct buf why;
    int rv;

    if (how.format == NULL) {
        how.format = format != NULL ? format : eice_output(p->eice);
    }
    buf_init(&out, TEXT_LIMIT);
    buf_init(&why, WHY_LIMIT);
    rv = ask(p->globals->query, value, &result, &why);
    if (rv == 0) {
        rv = output_format(&out, &how, result, &why);
    }
    if (rv == 0) {
        say_text(STDOUT_FILENO, buf_str(&out));
    } else {
        error_set(&error, rv == ERR_TOO_BIG ? rv : ERR_PARSE, "%s",
                  buf_str(&why));
        rv = error_print(&p->style, &error);
    }
    json_decref(result);
    buf_wipe(&out); /* It may be a password. */
    buf_free(&why);
    return rv;
}
