/* SPDX-License-Identifier: Apache-2.0 */
/* ws_handshake.h - the request that begins a WebSocket (RFC 6455 section 4.1),
 * and what must be answered to it.  Pure. */
#ifndef WS_HANDSHAKE_H
#define WS_HANDSHAKE_H

#include <stdint.h>

struct buf;
struct err;

enum {
    WS_NONCE_LEN = 16,
    WS_KEY_SIZE = 25,    /* base64 of the nonce, and a NUL */
    WS_ACCEPT_SIZE = 29, /* base64 of a SHA-1, and a NUL */
};

/* The text of Sec-WebSocket-Key for @nonce. */
void ws_key_text(const uint8_t nonce[static WS_NONCE_LEN],
                 char key[static WS_KEY_SIZE]);

/* What the server must answer to @key in Sec-WebSocket-Accept. */
void ws_accept_text(const char *key, char accept[static WS_ACCEPT_SIZE]);

/* Append the request to @out, headers in the AWS CLI's order.  ERR_USAGE when
 * a part holds a character that could end its line or word, or what buf_error()
 * says.  @target may be secret: wipe @out after use. */
int ws_request_text(struct buf *out, const char *host, const char *target,
                    const char *user_agent, const char *key, struct err *e);

#endif /* WS_HANDSHAKE_H */
