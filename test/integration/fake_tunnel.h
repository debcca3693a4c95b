/* SPDX-License-Identifier: Apache-2.0 */
/* fake_tunnel.h - a tunnel.h whose far side sends back what it gets.
 *
 * Linked in place of the real one, so that the listener's tests are about the
 * listener alone.  A connection's first byte may change what happens:
 * 'F' fails the tunnel, 'N' says that it nears its end. */
#ifndef FAKE_TUNNEL_H
#define FAKE_TUNNEL_H

#include <stdbool.h>

#include "tunnel.h"

/* What the next tunnels do, and what they did; reset by the tests. */
struct fake_tunnels {
    int start_rv;         /* What tunnel_start() returns */
    bool no_memory;       /* tunnel_new() returns NULL */
    unsigned n_now;       /* Alive */
    unsigned n_max;       /* Most alive at a time */
    unsigned n_away;      /* Closed with TUNNEL_BYE_AWAY */
    bool early_eof_asked; /* end_on_early_eof was set */
};
extern struct fake_tunnels fake_tunnels;

#endif /* FAKE_TUNNEL_H */
