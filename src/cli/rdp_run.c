/* SPDX-License-Identifier: Apache-2.0 */
/* rdp_run.c - from a name to a desktop.
 *
 *      find ──┬─► listen ──────────┐
 *             ├─► the password ────┼─► copy ─► client, file, or words ─► end
 *             └─► the certificate ─┘
 *
 * The happy path is: the instance is found; the three things are under way at
 * the same time; when all are there the client is started; when it ends,
 * everything is closed and its code is ours.
 *
 * What can go wrong: the instance (none, several, stopped, not Windows), the
 * port, the password (none yet, another key's), the client (cannot be
 * started), a signal; one tunnel's failure is told and ends nothing, as the
 * client may try again.  That the certificate cannot be learnt is no failure:
 * the client trusts the first it sees then, and remembers it. */
#include "rdp_run.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include <eice/eice.h>

#include "argv.h"
#include "buf.h"
#include "clipboard.h"
#include "err.h"
#include "error.h"
#include "guest.h"
#include "options.h"
#include "password.h"
#include "program.h"
#include "rdp_file.h"
#include "rdp_tell.h"
#include "rdp_trait.h"
#include "run_dir.h"
#include "say.h"

enum {
    TEXT_LIMIT = 64 << 10,
    WATCH_MS = 500,
    FIRST_MS = 60000, /* For a client elsewhere to connect at all */
    IDLE_MS = 10000   /* For it to connect again */
};

/* One run. */
struct run {
    struct program *p;
    const struct rdp_plan *plan;
    struct aim aim;
    struct eice_target target;
    struct eice_listener *listener;
    struct password password;
    struct eice_op *console;
    struct guest copy;
    struct guest client;
    struct run_dir dir; /* For a client's profile */
    char user[128];
    char thumbprint[RDP_THUMBPRINT_SIZE];
    unsigned waits; /* What is still under way before the client */
    int port;
    bool listening;
    uv_timer_t watch; /* A client that handed over */
    bool has_watch;
    bool connected; /* Somebody has connected */
    unsigned idle_ms;
    bool closing;
    int exit_code;
};

/* ---- The end ------------------------------------------------------------ */

static void on_closed(void *data)
{
    struct run *r = data;

    program_finish(r->p, r->exit_code);
}

/* Close what is open. */
static void run_close(struct run *r, enum eice_bye bye)
{
    if (r->closing) {
        return;
    }
    r->closing = true;
    aim_close(&r->aim);
    password_close(&r->password);
    guest_close(&r->copy);
    guest_close(&r->client);
    if (r->console != NULL) {
        eice_op_close(r->console, NULL, NULL);
        r->console = NULL;
    }
    if (r->has_watch) {
        uv_close((uv_handle_t *)&r->watch, NULL);
    }
    if (r->listener != NULL) {
        eice_listener_close(r->listener, bye, on_closed, r);
    } else {
        on_closed(r);
    }
}

static void on_stop(struct program *p, void *data)
{
    (void)p;
    run_close(data, EICE_BYE_AWAY);
}

/* End with @error. */
static void run_fail(struct run *r, const struct eice_error *error)
{
    r->exit_code = error_print(&r->p->style, error);
    run_close(r, EICE_BYE_DONE);
}

static void run_fail_err(struct run *r, const struct err *e)
{
    struct eice_error error;

    error_from(&error, e);
    run_fail(r, &error);
}

/* ---- The client --------------------------------------------------------- */

/* A client that handed the connection over has ended: watch the connections
 * instead. */
static void on_watch(uv_timer_t *timer)
{
    struct run *r = timer->data;

    if (eice_listener_connections(r->listener) > 0) {
        r->idle_ms = 0;
        return;
    }
    r->idle_ms += WATCH_MS;
    if (r->idle_ms >= (r->connected ? IDLE_MS : FIRST_MS)) {
        run_close(r, EICE_BYE_DONE);
    }
}

static void on_client_end(void *data, int code)
{
    struct run *r = data;
    const struct rdp_client *c = r->plan->client;
    int rv;

    r->exit_code = rdp_client_code(c, code);
    program_log(r->p, EICE_LOG_INFO, 0, "%s has ended with code %d",
                rdp_client_name(c), code);
    if (code != 0 || !rdp_client_hands_over(c)) {
        run_close(r, EICE_BYE_DONE);
        return;
    }
    rv = uv_timer_init(&r->p->loop, &r->watch);
    assert(rv == 0);
    r->watch.data = r;
    r->has_watch = true;
    uv_timer_start(&r->watch, on_watch, WATCH_MS, WATCH_MS);
}

