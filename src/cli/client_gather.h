/* SPDX-License-Identifier: Apache-2.0 */
/* client_gather.h - all that the command of eice ssh, scp, sftp or rsync is
 * made of: the way to the instance, the key, what ssh's configuration says. */
#ifndef CLIENT_GATHER_H
#define CLIENT_GATHER_H

#include <signal.h>
#include <stdbool.h>

#include "buf.h"
#include "client_command.h"
#include "run_dir.h"
#include "ssh_key.h"

struct aim_result;
struct client_asked;
struct err;
struct globals;

enum { CLIENT_PATH_SIZE = 4096 };

/* What is gathered; @facts points into the rest, so it stays where it is. */
struct client_gathered {
    struct client_facts facts;
    struct ssh_key key;
    bool has_key; /* Made for this run, in our memory only */
    struct run_dir dir;
    struct buf public_key; /* That is pushed */
    char program[CLIENT_PATH_SIZE];
    char identity[CLIENT_PATH_SIZE];
    char agent[RUN_DIR_SIZE + 8];
    struct buf known_hosts;
    char known_here[RUN_DIR_SIZE + 16]; /* A file in dir, in its place */
};

/* Empty; client_gather_clear() is due from here on. */
void client_gather_init(struct client_gathered *g);

/* Gather for @q and the instance @i, both of which must outlive @g, as must
 * @globals.  ssh, when asked about its configuration, has @mask.  0, or a code
 * with @e. */
int client_gather(struct client_gathered *g, const struct client_asked *q,
                  const struct aim_result *i, const struct globals *globals,
                  const sigset_t *mask, struct err *e);

/* Remove the directory of the run, wipe the key, free the rest. */
void client_gather_clear(struct client_gathered *g);

#endif /* CLIENT_GATHER_H */
