/* SPDX-License-Identifier: Apache-2.0 */
/* open_tunnel_plan.h - what the user asked of open-tunnel, checked and put into
 * the library's words. */
#ifndef OPEN_TUNNEL_PLAN_H
#define OPEN_TUNNEL_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <eice/eice.h>

#include "activation.h"
#include "aim.h"
#include "options.h"

enum { OPEN_TUNNEL_MAX_ADDRESSES = 14 };

/* Values of the options. */
struct open_tunnel_args {
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
    int64_t preconnect;
    bool allow_other_users;
    bool force_remote_port;
    int64_t linger_ms;
    int64_t connect_timeout_ms;
    int64_t ping_interval_ms;
    char *target;
    char *os_user;
    char *public_key;
    char *host_keys;
};

/* The table of the options. */
extern const struct option open_tunnel_options[];

/* Fill @args, a zeroed struct open_tunnel_args, with what is not given. */
void open_tunnel_init(void *args);

/* Everything the library needs to know; points into the arguments. */
struct open_tunnel_plan {
    struct eice_target target;
    struct eice_tunnel_options tunnel; /* Without its callbacks */
    struct eice_listen_options listen; /* The same; only if listens */
    bool listens;                      /* Rather than use stdin and stdout */
    int fds[ACTIVATION_MAX_FDS];       /* Sockets passed in */
    size_t n_fds;
    const char *addresses[OPEN_TUNNEL_MAX_ADDRESSES]; /* --bind-address */
    size_t n_addresses;
    const char *public_key;  /* To be pushed meanwhile, or NULL */
    const char *os_user;     /* For whom */
    bool aims;               /* Something is to be done before: */
    struct aim_wish wish;    /* This, without which there may be no target */
    char word[AIM_WORD + 8]; /* What it looks for */
};

/* Check @args, in the order in which the AWS CLI makes the checks it has, and
 * fill @plan.  Takes sockets that were passed in from the environment.
 * Touches no network.  0, or a code with @error. */
int open_tunnel_plan(struct open_tunnel_plan *plan,
                     struct open_tunnel_args *args, struct eice_error *error);

#endif /* OPEN_TUNNEL_PLAN_H */
