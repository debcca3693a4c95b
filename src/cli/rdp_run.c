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
#include <unistd.h>
#include <uv.h>

#include <eice/eice.h>

#include "buf.h"
#include "clipboard.h"
#include "err.h"
#include "error.h"
#include "guest.h"
#include "options.h"
#include "password.h"
#include "program.h"
#include "rdp_plan.h"
#include "rdp_session.h"
#include "rdp_tell.h"
#include "rdp_trait.h"
#include "say.h"

/* One run. */
struct run {
    struct program *p;
    const struct rdp_plan *plan;
    struct aim aim;
    struct eice_target target;
    struct eice_listener *listener;
    struct password password;
    struct eice_op *console;
    struct guest copy; /* Puts the password on the clipboard */
    struct rdp_session session;
    char user[128];
    char thumbprint[RDP_THUMBPRINT_SIZE];
    unsigned waits; /* What is still under way before the client */
    int port;
    bool listening;
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
    rdp_session_close(&r->session);
    if (r->console != NULL) {
        eice_op_close(r->console, NULL, NULL);
        r->console = NULL;
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

/* What the client is told, apart from the password. */
static struct rdp_facts facts_of(const struct run *r, const char *title)
{
    return (struct rdp_facts){
        .port = r->port,
        .user = r->user,
        .thumbprint = r->thumbprint,
        .instance_id = r->aim.result.instance_id,
        .title = title,
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

/* The session is over, and we with it. */
static void on_session_end(void *data, int code)
{
    struct run *r = data;

    r->exit_code = code;
    run_close(r, EICE_BYE_DONE);
}

/* Start the client. */
static int session_begin(struct run *r, struct err *e)
{
    const struct rdp_plan *plan = r->plan;
    const char *password =
        r->password.text.len > 0 ? buf_str(&r->password.text) : NULL;
    char title[AIM_WORD + 80];
    struct rdp_facts facts;
    int rv;

    title_of(r, title, sizeof title);
    facts = facts_of(r, title);
    r->session.p = r->p;
    r->session.client = plan->client;
    r->session.client_path = plan->client_path;
    r->session.listener = r->listener;
    rv = rdp_session_start(&r->session, &facts, password, on_session_end, r, e);
    if (rv == 0 && plan->key != NULL && !plan->a->copy &&
        (password == NULL || !rdp_client_takes_password(plan->client))) {
        say(STDERR_FILENO,
            "eice: %s asks for the password itself; --copy puts it on the "
            "clipboard",
            rdp_client_name(plan->client));
    }
    return rv;
}

/* ---- All is there ------------------------------------------------------- */

/* The last step. */
static void finish(struct run *r)
{
    const struct rdp_args *a = r->plan->a;
    const struct rdp_facts facts = facts_of(r, r->aim.result.instance_id);
    struct err e = {0};
    int rv = 0;

    if (a->print_file) {
        rv = rdp_tell_file(r->plan->file, &facts, &e);
    }
    if (rv == 0 && r->plan->client != NULL) {
        rv = session_begin(r, &e);
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
    struct err e;

    r->copy.data = r;
    if (clipboard_put(&r->copy, &r->p->loop, buf_str(&r->password.text),
                      on_copied, &e) != 0) {
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

    if (event->type == EICE_EVENT_LISTENING && !r->listening) {
        r->listening = true;
        r->port = event->port;
        arrived(r);
        return;
    }
    if (event->type == EICE_EVENT_ACCEPTED) {
        rdp_session_connected(&r->session);
    }
    if (event->error != NULL) {
        program_warn(r->p, event->connection, event->error);
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
    if (rv == 0 && r->aim.result.is_windows && rdp_plan_pins(plan)) {
        r->waits++;
        rv = eice_console_output(&r->console, r->p->eice, r->target.instance_id,
                                 on_console, r, error);
    }
    if (rv == 0) {
        arrived(r);
    }
    return rv;
}

/* The instance is known, or not. */
static void on_aimed(void *data, const struct eice_error *error)
{
    struct run *r = data;
    const struct aim_result *i = &r->aim.result;
    const struct rdp_args *a = r->plan->a;
    struct eice_error own;

    if (error == NULL && rdp_plan_suits(r->plan, i, &own) != 0) {
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
    rdp_plan_target(r->plan, i, &r->target);
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
    rdp_session_clear(&r.session);
    password_clear(&r.password);
    return rv;
}
