/* SPDX-License-Identifier: Apache-2.0 */
/* open_tunnel.c - eice open-tunnel: one connection on stdin and stdout, or one
 * tunnel for each connection to a local port or socket.
 *
 * The happy path is: check the arguments, begin (a key is pushed while the
 * tunnel is opened, and holds back what is sent), print the AWS CLI's lines as
 * events come, end when the tunnel is done (stdin and stdout) or a signal says
 * so (listener).  What can go wrong: the arguments (nothing else is touched),
 * the configuration or the local port (said before anything is sent), the
 * target, the key or the tunnel (said when it is known; a listener goes on
 * after one tunnel's failure), or a signal.
 *
 * In stdin/stdout mode stdout is data: nothing but the tunnel writes to it. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <eice/eice.h>

#include "aim.h"
#include "buf.h"
#include "commands.h"
#include "error.h"
#include "open_tunnel_plan.h"
#include "program.h"
#include "push.h"
#include "say.h"

enum {
    FDS_EACH = 4,  /* Local and remote, and two to spare */
    FDS_MORE = 64, /* For everything else */
    SENTENCE_LIMIT = 4000
};

/* One run of the command. */
struct run {
    struct program *p;
    struct open_tunnel_plan plan;
    struct aim aim;   /* What comes before the tunnel */
    struct push push; /* What is done while it is opened */
    struct eice_tunnel *tunnel;
    struct eice_listener *listener;
    bool port_shown; /* The line about the port is printed */
    bool closing;
    int exit_code;
};

/* ---- The end ----------------------------------------------------------- */

/* The tunnel or listener is closed. */
static void on_closed(void *data)
{
    struct run *r = data;

    if (r->plan.listens && r->p->signal == SIGINT) {
        say(STDOUT_FILENO, "%s", ""); /* After the ^C, as the AWS CLI. */
    }
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
    push_close(&r->push);
    if (r->tunnel == NULL && r->listener == NULL) {
        on_closed(r);
    } else if (r->tunnel != NULL) {
        eice_tunnel_close(r->tunnel, bye, on_closed, r);
    } else {
        eice_listener_close(r->listener, bye, on_closed, r);
    }
}

/* A signal. */
static void on_stop(struct program *p, void *data)
{
    (void)p;
    run_close(data, EICE_BYE_AWAY);
}

/* The tunnel is over, or the listener has failed. */
static void on_done(void *data, const struct eice_error *error)
{
    struct run *r = data;

    if (error != NULL) {
        r->exit_code = error_print(&r->p->style, error);
    }
    run_close(r, EICE_BYE_DONE);
}

/* ---- Events ------------------------------------------------------------ */

/* Say on stderr that a connection failed, in the AWS CLI's words. */
static void connection_failed(struct run *r, unsigned k,
                              const struct eice_error *error)
{
    struct buf text;

    buf_init(&text, SENTENCE_LIMIT);
    if (r->p->style.json_log) {
        error_json(&text, k, error);
        say(STDERR_FILENO, "%s", buf_str(&text));
    } else {
        error_sentence(&text, error);
        say(STDERR_FILENO, "[%u] Encountered error with websocket: %s", k,
            buf_str(&text));
    }
    buf_free(&text);
}

/* One more address is being listened on. */
static void on_listening(struct run *r, const struct eice_event *event)
{
    if (event->port == 0) {
        say(STDOUT_FILENO, "Listening for connections on %s.", event->address);
    } else if (!r->port_shown) {
        r->port_shown = true;
        say(STDOUT_FILENO, "Listening for connections on port %d.",
            event->port);
    }
}

/* The limit is reached. */
static void on_full(struct run *r, const struct eice_event *event)
{
    if (r->plan.listen.when_full == EICE_FULL_WAIT) {
        program_log(r->p, EICE_LOG_INFO, 0,
                    "%u connections are being served, the next one waits",
                    event->max_connections);
        return;
    }
    say(STDOUT_FILENO,
        "Max websocket connections %u have been reached, closing incoming "
        "connection.",
        r->plan.listen.max_connections);
}

/* The maximum duration is one minute away. */
static void on_ending_soon(struct run *r, const struct eice_event *event)
{
    program_log(r->p, EICE_LOG_WARN, r->plan.listens ? event->connection : 0,
                "this tunnel reaches its maximum duration in one minute");
}

/* Anything that happens. */
static void on_event(void *data, const struct eice_event *event)
{
    struct run *r = data;
    unsigned k = event->connection;

    switch (event->type) {
    case EICE_EVENT_LISTENING:
        on_listening(r, event);
        break;
    case EICE_EVENT_ACCEPTED:
        say(STDOUT_FILENO,
            "[%u] Accepted new tcp connection, opening websocket tunnel.", k);
        break;
    case EICE_EVENT_CLOSED:
        if (event->error != NULL && r->plan.listens) {
            connection_failed(r, k, event->error);
        }
        if (r->plan.listens) {
            say(STDOUT_FILENO, "[%u] Closing tcp connection.", k);
        }
        break;
    case EICE_EVENT_FULL:
        on_full(r, event);
        break;
    case EICE_EVENT_ENDING_SOON:
        on_ending_soon(r, event);
        break;
    case EICE_EVENT_REFUSED:
    case EICE_EVENT_ACCEPT_FAILED:
    case EICE_EVENT_WARNING:
        program_warn(r->p, k, event->error);
        break;
    case EICE_EVENT_RESOLVED:
    case EICE_EVENT_OPENED:
        break; /* The library logs them. */
    }
}

