/* SPDX-License-Identifier: Apache-2.0 */
/* key.c - stages 2 and 3: what is signed, under which key. */
#include "sigv4.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <uv.h>

#include "hex.h"
#include "iso8601.h"
#include "wipe.h"

/* SHA-256 fails only for want of memory or of a crypto provider.
 * UNTESTED: the library cannot be made to fail from outside. */
static int crypto_failed(void)
{
    ERR_clear_error();
    return UV_ENOMEM;
}

int sigv4_sha256_hex(char out[static SIGV4_HEX_SIZE], const void *data,
                     size_t len)
{
    unsigned char digest[SIGV4_KEY_SIZE];

    if (EVP_Digest(len > 0 ? data : "", len, digest, NULL, EVP_sha256(),
                   NULL) != 1) {
        return crypto_failed();
    }
    hex_encode(out, digest, sizeof digest);
    return 0;
}

/* One link of the chain; @out may be @key. */
static int hmac(unsigned char out[static SIGV4_KEY_SIZE], const void *key,
                size_t key_len, const char *text, size_t len)
{
    unsigned char mac[SIGV4_KEY_SIZE];

    if (HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)text, len,
             mac, NULL) == NULL) {
        return crypto_failed();
    }
    memcpy(out, mac, sizeof mac);
    wipe(mac, sizeof mac);
    return 0;
}

void sigv4_credential_scope(struct buf *out, const struct sigv4_scope *scope)
{
    char date[ISO8601_BASIC_SIZE];

    iso8601_basic(date, scope->time);
    buf_addf(out, "%.8s/%s/%s/aws4_request", date, scope->region,
             scope->service);
}

int sigv4_string_to_sign(struct buf *out, const struct sigv4_scope *scope,
                         const struct buf *canonical)
{
    char date[ISO8601_BASIC_SIZE];
    char digest[SIGV4_HEX_SIZE];
    int rv;

    rv = sigv4_sha256_hex(digest, buf_str(canonical), canonical->len);
    if (rv != 0) {
        return rv;
    }
    iso8601_basic(date, scope->time);
    buf_addf(out, "AWS4-HMAC-SHA256\n%s\n", date);
    sigv4_credential_scope(out, scope);
    buf_addf(out, "\n%s", digest);
    return buf_error(out);
}

int sigv4_signing_key(unsigned char out[static SIGV4_KEY_SIZE],
                      const char *secret, const struct sigv4_scope *scope)
{
    const char *const links[] = {scope->region, scope->service, "aws4_request"};
    char date[ISO8601_BASIC_SIZE];
    struct buf first;
    size_t i;
    int rv;

    iso8601_basic(date, scope->time);
    buf_init(&first, (size_t)64 * 1024);
    buf_adds(&first, "AWS4");
    buf_adds(&first, secret);
    rv = buf_error(&first);
    if (rv == 0) {
        rv = hmac(out, first.data, first.len, date, 8);
    }
    buf_wipe(&first);
    for (i = 0; i < sizeof links / sizeof links[0] && rv == 0; i++) {
        rv = hmac(out, out, SIGV4_KEY_SIZE, links[i], strlen(links[i]));
    }
    if (rv != 0) {
        wipe(out, SIGV4_KEY_SIZE);
    }
    return rv;
}

int sigv4_signature(char out[static SIGV4_HEX_SIZE],
                    const unsigned char key[static SIGV4_KEY_SIZE],
                    const struct buf *text)
{
    unsigned char mac[SIGV4_KEY_SIZE];
    int rv = hmac(mac, key, SIGV4_KEY_SIZE, buf_str(text), text->len);

    if (rv == 0) {
        hex_encode(out, mac, sizeof mac);
    }
    return rv;
}
