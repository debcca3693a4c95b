/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_signin.c - credentials by sign-in, with a proof of possession. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include "base64.h"
#include "dpop.h"
#include "emu_rig.h"

#define URL "http://eu-central-1.signin.aws.amazon.com/v1/token"
#define NOW (RIG_START_MS / 1000)

/* What a proof is made of; the defaults are right. */
struct proof {
    const char *typ, *alg, *kty, *htm, *htu, *jti;
    int64_t iat;
    bool other_key; /* Signed with another than it shows */
    bool der;       /* Signature as DER instead of r and s */
};

static const struct proof right = {"dpop+jwt", "ES256", "EC",  "POST", URL,
                                   "abc",      NOW,     false, false};

/* A proof as a client makes it; freed by the caller. */
static char *make_proof(const struct proof *p)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    EVP_PKEY *signer = p->other_key ? EVP_EC_gen("P-256") : key;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char point[65];
    unsigned char der[128];
    unsigned char raw[64];
    const unsigned char *at = der;
    size_t len = sizeof der;
    size_t n;
    struct buf out;
    struct buf x;
    struct buf y;
    char text[1024];
    ECDSA_SIG *sig;

    assert_int_equal(EVP_PKEY_get_octet_string_param(
                         key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &n),
                     1);
    buf_init(&out, 4096);
    buf_init(&x, 100);
    buf_init(&y, 100);
    base64url_encode(&x, point + 1, 32);
    base64url_encode(&y, point + 33, 32);
    snprintf(text, sizeof text,
             "{\"typ\":\"%s\",\"alg\":\"%s\",\"jwk\":{\"kty\":\"%s\",\"x\":"
             "\"%s\",\"y\":\"%s\",\"crv\":\"P-256\"}}",
             p->typ, p->alg, p->kty, buf_str(&x), buf_str(&y));
    base64url_encode(&out, text, strlen(text));
    buf_addc(&out, '.');
    snprintf(text, sizeof text,
             "{\"htm\":\"%s\",\"htu\":\"%s\",\"iat\":%lld,\"jti\":\"%s\"}",
             p->htm, p->htu, (long long)p->iat, p->jti);
    base64url_encode(&out, text, strlen(text));
    assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, signer),
                     1);
    assert_int_equal(EVP_DigestSign(ctx, der, &len,
                                    (const unsigned char *)out.data, out.len),
                     1);
    sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
    BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32);
    buf_addc(&out, '.');
    base64url_encode(&out, p->der ? der : raw, p->der ? len : sizeof raw);
    ECDSA_SIG_free(sig);
    EVP_MD_CTX_free(ctx);
    if (p->other_key) {
        EVP_PKEY_free(signer);
    }
    EVP_PKEY_free(key);
    buf_free(&x);
    buf_free(&y);
    return buf_detach(&out);
}

static void test_proofs(void **state)
{
    static const struct {
        struct proof p;
        const char *why;
    } cases[] = {
        {{"dpop+jwt", "ES256", "EC", "POST", URL, "abc", NOW, false, false},
         NULL},
        {{"dpop+jwt", "ES256", "EC", "POST", URL, "a", NOW - 300, false, false},
         NULL},
        {{"jwt", "ES256", "EC", "POST", URL, "abc", NOW, false, false},
         "the DPoP proof's typ is not dpop+jwt"},
        {{"dpop+jwt", "none", "EC", "POST", URL, "abc", NOW, false, false},
         "the DPoP proof's alg is not ES256"},
        {{"dpop+jwt", "ES256", "RSA", "POST", URL, "abc", NOW, false, false},
         "the DPoP proof's key is not a P-256 key"},
        {{"dpop+jwt", "ES256", "EC", "GET", URL, "abc", NOW, false, false},
         "the DPoP proof is for another method"},
        {{"dpop+jwt", "ES256", "EC", "POST", URL "/", "abc", NOW, false, false},
         "the DPoP proof is for another URL"},
        {{"dpop+jwt", "ES256", "EC", "POST", URL, "", NOW, false, false},
         "the DPoP proof has no jti"},
        {{"dpop+jwt", "ES256", "EC", "POST", URL, "a", NOW - 301, false, false},
         "the DPoP proof is not of this time"},
        {{"dpop+jwt", "ES256", "EC", "POST", URL, "a", NOW + 301, false, false},
         "the DPoP proof is not of this time"},
        {{"dpop+jwt", "ES256", "EC", "POST", URL, "abc", NOW, true, false},
         "the DPoP proof's signature is wrong"},
        {{"dpop+jwt", "ES256", "EC", "POST", URL, "abc", NOW, false, true},
         "the DPoP proof's signature is wrong"},
    };
    static const char *const junk[] = {
        "", "a", "a.b", "..", "a.b.c", "e30.e30.AAAA", "!!.!!.!!"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = make_proof(&cases[i].p);
        const char *why = dpop_verify(text, URL, NOW);

        if (cases[i].why == NULL) {
            assert_null(why);
        } else {
            assert_non_null(why);
            assert_string_equal(why, cases[i].why);
        }
        free(text);
    }
    for (i = 0; i < sizeof junk / sizeof junk[0]; i++) {
        assert_non_null(dpop_verify(junk[i], URL, NOW));
    }
}

