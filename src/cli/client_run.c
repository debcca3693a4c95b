/* SPDX-License-Identifier: Apache-2.0 */
/* client_run.c - from a person's words to a running client.
 *
 * The happy path is: the instance is found, a key is made and served by an
 * agent in this process, the client runs with a ProxyCommand that is this same
 * program and pushes the key, the client's exit code is ours.
 *
 * What can go wrong: the arguments, the instance, the services; then nothing
 * is run.  What the client meets afterwards it says itself. */
#include "client_run.h"

#include <string.h>
#include <unistd.h>

#include <eice/eice.h>

#include "aim.h"
#include "answer.h"
#include "argv.h"
#include "buf.h"
#include "child.h"
#include "client_asked.h"
#include "client_command.h"
#include "client_gather.h"
#include "err.h"
#include "error.h"
#include "hold.h"
#include "program.h"
#include "push.h"
#include "quote.h"
#include "say.h"

enum { TEXT_LIMIT = 1 << 20, SSH_FAILED = 255 };

/* One run. */
struct run {
    struct program *p;
    struct client_asked asked;
    struct aim aim;
    struct push push; /* Without a ProxyCommand that could push the key */
    sigset_t mask;    /* What was blocked when we came */
    bool ready;       /* The instance is known, or the key pushed */
    /* The second half. */
    struct client_gathered all;
    struct argv argv;
};

/* ---- The first half: the network ---------------------------------------- */

static void on_stop(struct program *p, void *data)
{
    struct run *r = data;

    aim_close(&r->aim);
    push_close(&r->push);
    program_finish(p, 0);
}

/* The instance is known, or the key pushed, or not. */
static void on_aimed(void *data, const struct eice_error *error)
{
    struct run *r = data;

    r->ready = error == NULL;
    program_finish(r->p, error != NULL ? error_print(&r->p->style, error) : 0);
}

/* Whether it is reached directly, so that no ProxyCommand can push. */
static bool is_direct(const struct run *r)
{
    return r->asked.a->connection_type != NULL &&
           strcmp(r->asked.a->connection_type, "direct") == 0;
}

/* Find the instance.  Returns 0 when it is known, else the exit code. */
static int find(struct run *r, struct eice_error *error)
{
    int rv;

    r->aim.p = r->p;
    r->aim.wish = (struct aim_wish){
        .word = r->asked.word,
        .is_id = r->asked.a->instance_id != NULL,
        .pick = r->asked.a->pick,
        .may_ask = true,
        .endpoints = !is_direct(r),
        .endpoint_id = r->asked.choices.endpoint_id[0] != '\0'
                           ? r->asked.choices.endpoint_id
                           : NULL,
        .endpoint_dns_name = r->asked.choices.dns_name[0] != '\0'
                                 ? r->asked.choices.dns_name
                                 : NULL,
        .os_user = client_asked_user(&r->asked),
        .host_keys = client_asked_host_keys(&r->asked, "console"),
    };
    rv = program_start(r->p, on_stop, r, error);
    if (rv != 0) {
        return error_print(&r->p->style, error);
    }
    rv = aim_start(&r->aim, on_aimed, r, error);
    if (rv != 0) {
        program_finish(r->p, error_print(&r->p->style, error));
    }
    return program_run(r->p);
}

/* Push the key now: there is no ProxyCommand that could. */
static int push_now(struct run *r, struct eice_error *error)
{
    const struct eice_ssh_key key = {
        .size = sizeof key,
        .instance_id = r->all.facts.instance_id,
        .os_user = r->all.facts.user,
        .public_key = r->all.facts.public_key,
    };

    /* The first half's loop is closed: begin afresh. */
    *r->p = (struct program){
        .globals = r->p->globals, .style = r->p->style, .hold = &r->mask};
    r->ready = false;
    if (program_start(r->p, on_stop, r, error) != 0) {
        return error_print(&r->p->style, error);
    }
    if (push_start(&r->push, r->p, &key, on_aimed, r, error) != 0) {
        program_finish(r->p, error_print(&r->p->style, error));
    }
    return program_run(r->p);
}

