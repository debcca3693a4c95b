/* SPDX-License-Identifier: Apache-2.0 */
/* client_run.h - eice ssh, scp, sftp and rsync: find the instance, make a key,
 * run the program. */
#ifndef CLIENT_RUN_H
#define CLIENT_RUN_H

#include <stddef.h>

struct client;
struct client_args;
struct program;

/* Run @c with @words; returns the exit code: the program's, or ours. */
int client_run(struct program *p, const struct client *c,
               const struct client_args *a, const char *const *words,
               size_t n_words);

#endif /* CLIENT_RUN_H */
