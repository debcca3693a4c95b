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

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <eice/eice.h>

#include "aim.h"
#include "answer.h"
#include "buf.h"
#include "child.h"
#include "client_args.h"
#include "client_command.h"
#include "client_line.h"
#include "err.h"
#include "error.h"
#include "hold.h"
#include "host_keys.h"
#include "key_file.h"
#include "program.h"
#include "program_path.h"
#include "push.h"
#include "quote.h"
#include "run_dir.h"
#include "say.h"
#include "ssh_key.h"

enum {
    PATH_SIZE = 4096,
    KEY_LIMIT = 16 << 10,
    TEXT_LIMIT = 1 << 20,
    KEEPALIVE_S = 15,
    SSH_FAILED = 255
};

/* One run. */
struct run {
    struct program *p;
    const struct client *c;
    const struct client_args *a;
    struct client_line line;
    struct eice_choices choices;
    struct aim aim;
    struct push push; /* Without a ProxyCommand that could push the key */
    const char *word; /* What the instance is called */
    char host[AIM_WORD + 4]; /* The same, out of a longer word */
    char user[64];           /* Given with it, or "" */
    sigset_t mask;           /* What was blocked when we came */
    bool ready;              /* The instance is known, or the key pushed */
    int exit_code;
    /* The second half. */
    struct client_facts facts;
    struct ssh_key key;
    bool has_key; /* Made for this run */
    struct run_dir dir;
    struct buf public_key; /* That is pushed */
    char program[PATH_SIZE];
    char identity[PATH_SIZE];
    char agent[RUN_DIR_SIZE + 8];
    struct buf known_hosts;
    struct argv argv;
};

/* ---- What is asked ------------------------------------------------------ */

/* Whether host keys are treated so. */
static bool is_mode(const struct run *r, const char *mode)
{
    return strcmp(r->a->host_keys != NULL ? r->a->host_keys : "console",
                  mode) == 0;
}

/* Whether all remote words name the same instance. */
static int check_one_target(const struct run *r, struct eice_error *error)
{
    struct client_target t;
    size_t i;

    for (i = r->line.target + 1; r->c->kind == CLIENT_COPY && i < r->line.n;
         i++) {
        if (client_is_operand(&r->line, r->c, i) &&
            client_target_read(&t, r->line.words[i], true) && t.remote &&
            strcmp(t.host, r->host) != 0) {
            return error_set(error, ERR_USAGE,
                             "'%s' and '%s' are two instances; copy from one "
                             "to here, and from here to the other.",
                             r->host, t.host);
        }
    }
    return 0;
}

/* Find the word that names the instance. */
static int read_target(struct run *r, struct eice_error *error)
{
    const struct client_line *l = &r->line;
    struct client_target t = {.rest = ""};
    bool colon = r->c->kind == CLIENT_COPY ||
                 (r->c->kind == CLIENT_SFTP && l->target < l->n &&
                  (strchr(l->words[l->target], ':') != NULL));
    const char *last;

    if (l->target < l->n &&
        !client_target_read(&t, l->words[l->target], colon)) {
        return error_set(error, ERR_USAGE, "'%s' is too long.",
                         l->words[l->target]);
    }
    if (colon && l->target < l->n && r->c->kind == CLIENT_SFTP &&
        l->words[l->target][0] != '[') {
        /* An IPv6 address without brackets is no host and path. */
        last = strchr(l->words[l->target], ':');
        if (strchr(last + 1, ':') != NULL && strchr(last, '/') == NULL) {
            (void)client_target_read(&t, l->words[l->target], false);
        }
    }
    snprintf(r->user, sizeof r->user, "%s", t.user);
    snprintf(r->host, sizeof r->host, "%s", t.host);
    r->word = r->a->instance_id != NULL ? r->a->instance_id : r->host;
    if (r->word[0] == '\0') {
        error_set(error, ERR_USAGE,
                  "the following arguments are required: --instance-id");
        snprintf(error->hint, sizeof error->hint,
                 "or name an instance: eice %s %s", r->c->program,
                 r->c->kind == CLIENT_COPY ? "FILE NAME:" : "NAME");
        return ERR_USAGE;
    }
    return check_one_target(r, error);
}

static int check(struct run *r, const char *const *words, size_t n,
                 struct eice_error *error)
{
    const struct client_args *a = r->a;
    int rv;