/* What the client is told, apart from the password. */
static struct rdp_facts facts_of(const struct run *r, const char *title,
                                 const char *profile)
{
    return (struct rdp_facts){
        .port = r->port,
        .user = r->user,
        .password = r->password.text.len > 0,
        .thumbprint = r->thumbprint,
        .instance_id = r->aim.result.instance_id,
        .title = title,
        .profile = profile,
        .words = r->plan->words,
        .n_words = r->plan->n_words,
    };
}

static void title_of(const struct run *r, char *out, size_t size)
{
    const struct aim_result *i = &r->aim.result;

    if (i->name[0] != '\0') {
        snprintf(out, size, "%s (%s)", i->name, i->instance_id);
    } else {
        snprintf(out, size, "%s", i->instance_id);
    }
}

/* Write the client's profile. */
static int profile_write(struct run *r, const char *title, char *path,
                         size_t size, struct err *e)
{
    struct buf text;
    int rv;

    rv = run_dir_make(&r->dir, e);
    if (rv != 0) {
        return rv;
    }
    buf_init(&text, TEXT_LIMIT);
    rdp_file_remmina(&text, r->port, r->user, title);
    snprintf(path, size, "%s/eice.remmina", r->dir.path);
    rv = run_dir_write(&r->dir, "eice.remmina", buf_str(&text), e);
    buf_free(&text);
    return rv;
}

/* Start the client. */
static int client_begin(struct run *r, struct err *e)
{
    const struct rdp_plan *plan = r->plan;
    const struct rdp_client *c = plan->client;
    char title[AIM_WORD + 80];
    char profile[RUN_DIR_SIZE + 16] = "";
    unsigned told = rdp_client_asks(c) ? GUEST_PIPED : 0;
    struct argv argv = {0};
    struct rdp_facts facts;
    struct buf secret;
    int rv = 0;

    title_of(r, title, sizeof title);
    if (rdp_client_needs_profile(c)) {
        rv = profile_write(r, title, profile, sizeof profile, e);
    }
    if (rv != 0) {
        return rv;
    }
    facts = facts_of(r, title, profile);
    facts.password = facts.password && rdp_client_takes_password(c);
    rdp_client_command(&argv, c, plan->client_path, &facts);
    if (rdp_client_asks(c)) {
        rdp_tell_thumbprint(r->thumbprint);
    }
    buf_init(&secret, TEXT_LIMIT);
    buf_adds(&secret, facts.password ? buf_str(&r->password.text) : "");
    buf_addc(&secret, '\n');
    if (argv.failed || buf_error(&secret) != 0) {
        rv = err_set_uv(e, UV_ENOMEM, "the command");
    } else {
        r->client.data = r;
        rv = guest_start(&r->client, &r->p->loop, argv.list,
                         facts.password ? told | GUEST_TELL | GUEST_RELAY : 0,
                         buf_str(&secret), on_client_end, e);
    }
    if (rv == 0 && plan->key != NULL && !facts.password && !plan->a->copy) {
        say(STDERR_FILENO,
            "eice: %s asks for the password itself; --copy puts it on the "
            "clipboard",
            rdp_client_name(c));
    }
    buf_wipe(&secret);
    argv_free(&argv);
    return rv;
}

/* ---- All is there ------------------------------------------------------- */

/* The last step. */
static void finish(struct run *r)
{
    const struct rdp_args *a = r->plan->a;
    const struct rdp_facts facts = facts_of(r, r->aim.result.instance_id, "");
    struct err e = {0};
    int rv = 0;

    if (a->print_file) {
        rv = rdp_tell_file(r->plan->file, &facts, &e);
    }
    if (rv == 0 && r->plan->client != NULL) {
        rv = client_begin(r, &e);
    }
    if (rv != 0) {
        run_fail_err(r, &e);
        return;
    }
    if (a->password_only && !a->copy) {
        say_text(STDOUT_FILENO, buf_str(&r->password.text));
        say_text(STDOUT_FILENO, "\n");
    }
    if (a->no_client) {
        rdp_tell_advice(&facts);
    }
    if (!r->plan->listens) {
        run_close(r, EICE_BYE_DONE);
    }
}

