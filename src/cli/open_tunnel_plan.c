/* SPDX-License-Identifier: Apache-2.0 */
/* open_tunnel_plan.c - open-tunnel's options, and the checks of their values.
 *
 * The order and the words of the checks that the AWS CLI has are the AWS
 * CLI's; those of the target itself are in the library. */
#include "open_tunnel_plan.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "error.h"

enum { MAX_CONNECTIONS = 1000000 };

#define AT(field) offsetof(struct open_tunnel_args, field)

static const char unknown_id[] = "i-0";
static const char *const host_keys_words[] = {"console", "off", NULL};
static const char *const full_words[] = {"close", "wait", NULL};

const struct option open_tunnel_options[] = {
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
    {"preconnect", OPTION_INT, AT(preconnect), "N",
     "When listening, keep N connections to the endpoint open for the next "
     "tunnels, which then stand after one round trip (default 0)",
     NULL, OPTION_OURS, 0},
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
    {"target", OPTION_STRING, AT(target), "NAME",
     "Instead of an instance's id: its Name tag, an address or a DNS name; "
     "\".eice\" at its end is not part of it",
     NULL, OPTION_OURS, 0},
    {"ssh-public-key", OPTION_STRING, AT(public_key), "KEY",
     "Push this public key, or file://PATH, while the tunnel is opened; "
     "nothing is sent before it is there",
     NULL, OPTION_OURS | OPTION_FILES, 0},
    {"instance-os-user", OPTION_STRING, AT(os_user), "NAME",
     "Who may log in with that key", NULL, OPTION_OURS, 0},
    {"host-keys", OPTION_CHOICE, AT(host_keys), "HOW",
     "console: add the host keys that the instance's console shows to "
     "~/.ssh/eice_known_hosts, unless it has some",
     host_keys_words, OPTION_OURS, 0},
    {.name = NULL},
};

void open_tunnel_init(void *args)
{
    struct open_tunnel_args *a = args;

    a->remote_port = EICE_PORT_SSH;
    a->local_port = OPTION_UNSET;
    a->max_tunnel_duration = OPTION_UNSET;
    a->max_connections = 10;
    a->linger_ms = OPTION_UNSET;
    a->connect_timeout_ms = OPTION_UNSET;
    a->ping_interval_ms = OPTION_UNSET;
}

/* @value as an int, kept outside every range that is checked later. */
static int clamp(int64_t value)
{
    return value < -1 ? -1 : value > INT32_MAX ? INT32_MAX : (int)value;
}

/* The target as the user gave it, checked. */
static int target_check(struct open_tunnel_plan *p,
                        const struct open_tunnel_args *a,
                        struct eice_error *error)
{
    p->target = (struct eice_target){
        .size = sizeof p->target,
        /* What --target means is found out later. */
        .instance_id = a->target != NULL ? unknown_id : a->instance_id,
        .private_ip = a->private_ip,
        .endpoint_id = a->endpoint_id,
        .endpoint_dns_name = a->endpoint_dns_name,
        .remote_port = clamp(a->remote_port),
        .force_remote_port = a->force_remote_port,
    };
    if (p->target.remote_port == 0) {
        p->target.remote_port = -1; /* To eice.h 0 means the default. */
    }
    if (a->max_tunnel_duration != OPTION_UNSET) {
        p->target.max_tunnel_duration_s = clamp(a->max_tunnel_duration);
        if (p->target.max_tunnel_duration_s == 0) {
            p->target.max_tunnel_duration_s = -1;
        }
    }
    return eice_target_check(&p->target, error);
}

/* What is to be done before the tunnel, find the instance, read the console;
 * and the key that is pushed meanwhile. */
static int wish_fill(struct open_tunnel_plan *p,
                     const struct open_tunnel_args *a, struct eice_error *error)
{
    static const char suffix[] = ".eice";
    bool pin = a->host_keys != NULL && strcmp(a->host_keys, "console") == 0;
    const char *word = a->target != NULL ? a->target : a->instance_id;
    size_t len = word != NULL ? strlen(word) : 0;

    p->aims = a->target != NULL || pin;
    p->public_key = a->public_key;
    p->os_user = a->os_user;
    if (!p->aims && a->public_key == NULL && a->os_user == NULL) {
        return 0;
    }
    if (a->target != NULL &&
        (a->instance_id != NULL || a->private_ip != NULL)) {
        return error_set(error, ERR_USAGE,
                         "--target cannot be combined with --instance-id or "
                         "--private-ip-address.");
    }
    if (len == 0 || len >= AIM_WORD) {
        return error_set(error, ERR_USAGE,
                         "Specify an instance id or --target.");
    }
    if ((a->public_key != NULL) != (a->os_user != NULL) ||
        (a->public_key != NULL && p->listens)) {
        return error_set(error, ERR_USAGE,
                         "--ssh-public-key and --instance-os-user need each "
                         "other, and standard input and output.");
    }
    if (a->target != NULL && len > strlen(suffix) &&
        strcmp(word + len - strlen(suffix), suffix) == 0) {
        len -= strlen(suffix);
    }
    snprintf(p->word, sizeof p->word, "%.*s", (int)len, word);
    p->wish = (struct aim_wish){
        .word = p->word,
        .is_known = a->target == NULL,
        .endpoints = true,
        .endpoint_id = a->endpoint_id,
        .endpoint_dns_name = a->endpoint_dns_name,
        .os_user = a->os_user != NULL ? a->os_user : "-",
        .host_keys = pin,
        .host_alias = a->target,
    };
    return 0;
}

