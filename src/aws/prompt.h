/* SPDX-License-Identifier: Apache-2.0 */
/* prompt.h - asking the user for a code on the terminal, without echo.
 *
 * The terminal is /dev/tty whatever stdin, stdout and stderr are: they may
 * carry somebody's bytes, and ssh may be the one who talks to the user.  The
 * loop is not held up meanwhile. */
#ifndef PROMPT_H
#define PROMPT_H

#include "err.h"

struct prompt;
struct provider_ctx;

enum { PROMPT_MAX = 128 };

/* The line without its end (lent; wiped afterwards), or why there is none: no
 * terminal, not in its foreground, end of input, nobody answered for minutes.
 * Once, never from inside prompt_start(); not at all after prompt_close(). */
typedef void (*prompt_cb)(void *data, const char *line, const struct err *err);

/* Ask on the terminal for the code that the MFA device @device (its serial
 * number or ARN) shows.  Returns 0, or a code with @e filled, which names the
 * device and says what to do, and nothing will be called. */
int prompt_start(struct prompt **out, struct provider_ctx *ctx,
                 const char *device, prompt_cb cb, void *data, struct err *e);

/* Put the terminal back as it was and free @p; NULL is fine.  Any state, and
 * from @cb. */
void prompt_close(struct prompt *p);

#endif /* PROMPT_H */