#define DEVICE "arn:aws:signin:::devtools/same-device"
#define LOGIN(token)                                                           \
    "{\"clientId\":\"" DEVICE "\",\"refreshToken\":\"" token                   \
    "\",\"grantType\":\"refresh_token\"}"

static void signin(struct rig *r, const struct proof *p, const char *body)
{
    char header[4096];
    char *text = p != NULL ? make_proof(p) : NULL;
    const char *headers[] = {"host: eu-central-1.signin.aws.amazon.com",
                             text != NULL ? header : NULL, NULL};

    snprintf(header, sizeof header, "dpop: %s", text != NULL ? text : "");
    rig_send(r, "POST", "/v1/token", headers, body);
    free(text);
}

static void test_refreshing_a_login(void **state)
{
    struct rig *r = *state;
    char body[512];

    signin(r, &right, LOGIN("login-refresh"));
    assert_int_equal(r->status, 200);
    assert_string_equal(rig_member(r, "expiresIn"), "900");
    assert_string_equal(rig_member(r, "tokenType"),
                        "urn:aws:params:oauth:token-type:access_token_sigv4");
    snprintf(body, sizeof body, LOGIN("%s"), rig_member(r, "refreshToken"));
    r->key_id = rig_member(r, "accessToken.accessKeyId");
    r->secret = rig_member(r, "accessToken.secretAccessKey");
    r->token = rig_member(r, "accessToken.sessionToken");
    rig_sts(r, "Action=GetCallerIdentity");
    assert_string_equal(rig_xml(r, "GetCallerIdentityResult/Arn"),
                        "arn:aws:iam::111122223333:user/admin");
    signin(r, &right, body); /* With the token it gave */
    assert_int_equal(r->status, 200);
}

static void test_refusals_of_sign_in(void **state)
{
    struct rig *r = *state;
    struct proof late = right;

    signin(r, NULL, LOGIN("login-refresh"));
    assert_int_equal(r->status, 400);
    assert_string_equal(rig_member(r, "message"), "the DPoP header is missing");
    late.iat -= 1000;
    signin(r, &late, LOGIN("login-refresh"));
    assert_int_equal(r->status, 400);
    signin(r, &right, LOGIN("wrong"));
    assert_int_equal(r->status, 403);
    assert_string_equal(rig_member(r, "error"), "TOKEN_EXPIRED");
    assert_non_null(strstr(r->headers, "AccessDeniedException"));
    signin(r, &right, LOGIN("login-changed"));
    assert_int_equal(r->status, 403);
    assert_string_equal(rig_member(r, "error"), "USER_CREDENTIALS_CHANGED");
    signin(r, &right, "{}");
    assert_int_equal(r->status, 400);
    signin(r, &right, "nonsense");
    assert_int_equal(r->status, 400);
}

#define RIGGED(test)                                                           \
    cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proofs),
        RIGGED(test_refreshing_a_login),
        RIGGED(test_refusals_of_sign_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
