/* SPDX-License-Identifier: Apache-2.0 */
/* upgrade.c - sending the upgrade request. */
#include "upgrade.h"

#include <openssl/rand.h>
#include <uv.h>

#include "dialer.h"
#include "err.h"
#include "mem.h"
#include "transport.h"

enum { REQUEST_MAX = 65536 }; /* A session token alone may have 4 KB */

struct upgrade *upgrade_new(const struct dial_result *where,
                            const char *user_agent, struct err *e)
{
    uint8_t nonce[WS_NONCE_LEN];
    char key[WS_KEY_SIZE];
    struct upgrade *u;

    if (RAND_bytes(nonce, sizeof nonce) != 1) {
        /* UNTESTED: the generator does not fail. */
        err_set(e, UV_EIO, "no random bytes are to be had");
        return NULL;
    }
    ws_key_text(nonce, key);
    u = mem_zalloc(sizeof *u);
    if (u == NULL) {
        err_set_uv(e, UV_ENOMEM, "upgrade request");
        return NULL;
    }
    ws_response_init(&u->response, key);
    buf_init(&u->request, REQUEST_MAX);
    if (ws_request_text(&u->request, where->host, where->target, user_agent,
                        key, e) != 0) {
        upgrade_free(u);
        return NULL;
    }
    return u;
}

int upgrade_send(struct upgrade *u, struct transport *t)
{
    while (u->sent < u->request.len) {
        ssize_t n = t->ops->send(t, u->request.data + u->sent,
                                 u->request.len - u->sent);

        if (n < 0) {
            return (int)n;
        }
        u->sent += (size_t)n;
    }
    return 0;
}

void upgrade_free(struct upgrade *u)
{
    if (u != NULL) {
        buf_wipe(&u->request);
        ws_response_free(&u->response);
        mem_free(u);
    }
}