/* The local side: where to listen, or that stdin is fit for use. */
static int local_check(struct open_tunnel_plan *p,
                       const struct open_tunnel_args *a,
                       struct eice_error *error)
{
    bool port = a->local_port != OPTION_UNSET && a->local_port != 0;

    p->listens = port || a->local_socket != NULL || p->n_fds > 0;
    if (!p->listens && a->local_port == OPTION_UNSET &&
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
    if (a->local_port == 0 && (a->local_socket != NULL || p->n_fds > 0)) {
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
    if (a->preconnect != 0 && !p->listens) {
        return error_set(error, ERR_USAGE,
                         "--preconnect needs --local-port or --local-socket.");
    }
    if (a->preconnect < 0 || a->preconnect > EICE_MAX_PRECONNECT) {
        return error_set(error, ERR_USAGE,
                         "The value of --preconnect is invalid. It must be "
                         "between 0 and %d.",
                         EICE_MAX_PRECONNECT);
    }
    return 0;
}

/* Split --bind-address, "ADDR,ADDR", in place. */
static int addresses_split(struct open_tunnel_plan *p, char *text,
                           struct eice_error *error)
{
    char *rest = text;
    char *one;

    while (rest != NULL && (one = strsep(&rest, ",")) != NULL) {
        if (p->n_addresses == OPEN_TUNNEL_MAX_ADDRESSES) {
            return error_set(error, ERR_USAGE,
                             "--bind-address takes %d addresses at most.",
                             OPEN_TUNNEL_MAX_ADDRESSES);
        }
        p->addresses[p->n_addresses++] = one;
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

/* How each tunnel behaves. */
static void tunnel_fill(struct open_tunnel_plan *p,
                        const struct open_tunnel_args *a)
{
    p->tunnel = (struct eice_tunnel_options){
        .size = sizeof p->tunnel,
        .hold_input = p->public_key != NULL,
        .connect_timeout_ms = duration(a->connect_timeout_ms, EICE_NO_TIMEOUT),
        .upgrade_timeout_ms = duration(a->connect_timeout_ms, EICE_NO_TIMEOUT),
        .linger_ms = duration(a->linger_ms, 1),
        .ping_interval_ms = duration(a->ping_interval_ms, EICE_NO_TIMEOUT),
    };
}

/* Where to listen, and for how many. */
static void listen_fill(struct open_tunnel_plan *p,
                        const struct open_tunnel_args *a)
{
    bool waits = a->when_full != NULL && strcmp(a->when_full, "wait") == 0;

    p->listen = (struct eice_listen_options){
        .size = sizeof p->listen,
        .tcp = a->local_port != OPTION_UNSET,
        .port = a->local_port > 0 ? (int)a->local_port : 0,
        .bind_addresses = p->n_addresses > 0 ? p->addresses : NULL,
        .n_bind_addresses = p->n_addresses,
        .unix_path = a->local_socket,
        .fds = p->fds,
        .n_fds = p->n_fds,
        .max_connections = (unsigned)a->max_connections,
        .when_full = waits ? EICE_FULL_WAIT : EICE_FULL_CLOSE,
        .allow_other_users = a->allow_other_users,
        .tunnel = &p->tunnel,
        .preconnect = (unsigned)a->preconnect,
    };
}

int open_tunnel_plan(struct open_tunnel_plan *p, struct open_tunnel_args *a,
                     struct eice_error *error)
{
    struct err e;
    int rv;

    *p = (struct open_tunnel_plan){0};
    rv = target_check(p, a, error);
    if (rv != 0) {
        return rv;
    }
    rv = activation_take(p->fds, &p->n_fds, &e);
    if (rv != 0) {
        error_from(error, &e);
        return rv;
    }
    rv = local_check(p, a, error);
    if (rv == 0) {
        rv = addresses_split(p, a->bind_address, error);
    }
    if (rv == 0) {
        rv = wish_fill(p, a, error);
    }
    if (rv == 0) {
        tunnel_fill(p, a);
        listen_fill(p, a);
    }
    return rv;
}