    rv = client_args_check(a, &r->choices, error);
    if (rv != 0) {
        return rv;
    }
    if (a->key != NULL && (a->private_key_file != NULL || a->no_push)) {
        return error_set(error, ERR_USAGE,
                         "--key cannot be combined with --private-key-file or "
                         "--no-push.");
    }
    client_line_read(&r->line, r->c,
                     a->instance_id == NULL || r->c->kind == CLIENT_COPY, words,
                     n);
    if (r->line.user != NULL) {
        snprintf(r->user, sizeof r->user, "%s", r->line.user);
    }
    return read_target(r, error);
}

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

/* Who logs in, as far as the user said. */
static const char *user_said(const struct run *r)
{
    if (r->line.user != NULL) {
        return r->line.user;
    }
    if (r->user[0] != '\0') {
        return r->user;
    }
    return r->a->os_user;
}

/* Whether ssh is going to authenticate with a key of its own. */
static bool has_own_key(const struct run *r)
{
    return r->a->no_push || r->a->private_key_file != NULL ||
           (r->line.identity != NULL && r->a->key == NULL);
}

/* Whether it is reached directly, so that no ProxyCommand can push. */
static bool is_direct(const struct run *r)
{
    return r->a->connection_type != NULL &&
           strcmp(r->a->connection_type, "direct") == 0;
}

