/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_stop.c - eice-emulator stop: end the one in the background. */
#include "cmd_stop.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mem.h"
#include "state_dir.h"

enum { WAIT_MS = 5000, STEP_MS = 10 };

char *cmd_state_dir(int *argc, const char *const **argv)
{
    const char *env = getenv("EICE_EMULATOR_STATE_DIR");
    char *dir = NULL;

    if (*argc >= 2 && strcmp((*argv)[0], "--state-dir") == 0) {
        dir = mem_strdup((*argv)[1]);
        *argc -= 2;
        *argv += 2;
    } else if (env != NULL && env[0] != '\0') {
        dir = mem_strdup(env);
    } else {
        dir = state_dir_default();
    }
    if (dir == NULL) {
        fputs("eice-emulator: which one? use --state-dir DIR\n", stderr);
    }
    return dir;
}

/* Wait until @pid has given the directory back. */
static bool await_end(const char *dir, long pid)
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};

    for (int i = 0; i < WAIT_MS / STEP_MS; i++) {
        if (state_dir_owner(dir) != pid) {
            return true;
        }
        nanosleep(&step, NULL);
    }
    return false;
}

/* End the emulator that has @dir. */
static int stop(const char *dir)
{
    long pid = state_dir_owner(dir);

    if (pid == 0) {
        fprintf(stderr, "eice-emulator: none is running with its state in %s\n",
                dir);
        return 255;
    }
    if (kill((pid_t)pid, SIGTERM) != 0) {
        fprintf(stderr, "eice-emulator: process %ld: %s\n", pid,
                strerror(errno));
        return 255;
    }
    if (!await_end(dir, pid)) {
        fprintf(stderr, "eice-emulator: process %ld does not end\n", pid);
        return 255;
    }
    return 0;
}

int cmd_stop(int argc, const char *const *argv)
{
    char *dir = cmd_state_dir(&argc, &argv);
    int rv = 255;

    if (argc > 0) {
        fputs("usage: eice-emulator stop [--state-dir DIR]\n", stderr);
        rv = 252;
    } else if (dir != NULL) {
        rv = stop(dir);
    }
    mem_free(dir);
    return rv;
}
