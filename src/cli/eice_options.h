/* SPDX-License-Identifier: Apache-2.0 */
/* eice_options.h - the value of --eice-options: the AWS CLI's shorthand
 * (endpointId=eice-1,maxTunnelDuration=60) or JSON.  Pure. */
#ifndef EICE_OPTIONS_H
#define EICE_OPTIONS_H

#include <stdint.h>

struct err;

struct eice_choices {
    char endpoint_id[80]; /* "" when not given */
    char dns_name[260];
    int64_t max_tunnel_duration; /* -1 when not given */
};

/* Read @text.  0, or ERR_USAGE with @e. */
int eice_choices_read(struct eice_choices *out, const char *text,
                      struct err *e);

#endif /* EICE_OPTIONS_H */
