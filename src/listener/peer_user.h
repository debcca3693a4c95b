/* SPDX-License-Identifier: Apache-2.0 */
/* peer_user.h - whose process holds the other end of an accepted connection.
 *
 * A unix socket says so itself.  For TCP on Linux the kernel's socket
 * diagnostics (NETLINK_SOCK_DIAG) are asked for the one socket whose ends are
 * ours swapped: the answer is in the queue when the question returns, so
 * nothing blocks.  Where a kernel has no such diagnostics, /proc/net/tcp and
 * tcp6 are searched. */
#ifndef PEER_USER_H
#define PEER_USER_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

/* What can be said about a peer. */
enum peer_user {
    PEER_USER_KNOWN,  /* *uid is the owner of the peer's socket */
    PEER_USER_GONE,   /* The peer has closed its socket already */
    PEER_USER_REMOTE, /* The peer is on another machine */
    PEER_USER_UNKNOWN /* A local peer, but nobody can say whose, or this
                         system has no way to ask */
};

/* Look at the connected socket @fd. */
enum peer_user peer_user_of(int fd, uid_t *uid);

/* For tests: search the text of /proc/net/tcp or tcp6 for the socket bound to
 * @own and connected to @other (both of one family). */
enum peer_user peer_user_search(const char *table, const struct sockaddr *own,
                                const struct sockaddr *other, uid_t *uid);

#endif /* PEER_USER_H */
