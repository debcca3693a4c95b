/* SPDX-License-Identifier: Apache-2.0 */
/* tcp_listener.h - listening TCP sockets, all on one port. */
#ifndef TCP_LISTENER_H
#define TCP_LISTENER_H

#include <stddef.h>

struct err;

enum {
    TCP_LISTENER_MAX = 16 /* Addresses a listener may have */
};

/* Listen on @port (0: one that is free on every address) of each of the @n
 * numeric addresses; n = 0 or the word "localhost" means 127.0.0.1 and, where
 * the host has IPv6, ::1.  Fills @fds (TCP_LISTENER_MAX of them) and *n_fds.
 * All or nothing: on a code no socket is open and @e names the address, the
 * port and the reason. */
int tcp_listener_open(const char *const *addresses, size_t n, int port,
                      int fds[static TCP_LISTENER_MAX], size_t *n_fds,
                      struct err *e);

#endif /* TCP_LISTENER_H */
