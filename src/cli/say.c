/* SPDX-License-Identifier: Apache-2.0 */
/* say.c - lines to stdout and stderr, at once or not at all. */
#include "say.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Longer lines are cut; what fits is written in one piece, since a pipe that
 * is writable has room for at least this much. */
enum { LINE_SIZE = 4096 };

void say(int fd, const char *fmt, ...)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    char line[LINE_SIZE];
    va_list ap;
    ssize_t rv;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(line, sizeof line - 1, fmt, ap);
    va_end(ap);
    if (n < 0) {
        return;
    }
    if ((size_t)n >= sizeof line - 1) {
        n = (int)sizeof line - 2;
    }
    line[n++] = '\n';
    if (poll(&p, 1, 0) != 1 || (p.revents & POLLOUT) == 0) {
        return;
    }
    do {
        rv = write(fd, line, (size_t)n);
    } while (rv == -1 && errno == EINTR);
}

void say_text(int fd, const char *text)
{
    size_t left = strlen(text);
    ssize_t n;

    while (left > 0) {
        n = write(fd, text, left);
        if (n > 0) {
            text += n;
            left -= (size_t)n;
        } else if (n == -1 && errno != EINTR) {
            return;
        }
    }
}
