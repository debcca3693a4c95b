/* SPDX-License-Identifier: Apache-2.0 */
/* client_asked.h - what a person asks of eice ssh, scp, sftp or rsync: which
 * instance, as whom, with which key.  Pure. */
#ifndef CLIENT_ASKED_H
#define CLIENT_ASKED_H

#include <stdbool.h>
#include <stddef.h>

#include "aim.h"
#include "client_args.h"
#include "client_line.h"

struct eice_error;

/* Read by client_asked_read(); the words are borrowed. */
struct client_asked {
    const struct client *c;
    const struct client_args *a;
    struct client_line line;
    struct eice_choices choices;
    const char *word;        /* What the instance is called */
    char host[AIM_WORD + 4]; /* The same, out of a longer word */
    char user[64];           /* Given with it, or "" */
};

/* Read and check the words of @c, whose options are @a, into @q, which stays
 * where it is.  0, or ERR_USAGE and the like with @error. */
int client_asked_read(struct client_asked *q, const struct client *c,
                      const struct client_args *a, const char *const *words,
                      size_t n, struct eice_error *error);

/* Who logs in, as far as the user said; NULL: nobody was named. */
const char *client_asked_user(const struct client_asked *q);

/* Whether host keys are treated as @mode says. */
bool client_asked_host_keys(const struct client_asked *q, const char *mode);

/* Whether ssh is going to authenticate with a key of its own. */
bool client_asked_own_key(const struct client_asked *q);

/* Whether ssh is to answer by itself, without an instance: -V, -Q. */
bool client_asked_nothing(const struct client_asked *q);

/* Whether the command is only shown. */
bool client_asked_print(const struct client_asked *q);

#endif /* CLIENT_ASKED_H */
