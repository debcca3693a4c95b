/* SPDX-License-Identifier: Apache-2.0 */
/* test_sso.c - what profiles say about SSO, and proofs of a login's key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <uv.h>

#include "base64.h"
#include "buf.h"
#include "dpop.h"
#include "err.h"
#include "json.h"
#include "profiles.h"
#include "sso_config.h"

static const char config[] =
    "[sso-session my]\nsso_start_url = U\nsso_region = R\n"
    "sso_registration_scopes = x\n"
    "[sso-session bare]\nsso_region = R\n"
    "[sso-session none]\nother = x\n"
    "[profile new]\nsso_session = my\nsso_account_id = A\nsso_role_name = N\n"
    "[profile same]\nsso_session = my\nsso_account_id = A\nsso_role_name = N\n"
    "sso_region = R\n"
    "[profile old]\nsso_start_url = U2\nsso_region = R2\nsso_account_id = A\n"
    "sso_role_name = N\n"
    "[profile token-only]\nsso_session = my\n"
    "[profile nosuch]\nsso_session = N\nsso_account_id = A\n"
    "[profile differs]\nsso_session = my\nsso_account_id = A\n"
    "sso_role_name = N\nsso_region = A\n"
    "[profile lacking]\nsso_account_id = A\nsso_region = R\n"
    "[profile halfway]\nsso_session = bare\nsso_account_id = A\n"
    "sso_role_name = N\nsso_start_url = U\n"
    "[profile neither]\nsso_session = none\nsso_account_id = A\n"
    "sso_role_name = N\nsso_start_url = U\nsso_region = R\n";

static void test_configurations(void **state)
{
    static const char *const faults[][2] = {
        {"nosuch", "The specified sso-session does not exist: \"N\""},
        {"differs", "The value for sso_region is inconsistent between profile "
                    "(A) and sso-session (R)."},
        {"lacking", "The profile \"lacking\" is configured to use SSO but is "
                    "missing required configuration: sso_role_name, "
                    "sso_start_url"},
        {"halfway", "The profile \"halfway\" is configured to use the SSO "
                    "token provider but is missing the following "
                    "configuration: ['sso_start_url']."},
        {"neither", "The profile \"neither\" is configured to use the SSO "
                    "token provider but is missing the following "
                    "configuration: ['sso_start_url', 'sso_region']."},
    };
    struct sso_config c;
    struct profiles *p;
    struct err e;
    size_t i;

    (void)state;
    assert_int_equal(
        profiles_parse(&p, config, sizeof config - 1, "c", NULL, 0, "d", &e),
        0);
    assert_true(sso_config_present(p, "new"));
    assert_false(sso_config_present(p, "token-only"));
    assert_int_equal(sso_config_read(p, "new", &c, &e), 0);
    assert_string_equal(c.session, "my");
    assert_string_equal(c.start_url, "U");
    assert_string_equal(c.region, "R");
    assert_string_equal(c.account_id, "A");
    assert_string_equal(c.role_name, "N");
    assert_int_equal(sso_config_read(p, "same", &c, &e), 0);
    assert_int_equal(sso_config_read(p, "old", &c, &e), 0);
    assert_null(c.session);
    assert_string_equal(c.start_url, "U2");
    for (i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        assert_int_equal(sso_config_read(p, faults[i][0], &c, &e),
                         ERR_CREDENTIALS);
        assert_string_equal(e.msg, faults[i][1]);
    }
    profiles_free(p);
}

/* A new private key on the curve @name as SEC1 PEM. */
static EVP_PKEY *make_key(const char *name, char *pem, size_t size)
{
    EVP_PKEY *key = EVP_EC_gen(name);
    BIO *bio = BIO_new(BIO_s_mem());
    int n;

    assert_non_null(key);
    assert_int_equal(PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL,
                                                          0, NULL, NULL),
                     1);
    n = BIO_read(bio, pem, (int)size - 1);
    assert_true(n > 0);
    pem[n] = '\0';
    BIO_free(bio);
    return key;
}

/* Decode one part of a JWT as JSON. */
static json_t *decode(const char *part, size_t len)
{
    struct buf text;
    json_t *doc;

    buf_init(&text, 4096);
    assert_int_equal(base64url_decode(&text, part, len), 0);
    doc = js_parse(buf_str(&text), text.len, NULL);
    assert_non_null(doc);
    buf_free(&text);
    return doc;
}