/* The clipboard's tool has ended. */
static void on_copied(void *data, int code)
{
    struct run *r = data;
    struct err e;

    if (code != 0) {
        err_set(&e, ERR_CONFIG,
                "The password was not put on the clipboard: the program for it "
                "ended with code %d.",
                code);
        run_fail_err(r, &e);
        return;
    }
    say(STDERR_FILENO, "eice: the password is on the clipboard");
    finish(r);
}

/* Put the password on the clipboard. */
static void copy_begin(struct run *r)
{
    struct rdp_place place = rdp_place_here();
    struct argv argv = {0};
    struct err e;
    int rv;

    rv = clipboard_command(&argv, &place, &e);
    if (rv == 0 && argv.failed) {
        rv = err_set_uv(&e, UV_ENOMEM, "the command");
    }
    if (rv == 0) {
        r->copy.data = r;
        rv = guest_start(&r->copy, &r->p->loop, argv.list,
                         GUEST_TELL | GUEST_QUIET, buf_str(&r->password.text),
                         on_copied, &e);
    }
    argv_free(&argv);
    if (rv != 0) {
        run_fail_err(r, &e);
    }
}

/* One more thing is there; go on when all are. */
static void arrived(struct run *r)
{
    assert(r->waits > 0);
    if (--r->waits > 0 || r->closing) {
        return;
    }
    if (r->plan->a->copy) {
        copy_begin(r);
    } else {
        finish(r);
    }
}

/* ---- What is asked ------------------------------------------------------ */

static void on_password(void *data, const struct eice_error *error)
{
    struct run *r = data;
    struct eice_error own;

    if (error == NULL && !r->password.ready) {
        password_missing(&r->password, &own);
        error = &own;
    }
    if (error != NULL) {
        run_fail(r, error);
        return;
    }
    arrived(r);
}

static void on_console(void *data, const char *text, size_t len,
                       const struct eice_error *error)
{
    struct run *r = data;

    (void)len;
    if (error != NULL) {
        program_log(r->p, EICE_LOG_INFO, 0, "the console cannot be read: %s",
                    error->message);
    } else if (text == NULL || !rdp_trait_thumbprint(r->thumbprint, text)) {
        program_log(r->p, EICE_LOG_INFO, 0,
                    "the console shows no RDP certificate");
    } else {
        program_log(r->p, EICE_LOG_INFO, 0,
                    "the console shows the RDP certificate %s", r->thumbprint);
    }
    arrived(r);
}

/* Something happened to the listener or a connection. */
static void on_event(void *data, const struct eice_event *event)
{
    struct run *r = data;
    struct buf text;

    if (event->type == EICE_EVENT_LISTENING && !r->listening) {
        r->listening = true;
        r->port = event->port;
        arrived(r);
        return;
    }
    if (event->type == EICE_EVENT_ACCEPTED) {
        r->connected = true;
    }
    if (event->error != NULL) {
        buf_init(&text, TEXT_LIMIT);
        error_sentence(&text, event->error);
        program_log(r->p, EICE_LOG_WARN, event->connection, "%s",
                    buf_str(&text));
        buf_free(&text);
    }
}

static void on_listener_done(void *data, const struct eice_error *error)
{
    run_fail(data, error);
}

/* Listen on the port that was given, or on the instance's own, or any. */
static int listen_begin(struct run *r, struct eice_error *error)
{
    int64_t wanted = r->plan->a->local_port;
    struct eice_listen_options o = {
        .size = sizeof o,
        .tcp = true,
        .port = wanted == OPTION_AUTO ? 0 : r->port,
        .event = on_event,
        .done = on_listener_done,
        .data = r,
    };
    int rv;

    rv = eice_listen(&r->listener, r->p->eice, &r->target, &o, error);
    if (rv == UV_EADDRINUSE && wanted == OPTION_UNSET) {
        program_log(r->p, EICE_LOG_INFO, 0, "%s: taking another",
                    error->message);
        o.port = 0;
        rv = eice_listen(&r->listener, r->p->eice, &r->target, &o, error);
    }
    if (rv == UV_EADDRINUSE) {
        snprintf(error->hint, sizeof error->hint,
                 "choose another, or leave out --local-port");
    }
    return rv;
}

