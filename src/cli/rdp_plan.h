/* SPDX-License-Identifier: Apache-2.0 */
/* rdp_plan.h - what eice rdp is to do, and what that means for the instance it
 * finds.  Pure. */
#ifndef RDP_PLAN_H
#define RDP_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aim.h"
#include "rdp_client.h"

struct eice_error;
struct eice_target;
struct rsa_key;

/* Values of the options. */
struct rdp_args {
    char *key;
    char *user;
    int64_t local_port; /* OPTION_UNSET, OPTION_AUTO */
    bool print_file;
    bool password_only;
    bool copy;
    bool no_client;
    bool wait;
    char *client;
    char *pick;
    char *endpoint_id;
    char *endpoint_dns_name;
    int64_t max_tunnel_duration;
};

/* What is to be done, checked. */
struct rdp_plan {
    const struct rdp_args *a;
    char word[AIM_WORD];      /* What the instance is called */
    char user[128];           /* Who logs in; "" when nobody said */
    const char *file;         /* --print-file to this file, or NULL */
    const char *const *words; /* The client's own */
    size_t n_words;
    const struct rsa_key *key;       /* Or NULL */
    const struct rdp_client *client; /* Or NULL: none is started */
    char client_path[RDP_PATH_SIZE];
    bool listens;       /* A tunnel is wanted, not only an answer */
    bool asks_password; /* The password is wanted */
};

/* Whether RDP makes sense there: 0, or ERR_USAGE with @error. */
int rdp_plan_suits(const struct rdp_plan *plan, const struct aim_result *found,
                   struct eice_error *error);

/* Fill @target, whose strings borrow from @plan and @found then. */
void rdp_plan_target(const struct rdp_plan *plan,
                     const struct aim_result *found,
                     struct eice_target *target);

/* Whether somebody is going to compare the certificate with a thumbprint. */
bool rdp_plan_pins(const struct rdp_plan *plan);

#endif /* RDP_PLAN_H */