/* Whether @raw (r and s) is @key's signature of the @len bytes at @text. */
static bool verify(EVP_PKEY *key, const struct buf *raw, const char *text,
                   size_t len)
{
    const unsigned char *bytes = (const unsigned char *)raw->data;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    unsigned char *der = NULL;
    bool good;
    int n;

    ECDSA_SIG_set0(sig, BN_bin2bn(bytes, 32, NULL),
                   BN_bin2bn(bytes + 32, 32, NULL));
    n = i2d_ECDSA_SIG(sig, &der);
    EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, key);
    good = EVP_DigestVerify(md, der, (size_t)n, (const unsigned char *)text,
                            len) == 1;
    OPENSSL_free(der);
    ECDSA_SIG_free(sig);
    EVP_MD_CTX_free(md);
    return good;
}

static void test_a_proof_can_be_verified(void **state)
{
    const char *first, *second, *text;
    json_t *header, *payload;
    struct buf jwt, raw;
    char pem[1024];
    EVP_PKEY *key;
    struct err e;
    int64_t iat;
    int i;

    (void)state;
    for (i = 0; i < 20; i++) { /* Short r, s, x and y come up now and then */
        key = make_key("P-256", pem, sizeof pem);
        buf_init(&jwt, 8192);
        buf_init(&raw, 100);
        assert_int_equal(dpop_make(&jwt, pem, "https://h.example/v1/token",
                                   "id-1", 1767323045, &e),
                         0);
        text = buf_str(&jwt);
        first = strchr(text, '.');
        second = strchr(first + 1, '.');
        header = decode(text, (size_t)(first - text));
        assert_string_equal(js_str(header, "typ"), "dpop+jwt");
        assert_string_equal(js_str(header, "alg"), "ES256");
        assert_string_equal(js_str(js_obj(header, "jwk"), "kty"), "EC");
        assert_string_equal(js_str(js_obj(header, "jwk"), "crv"), "P-256");
        assert_int_equal(strlen(js_str(js_obj(header, "jwk"), "x")), 43);
        assert_int_equal(strlen(js_str(js_obj(header, "jwk"), "y")), 43);
        payload = decode(first + 1, (size_t)(second - first - 1));
        assert_string_equal(js_str(payload, "htm"), "POST");
        assert_string_equal(js_str(payload, "htu"),
                            "https://h.example/v1/token");
        assert_string_equal(js_str(payload, "jti"), "id-1");
        assert_true(js_int(payload, "iat", &iat));
        assert_int_equal(iat, 1767323045);
        assert_int_equal(base64url_decode(&raw, second + 1, strlen(second + 1)),
                         0);
        assert_int_equal(raw.len, 64);
        assert_true(verify(key, &raw, text, (size_t)(second - text)));
        json_decref(header);
        json_decref(payload);
        buf_free(&jwt);
        buf_free(&raw);
        EVP_PKEY_free(key);
    }
}

static void test_keys_that_are_none(void **state)
{
    struct buf jwt;
    char pem[1024];
    EVP_PKEY *other = make_key("P-384", pem, sizeof pem);
    struct err e;

    (void)state;
    buf_init(&jwt, 8192);
    assert_int_equal(dpop_make(&jwt, pem, "u", "i", 0, &e), ERR_CREDENTIALS);
    assert_int_equal(dpop_make(&jwt, "", "u", "i", 0, &e), ERR_CREDENTIALS);
    assert_int_equal(dpop_make(&jwt,
                               "-----BEGIN EC PRIVATE KEY-----\nAAAA\n"
                               "-----END EC PRIVATE KEY-----\n",
                               "u", "i", 0, &e),
                     ERR_CREDENTIALS);
    assert_string_equal(e.msg, "Error loading login session token: Unable to "
                               "load private key from cached token");
    assert_int_equal(jwt.len, 0);
    EVP_PKEY_free(other);
    buf_free(&jwt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_configurations),
        cmocka_unit_test(test_a_proof_can_be_verified),
        cmocka_unit_test(test_keys_that_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
