/* SPDX-License-Identifier: Apache-2.0 */
/* child.h - another program in our place: in the foreground, with our terminal,
 * while we serve it as ssh-agent and wait. */
#ifndef CHILD_H
#define CHILD_H

#include <signal.h>
#include <stdbool.h>

struct buf;
struct err;
struct ssh_key;

/* The key that is served while a program runs. */
struct child_agent {
    const char *path;          /* Of the socket */
    const struct ssh_key *key; /* Borrowed; NULL: none is served */
    bool refused;              /* At the end: it was asked for, not used */
};

/* Run @argv to its end.  Interrupts from the keyboard are its own; SIGTERM and
 * SIGHUP are passed on; when it stops, so do we.  The key of @agent is served.
 * The signals wait (hold.h) before and after; a child has @mask.  One that
 * waits already ends the run before it begins.  Returns its exit code (128 + n
 * when signal n ended it), or -1 with @e when it could not be started:
 * ERR_CONFIG when there is no such program. */
int child_run(char *const *argv, struct child_agent *agent,
              const sigset_t *mask, struct err *e);

/* Run @argv with no input and append what it prints to @out; what it says on
 * stderr is lost.  It has @mask; NULL: what we block.  Returns its exit code,
 * or -1. */
int child_capture(char *const *argv, struct buf *out, const sigset_t *mask);

#endif /* CHILD_H */
