/* SPDX-License-Identifier: Apache-2.0 */
/* serve_options.h - what the command line of eice-emulator asks for. */
#ifndef SERVE_OPTIONS_H
#define SERVE_OPTIONS_H

#include <stdbool.h>

#include "emulator.h"
#include "log.h"

struct buf;

enum { SERVE_MAX_ROUTES = 64 };

/* How to say that it is ready. */
enum serve_ready {
    SERVE_TELL, /* A few lines for a person */
    SERVE_JSON, /* One line for a program */
    SERVE_ENV   /* Shell exports; serve from the background */
};

struct serve_options {
    struct emulator_config config; /* Points into argv, and at the below */
    const char *routes[SERVE_MAX_ROUTES];
    char *state_dir; /* The default one, owned; or NULL */
    enum serve_ready ready;
    int ready_fd;    /* Where to say it */
    bool background; /* Log to a file in the state directory when ready */
    enum log_level level;
    bool help, version; /* Say that and do nothing else */
};

/* Read the words of the command line, without the program's name.  0; or the
 * exit code, with a message in @err. */
int serve_options_read(struct serve_options *o, int argc, char *const *argv,
                       struct buf *err);
void serve_options_free(struct serve_options *o);

/* The text of --help. */
const char *serve_options_help(void);

#endif /* SERVE_OPTIONS_H */
