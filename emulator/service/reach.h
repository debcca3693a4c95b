/* SPDX-License-Identifier: Apache-2.0 */
/* reach.h - how a listener is reached from the machine it runs on.
 *
 * Every @listen here is the address the emulator was told to listen on, or
 * NULL for both loopbacks.  Pure functions. */
#ifndef REACH_H
#define REACH_H

#include <stdbool.h>

struct buf;

/* The address to connect to: @listen itself, or a loopback that it covers. */
const char *reach_address(const char *listen);

/* Add SCHEME://HOST:PORT: localhost where that leads there, else the address.
 */
void reach_add_url(struct buf *out, const char *scheme, const char *listen,
                   int port);

/* Whether who connects from @peer is on this machine: from a loopback, or from
 * the very address we listen on, which nobody else can have. */
bool reach_is_ours(const char *listen, const char *peer);

/* Whether a Host header names this machine: localhost or such an address, with
 * or without a port. */
bool reach_is_own_host(const char *listen, const char *host);

#endif /* REACH_H */