/* Find the instance.  Returns 0 when it is known, else the exit code. */
static int find(struct run *r, struct eice_error *error)
{
    int rv;

    r->aim.p = r->p;
    r->aim.wish = (struct aim_wish){
        .word = r->word,
        .is_id = r->a->instance_id != NULL,
        .pick = r->a->pick,
        .may_ask = true,
        .endpoints = !is_direct(r),
        .endpoint_id =
            r->choices.endpoint_id[0] != '\0' ? r->choices.endpoint_id : NULL,
        .endpoint_dns_name =
            r->choices.dns_name[0] != '\0' ? r->choices.dns_name : NULL,
        .os_user = user_said(r),
        .host_keys = is_mode(r, "console"),
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
        .instance_id = r->facts.instance_id,
        .os_user = r->facts.user,
        .public_key = r->facts.public_key,
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

/* The key: the user's, a lasting one of ours for --print, or one for this run
 * that is only in our memory. */
static int key_prepare(struct run *r, struct err *e)
{
    struct client_facts *f = &r->facts;
    int rv;

    if (has_own_key(r)) {
        f->identity = r->a->private_key_file;
        return 0;
    }
    if (r->a->key != NULL || r->a->print || r->a->json) {
        rv = key_file_public(&r->public_key, r->identity, sizeof r->identity,
                             r->a->key, e);
        f->identity = r->identity;
        f->public_key = buf_str(&r->public_key);
        return rv;
    }
    rv = ssh_key_make(&r->key, e);
    if (rv == 0) {
        r->has_key = true;
        rv = run_dir_make(&r->dir, e);
    }
    if (rv != 0) {
        return rv;
    }
    ssh_key_line(&r->public_key, &r->key);
    snprintf(r->identity, sizeof r->identity, "%s/key.pub", r->dir.path);
    snprintf(r->agent, sizeof r->agent, "%s/agent", r->dir.path);
    f->identity = r->identity;
    f->agent = r->agent;
    f->public_key = buf_str(&r->public_key);
    return run_dir_write(&r->dir, "key.pub", f->public_key, e);
}

/* What the user's own configuration of ssh says. */
static void config_ask(struct run *r)
{
    struct client_facts *f = &r->facts;
    const char *agent = getenv("SSH_AUTH_SOCK");
    struct argv question = {0};
    struct buf answer;

    buf_init(&answer, TEXT_LIMIT);
    client_question(&question, r->c, &r->line, f);
    if (!question.failed &&
        child_capture(question.list, &answer, &r->mask) == 0) {
        f->explain_keys = !is_mode(r, "off");
        if (strstr(buf_str(&answer), "\nserveraliveinterval 0\n") != NULL) {
            f->keepalive_s = KEEPALIVE_S;
        }
        if (f->agent != NULL && agent != NULL &&
            (r->line.forwards_agent ||
             strstr(buf_str(&answer), "\nforwardagent yes\n") != NULL)) {
            f->forward = agent;
        }
    }
    buf_free(&answer);
    argv_free(&question);
}

/* The address and the way to it. */
static int way_find(struct run *r, struct err *e)
{
    struct aim_result *i = &r->aim.result;
    struct client_facts *f = &r->facts;
    const struct client_addresses addresses = {i->private_ip, i->ipv6,
                                               i->public_ip};

    f->address = client_route(r->a, &addresses, &f->tunnel);
    if (f->address == NULL) {
        return err_set(e, ERR_USAGE,
                       "Unable to find any IP address on the instance to "
                       "connect to.");
    }
    if (f->tunnel && i->endpoint_nameless) {
        err_set(e, ERR_CONFIG, "Unable to find FIPS Endpoint");
        err_hint(e,
                 "%s has no FIPS name; without use_fips_endpoint its other "
                 "one is used",
                 i->endpoint_id);
        return ERR_CONFIG;
    }
    if (f->tunnel && i->endpoint_dns_name[0] == '\0') {
        if (i->endpoint_id[0] != '\0') {
            return err_set(e, ERR_USAGE,
                           "There are no available instance connect endpoints "
                           "with %s",
                           i->endpoint_id);
        }
        err_set(e, ERR_USAGE,
                "There are no available instance connect endpoints.");
        err_hint(e,
                 "the instance is in %s: create an endpoint there, or check "
                 "that the one it has is not being created or deleted",
                 i->vpc_id[0] != '\0' ? i->vpc_id : "no VPC");
        return ERR_USAGE;
    }
    f->endpoint_id = i->endpoint_id;
    f->endpoint_dns_name = i->endpoint_dns_name;
    return 0;
}

/* All that the command is made of. */
static int facts_gather(struct run *r, struct err *e)
{
    struct client_facts *f = &r->facts;
    int rv;

    program_path(r->program, sizeof r->program);
    f->program = r->program;
    f->globals = r->p->globals;
    f->instance_id = r->aim.result.instance_id;
    f->user = r->aim.result.os_user;
    f->max_tunnel_duration = r->choices.max_tunnel_duration > 0
                                 ? (int)r->choices.max_tunnel_duration
                                 : 0;
    f->port = r->a->ssh_port != OPTION_UNSET ? (int)r->a->ssh_port : 0;
    f->verbose = r->p->globals->debug && !r->c->rsh;
    f->forwards = r->a->local_forwarding.items;
    f->n_forwards = r->a->local_forwarding.n;
    host_keys_path(&r->known_hosts);
    host_keys_prepare();
    f->known_hosts = is_mode(r, "off") ? "/dev/null" : buf_str(&r->known_hosts);
    f->strict = is_mode(r, "off")          ? "no"
                : is_mode(r, "tofu")       ? "accept-new"
                : r->aim.result.host_known ? "yes"
                                           : NULL;
    rv = way_find(r, e);
    if (rv == 0) {
        rv = key_prepare(r, e);
    }
    if (rv == 0) {
        config_ask(r);
    }
    return rv;
}

/* Print the command. */
static int command_print(const struct run *r)
{
    json_t *words;
    struct buf out;
    size_t i;
    int rv = 0;

    if (r->a->json) {
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
    struct child_agent agent = {.path = r->agent};
    struct eice_error error = {0};
    struct err e = {0};
    int rv;

    rv = facts_gather(r, &e);
    if (rv == 0) {
        client_command(&r->argv, r->c, &r->line, &r->facts);
        if (r->argv.failed) {
            rv = err_set_uv(&e, UV_ENOMEM, "the command");
        }
    }
    if (rv != 0) {
        error_from(&error, &e);
        return error_print(&r->p->style, &error);
    }
    if (r->a->print || r->a->json) {
        return command_print(r);
    }
    if (!r->facts.tunnel && r->facts.public_key != NULL) {
        rv = push_now(r, &error);
        if (!r->ready || r->p->signal != 0) {
            return rv;
        }
    }
    agent.key = r->has_key ? &r->key : NULL;
    rv = child_run(r->argv.list, &agent, &r->mask, &e);
    if (rv == -1) {
        error_from(&error, &e);
        return error_print(&r->p->style, &error);
    }
    if (rv == SSH_FAILED && (agent.refused || !r->has_key)) {
        user_explain(r);
    }
    return rv;
}

int client_run(struct program *p, const struct client *c,
               const struct client_args *a, const char *const *words,
               size_t n_words)
{
    struct run r = {.p = p, .c = c, .a = a};
    struct eice_error error = {0};
    int rv;

    buf_init(&r.public_key, KEY_LIMIT);
    buf_init(&r.known_hosts, PATH_SIZE);
    rv = check(&r, words, n_words, &error);
    if (rv != 0) {
        return error_print(&p->style, &error);
    }
    hold_mask(&r.mask);
    p->hold = &r.mask;
    rv = find(&r, &error);
    if (r.ready && p->signal == 0) {
        rv = command_run(&r); /* Signals wait, except while the child runs. */
    }
    run_dir_remove(&r.dir);
    hold_end(&r.mask);
    ssh_key_wipe(&r.key);
    argv_free(&r.argv);
    buf_free(&r.public_key);
    buf_free(&r.known_hosts);
    return rv;
}
