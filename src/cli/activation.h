/* SPDX-License-Identifier: Apache-2.0 */
/* activation.h - listening sockets passed in by a service manager.
 *
 * The protocol of systemd's sd_listen_fds(3): LISTEN_PID is our process id and
 * LISTEN_FDS says how many descriptors follow, from number 3 on. */
#ifndef ACTIVATION_H
#define ACTIVATION_H

#include <stddef.h>
#include <sys/types.h>

struct err;

enum { ACTIVATION_FIRST_FD = 3, ACTIVATION_MAX_FDS = 64 };

/* Read the two variables' values (NULL when unset) for the process @pid.
 * Returns 0 with *count = 0 when they are not meant for us, 0 with the number
 * of descriptors, or ERR_CONFIG with @e when they make no sense. */
int activation_count(const char *listen_pid, const char *listen_fds, pid_t pid,
                     size_t *count, struct err *e);

/* Take the sockets of this process's environment: fills @fds, marks each
 * close-on-exec, and removes LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES from
 * the environment so that no child believes they are its own.  For a program's
 * start only: it changes the environment.  Returns 0 (*count may be 0), or a
 * code with @e. */
int activation_take(int fds[static ACTIVATION_MAX_FDS], size_t *count,
                    struct err *e);

#endif /* ACTIVATION_H */
