/* SPDX-License-Identifier: Apache-2.0 */
/* dpop.c - header, payload and signature of a DPoP JWT. */
#include "dpop.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <string.h>
#include <uv.h>

#include "base64.h"
#include "buf.h"
#include "err.h"
#include "json.h"

enum { COORD = 32, PIECE_MAX = 4096, DER_MAX = 128 };

/* No passphrase is ever asked for. */
static int no_passphrase(char *out, int size, int writing, void *data)
{
    (void)out;
    (void)size;
    (void)writing;
    (void)data;
    return -1;
}

/* The private key in @pem, or NULL. */
static EVP_PKEY *read_key(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key;
    char group[32] = "";

    if (bio == NULL) {
        return NULL; /* UNTESTED: OpenSSL is out of memory */
    }
    key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    if (key != NULL &&
        (EVP_PKEY_get_group_name(key, group, sizeof group, NULL) != 1 ||
         strcmp(group, "prime256v1") != 0)) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    return key;
}

/* Append one coordinate of the public key as base64url. */
static bool add_coord(struct buf *out, const EVP_PKEY *key, const char *name)
{
    unsigned char bytes[COORD];
    BIGNUM *n = NULL;
    bool good = EVP_PKEY_get_bn_param(key, name, &n) == 1 &&
                BN_bn2binpad(n, bytes, COORD) == COORD;

    BN_free(n);
    if (good) {
        base64url_encode(out, bytes, COORD);
    }
    return good;
}

/* Append the header with the public key in it. */
static bool add_header(struct buf *out, const EVP_PKEY *key)
{
    struct buf json;
    bool good;

    buf_init(&json, PIECE_MAX);
    buf_adds(&json, "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":{"
                    "\"kty\":\"EC\",\"x\":\"");
    good = add_coord(&json, key, OSSL_PKEY_PARAM_EC_PUB_X);
    buf_adds(&json, "\",\"y\":\"");
    good = add_coord(&json, key, OSSL_PKEY_PARAM_EC_PUB_Y) && good;
    buf_adds(&json, "\",\"crv\":\"P-256\"}}");
    base64url_encode(out, buf_str(&json), json.len);
    good = good && buf_error(&json) == 0;
    buf_free(&json);
    return good;
}

/* Append what is being proved. */
static bool add_payload(struct buf *out, const char *url, const char *id,
                        int64_t now)
{
    struct buf json;
    bool good;

    buf_init(&json, PIECE_MAX);
    buf_adds(&json, "{\"htm\":\"POST\",\"htu\":");
    js_write_str(&json, url, JS_ASCII);
    buf_addf(&json, ",\"iat\":%lld,\"jti\":", (long long)now);
    js_write_str(&json, id, JS_ASCII);
    buf_addc(&json, '}');
    base64url_encode(out, buf_str(&json), json.len);
    good = buf_error(&json) == 0;
    buf_free(&json);
    return good;
}

/* Write the signature of @text as r and s, 32 bytes each. */
static bool sign(unsigned char raw[static 2 * COORD], EVP_PKEY *key,
                 const char *text, size_t len)
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    unsigned char der[DER_MAX];
    const unsigned char *p = der;
    size_t n = sizeof der;
    ECDSA_SIG *sig = NULL;
    bool good;

    good = md != NULL &&
           EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key) == 1 &&
           EVP_DigestSign(md, der, &n, (const unsigned char *)text, len) == 1;
    if (good) {
        sig = d2i_ECDSA_SIG(NULL, &p, (long)n);
    }
    good = sig != NULL &&
           BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, COORD) == COORD &&
           BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + COORD, COORD) == COORD;
    ECDSA_SIG_free(sig);
    EVP_MD_CTX_free(md);
    return good;
}

int dpop_make(struct buf *out, const char *pem, const char *url, const char *id,
              int64_t now, struct err *e)
{
    unsigned char raw[2 * COORD];
    EVP_PKEY *key = read_key(pem);
    struct buf jwt;
    bool good;

    if (key == NULL) {
        ERR_clear_error();
        return err_set(e, ERR_CREDENTIALS,
                       "Error loading login session token: Unable to load "
                       "private key from cached token");
    }
    buf_init(&jwt, PIECE_MAX);
    good = add_header(&jwt, key);
    buf_addc(&jwt, '.');
    good = add_payload(&jwt, url, id, now) && good;
    good =
        good && buf_error(&jwt) == 0 && sign(raw, key, buf_str(&jwt), jwt.len);
    if (good) {
        buf_addc(&jwt, '.');
        base64url_encode(&jwt, raw, sizeof raw);
        buf_adds(out, buf_str(&jwt));
    }
    good = good && buf_error(&jwt) == 0 && buf_error(out) == 0;
    buf_free(&jwt);
    EVP_PKEY_free(key);
    if (!good) {
        ERR_clear_error();
        return err_set_uv(e, UV_ENOMEM, "DPoP");
    }
    return 0;
}
