/* SPDX-License-Identifier: Apache-2.0 */
/* unix_listener.h - a listening unix socket of our own, and its removal. */
#ifndef UNIX_LISTENER_H
#define UNIX_LISTENER_H

#include <sys/types.h>

struct err;

/* Which file is ours. */
struct unix_listener {
    char *path; /* NULL when there is none */
    dev_t dev;
    ino_t ino;
};

/* Listen on @path with mode 0600 from the first moment.  A socket that nobody
 * listens on any more is replaced; one that somebody does, and anything that
 * is not a socket, is left alone and refused.  Returns 0 with the socket in
 * *fd, or a code with @e; then there is nothing to remove. */
int unix_listener_open(struct unix_listener *u, const char *path, int *fd,
                       struct err *e);

/* Remove the file, unless another one has taken its place, and forget it.
 * Nothing if there is none. */
void unix_listener_remove(struct unix_listener *u);

#endif /* UNIX_LISTENER_H */
