/* SPDX-License-Identifier: Apache-2.0 */
/* client_command.h - the exact command that is run.  Pure. */
#ifndef CLIENT_COMMAND_H
#define CLIENT_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "argv.h"
#include "client_line.h"

struct buf;
struct globals;

/* Everything that goes into it; "" or NULL for what there is not. */
struct client_facts {
    const char *program; /* This program's own path */
    const struct globals *globals;
    const char *instance_id;
    const char *user;
    bool tunnel;
    const char *address;
    const char *endpoint_id;
    const char *endpoint_dns_name;
    int max_tunnel_duration; /* 0: none */
    int port;                /* 0: not given */
    const char *public_key;  /* For the ProxyCommand to push */
    const char *identity;    /* Private key, or public key of the agent's */
    const char *agent;       /* The private agent's socket */
    const char *known_hosts; /* Path */
    const char *strict;      /* StrictHostKeyChecking, or NULL */
    bool explain_keys;       /* ssh knows KnownHostsCommand */
    int keepalive_s;         /* ServerAliveInterval; 0: leave it */
    const char *forward;     /* Forward this agent instead of the private one */
    bool verbose;
    char *const *forwards; /* -L */
    size_t n_forwards;
};

/* Append what every command of ours was told, for a ProxyCommand. */
void client_globals(struct buf *out, const struct globals *g);

/* Append the ProxyCommand's value. */
void client_proxy(struct buf *out, const struct client_facts *f);

/* Append our options for ssh: "-o", "Key=value" and so on. */
void client_options(struct argv *out, const struct client_facts *f);

/* Append the whole command: the program, their words and our options.  Words
 * that name the instance name it by its id, with the user. */
void client_command(struct argv *out, const struct client *c,
                    const struct client_line *line,
                    const struct client_facts *f);

/* Append the question what ssh's configuration says (`ssh -G`). */
void client_question(struct argv *out, const struct client *c,
                     const struct client_line *line,
                     const struct client_facts *f);

#endif /* CLIENT_COMMAND_H */
