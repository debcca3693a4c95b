/* SPDX-License-Identifier: Apache-2.0 */
/* choose.h - the person at the terminal chooses one of several instances. */
#ifndef CHOOSE_H
#define CHOOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct eice_found;

/* The answer as it was typed, "" at the end of input.  Once. */
typedef void (*choose_cb)(void *data, const char *answer);

/* Embedded by the caller, zeroed. */
struct choose {
    uv_poll_t poll;
    bool open;
    choose_cb cb;
    void *data;
};

/* Whether there is a person to ask: stdin and stderr are terminals. */
bool choose_can(void);

/* Show the running ones of @found on stderr and wait for a line.  0, or a
 * code. */
int choose_start(struct choose *c, uv_loop_t *loop,
                 const struct eice_found *found, choose_cb cb, void *data);

/* Stop; any state. */
void choose_close(struct choose *c);

#endif /* CHOOSE_H */
