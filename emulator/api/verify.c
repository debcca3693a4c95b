/* SPDX-License-Identifier: Apache-2.0 */
/* verify.c - making a signature again, and comparing.
 *
 * The order of checks is AWS's as far as it shows: readable at all, date,
 * known key, token, scope, signature. */
#include "verify.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "canonical.h"
#include "err.h"
#include "hex.h"
#include "iso8601.h"
#include "params.h"
#include "wipe.h"

enum { MAX_CANONICAL = 4 * 1024 * 1024 };

#define ALGORITHM "AWS4-HMAC-SHA256"

/* --- making the signature again ----------------------------------------- */

/* HMAC-SHA256 of a string. */
static void hmac(const void *key, size_t key_len, const char *text,
                 unsigned char out[static SHA256_DIGEST_LENGTH])
{
    HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)text,
         strlen(text), out, NULL);
}

/* The key for one day, region and service. */
static void signing_key(const struct verify_claim *c, const char *secret,
                        unsigned char out[static SHA256_DIGEST_LENGTH])
{
    char first[256];
    int n = snprintf(first, sizeof first, "AWS4%s", secret);

    if (n >= (int)sizeof first) {
        n = (int)sizeof first - 1; /* UNTESTED: secrets have 40 characters */
    }
    hmac(first, (size_t)n, c->date, out);
    hmac(out, SHA256_DIGEST_LENGTH, c->region, out);
    hmac(out, SHA256_DIGEST_LENGTH, c->service, out);
    hmac(out, SHA256_DIGEST_LENGTH, "aws4_request", out);
    wipe(first, sizeof first);
}

int verify_signature(const struct http_request *req,
                     const struct verify_claim *claim, const char *secret,
                     bool normalize, char out[static VERIFY_SIGNATURE_SIZE])
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    unsigned char key[SHA256_DIGEST_LENGTH];
    char hex[2 * SHA256_DIGEST_LENGTH + 1];
    char to_sign[512];
    struct buf canonical;
    int rv;

    buf_init(&canonical, MAX_CANONICAL);
    rv = canonical_request(&canonical, req, claim->signed_headers, normalize);
    if (rv == 0) {
        SHA256((const unsigned char *)canonical.data, canonical.len, hash);
        hex_encode(hex, hash, sizeof hash);
        snprintf(to_sign, sizeof to_sign,
                 ALGORITHM "\n%s\n%s/%s/%s/aws4_request\n%s", claim->time,
                 claim->date, claim->region, claim->service, hex);
        signing_key(claim, secret, key);
        hmac(key, sizeof key, to_sign, hash);
        hex_encode(out, hash, sizeof hash);
        wipe(key, sizeof key);
    }
    buf_free(&canonical);
    return rv;
}

/* --- verifying ---------------------------------------------------------- */

/* Whether "a;b;c" holds @name. */
static bool names_header(const char *names, const char *name)
{
    size_t len = strlen(name);

    while (*names != '\0') {
        size_t n = strcspn(names, ";");

        if (n == len && memcmp(names, name, n) == 0) {
            return true;
        }
        names += n + (names[n] == ';' ? 1 : 0);
    }
    return false;
}

/* Too old, or from the future. */
static enum verify_fault check_time(const struct verify_claim *c, int64_t now,
                                    char message[static 512])
{
    int64_t oldest =
        c->query && c->expires_s >= 0 ? c->expires_s * 1000 : VERIFY_SKEW_MS;
    char now_text[ISO8601_BASIC_SIZE];
    char limit[ISO8601_BASIC_SIZE];

    iso8601_basic(now_text, now / 1000);
    if (c->time_ms + oldest < now) {
        if (c->query && c->expires_s >= 0) {
            snprintf(message, 512,
                     "Signature expired: %s is now earlier "
                     "than %s (X-Amz-Expires %lld s)",
                     c->time, now_text, (long long)c->expires_s);
            return VERIFY_SKEWED;
        }
        iso8601_basic(limit, (now - VERIFY_SKEW_MS) / 1000);
        snprintf(message, 512,
                 "Signature expired: %s is now earlier than %s (%s - 15 min.)",
                 c->time, limit, now_text);
        return VERIFY_SKEWED;
    }
    if (c->time_ms > now + VERIFY_SKEW_MS) {
        iso8601_basic(limit, (now + VERIFY_SKEW_MS) / 1000);
        snprintf(
            message, 512,
            "Signature not yet current: %s is still later than %s (%s + 15 "
            "min.)",
            c->time, limit, now_text);
        return VERIFY_SKEWED;
    }
    return VERIFY_OK;
}

