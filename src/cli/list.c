/* SPDX-License-Identifier: Apache-2.0 */
/* list.c - eice list: instances, and whether an endpoint can reach them.
 *
 * The happy path is: instances and endpoints are asked for at the same time,
 * and printed.  What can go wrong: the arguments, the configuration, a call, a
 * signal. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <eice/eice.h>

#include "answer.h"
#include "buf.h"
#include "commands.h"
#include "err.h"
#include "error.h"
#include "json.h"
#include "list_row.h"
#include "mem.h"
#include "options.h"
#include "output.h"
#include "program.h"
#include "question.h"
#include "say.h"

enum {
    MAX_COLUMNS = 24,
    MAX_FILTERS = 32,
    MAX_VALUES = 32,
    HEADING_SIZE = 64,
    PLACE_SIZE = 300
};

static const char default_columns[] =
    "name,id,state,address,zone,platform,reachable";

/* Values of the options. */
struct args {
    struct option_list filters;
    char *columns;
    bool reachable;
    bool all;
};

#define AT(field) offsetof(struct args, field)

static const struct option options[] = {
    {"filter", OPTION_LIST, AT(filters), "NAME=VALUE[,VALUE...]",
     "Only instances with one of these values, as EC2's filters: "
     "tag:env=dev, instance-type=t3.*; several filters must all fit",
     NULL, OPTION_OURS, 0},
    {"columns", OPTION_STRING, AT(columns), "NAME[,NAME...]",
     "What to show: id, name, state, type, image, key, launched, arch, vpc, "
     "subnet, zone, private-ip, ipv6, address, public-ip, private-dns, "
     "public-dns, platform, endpoint, reachable, tag:KEY",
     NULL, OPTION_OURS, 0},
    {"reachable", OPTION_FLAG, AT(reachable), NULL,
     "Only instances that can be reached now", NULL, OPTION_OURS, 0},
    {"all", OPTION_FLAG, AT(all), NULL, "Terminated instances, too", NULL,
     OPTION_OURS, 0},
    {.name = NULL},
};

/* One run of the command. */
struct run {
    struct question q;
    const struct args *args;
    const char *word; /* That is looked for, or NULL */
    const char *columns[MAX_COLUMNS];
    size_t n_columns;
    char *column_text; /* What they point into */
    struct eice_filter filters[MAX_FILTERS];
    const char *values[MAX_FILTERS][MAX_VALUES];
    size_t n_filters;
};

/* Whether the user wants to see it. */
static bool is_wanted(const struct run *r, const struct eice_instance *i,
                      const char *reason)
{
    if (r->args->reachable && reason[0] != '\0') {
        return false;
    }
    return r->args->all || i->state == NULL ||
           strcmp(i->state, "terminated") != 0;
}

/* As objects. */
static int print_objects(const struct run *r, const struct eice_found *f)
{
    char reason[LIST_REASON_SIZE];
    json_t *all = json_array();
    size_t i;
    int rv;

    for (i = 0; i < f->n_instances; i++) {
        list_reason(reason, &f->instances[i], f);
        if (is_wanted(r, &f->instances[i], reason)) {
            json_array_append_new(all,
                                  list_object(&f->instances[i], f, reason));
        }
    }
    rv = answer_print(r->q.p, "json", "Instances", all);
    json_decref(all);
    return rv;
}

/* Fill one row. */
static void row_fill(const struct run *r, const char **row,
                     const struct eice_instance *i, const struct eice_found *f,
                     const char *reason)
{
    size_t c;

    for (c = 0; c < r->n_columns; c++) {
        row[c] = list_cell(r->columns[c], i, f, reason);
    }
}

/* There is nothing to show: say so, and what to do, to people. */
static void say_none(const struct run *r, size_t n_found)
{
    char place[PLACE_SIZE];
    const char *word = r->word;

    program_place(r->q.p, place, sizeof place);
    if (n_found > 0 && r->args->reachable) {
        say(STDERR_FILENO,
            "eice: of %zu instance%s in %s none can be reached now; without "
            "--reachable 'eice list' says why.",
            n_found, n_found == 1 ? "" : "s", place);
    } else if (n_found > 0) {
        say(STDERR_FILENO,
            "eice: only terminated instances in %s; --all shows them.", place);
    } else {
        say(STDERR_FILENO,
            "eice: no instance%s%s%s%s in %s; --region and --profile look "
            "elsewhere, 'eice whoami' says whose account this is.",
            word != NULL ? " fits '" : "", word != NULL ? word : "",
            word != NULL ? "'" : "",
            r->n_filters > 0
                ? (word != NULL ? " and the filters" : " fits the filters")
                : "",
            place);
    }
}

/* In columns. */
static void print_columns(const struct run *r, const struct eice_found *f)
{
    char headings[MAX_COLUMNS][HEADING_SIZE];
    char(*reasons)[LIST_REASON_SIZE];
    const char **cells;
    struct buf out;
    size_t rows = 1;
    size_t i;

    cells = mem_zalloc((f->n_instances + 1) * r->n_columns * sizeof *cells);
    reasons = mem_zalloc((f->n_instances + 1) * sizeof *reasons);
    buf_init(&out, SIZE_MAX / 2);
    if (cells != NULL && reasons != NULL) {
        for (i = 0; i < r->n_columns; i++) {
            list_heading(headings[i], HEADING_SIZE, r->columns[i]);
            cells[i] = headings[i];
        }
        for (i = 0; i < f->n_instances; i++) {
            list_reason(reasons[i], &f->instances[i], f);
            if (is_wanted(r, &f->instances[i], reasons[i])) {
                row_fill(r, cells + rows++ * r->n_columns, &f->instances[i], f,
                         reasons[i]);
            }
        }
        if (rows > 1) {
            output_columns(&out, cells, rows, r->n_columns);
            say_text(STDOUT_FILENO, buf_str(&out));
        } else {
            say_none(r, f->n_instances);
        }
    }
    buf_free(&out);
    mem_free(cells);
    mem_free(reasons);
}

