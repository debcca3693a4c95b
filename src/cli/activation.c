/* SPDX-License-Identifier: Apache-2.0 */
/* activation.c - the environment protocol of socket activation. */
#include "activation.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "err.h"

/* A whole decimal number between 0 and @max, or false. */
static bool number_read(const char *text, long max, long *out)
{
    char *end;

    if (*text < '0' || *text > '9') {
        return false;
    }
    errno = 0;
    *out = strtol(text, &end, 10);
    return errno == 0 && *end == '\0' && *out <= max;
}

int activation_count(const char *listen_pid, const char *listen_fds, pid_t pid,
                     size_t *count, struct err *e)
{
    long n;

    *count = 0;
    if (listen_pid == NULL || listen_fds == NULL) {
        return 0;
    }
    if (!number_read(listen_pid, LONG_MAX, &n)) {
        return err_set(e, ERR_CONFIG, "LISTEN_PID is not a process id: '%s'",
                       listen_pid);
    }
    if (n != (long)pid) {
        return 0; /* They were for a parent of ours. */
    }
    if (!number_read(listen_fds, ACTIVATION_MAX_FDS, &n)) {
        return err_set(e, ERR_CONFIG,
                       "LISTEN_FDS is not a number from 0 to %d: '%s'",
                       ACTIVATION_MAX_FDS, listen_fds);
    }
    *count = (size_t)n;
    return 0;
}

int activation_take(int fds[static ACTIVATION_MAX_FDS], size_t *count,
                    struct err *e)
{
    size_t i;
    int fd;
    int rv;

    rv = activation_count(getenv("LISTEN_PID"), getenv("LISTEN_FDS"), getpid(),
                          count, e);
    if (rv != 0) {
        return rv;
    }
    for (i = 0; i < *count; i++) {
        fd = ACTIVATION_FIRST_FD + (int)i;
        if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
            *count = 0;
            return err_set(e, ERR_CONFIG,
                           "descriptor %d was promised by LISTEN_FDS but is "
                           "not open",
                           fd);
        }
        fds[i] = fd;
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    return 0;
}
