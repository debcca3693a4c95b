/* SPDX-License-Identifier: Apache-2.0 */
/* passphrase.h - a secret typed at the terminal, without echo.
 *
 * The terminal is /dev/tty, whatever stdin and stdout are.  This waits for the
 * person: it is for the time before the loop runs. */
#ifndef PASSPHRASE_H
#define PASSPHRASE_H

#include <stddef.h>

struct err;

/* Show @text and read a line into @out, which the caller wipes.  0, or a code
 * with @e: no terminal, or no line.  A signal does what it does elsewhere, with
 * the terminal as it was; after a stop the question comes again. */
int passphrase_ask(const char *text, char *out, size_t size, struct err *e);

#endif /* PASSPHRASE_H */