/* ---- The second half: the program --------------------------------------- */

/* Print the command. */
static int command_print(const struct run *r)
{
    json_t *words;
    struct buf out;
    size_t i;
    int rv = 0;

    if (r->asked.a->json) {
        words = json_array();
        for (i = 0; i < r->argv.n; i++) {
            json_array_append_new(words, json_string(r->argv.list[i]));
        }
        rv = answer_print(r->p, "json", "Command", words);
        json_decref(words);
        return rv;
    }
    buf_init(&out, TEXT_LIMIT);
    for (i = 0; i < r->argv.n; i++) {
        buf_adds(&out, i > 0 ? " " : "");
        quote_shell(&out, r->argv.list[i]);
    }
    buf_addc(&out, '\n');
    say_text(STDOUT_FILENO, buf_str(&out));
    buf_free(&out);
    return rv;
}

/* ssh failed, perhaps because the user is another one: say who it was. */
static void user_explain(const struct run *r)
{
    const struct aim_result *i = &r->aim.result;

    if (i->user_from[0] != '\0') {
        say(STDERR_FILENO,
            "eice: the user %s was guessed %s; if it is another one, say "
            "--os-user NAME.",
            i->os_user, i->user_from);
    }
}

/* Run it. */
static int command_run(struct run *r)
{
    struct child_agent agent = {.path = r->all.agent};
    struct eice_error error = {0};
    struct err e = {0};
    int rv;

    rv = client_gather(&r->all, &r->asked, &r->aim.result, r->p->globals,
                       &r->mask, &e);
    if (rv == 0) {
        client_command(&r->argv, r->asked.c, &r->asked.line, &r->all.facts);
        if (r->argv.failed) {
            rv = err_set_uv(&e, UV_ENOMEM, "the command");
        }
    }
    if (rv != 0) {
        error_from(&error, &e);
        return error_print(&r->p->style, &error);
    }
    if (client_asked_print(&r->asked)) {
        return command_print(r);
    }
    if (!r->all.facts.tunnel && r->all.facts.public_key != NULL) {
        rv = push_now(r, &error);
        if (!r->ready || r->p->signal != 0) {
            return rv;
        }
    }
    agent.key = r->all.has_key ? &r->all.key : NULL;
    rv = child_run(r->argv.list, &agent, &r->mask, &e);
    if (rv == -1) {
        error_from(&error, &e);
        return error_print(&r->p->style, &error);
    }
    if (rv == SSH_FAILED && (agent.refused || !r->all.has_key)) {
        user_explain(r);
    }
    return rv;
}

/* ssh answers a question about itself. */
static int run_alone(struct run *r)
{
    const struct client_line *l = &r->asked.line;
    struct child_agent none = {.key = NULL};
    struct eice_error error;
    struct err e = {0};
    size_t i;
    int rv = -1;

    argv_add(&r->argv, r->asked.c->program);
    for (i = 0; i < l->n; i++) {
        argv_add(&r->argv, l->words[i]);
    }
    if (r->argv.failed) {
        err_set_uv(&e, UV_ENOMEM, "the command");
    } else {
        rv = child_run(r->argv.list, &none, &r->mask, &e);
    }
    if (rv == -1) {
        error_from(&error, &e);
        rv = error_print(&r->p->style, &error);
    }
    return rv;
}

int client_run(struct program *p, const struct client *c,
               const struct client_args *a, const char *const *words,
               size_t n_words)
{
    struct run r = {.p = p};
    struct eice_error error = {0};
    int rv;

    rv = client_asked_read(&r.asked, c, a, words, n_words, &error);
    if (rv != 0) {
        return error_print(&p->style, &error);
    }
    client_gather_init(&r.all);
    hold_mask(&r.mask);
    p->hold = &r.mask;
    rv = client_asked_nothing(&r.asked) ? run_alone(&r) : find(&r, &error);
    if (r.ready && p->signal == 0) {
        rv = command_run(&r); /* Signals wait, except while the child runs. */
    }
    client_gather_clear(&r.all);
    hold_end(&r.mask);
    argv_free(&r.argv);
    return rv;
}
