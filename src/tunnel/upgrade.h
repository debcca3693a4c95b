/* SPDX-License-Identifier: Apache-2.0 */
/* upgrade.h - the request on its way out and the answer on its way in.
 *
 * Lives only between "connected" and "101": one allocation, freed, and the
 * signed request wiped, as soon as it is over. */
#ifndef UPGRADE_H
#define UPGRADE_H

#include <stddef.h>

#include "buf.h"
#include "ws_response.h"

struct dial_result;
struct err;
struct transport;

/* Made by upgrade_new(); the owner reads response. */
struct upgrade {
    struct buf request;          /* Secret: the signed URL */
    size_t sent;                 /* How much of it has left */
    struct ws_response response; /* As far as it has come */
};

/* Prepare the request for @where.  NULL on failure, with @e set. */
struct upgrade *upgrade_new(const struct dial_result *where,
                            const char *user_agent, struct err *e);

/* Send what is left of the request.  0 when it is gone, UV_EAGAIN, or why it
 * cannot be sent. */
int upgrade_send(struct upgrade *u, struct transport *t);

/* Wipe and free; NULL is fine. */
void upgrade_free(struct upgrade *u);

#endif /* UPGRADE_H */
