/* SPDX-License-Identifier: Apache-2.0 */
/* dpop.c - three base64url parts, one P-256 key, one signature. */
#include "dpop.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "buf.h"
#include "err.h"
#include "json.h"

enum { MAX_PROOF = 8192, SKEW_S = 300, COORD = 32 };

/* One part of the JWT as JSON; NULL when it is none. */
static json_t *part_json(const char *text, size_t len)
{
    struct buf plain;
    struct err e;
    json_t *doc = NULL;

    buf_init(&plain, MAX_PROOF);
    if (base64url_decode(&plain, text, len) == 0) {
        doc = js_parse(buf_str(&plain), plain.len, &e);
    }
    buf_free(&plain);
    return doc;
}

/* Decode exactly @want bytes. */
static bool bytes(const char *text, size_t len, unsigned char *out, size_t want)
{
    struct buf plain;
    bool ok;

    buf_init(&plain, MAX_PROOF);
    ok = base64url_decode(&plain, text, len) == 0 && plain.len == want;
    if (ok) {
        memcpy(out, plain.data, want);
    }
    buf_free(&plain);
    return ok;
}

/* The key of a header's jwk. */
static EVP_PKEY *key_of(json_t *jwk)
{
    const char *kty = js_str(jwk, "kty");
    const char *crv = js_str(jwk, "crv");
    const char *x = js_str(jwk, "x");
    const char *y = js_str(jwk, "y");
    unsigned char point[1 + 2 * COORD] = {4}; /* Uncompressed */
    char group[] = "P-256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point,
                                          sizeof point),
        OSSL_PARAM_construct_end()};
    EVP_PKEY_CTX *ctx;
    EVP_PKEY *key = NULL;

    if (kty == NULL || strcmp(kty, "EC") != 0 || crv == NULL ||
        strcmp(crv, "P-256") != 0 || x == NULL || y == NULL ||
        !bytes(x, strlen(x), point + 1, COORD) ||
        !bytes(y, strlen(y), point + 1 + COORD, COORD)) {
        return NULL;
    }
    ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        key = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    return key;
}

/* The raw r and s of a JWS as the DER that OpenSSL wants. */
static int to_der(const unsigned char raw[static 2 * COORD],
                  unsigned char **der)
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, COORD, NULL);
    BIGNUM *s = BN_bin2bn(raw + COORD, COORD, NULL);
    int len = -1;

    *der = NULL;
    if (sig != NULL && r != NULL && s != NULL &&
        ECDSA_SIG_set0(sig, r, s) == 1) {
        r = NULL; /* Now the signature's */
        s = NULL;
        len = i2d_ECDSA_SIG(sig, der);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(sig);
    return len;
}

static bool signature_fits(EVP_PKEY *key, const char *text, size_t len,
                           const unsigned char raw[static 2 * COORD])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char *der;
    int der_len = to_der(raw, &der);
    bool ok;

    ok = ctx != NULL && der_len > 0 &&
         EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
         EVP_DigestVerify(ctx, der, (size_t)der_len,
                          (const unsigned char *)text, len) == 1;
    OPENSSL_free(der);
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return ok;
}

static const char *check_header(json_t *header)
{
    const char *typ = js_str(header, "typ");
    const char *alg = js_str(header, "alg");

    if (typ == NULL || strcmp(typ, "dpop+jwt") != 0) {
        return "the DPoP proof's typ is not dpop+jwt";
    }
    if (alg == NULL || strcmp(alg, "ES256") != 0) {
        return "the DPoP proof's alg is not ES256";
    }
    return NULL;
}

static const char *check_payload(json_t *payload, const char *url, int64_t now)
{
    const char *htm = js_str(payload, "htm");
    const char *htu = js_str(payload, "htu");
    const char *jti = js_str(payload, "jti");
    int64_t iat;

    if (htm == NULL || strcmp(htm, "POST") != 0) {
        return "the DPoP proof is for another method";
    }
    if (htu == NULL || strcmp(htu, url) != 0) {
        return "the DPoP proof is for another URL";
    }
    if (jti == NULL || jti[0] == '\0') {
        return "the DPoP proof has no jti";
    }
    if (!js_int(payload, "iat", &iat) || iat < now - SKEW_S ||
        iat > now + SKEW_S) {
        return "the DPoP proof is not of this time";
    }
    return NULL;
}

const char *dpop_verify(const char *proof, const char *url, int64_t now)
{
    unsigned char raw[2 * COORD];
    const char *dot = strchr(proof, '.');
    const char *dot2 = dot != NULL ? strchr(dot + 1, '.') : NULL;
    json_t *header = NULL;
    json_t *payload = NULL;
    EVP_PKEY *key = NULL;
    const char *why;

    if (dot2 == NULL || strlen(proof) > MAX_PROOF) {
        return "the DPoP proof is not a JWT";
    }
    header = part_json(proof, (size_t)(dot - proof));
    payload = part_json(dot + 1, (size_t)(dot2 - dot - 1));
    why = check_header(header);
    if (why == NULL) {
        key = key_of(js_obj(header, "jwk"));
        why = key == NULL ? "the DPoP proof's key is not a P-256 key" : NULL;
    }
    if (why == NULL &&
        (!bytes(dot2 + 1, strlen(dot2 + 1), raw, sizeof raw) ||
         !signature_fits(key, proof, (size_t)(dot2 - proof), raw))) {
        why = "the DPoP proof's signature is wrong";
    }
    if (why == NULL) {
        why = check_payload(payload, url, now);
    }
    EVP_PKEY_free(key);
    json_decref(header);
    json_decref(payload);
    return why;
}
