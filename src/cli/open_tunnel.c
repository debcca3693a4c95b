/* SPDX-License-Identifier: Apache-2.0 */
/* open_tunnel.c - eice open-tunnel: one connection on stdin and stdout, or one
 * tunnel for each connection to a local port or socket.
 *
 * The happy path is: check the arguments, begin, print the AWS CLI's lines as
 * events come, end when the tunnel is done (stdin and stdout) or a signal says
 * so (listener).  What can go wrong: the arguments (nothing else is touched),
 * the configuration or the local port (said before anything is sent), the
 * target or the tunnel (said when it is known; a listener goes on after one
 * tunnel's failure), or a signal.
 *
 * In stdin/stdout mode stdout is data: nothing but the tunnel writes to it. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <eice/eice.h>

#include "activation.h"
#include "buf.h"
#include "commands.h"
#include "err.h"
#include "error.h"
#include "options.h"
#include "program.h"
#include "say.h"

enum {
    MAX_BIND_ADDRESSES = 14,
    MAX_CONNECTIONS = 1000000,
    SENTENCE_LIMIT = 2000
};

/* Values of the options. */
struct args {
    char *instance_id;
    char *endpoint_id;
    char *endpoint_dns_name;
    char *private_ip;
    int64_t remote_port;
    int64_t local_port; /* OPTION_UNSET, OPTION_AUTO, 0: stdin and stdout */
    int64_t max_tunnel_duration;
    int64_t max_connections;
    char *local_socket;
    char *bind_address;
    char *when_full;
    bool allow_other_users;
    bool force_remote_port;
    int64_t linger_ms;
    int64_t connect_timeout_ms;
    int64_t ping_interval_ms;
};

#define AT(field) offsetof(struct args, field)

static const char *const full_words[] = {"close", "wait", NULL};

static const struct option options[] = {
    {"instance-id", OPTION_STRING, AT(instance_id), "ID",
     "The instance to reach", NULL, OPTION_FILES, 0},
    {"instance-connect-endpoint-id", OPTION_STRING, AT(endpoint_id), "ID",
     "The endpoint to go through; without it one in the instance's subnet or "
     "else VPC is found",
     NULL, OPTION_FILES, 0},
    {"instance-connect-endpoint-dns-name", OPTION_STRING, AT(endpoint_dns_name),
     "HOST[:PORT]",
     "Where that endpoint is; with its id and an address nothing is looked up",
     NULL, OPTION_FILES, 0},
    {"private-ip-address", OPTION_STRING, AT(private_ip), "IP",
     "The IPv4 or IPv6 address to reach; needs the endpoint's id", NULL,
     OPTION_FILES, 0},
    {"remote-port", OPTION_INT, AT(remote_port), "PORT",
     "The port to reach: 22 (default) or 3389", NULL, OPTION_FILES, 0},
    {"local-port", OPTION_PORT, AT(local_port), "PORT|auto",
     "Listen on this port of 127.0.0.1 and ::1; auto: on a free one; 0: none, "
     "use stdin and stdout",
     NULL, OPTION_FILES, 0},
    {"max-tunnel-duration", OPTION_INT, AT(max_tunnel_duration), "SECONDS",
     "End each tunnel after this time, 1 to 3600", NULL, OPTION_FILES, 0},
    {"max-websocket-connections", OPTION_INT, AT(max_connections), "N",
     "Serve so many connections at a time when listening (default 10)", NULL,
     OPTION_FILES, 0},
    {"local-socket", OPTION_STRING, AT(local_socket), "PATH",
     "Listen on a unix socket, which only you may use", NULL, OPTION_OURS, 0},
    {"bind-address", OPTION_STRING, AT(bind_address), "ADDR[,ADDR...]",
     "Listen on these addresses instead of 127.0.0.1 and ::1", NULL,
     OPTION_OURS, 0},
    {"when-full", OPTION_CHOICE, AT(when_full), "WHAT",
     "What happens to a connection over the limit: close (default), or wait "
     "for its turn",
     full_words, OPTION_OURS, 0},
    {"allow-other-users", OPTION_FLAG, AT(allow_other_users), NULL,
     "Serve other users of this machine, too", NULL, OPTION_OURS, 0},
    {"force-remote-port", OPTION_FLAG, AT(force_remote_port), NULL,
     "Ask for a remote port that the service is known to refuse", NULL,
     OPTION_OURS, 0},
    {"linger", OPTION_SECONDS, AT(linger_ms), "SECONDS",
     "After the end of the local input keep the tunnel until the remote has "
     "been quiet so long (default 10)",
     NULL, OPTION_OURS, 0},
    {"connect-timeout", OPTION_SECONDS, AT(connect_timeout_ms), "SECONDS",
     "Give up connecting to the endpoint, or waiting for its answer, after "
     "this time (default 10); 0: never",
     NULL, OPTION_OURS, 0},
    {"ping-interval", OPTION_SECONDS, AT(ping_interval_ms), "SECONDS",
     "Send a ping this often (default 30); 0: never", NULL, OPTION_OURS, 0},
};