/* ---- The beginning ----------------------------------------------------- */

/* Warn of addresses that other machines can reach. */
static void addresses_warn(struct run *r)
{
    size_t i;

    for (i = 0; i < r->plan.n_addresses; i++) {
        const char *address = r->plan.addresses[i];

        if (strncmp(address, "127.", 4) != 0 && strcmp(address, "::1") != 0 &&
            strcmp(address, "localhost") != 0) {
            program_log(r->p, EICE_LOG_WARN, 0,
                        "listening on %s: whoever can reach this address can "
                        "use the tunnel with your credentials",
                        address);
        }
    }
}

/* Make sure that so many connections can be had, if the system lets us. */
static void descriptors_allow(unsigned connections)
{
    rlim_t want = (rlim_t)connections * FDS_EACH + FDS_MORE;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < want) {
        limit.rlim_cur = want < limit.rlim_max ? want : limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* Listen as asked. */
static int listen_begin(struct run *r, struct eice_error *error)
{
    struct eice_listen_options *o = &r->plan.listen;
    int rv;

    o->event = on_event;
    o->done = on_done;
    o->data = r;
    descriptors_allow(o->max_connections);
    rv = eice_listen(&r->listener, r->p->eice, &r->plan.target, o, error);
    if (rv == 0) {
        addresses_warn(r);
    }
    return rv;
}

/* Let nothing stand on stdin and stdout but the tunnel: the other end of a
 * pipe sees the end when the tunnel closes it, and a stray line printed by
 * some library goes nowhere. */
static void stdio_leave(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null != -1) {
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        close(null);
    }
}

/* Carry stdin and stdout. */
static int stdio_begin(struct run *r, struct eice_error *error)
{
    int in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    int rv;

    r->plan.tunnel.event = on_event;
    r->plan.tunnel.done = on_done;
    r->plan.tunnel.data = r;
    rv = eice_tunnel_open_fds(&r->tunnel, r->p->eice, &r->plan.target,
                              &r->plan.tunnel, in, out, error);
    if (rv == 0) {
        stdio_leave();
        return 0;
    }
    if (in != -1) {
        close(in);
    }
    if (out != -1) {
        close(out);
    }
    return rv;
}

/* The key is there, or will not be. */
static void on_pushed(void *data, const struct eice_error *error)
{
    struct run *r = data;

    if (error != NULL) {
        on_done(r, error);
        return;
    }
    eice_tunnel_release(r->tunnel);
}

/* Push the key. */
static int push_begin(struct run *r, struct eice_error *error)
{
    const struct eice_ssh_key key = {
        .size = sizeof key,
        .instance_id = r->plan.target.instance_id,
        .os_user = r->plan.os_user,
        .public_key = r->plan.public_key,
    };

    return push_start(&r->push, r->p, &key, on_pushed, r, error);
}

/* Open the tunnel, or listen. */
static int begin(struct run *r, struct eice_error *error)
{
    int rv = 0;

    if (r->plan.listens) {
        return listen_begin(r, error);
    }
    if (r->plan.public_key != NULL) {
        rv = push_begin(r, error);
    }
    if (rv == 0) {
        rv = stdio_begin(r, error);
    }
    if (rv != 0) {
        push_close(&r->push);
    }
    return rv;
}

/* What comes before the tunnel is done. */
static void on_aimed(void *data, const struct eice_error *error)
{
    struct run *r = data;
    struct eice_error own;

    if (error == NULL) {
        aim_target(&r->aim.result, &r->plan.target);
        if (begin(r, &own) != 0) {
            error = &own;
        }
    }
    if (error != NULL) {
        r->exit_code = error_print(&r->p->style, error);
        run_close(r, EICE_BYE_DONE);
    }
}

static int run(struct program *p, void *args, const char *const *words,
               size_t n_words)
{
    struct run r = {.p = p};
    struct eice_error error = {0};
    int rv;

    (void)words;
    (void)n_words;
    rv = open_tunnel_plan(&r.plan, args, &error);
    if (rv == 0) {
        rv = program_start(p, on_stop, &r, &error);
    }
    if (rv != 0) {
        return error_print(&p->style, &error);
    }
    r.aim.p = p;
    r.aim.wish = r.plan.wish;
    rv = r.plan.aims ? aim_start(&r.aim, on_aimed, &r, &error)
                     : begin(&r, &error);
    if (rv != 0) {
        program_finish(p, error_print(&p->style, &error));
    }
    return program_run(p);
}

const struct command command_open_tunnel = {
    .name = "open-tunnel",
    .summary = "Open a tunnel on stdin and stdout, or on a local port",
    .synopsis = "eice open-tunnel --instance-id ID [options]",
    .description =
        "Connects stdin and stdout to port 22 or 3389 of an instance, as ssh's "
        "ProxyCommand\n"
        "wants it; or, with --local-port or --local-socket, listens and opens "
        "a tunnel for\n"
        "every connection, until it is interrupted.\n",
    .examples =
        "  ssh -o ProxyCommand='eice open-tunnel --instance-id %h' \\\n"
        "      ec2-user@i-0123456789abcdef0\n"
        "  eice open-tunnel --instance-id i-0123456789abcdef0 --local-port "
        "8888\n"
        "  eice open-tunnel --instance-id i-0fedcba9876543210 --remote-port "
        "3389 --local-port auto\n",
    .options = open_tunnel_options,
    .args_size = sizeof(struct open_tunnel_args),
    .is_aws = true,
    .init = open_tunnel_init,
    .run = run,
};
