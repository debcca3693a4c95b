/* SPDX-License-Identifier: Apache-2.0 */
/* instance_connect.h - pushing a public key to an instance. */
#ifndef INSTANCE_CONNECT_H
#define INSTANCE_CONNECT_H

#include <stdbool.h>
#include <stddef.h>

#include "op.h"

struct buf;
struct err;

extern const struct operation instance_connect_send_ssh_key;

/* The same where --endpoint-url says. */
extern const struct operation instance_connect_send_ssh_key_there;

/* SendSSHPublicKey's request. */
struct ssh_key_push {
    const char *instance_id;
    const char *os_user;
    const char *public_key;
    const char *availability_zone; /* NULL: not sent */
};

/* SendSSHPublicKey's answer. */
struct ssh_key_pushed {
    char request_id[96]; /* "" when absent */
    bool success;
};

/* Write the request's body to the empty @body.  Check buf_error(). */
void ssh_key_push_body(struct buf *body, const struct ssh_key_push *push);

/* Read an answer's body.  Returns 0, ERR_PARSE, ERR_TOO_BIG or UV_ENOMEM. */
int ssh_key_pushed_parse(struct ssh_key_pushed *out, const char *body,
                         size_t len, struct err *e);

#endif /* INSTANCE_CONNECT_H */