/* The session token must be there exactly when the key is temporary. */
static enum verify_fault check_token(const struct world_principal *who,
                                     const char *token, int64_t now)
{
    const char *right;

    if (who->session == NULL) {
        return token == NULL || token[0] == '\0' ? VERIFY_OK : VERIFY_BAD_TOKEN;
    }
    right = who->session->token;
    if (token == NULL || strlen(token) != strlen(right) ||
        CRYPTO_memcmp(token, right, strlen(right)) != 0) {
        return VERIFY_BAD_TOKEN;
    }
    return who->session->expires_ms <= now ? VERIFY_EXPIRED_TOKEN : VERIFY_OK;
}

static enum verify_fault check_scope(const struct verify_claim *c,
                                     const struct verify_expect *expect,
                                     char message[static 512])
{
    if (strcmp(c->service, expect->service) != 0) {
        snprintf(message, 512,
                 "Credential should be scoped to correct service: '%s'.",
                 expect->service);
        return VERIFY_BAD_SCOPE;
    }
    if (c->region[0] == '\0' ||
        (expect->region != NULL && strcmp(c->region, expect->region) != 0)) {
        snprintf(message, 512,
                 "Credential should be scoped to a valid "
                 "region.");
        return VERIFY_BAD_SCOPE;
    }
    if (memcmp(c->date, c->time, 8) != 0) {
        snprintf(message, 512,
                 "Date in Credential scope does not match YYYYMMDD from "
                 "ISO-8601 version of date from HTTP: '%s' != '%.8s', from "
                 "'%s'.",
                 c->date, c->time, c->time);
        return VERIFY_BAD_SCOPE;
    }
    return VERIFY_OK;
}

/* What must be among the signed headers. */
static bool signs_enough(const struct http_request *req,
                         const struct verify_claim *c)
{
    return names_header(c->signed_headers, "host") &&
           (c->query || http_header(req, "x-amz-date") == NULL ||
            names_header(c->signed_headers, "x-amz-date")) &&
           (c->query || http_header(req, "x-amz-target") == NULL ||
            names_header(c->signed_headers, "x-amz-target"));
}

static enum verify_fault check_signature(const struct http_request *req,
                                         const struct verify_claim *c,
                                         const char *secret)
{
    char right[VERIFY_SIGNATURE_SIZE];
    int rv = verify_signature(req, c, secret, true, right);

    if (rv == UV_ENOMEM) {
        return VERIFY_NO_MEMORY;
    }
    if (rv != 0 || !signs_enough(req, c) ||
        strlen(c->signature) != strlen(right) ||
        CRYPTO_memcmp(c->signature, right, strlen(right)) != 0) {
        return VERIFY_MISMATCH;
    }
    return VERIFY_OK;
}

/* The token as it came; for the query form into @mem. */
static const char *sent_token(const struct http_request *req, bool query,
                              struct params *mem)
{
    if (!query) {
        return http_header(req, "x-amz-security-token");
    }
    if (params_parse(mem, req->query, strlen(req->query), false) != 0) {
        return NULL;
    }
    return params_get(mem, "X-Amz-Security-Token");
}

enum verify_fault verify_request(const struct world *w,
                                 const struct http_request *req,
                                 const struct verify_expect *expect,
                                 struct verify_result *out)
{
    int64_t now = world_now_ms(w);
    struct verify_claim claim;
    struct params mem = {0};
    enum verify_fault fault;

    *out = (struct verify_result){0};
    fault = verify_claim_read(req, &claim, out->message);
    memcpy(out->key_id, claim.key_id, sizeof out->key_id);
    memcpy(out->region, claim.region, sizeof out->region);
    if (fault == VERIFY_OK && expect->query_only && !claim.query) {
        return VERIFY_MISSING;
    }
    if (fault != VERIFY_OK) {
        return fault;
    }
    out->known = world_find_key(w, claim.key_id, &out->who);
    fault = check_time(&claim, now, out->message);
    if (fault == VERIFY_OK && (!out->known || out->who.inactive)) {
        fault = VERIFY_UNKNOWN_KEY;
    }
    if (fault == VERIFY_OK) {
        fault = check_token(&out->who, sent_token(req, claim.query, &mem), now);
        params_free(&mem);
    }
    if (fault == VERIFY_OK) {
        fault = check_scope(&claim, expect, out->message);
    }
    if (fault == VERIFY_OK) {
        fault = check_signature(req, &claim, out->who.secret);
    }
    return fault;
}
