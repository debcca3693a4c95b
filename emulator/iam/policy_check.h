/* SPDX-License-Identifier: Apache-2.0 */
/* policy_check.h - the subcommand policy-check: ask policies from files. */
#ifndef EMU_POLICY_CHECK_H
#define EMU_POLICY_CHECK_H

#include <stdint.h>

struct buf;

/* Run the subcommand.  @argv holds the @argc words after "policy-check";
 * @now is the time, for aws:CurrentTime and aws:EpochTime when the words do
 * not give them.  Reads the files named (blocking; "-" is standard input).
 * Appends what belongs on stdout to @out and what belongs on stderr to @err,
 * and returns the exit code: 0 allowed, 1 denied, 252 bad words, 255 a file
 * that cannot be read or is no policy. */
int policy_check(int argc, const char *const *argv, int64_t now,
                 struct buf *out, struct buf *err);

/* The words policy-check takes, as shown by its --help. */
extern const char policy_check_usage[];

#endif /* EMU_POLICY_CHECK_H */
