/* SPDX-License-Identifier: Apache-2.0 */
/* cache.c - eice cache: what is remembered of instances and endpoints.
 *
 * The happy path is: the entries are shown, or removed and counted.  What can
 * go wrong: the words make no sense, or the configuration cannot be read. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <eice/eice.h>
#include <jansson.h>

#include "answer.h"
#include "buf.h"
#include "commands.h"
#include "err.h"
#include "error.h"
#include "options.h"
#include "program.h"
#include "say.h"

enum { TEXT_LIMIT = 1 << 20 };

/* Values of the options. */
struct args {
    bool json;
};

#define AT(field) offsetof(struct args, field)

static const struct option options[] = {
    {"json", OPTION_FLAG, AT(json), NULL, "Print a JSON array", NULL,
     OPTION_OURS, 0},
    {.name = NULL},
};

/* Nothing runs that could be stopped. */
static void on_stop(struct program *p, void *data)
{
    (void)p;
    (void)data;
}

/* One entry for people. */
static void add_line(void *data, const struct eice_cache_entry *e)
{
    const char *what = e->instance_id != NULL ? e->instance_id : e->address;

    buf_addf(data, "%s  %s  %s  %s  %s  %lld s%s\n", what != NULL ? what : "-",
             e->address != NULL ? e->address : "-",
             e->endpoint_id != NULL ? e->endpoint_id : "-",
             e->endpoint_dns_name != NULL ? e->endpoint_dns_name : "-",
             e->region != NULL ? e->region : "-", (long long)e->age_s,
             e->fresh ? "" : " (old)");
}

/* One entry for programs. */
static void add_object(void *data, const struct eice_cache_entry *e)
{
    json_array_append_new(
        data,
        json_pack("{s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:I, s:b}",
                  "Region", e->region, "InstanceId", e->instance_id, "Address",
                  e->address, "VpcId", e->vpc_id, "SubnetId", e->subnet_id,
                  "EndpointId", e->endpoint_id, "EndpointDnsName",
                  e->endpoint_dns_name, "EndpointState", e->endpoint_state,
                  "AgeSeconds", (json_int_t)e->age_s, "Fresh", (int)e->fresh));
}

/* Show them all. */
static int list(struct program *p, bool json)
{
    struct buf out;
    json_t *array;
    int rv;

    if (json || answer_wanted(p->globals)) {
        array = json_array();
        eice_cache_visit(p->eice, add_object, array);
        rv = answer_print(p, "json", "Cache", array);
        json_decref(array);
        return rv;
    }
    buf_init(&out, TEXT_LIMIT);
    eice_cache_visit(p->eice, add_line, &out);
    say_text(STDOUT_FILENO, buf_str(&out));
    buf_free(&out);
    return 0;
}

static int run(struct program *p, void *args, const char *const *words,
               size_t n_words)
{
    const struct args *a = args;
    struct eice_error error = {0};
    bool clear = n_words == 1 && strcmp(words[0], "clear") == 0;
    int rv;

    if (!clear && (n_words != 1 || strcmp(words[0], "list") != 0)) {
        error_set(&error, ERR_USAGE,
                  "eice cache: say 'eice cache list' or 'eice cache clear'.");
        return error_print(&p->style, &error);
    }
    rv = program_start(p, on_stop, NULL, &error);
    if (rv != 0) {
        return error_print(&p->style, &error);
    }
    if (clear) {
        say(STDOUT_FILENO, "%u removed.",
            eice_cache_visit(p->eice, NULL, NULL));
    } else {
        rv = list(p, a->json);
    }
    program_finish(p, rv);
    return program_run(p);
}

const struct command command_cache = {
    .name = "cache",
    .summary = "Show or remove what is remembered of instances and endpoints",
    .synopsis = "eice cache list|clear [--json]",
    .description =
        "A tunnel by instance id remembers where it led (addresses, names and\n"
        "states; nothing secret), so that the next one starts without asking.\n"
        "What is older than five minutes is used while it is asked for again; "
        "what\n"
        "turns out wrong is dropped and asked for.  --no-cache of every "
        "command\n"
        "leaves it alone.\n",
    .examples = "  eice cache list\n"
                "  eice cache clear\n",
    .options = options,
    .args_size = sizeof(struct args),
    .is_aws = false,
    .takes_words = true,
    .run = run,
};