/* One run of the command. */
struct run {
    struct program *p;
    const struct args *args;
    struct eice_target target;
    struct eice_tunnel_options tunnel_options;
    struct eice_tunnel *tunnel;
    struct eice_listener *listener;
    int fds[ACTIVATION_MAX_FDS]; /* Sockets passed in */
    size_t n_fds;
    bool listens;    /* Rather than use stdin and stdout */
    bool port_shown; /* The line about the port is printed */
    bool closing;
    int exit_code;
};

static void init(void *args)
{
    struct args *a = args;

    a->remote_port = EICE_PORT_SSH;
    a->local_port = OPTION_UNSET;
    a->max_tunnel_duration = OPTION_UNSET;
    a->max_connections = 10;
    a->linger_ms = OPTION_UNSET;
    a->connect_timeout_ms = OPTION_UNSET;
    a->ping_interval_ms = OPTION_UNSET;
}

/* ---- Checks ------------------------------------------------------------ */

/* @value as an int, kept outside every range that is checked later. */
static int clamp(int64_t value)
{
    return value < -1 ? -1 : value > INT32_MAX ? INT32_MAX : (int)value;
}

/* The target as the user gave it, checked. */
static int target_check(struct run *r, struct eice_error *error)
{
    const struct args *a = r->args;

    r->target = (struct eice_target){
        .size = sizeof r->target,
        .instance_id = a->instance_id,
        .private_ip = a->private_ip,
        .endpoint_id = a->endpoint_id,
        .endpoint_dns_name = a->endpoint_dns_name,
        .remote_port = clamp(a->remote_port),
        .force_remote_port = a->force_remote_port,
    };
    if (r->target.remote_port == 0) {
        r->target.remote_port = -1; /* To eice.h 0 means the default. */
    }
    if (a->max_tunnel_duration != OPTION_UNSET) {
        r->target.max_tunnel_duration_s = clamp(a->max_tunnel_duration);
        if (r->target.max_tunnel_duration_s == 0) {
            r->target.max_tunnel_duration_s = -1;
        }
    }
    return eice_target_check(&r->target, error);
}

/* The local side: where to listen, or that stdin is fit for use. */
static int local_check(struct run *r, struct eice_error *error)
{
    const struct args *a = r->args;
    bool port = a->local_port != OPTION_UNSET && a->local_port != 0;

    r->listens = port || a->local_socket != NULL || r->n_fds > 0;
    if (!r->listens && a->local_port == OPTION_UNSET &&
        isatty(STDIN_FILENO) == 1) {
        return error_set(error, ERR_USAGE,
                         "This command does not support interactive mode. You "
                         "must use this command as a proxy or in listener "
                         "mode. ");
    }
    if (port && a->local_port != OPTION_AUTO &&
        (a->local_port < 1 || a->local_port > 65535)) {
        return error_set(error, ERR_USAGE,
                         "The local port %lld is invalid. A port is a number "
                         "from 1 to 65535, or auto.",
                         (long long)a->local_port);
    }
    if (a->local_port == 0 && (a->local_socket != NULL || r->n_fds > 0)) {
        return error_set(error, ERR_USAGE,
                         "--local-port 0 means stdin and stdout, which cannot "
                         "be combined with a socket to listen on.");
    }
    if (a->bind_address != NULL && !port) {
        return error_set(error, ERR_USAGE,
                         "--bind-address needs --local-port.");
    }
    if (a->max_connections < 1 || a->max_connections > MAX_CONNECTIONS) {
        return error_set(error, ERR_USAGE,
                         "The value of --max-websocket-connections is invalid. "
                         "It must be between 1 and %d.",
                         MAX_CONNECTIONS);
    }
    return 0;
}

/* A duration in eice.h's words, where 0 is the default. */
static uint64_t duration(int64_t ms, uint64_t zero)
{
    if (ms == OPTION_UNSET) {
        return 0;
    }
    return ms == 0 ? zero : (uint64_t)ms;
}

/* All checks, in the order the AWS CLI makes those it has. */
static int check(struct run *r, struct eice_error *error)
{
    const struct args *a = r->args;
    struct err e;
    int rv;

    rv = target_check(r, error);
    if (rv != 0) {
        return rv;
    }
    rv = activation_take(r->fds, &r->n_fds, &e);
    if (rv != 0) {
        error_from(error, &e);
        return rv;
    }
    r->tunnel_options = (struct eice_tunnel_options){
        .size = sizeof r->tunnel_options,
        .connect_timeout_ms = duration(a->connect_timeout_ms, EICE_NO_TIMEOUT),
        .upgrade_timeout_ms = duration(a->connect_timeout_ms, EICE_NO_TIMEOUT),
        .linger_ms = duration(a->linger_ms, 1),
        .ping_interval_ms = duration(a->ping_interval_ms, EICE_NO_TIMEOUT),
    };
    return local_check(r, error);
}

