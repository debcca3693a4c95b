/* SPDX-License-Identifier: Apache-2.0 */
/* web_tunnel.h - a connection's request for a tunnel, and the tunnel's end. */
#ifndef WEB_TUNNEL_H
#define WEB_TUNNEL_H

#include <stdbool.h>

struct web_conn;

/* Whether the request at hand asks for a tunnel. */
bool web_tunnel_wanted(const struct web_conn *c);

/* Judge it, and open the tunnel or answer why not; from here on it is seen to.
 * May close @c. */
void web_tunnel_open(struct web_conn *c);

/* @c is being closed: tear the tunnel down, if there is one.  What is open of
 * it counts in c->n_open; web_conn_part_closed() follows for each. */
void web_tunnel_close(struct web_conn *c);

#endif /* WEB_TUNNEL_H */
