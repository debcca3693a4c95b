/* SPDX-License-Identifier: Apache-2.0 */
/* rdp_plan.c - the options put to the instance that was found. */
#include "rdp_plan.h"

#include <eice/eice.h>

#include "err.h"
#include "error.h"

int rdp_plan_suits(const struct rdp_plan *plan, const struct aim_result *found,
                   struct eice_error *error)
{
    bool key = plan->key != NULL;
    struct err e;

    if (found->is_windows || (!key && plan->user[0] != '\0')) {
        return 0;
    }
    err_set(&e, ERR_USAGE, "%s is not a Windows instance, it runs %s.",
            found->instance_id,
            found->platform[0] != '\0' ? found->platform : "Linux/UNIX");
    if (key) {
        err_hint(&e, "EC2 has no password of it; leave out --key, and name "
                     "with --user who logs in if a server for RDP (xrdp) runs "
                     "on it");
    } else {
        err_hint(&e,
                 "`eice ssh %s` opens a shell on it; if a server for RDP "
                 "(xrdp) runs on it, name with --user who logs in",
                 plan->word);
    }
    error_from(error, &e);
    return ERR_USAGE;
}

void rdp_plan_target(const struct rdp_plan *plan,
                     const struct aim_result *found, struct eice_target *target)
{
    const struct rdp_args *a = plan->a;

    *target = (struct eice_target){
        .size = sizeof *target,
        .remote_port = EICE_PORT_RDP,
        .endpoint_id = a->endpoint_id,
        .endpoint_dns_name = a->endpoint_dns_name,
        .max_tunnel_duration_s =
            a->max_tunnel_duration > 0 ? (int)a->max_tunnel_duration : 0,
    };
    aim_target(found, target);
}

bool rdp_plan_pins(const struct rdp_plan *plan)
{
    return plan->a->no_client ||
           (plan->client != NULL &&
            (rdp_client_asks(plan->client) ||
             rdp_client_pins(plan->client, plan->words, plan->n_words)));
}
