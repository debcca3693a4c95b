/* SPDX-License-Identifier: Apache-2.0 */
/* target.h - where a tunnel should lead: checked, and kept as our own. */
#ifndef TARGET_H
#define TARGET_H

#include <stdbool.h>

#include "err.h"

struct eice_target;

/* An owned, checked copy of a struct eice_target; NULL where not given. */
struct target {
    char *instance_id;
    char *private_ip;
    char *endpoint_id;
    char *endpoint_dns_name; /* host or host:port */
    int remote_port;
    int max_tunnel_duration_s; /* 0: not given */
};

/* Check @in and copy it to @t.  On a code @t needs no target_clear(). */
int target_init(struct target *t, const struct eice_target *in, struct err *e);

/* Free what @t holds. */
void target_clear(struct target *t);

#endif /* TARGET_H */