/* ---- The end ----------------------------------------------------------- */

/* The tunnel or listener is closed. */
static void on_closed(void *data)
{
    struct run *r = data;

    if (r->listens && r->p->signal == SIGINT) {
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
    if (r->tunnel != NULL) {
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

    if (r->p->style.json_log) {
        error_print(&r->p->style, error);
        return;
    }
    buf_init(&text, SENTENCE_LIMIT);
    error_sentence(&text, error);
    say(STDERR_FILENO, "[%u] Encountered error with websocket: %s", k,
        buf_str(&text));
    buf_free(&text);
}

/* A warning with what can be done about it. */
static void warn(struct run *r, unsigned k, const struct eice_error *error)
{
    struct buf text;

    buf_init(&text, SENTENCE_LIMIT);
    error_sentence(&text, error);
    program_log(r->p, EICE_LOG_WARN, k, "%s", buf_str(&text));
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
    if (r->args->when_full != NULL && strcmp(r->args->when_full, "wait") == 0) {
        program_log(r->p, EICE_LOG_INFO, 0,
                    "%u connections are being served, the next one waits",
                    event->max_connections);
        return;
    }
    say(STDOUT_FILENO,
        "Max websocket connections %lld have been reached, closing incoming "
        "connection.",
        (long long)r->args->max_connections);
}

/* The maximum duration is one minute away. */
static void on_ending_soon(struct run *r, const struct eice_event *event)
{
    program_log(r->p, EICE_LOG_WARN, r->listens ? event->connection : 0,
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
        if (event->error != NULL && r->listens) {
            connection_failed(r, k, event->error);
        }
        if (r->listens) {
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
        warn(r, k, event->error);
        break;
    case EICE_EVENT_RESOLVED:
    case EICE_EVENT_OPENED:
        break; /* The library logs them. */
    }
}

/* ---- The beginning ----------------------------------------------------- */

/* Split "ADDR,ADDR" in place. */
static size_t addresses_split(char *text, const char **list)
{
    char *rest = NULL;
    char *one;
    size_t n = 0;

    for (one = strtok_r(text, ",", &rest);
         one != NULL && n < MAX_BIND_ADDRESSES;
         one = strtok_r(NULL, ",", &rest)) {
        list[n++] = one;
    }
    return n;
}

/* Warn of addresses that other machines can reach. */
static void addresses_warn(struct run *r, const char *const *list)
{
    size_t i;

    for (i = 0; list[i] != NULL; i++) {
        if (strncmp(list[i], "127.", 4) != 0 && strcmp(list[i], "::1") != 0 &&
            strcmp(list[i], "localhost") != 0) {
            program_log(r->p, EICE_LOG_WARN, 0,
                        "listening on %s: whoever can reach this address can "
                        "use the tunnel with your credentials",
                        list[i]);
        }
    }
}

/* Listen as asked. */
static int listen_begin(struct run *r, struct eice_error *error)
{
    const struct args *a = r->args;
    const char *addresses[MAX_BIND_ADDRESSES + 1] = {0};
    struct eice_listen_options o = {
        .size = sizeof o,
        .tcp = a->local_port != OPTION_UNSET,
        .port = a->local_port > 0 ? (int)a->local_port : 0,
        .unix_path = a->local_socket,
        .fds = r->fds,
        .n_fds = r->n_fds,
        .max_connections = (unsigned)a->max_connections,
        .when_full = a->when_full != NULL && strcmp(a->when_full, "wait") == 0
                         ? EICE_FULL_WAIT
                         : EICE_FULL_CLOSE,
        .allow_other_users = a->allow_other_users,
        .tunnel = &r->tunnel_options,
        .event = on_event,
        .done = on_done,
        .data = r,
    };
    int rv;

    if (a->bind_address != NULL) {
        o.n_bind_addresses = addresses_split(a->bind_address, addresses);
        o.bind_addresses = addresses;
    }
    rv = eice_listen(&r->listener, r->p->eice, &r->target, &o, error);
    if (rv == 0) {
        addresses_warn(r, addresses);
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

    r->tunnel_options.event = on_event;
    r->tunnel_options.done = on_done;
    r->tunnel_options.data = r;
    rv = eice_tunnel_open_fds(&r->tunnel, r->p->eice, &r->target,
                              &r->tunnel_options, in, out, error);
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

static int run(struct program *p, void *args, const char *const *words,
               size_t n_words)
{
    struct run r = {.p = p, .args = args};
    struct eice_error error = {0};
    int rv;

    (void)words;
    (void)n_words;
    rv = check(&r, &error);
    if (rv == 0) {
        rv = program_start(p, on_stop, &r, &error);
    }
    if (rv != 0) {
        return error_print(&p->style, &error);
    }
    rv = r.listens ? listen_begin(&r, &error) : stdio_begin(&r, &error);
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
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .args_size = sizeof(struct args),
    .is_aws = true,
    .init = init,
    .run = run,
};
