/* SPDX-License-Identifier: Apache-2.0 */
/* passphrase.c - one line from /dev/tty, while nothing else happens.
 *
 * The happy path is: echo is switched off, the question is written, a line is
 * read, and echo is what it was before.
 *
 * What can go wrong is that there is no terminal, that the person ends the
 * input, or that a signal comes.  Signals are held meanwhile and looked for, so
 * that the terminal is put back before one does what it does; who was stopped
 * and goes on is asked again. */
#include "passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/select.h>
#include <termios.h>
#include <unistd.h>
#include <uv.h>

#include "err.h"

enum { LOOK_US = 100 * 1000 }; /* How often for a signal */

enum outcome { LINE, SIGNALLED, NOTHING };

/* Whether one of @held waits. */
static bool signal_waits(const sigset_t *held)
{
    sigset_t waiting;
    int signum;

    sigpending(&waiting);
    for (signum = 1; signum < NSIG; signum++) {
        if (sigismember(held, signum) == 1 &&
            sigismember(&waiting, signum) == 1) {
            return true;
        }
    }
    return false;
}

/* Take a line from @fd, and of a longer one what has room. */
static enum outcome read_line(int fd, char *out, size_t size,
                              const sigset_t *held)
{
    size_t len = 0;
    char c = '\0';

    while (c != '\n') {
        struct timeval look = {.tv_usec = LOOK_US};
        fd_set fds;
        ssize_t n;

        if (signal_waits(held)) {
            return SIGNALLED;
        }
        FD_ZERO(&fds);
        FD_SET(fd, &fds);
        if (select(fd + 1, &fds, NULL, NULL, &look) <= 0) {
            continue;
        }
        n = read(fd, &c, 1);
        if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) {
            return NOTHING;
        }
        if (n == 1 && c != '\n' && len < size - 1) {
            out[len++] = c;
        }
    }
    out[len] = '\0';
    return LINE;
}

static void say(int fd, const char *text)
{
    ssize_t n = write(fd, text, strlen(text));

    (void)n;
}

/* Ask once, with @held blocked. */
static enum outcome ask(int fd, const char *text, char *out, size_t size,
                        const sigset_t *held)
{
    struct termios before;
    struct termios quiet;
    enum outcome outcome;

    if (tcgetattr(fd, &before) != 0) {
        return NOTHING;
    }
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    quiet.c_lflag |= ICANON | ISIG;
    if (tcsetattr(fd, TCSADRAIN, &quiet) != 0) {
        return NOTHING;
    }
    say(fd, text);
    outcome = read_line(fd, out, size, held);
    say(fd, "\n"); /* The person's own was not shown. */
    tcsetattr(fd, TCSADRAIN, &before);
    return outcome;
}

int passphrase_ask(const char *text, char *out, size_t size, struct err *e)
{
    static const int waits[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
    enum outcome outcome = SIGNALLED;
    sigset_t held;
    sigset_t mask;
    size_t i;
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

    if (fd == -1) {
        err_set(e, ERR_USAGE,
                "A passphrase is needed, and there is no terminal to ask for "
                "it.");
        err_hint(e, "run this in a terminal, or use a key file without a "
                    "passphrase");
        return ERR_USAGE;
    }
    sigemptyset(&held);
    for (i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        sigaddset(&held, waits[i]);
    }
    while (outcome == SIGNALLED) {
        sigprocmask(SIG_BLOCK, &held, &mask);
        outcome = ask(fd, text, out, size, &held);
        sigprocmask(SIG_SETMASK, &mask, NULL); /* What waited comes now. */
    }
    close(fd);
    return outcome == LINE
               ? 0
               : err_set(e, UV_ECANCELED, "No passphrase was entered.");
}
