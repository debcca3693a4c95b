/* SPDX-License-Identifier: Apache-2.0 */
/* open.h - what tunnels on their own and tunnels of a listener share. */
#ifndef OPEN_H
#define OPEN_H

#include <eice/eice.h>

#include "tunnel.h"

struct err;
struct route;

/* Read the caller's @in (NULL: defaults) with every default filled in, or
 * ERR_USAGE with @e. */
int tunnel_options_read(struct eice_tunnel_options *out,
                        const struct eice_tunnel_options *in, struct err *e);

/* A tunnel's configuration for @route out of read @options; its strings and
 * its dialer are borrowed from @route. */
struct tunnel_config tunnel_options_apply(const struct eice_tunnel_options *o,
                                          struct route *route);

/* The tunnel's word for the public one. */
enum tunnel_bye tunnel_bye_of(enum eice_bye bye);

#endif /* OPEN_H */