/* The answer. */
static void on_found(void *data, const struct eice_found *found,
                     const struct eice_error *error)
{
    struct run *r = data;
    const struct globals *g = r->q.p->globals;

    if (error != NULL) {
        question_fail(&r->q, error);
        return;
    }
    if (g->query != NULL ||
        (g->output != NULL && strcmp(g->output, "table") != 0)) {
        r->q.exit_code = print_objects(r, found);
    } else {
        print_columns(r, found);
    }
    question_end(&r->q);
}

/* Split --columns. */
static int columns_split(struct run *r, struct eice_error *error)
{
    char *rest = NULL;
    char *one;

    r->column_text = mem_strdup(r->args->columns != NULL ? r->args->columns
                                                         : default_columns);
    if (r->column_text == NULL) {
        return error_set(error, UV_ENOMEM, "not enough memory");
    }
    for (one = strtok_r(r->column_text, ",", &rest); one != NULL;
         one = strtok_r(NULL, ",", &rest)) {
        if (!list_column_known(one)) {
            error_set(error, ERR_USAGE, "There is no column '%s'.", one);
            snprintf(error->hint, sizeof error->hint,
                     "the columns are in 'eice list --help'");
            return ERR_USAGE;
        }
        if (r->n_columns == MAX_COLUMNS) {
            return error_set(error, ERR_USAGE, "More than %d columns.",
                             MAX_COLUMNS);
        }
        r->columns[r->n_columns++] = one;
    }
    return r->n_columns > 0
               ? 0
               : error_set(error, ERR_USAGE,
                           "--columns names no column; they are in "
                           "'eice list --help'.");
}

/* Split one "NAME=VALUE,VALUE" in place. */
static int filter_split(struct run *r, char *text, struct eice_error *error)
{
    struct eice_filter *f = &r->filters[r->n_filters];
    const char **values = r->values[r->n_filters];
    char *equals = strchr(text, '=');
    char *rest = NULL;
    char *one;

    if (equals == NULL || equals == text || equals[1] == '\0') {
        return error_set(error, ERR_USAGE,
                         "The filter '%s' is invalid. A filter is NAME=VALUE, "
                         "such as tag:env=dev.",
                         text);
    }
    *equals = '\0';
    for (one = strtok_r(equals + 1, ",", &rest);
         one != NULL && f->n_values < MAX_VALUES;
         one = strtok_r(NULL, ",", &rest)) {
        values[f->n_values++] = one;
    }
    f->name = text;
    f->values = values;
    r->n_filters++;
    return 0;
}

static int check(struct run *r, size_t n_words, struct eice_error *error)
{
    const struct option_list *filters = &r->args->filters;
    size_t i;
    int rv;

    if (n_words > 1) {
        return error_set(error, ERR_USAGE,
                         "Give one name, id or address to look for.");
    }
    if (filters->n > MAX_FILTERS) {
        return error_set(error, ERR_USAGE, "More than %d filters.",
                         MAX_FILTERS);
    }
    rv = columns_split(r, error);
    for (i = 0; rv == 0 && i < filters->n; i++) {
        rv = filter_split(r, filters->items[i], error);
    }
    return rv;
}

static int run(struct program *p, void *args, const char *const *words,
               size_t n_words)
{
    struct run r = {.args = args, .word = n_words > 0 ? words[0] : NULL};
    struct eice_query query = {
        .size = sizeof query,
        .word = r.word,
        .filters = r.filters,
        .endpoints = true,
    };
    struct eice_error error = {0};
    int rv;

    rv = check(&r, n_words, &error);
    if (rv == 0) {
        rv = question_start(&r.q, p, &error);
    }
    if (rv != 0) {
        mem_free(r.column_text);
        return error_print(&p->style, &error);
    }
    query.n_filters = r.n_filters;
    rv = eice_find(&r.q.op, p->eice, &query, on_found, &r, &error);
    rv = question_run(&r.q, rv, &error);
    mem_free(r.column_text);
    return rv;
}

const struct command command_list = {
    .name = "list",
    .summary = "List instances, and which of them can be reached",
    .synopsis = "eice list [NAME|ID|ADDRESS] [options]",
    .description =
        "Shows the region's instances and whether 'eice ssh' can reach them "
        "through an\n"
        "endpoint; if not, why. A Name may have * and ?. With --output the "
        "answer is for\n"
        "programs.\n",
    .examples = "  eice list\n"
                "  eice list 'web*' --filter tag:env=dev,test\n"
                "  eice list --columns name,id,endpoint --reachable\n"
                "  eice list --output json\n"
                "  eice list --query '[?Reachable].InstanceId' --output text\n",
    .options = options,
    .args_size = sizeof(struct args),
    .takes_words = true,
    .run = run,
};