/* Begin all that is needed. */
static int all_begin(struct run *r, struct eice_error *error)
{
    const struct rdp_plan *plan = r->plan;
    bool pins = plan->a->no_client ||
                (plan->client != NULL &&
                 (rdp_client_asks(plan->client) ||
                  rdp_client_pins(plan->client, plan->words, plan->n_words)));
    int rv = 0;

    r->waits = 1; /* For ourselves, until all is begun. */
    if (plan->listens) {
        r->waits++;
        rv = listen_begin(r, error);
    }
    if (rv == 0 && plan->asks_password) {
        r->waits++;
        r->password = (struct password){.p = r->p,
                                        .instance_id = r->target.instance_id,
                                        .key = plan->key,
                                        .wait = plan->a->wait};
        rv = password_start(&r->password, on_password, r, error);
    }
    if (rv == 0 && pins && r->aim.result.is_windows) {
        r->waits++;
        rv = eice_console_output(&r->console, r->p->eice, r->target.instance_id,
                                 on_console, r, error);
    }
    if (rv == 0) {
        arrived(r);
    }
    return rv;
}

/* Whether RDP makes sense there. */
static int platform_check(struct run *r, struct eice_error *error)
{
    const struct aim_result *i = &r->aim.result;
    bool key = r->plan->key != NULL;
    struct err e;

    if (i->is_windows || (!key && r->plan->user[0] != '\0')) {
        return 0;
    }
    err_set(&e, ERR_USAGE, "%s is not a Windows instance, it runs %s.",
            i->instance_id,
            i->platform[0] != '\0' ? i->platform : "Linux/UNIX");
    if (key) {
        err_hint(&e, "EC2 has no password of it; leave out --key, and name "
                     "with --user who logs in if a server for RDP (xrdp) runs "
                     "on it");
    } else {
        err_hint(&e,
                 "`eice ssh %s` opens a shell on it; if a server for RDP "
                 "(xrdp) runs on it, name with --user who logs in",
                 r->plan->word);
    }
    error_from(error, &e);
    return ERR_USAGE;
}

/* The instance is known, or not. */
static void on_aimed(void *data, const struct eice_error *error)
{
    struct run *r = data;
    const struct aim_result *i = &r->aim.result;
    const struct rdp_args *a = r->plan->a;
    struct eice_error own;

    if (error == NULL && platform_check(r, &own) != 0) {
        error = &own;
    }
    if (error != NULL) {
        run_fail(r, error);
        return;
    }
    snprintf(r->user, sizeof r->user, "%s",
             r->plan->user[0] != '\0' ? r->plan->user : "Administrator");
    r->port =
        a->local_port > 0 ? (int)a->local_port : rdp_trait_port(i->instance_id);
    r->target = (struct eice_target){
        .size = sizeof r->target,
        .instance_id = i->instance_id,
        .remote_port = EICE_PORT_RDP,
        .endpoint_id = a->endpoint_id,
        .endpoint_dns_name = a->endpoint_dns_name,
        .max_tunnel_duration_s =
            a->max_tunnel_duration > 0 ? (int)a->max_tunnel_duration : 0,
    };
    if (i->endpoint_dns_name[0] != '\0') {
        r->target.endpoint_id = i->endpoint_id;
        r->target.endpoint_dns_name = i->endpoint_dns_name;
        r->target.private_ip = i->private_ip[0] != '\0' ? i->private_ip
                               : i->ipv6[0] != '\0'     ? i->ipv6
                                                        : NULL;
    }
    if (all_begin(r, &own) != 0) {
        run_fail(r, &own);
    }
}

int rdp_run(struct program *p, const struct rdp_plan *plan)
{
    struct run r = {.p = p, .plan = plan};
    struct eice_error error = {0};
    int rv;

    if (program_start(p, on_stop, &r, &error) != 0) {
        return error_print(&p->style, &error);
    }
    r.aim.p = p;
    r.aim.wish = (struct aim_wish){
        .word = plan->word,
        .pick = plan->a->pick,
        .may_ask = true,
        .endpoints = plan->listens,
        .endpoint_id = plan->a->endpoint_id,
        .endpoint_dns_name = plan->a->endpoint_dns_name,
        .os_user = "-", /* Nothing is to be asked about it. */
    };
    if (aim_start(&r.aim, on_aimed, &r, &error) != 0) {
        run_fail(&r, &error);
    }
    rv = program_run(p);
    run_dir_remove(&r.dir);
    password_clear(&r.password);
    return rv;
}
