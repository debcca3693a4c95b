/* SPDX-License-Identifier: Apache-2.0 */
/* agent.h - a private ssh-agent on a unix socket, in our own process: the key
 * is in no file and in no other process, and gone when we are. */
#ifndef AGENT_H
#define AGENT_H

#include <stdbool.h>
#include <uv.h>

struct agent;
struct err;
struct ssh_key;

/* Serve @key, which is borrowed, at @path.  0, or a code with @e. */
int agent_start(struct agent **out, uv_loop_t *loop, const char *path,
                const struct ssh_key *key, struct err *e);

/* Whether somebody asked which key there is and then did not use it: the
 * server did not want it for that user. */
bool agent_refused(const struct agent *a);

/* Stop, remove the socket, free; NULL is fine.  The loop has to go on. */
void agent_close(struct agent *a);

#endif /* AGENT_H */
