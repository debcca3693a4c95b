/* SPDX-License-Identifier: Apache-2.0 */
/* mssh.h - the command lines of mssh and msftp (ec2instanceconnectcli) in our
 * own words, for when this program is installed under those names.  Pure. */
#ifndef MSSH_H
#define MSSH_H

#include <stdbool.h>
#include <stddef.h>

struct argv;
struct err;

/* Whether @program (argv[0]) is one of them. */
bool mssh_is(const char *program);

/* Append to @out what `eice` has to be told instead of @words for @program.
 * 0, or ERR_USAGE with @e in mssh's words. */
int mssh_translate(struct argv *out, const char *program,
                   const char *const *words, size_t n, struct err *e);

/* How mssh is used; a line. */
const char *mssh_usage(const char *program);

#endif /* MSSH_H */
