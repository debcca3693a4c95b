/* SPDX-License-Identifier: Apache-2.0 */
/* test_process.c - fork, exec, and a patient look at a port. */
#include "test_process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <cmocka.h>

enum { STEP_US = 10000, PATIENCE = 6000 /* steps */ };

bool test_process_find(const char *program, char *path, size_t size)
{
    const char *env = getenv("PATH");
    char dirs[4096];
    char *rest = dirs;
    const char *dir;

    snprintf(dirs, sizeof dirs, "%s:/usr/local/sbin:/usr/sbin:/sbin",
             env != NULL ? env : "");
    while ((dir = strtok_r(rest, ":", &rest)) != NULL) {
        snprintf(path, size, "%s/%s", dir, program);
        if (access(path, X_OK) == 0) {
            return true;
        }
    }
    fprintf(stderr, "%s is not installed: its tests are left out\n", program);
    return false;
}

void test_process_start(struct test_process *p, const char *const argv[],
                        const char *log)
{
    char *args[32];
    size_t i;

    for (i = 0; argv[i] != NULL; i++) {
        assert_true(i < 31);
        args[i] = strdup(argv[i]);
    }
    args[i] = NULL;
    p->pid = fork();
    assert_true(p->pid >= 0);
    if (p->pid == 0) {
        int fd = open(log, O_CREAT | O_WRONLY | O_APPEND, 0600);

#ifdef __linux__
        prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
        signal(SIGPIPE, SIG_DFL);
        if (argv[0] != NULL) {
            execv(argv[0], args);
        }
        _exit(127);
    }
    while (i > 0) {
        free(args[--i]);
    }
}

/* Whether somebody listens on @port. */
static bool listens(unsigned port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool yes;

    assert_true(fd >= 0);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    yes = connect(fd, (const struct sockaddr *)&a, sizeof a) == 0;
    close(fd);
    return yes;
}

/* Copy the file @log to standard error. */
static void show(const char *log)
{
    FILE *f = fopen(log, "r");
    char line[512];

    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        fprintf(stderr, "# %s", line);
    }
    if (f != NULL) {
        fclose(f);
    }
}

void test_process_await(struct test_process *p, unsigned port, const char *log)
{
    int i;

    for (i = 0; i < PATIENCE; i++) {
        if (listens(port)) {
            return;
        }
        if (waitpid(p->pid, NULL, WNOHANG) == p->pid) {
            break;
        }
        usleep(STEP_US);
    }
    show(log);
    fail_msg("nobody listens on port %u", port);
}

void test_process_stop(struct test_process *p)
{
    int i;

    if (p->pid == 0) {
        return;
    }
    kill(p->pid, SIGTERM);
    for (i = 0; i < 300; i++) {
        if (waitpid(p->pid, NULL, WNOHANG) != 0) {
            p->pid = 0;
            return;
        }
        usleep(STEP_US);
    }
    kill(p->pid, SIGKILL);
    waitpid(p->pid, NULL, 0);
    p->pid = 0;
}
