/* SPDX-License-Identifier: Apache-2.0 */
/* ws_handshake.c - the upgrade request. */
#include "ws_handshake.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <stdio.h>

#include "buf.h"
#include "err.h"

void ws_key_text(const uint8_t nonce[static WS_NONCE_LEN],
                 char key[static WS_KEY_SIZE])
{
    int n = EVP_EncodeBlock((unsigned char *)key, nonce, WS_NONCE_LEN);

    assert(n == WS_KEY_SIZE - 1);
}

void ws_accept_text(const char *key, char accept[static WS_ACCEPT_SIZE])
{
    /* RFC 6455 section 1.3: the constant every WebSocket server knows. */
    static const char magic[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    char text[WS_KEY_SIZE + sizeof magic];
    uint8_t digest[SHA_DIGEST_LENGTH];
    int n;

    n = snprintf(text, sizeof text, "%s%s", key, magic);
    SHA1((const unsigned char *)text, (size_t)n, digest);
    n = EVP_EncodeBlock((unsigned char *)accept, digest, sizeof digest);
    assert(n == WS_ACCEPT_SIZE - 1);
}

/* Whether @s is not empty and holds no control character; and no space, unless
 * @spaces: nothing that could end its line, or its word in the first one. */
static bool text_is_safe(const char *s, bool spaces)
{
    const char *p;

    for (p = s; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;

        if (c < 0x20 || c == 0x7f || (c == ' ' && !spaces)) {
            return false;
        }
    }
    return p > s;
}

int ws_request_text(struct buf *out, const char *host, const char *target,
                    const char *user_agent, const char *key, struct err *e)
{
    int rv;

    if (!text_is_safe(host, false)) {
        return err_set(e, ERR_USAGE, "the endpoint's name cannot be sent");
    }
    if (!text_is_safe(target, false) || target[0] != '/') {
        return err_set(e, ERR_USAGE, "the endpoint's path cannot be sent");
    }
    if (!text_is_safe(user_agent, true)) {
        return err_set(e, ERR_USAGE, "the user agent cannot be sent");
    }
    buf_addf(out,
             "GET %s HTTP/1.1\r\n"
             "Host: %s\r\n"
             "Upgrade: websocket\r\n"
             "Connection: Upgrade\r\n"
             "Sec-WebSocket-Key: %s\r\n"
             "Sec-WebSocket-Version: 13\r\n"
             "User-Agent: %s\r\n"
             "\r\n",
             target, host, key, user_agent);
    rv = buf_error(out);
    return rv == 0 ? 0 : err_set_uv(e, rv, "upgrade request");
}
