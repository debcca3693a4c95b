/* SPDX-License-Identifier: Apache-2.0 */
/* client_args.h - the options of eice ssh, scp, sftp and rsync, and their
 * checks. */
#ifndef CLIENT_ARGS_H
#define CLIENT_ARGS_H

#include <stdbool.h>
#include <stdint.h>

#include "eice_options.h"
#include "options.h"

struct eice_error;

/* Values of the options. */
struct client_args {
    char *instance_id;
    char *instance_ip;
    char *private_key_file;
    char *os_user;
    int64_t ssh_port;
    struct option_list local_forwarding;
    char *connection_type; /* NULL: auto with --instance-id, else eice */
    char *eice_options;
    char *key;
    bool no_push;
    char *pick;
    char *host_keys; /* NULL: console */
    bool print;
    bool json;
};

extern const struct option client_ssh_options[];
extern const struct option client_copy_options[];

/* Fill @args, a zeroed struct client_args, with what is not given. */
void client_args_init(void *args);

/* Check @a in the order of the AWS CLI's checks and read its --eice-options.
 * 0, or a code with @error. */
int client_args_check(const struct client_args *a, struct eice_choices *choices,
                      struct eice_error *error);

/* What is known of an instance's addresses; "" or NULL for none. */
struct client_addresses {
    const char *private_ip;
    const char *ipv6;
    const char *public_ip;
};

/* How to get there: the address, and whether through an endpoint, in the
 * documents' order.  NULL when there is no address. */
const char *client_route(const struct client_args *a,
                         const struct client_addresses *i, bool *tunnel);

#endif /* CLIENT_ARGS_H */
