/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_tokens.c - credentials by token: SSO, OIDC refresh, sign-in with
 * its proof of possession, instance metadata, containers. */
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

/* --- SSO portal --------------------------------------------------------- */

#define CREDENTIALS "/federation/credentials?"

static void portal(struct rig *r, const char *query, const char *token)
{
    char target[256];
    char header[256];
    const char *headers[] = {"host: portal.sso.eu-central-1.amazonaws.com",
                             header, NULL};

    snprintf(target, sizeof target, CREDENTIALS "%s", query);
    snprintf(header, sizeof header, "x-amz-sso_bearer_token: %s",
             token != NULL ? token : "");
    if (token == NULL) {
        headers[1] = NULL;
    }
    rig_send(r, "GET", target, headers, "");
}

static void test_role_credentials_for_a_signed_in_person(void **state)
{
    struct rig *r = *state;

    portal(r, "role_name=ops&account_id=111122223333", "sso-access");
    assert_int_equal(r->status, 200);
    assert_string_equal(rig_member(r, "roleCredentials.expiration"),
                        "1767326645000"); /* Milliseconds */
    r->key_id = rig_member(r, "roleCredentials.accessKeyId");
    r->secret = rig_member(r, "roleCredentials.secretAccessKey");
    r->token = rig_member(r, "roleCredentials.sessionToken");
    rig_sts(r, "Action=GetCallerIdentity");
    assert_string_equal(rig_xml(r, "GetCallerIdentityResult/Arn"),
                        "arn:aws:sts::111122223333:assumed-role/ops/alice");
}

static void test_refusals_of_the_portal(void **state)
{
    struct rig *r = *state;
    static const struct {
        const char *query, *token;
        int status;
        const char *type;
    } cases[] = {
        {"role_name=ops&account_id=111122223333", NULL, 401,
         "UnauthorizedException"},
        {"role_name=ops&account_id=111122223333", "wrong", 401,
         "UnauthorizedException"},
        {"role_name=ops&account_id=444455556666", "sso-access", 403,
         "ForbiddenException"},
        {"role_name=web&account_id=111122223333", "sso-access", 403,
         "ForbiddenException"},
        {"role_name=ops", "sso-access", 400, "InvalidRequestException"},
        {"", "sso-access", 400, "InvalidRequestException"},
        {"a=%zz", "sso-access", 400, "InvalidRequestException"},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char want[96];

        portal(r, cases[i].query, cases[i].token);
        snprintf(want, sizeof want, "x-amzn-ErrorType: %s\r\n", cases[i].type);
        if (r->status != cases[i].status || strstr(r->headers, want) == NULL) {
            fail_msg("case %zu: %d %s", i, r->status, r->headers);
        }
        assert_non_null(rig_member(r, "message"));
    }
    r->now_ms = 1767326400000; /* 04:00: the token has ended. */
    portal(r, "role_name=ops&account_id=111122223333", "sso-access");
    assert_int_equal(r->status, 401);
}

/* --- OIDC --------------------------------------------------------------- */

static void oidc(struct rig *r, const char *body)
{
    static const char *const headers[] = {
        "host: oidc.eu-central-1.amazonaws.com",
        "content-type: application/json", NULL};

    rig_send(r, "POST", "/token", headers, body);
}

#define REFRESH(token, secret)                                                 \
    "{\"grantType\":\"refresh_token\",\"clientId\":\"cid\",\"clientSecret\":"  \
    "\"" secret "\",\"refreshToken\":\"" token "\"}"

static void test_refreshing_an_sso_token(void **state)
{
    struct rig *r = *state;
    char body[512];
    const char *access;
    const char *refresh;

    oidc(r, REFRESH("sso-refresh", "csecret"));
    assert_int_equal(r->status, 200);
    assert_string_equal(rig_member(r, "tokenType"), "Bearer");
    assert_string_equal(rig_member(r, "expiresIn"), "600");
    access = rig_member(r, "accessToken");
    refresh = rig_member(r, "refreshToken");
    r->now_ms += 599 * 1000;
    portal(r, "role_name=ops&account_id=111122223333", access);
    assert_int_equal(r->status, 200);
    r->now_ms += 1000;
    portal(r, "role_name=ops&account_id=111122223333", access);
    assert_int_equal(r->status, 401);
    snprintf(body, sizeof body, REFRESH("%s", "csecret"), refresh);
    oidc(r, body);
    assert_int_equal(r->status, 200);
}

static void test_refusals_of_oidc(void **state)
{
    struct rig *r = *state;
    static const struct {
        const char *body;
        int status;
        const char *error, *type;
    } cases[] = {
        {"", 400, "invalid_request", "InvalidRequestException"},
        {"{}", 400, "invalid_request", "InvalidRequestException"},
        {"[1]", 400, "invalid_request", "InvalidRequestException"},
        {REFRESH("wrong", "csecret"), 400, "invalid_grant",
         "InvalidGrantException"},
        {REFRESH("sso-refresh", "wrong"), 401, "invalid_client",
         "InvalidClientException"},
        {"{\"grantType\":\"password\",\"clientId\":\"cid\",\"clientSecret\":"
         "\"csecret\"}",
         400, "unsupported_grant_type", "UnsupportedGrantTypeException"},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        oidc(r, cases[i].body);
        assert_int_equal(r->status, cases[i].status);
        assert_string_equal(rig_member(r, "error"), cases[i].error);
        assert_non_null(rig_member(r, "error_description"));
        assert_non_null(strstr(r->headers, cases[i].type));
    }
}

/* --- sign-in ------------------------------------------------------------ */

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

/* --- instance metadata -------------------------------------------------- */

#define META "/latest/meta-data/"

static char imds_token[256];

static void get(struct rig *r, const char *path)
{
    char header[300];
    const char *headers[] = {header, NULL};

    snprintf(header, sizeof header, "x-aws-ec2-metadata-token: %s", imds_token);
    rig_send(r, "GET", path, headers, "");
}

static void put_token(struct rig *r, const char *ttl)
{
    char header[64];
    const char *headers[] = {header, NULL};

    snprintf(header, sizeof header, "x-aws-ec2-metadata-token-ttl-seconds: %s",
             ttl);
    rig_send(r, "PUT", "/latest/api/token", headers, "");
    snprintf(imds_token, sizeof imds_token, "%s", r->body);
}

static void test_metadata_tokens(void **state)
{
    struct rig *r = *state;
    static const char *const forwarded[] = {
        "x-aws-ec2-metadata-token-ttl-seconds: 60", "x-forwarded-for: 1.2.3.4",
        NULL};
    static const char *const bad[] = {"", "0", "21601", "-1", "x", "1234567"};
    size_t i;

    put_token(r, "60");
    assert_int_equal(r->status, 200);
    assert_non_null(
        strstr(r->headers, "x-aws-ec2-metadata-token-ttl-seconds: 60\r\n"));
    get(r, META "instance-id");
    assert_int_equal(r->status, 200);
    assert_string_equal(r->body, "i-0123456789abcdef0");
    r->now_ms += 59999;
    get(r, META "instance-id");
    assert_int_equal(r->status, 200);
    r->now_ms += 1;
    get(r, META "instance-id");
    assert_int_equal(r->status, 401);
    /* A later end written into it does not help. */
    put_token(r, "60");
    imds_token[4]++;
    get(r, META "instance-id");
    assert_int_equal(r->status, 401);
    strcpy(imds_token, "nonsense");
    get(r, META "instance-id");
    assert_int_equal(r->status, 401);
    rig_send(r, "GET", META "instance-id", NULL, ""); /* v1 is off */
    assert_int_equal(r->status, 401);
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        put_token(r, bad[i]);
        assert_int_equal(r->status, 400);
    }
    rig_send(r, "PUT", "/latest/api/token", NULL, "");
    assert_int_equal(r->status, 400);
    rig_send(r, "PUT", "/latest/api/token", forwarded, "");
    assert_int_equal(r->status, 403);
    rig_send(r, "GET", "/latest/api/token", NULL, "");
    assert_int_equal(r->status, 405);
    rig_send(r, "POST", META, NULL, "");
    assert_int_equal(r->status, 405);
}

static void test_metadata_pages(void **state)
{
    struct rig *r = *state;
    static const struct {
        const char *path;
        const char *body; /* NULL: 404 */
    } cases[] = {
        {META "instance-id", "i-0123456789abcdef0"},
        {META "instance-id/", "i-0123456789abcdef0"},
        {META "placement/availability-zone/", "eu-central-1a"},
        {META "placement/region", "eu-central-1"},
        {META "services/domain/", "amazonaws.com"},
        {META "services/partition", "aws"},
        {META "local-ipv4", "10.0.1.5"},
        {META "public-ipv4", "203.0.113.5"},
        {META "ipv6", "2001:db8:0:101::5"},
        {META "iam/security-credentials/", "web"},
        {META "iam/security-credentials", "web"},
        {META "iam/security-credentials/other", NULL},
        {META "tags/instance/env", "dev"},
        {META "tags/instance/none", NULL},
        {META "managed-ssh-keys/active-keys/ec2-user/", NULL},
        {META "managed-ssh-keys/signer-cert/", NULL}, /* No signer here */
        {META "nothing", NULL},
        {"/latest/", "dynamic\nmeta-data"},
        {"/latest/user-data", NULL},
    };
    size_t i;

    put_token(r, "60");
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        get(r, cases[i].path);
        if (cases[i].body == NULL
                ? r->status != 404
                : r->status != 200 || strcmp(r->body, cases[i].body) != 0) {
            fail_msg("%s: %d %s", cases[i].path, r->status, r->body);
        }
    }
    get(r, META);
    assert_non_null(strstr(r->body, "\ninstance-id\n"));
    get(r, "/latest/dynamic/instance-identity/document");
    assert_string_equal(rig_member(r, "region"), "eu-central-1");
    assert_string_equal(rig_member(r, "accountId"), "111122223333");
    get(r, META "iam/info");
    assert_string_equal(rig_member(r, "InstanceProfileArn"),
                        "arn:aws:iam::111122223333:instance-profile/web");
}

static void test_the_instances_credentials(void **state)
{
    struct rig *r = *state;
    const char *first;

    put_token(r, "21600");
    get(r, META "iam/security-credentials/web");
    assert_int_equal(r->status, 200);
    assert_string_equal(rig_member(r, "Code"), "Success");
    assert_string_equal(rig_member(r, "Type"), "AWS-HMAC");
    assert_string_equal(rig_member(r, "LastUpdated"), "2026-01-02T03:04:05Z");
    assert_string_equal(rig_member(r, "Expiration"), "2026-01-02T09:04:05Z");
    first = rig_member(r, "AccessKeyId");
    r->key_id = first;
    r->secret = rig_member(r, "SecretAccessKey");
    r->token = rig_member(r, "Token");
    rig_sts(r, "Action=GetCallerIdentity");
    assert_string_equal(rig_xml(r, "GetCallerIdentityResult/UserId"),
                        "AROAWEB:i-0123456789abcdef0");
    /* The same while they last, others when they are about to end. */
    r->now_ms += 3600 * 1000;
    get(r, META "iam/security-credentials/web");
    assert_string_equal(rig_member(r, "AccessKeyId"), first);
    r->now_ms += (5 * 3600 - 299) * 1000;
    put_token(r, "60");
    get(r, META "iam/security-credentials/web");
    assert_string_not_equal(rig_member(r, "AccessKeyId"), first);
}

static void test_metadata_switches(void **state)
{
    static const char world[] =
        "{\"accounts\":[{\"id\":\"111122223333\"}],"
        "\"vpcs\":[{\"id\":\"vpc-1\",\"cidrs\":[\"10.0.0.0/16\"]}],"
        "\"subnets\":[{\"id\":\"subnet-1\",\"vpc\":\"vpc-1\","
        "\"zone\":\"eu-central-1a\",\"cidrs\":[\"10.0.1.0/24\"]}],"
        "\"instances\":[{\"id\":\"i-00000000\",\"subnet\":\"subnet-1\","
        "\"private_ip\":\"10.0.1.5\"}],\"imds\":{%s}}";
    char text[1024];
    struct rig *r;

    (void)state;
    snprintf(text, sizeof text, world, "\"v1\":true");
    r = rig_new(text);
    rig_send(r, "GET", META "instance-id", NULL, "");
    assert_int_equal(r->status, 200);
    rig_send(r, "GET", META "iam/security-credentials/", NULL, "");
    assert_int_equal(r->status, 404); /* No role */
    rig_send(r, "GET", META "iam/info", NULL, "");
    assert_int_equal(r->status, 404);
    rig_send(r, "GET", META "public-ipv4", NULL, "");
    assert_int_equal(r->status, 404);
    rig_free(r);
    snprintf(text, sizeof text, world, "\"enabled\":false");
    r = rig_new(text);
    rig_send(r, "PUT", "/latest/api/token", NULL, "");
    assert_int_equal(r->status, 403);
    rig_send(r, "GET", META "instance-id", NULL, "");
    assert_int_equal(r->status, 403);
    rig_free(r);
}

static void test_metadata_that_fails_on_order(void **state)
{
    static const char world[] =
        "{\"accounts\":[{\"id\":\"111122223333\"}],"
        "\"vpcs\":[{\"id\":\"vpc-1\",\"cidrs\":[\"10.0.0.0/16\"]}],"
        "\"subnets\":[{\"id\":\"subnet-1\",\"vpc\":\"vpc-1\","
        "\"zone\":\"eu-central-1a\",\"cidrs\":[\"10.0.1.0/24\"]}],"
        "\"instances\":[{\"id\":\"i-00000000\",\"subnet\":\"subnet-1\","
        "\"private_ip\":\"10.0.1.5\"}],\"faults\":["
        "{\"code\":\"Never\"},"
        "{\"action\":\"/latest/api/token\",\"times\":1,\"delay_ms\":70,"
        "\"status\":503,\"body\":\"busy\"},"
        "{\"action\":\"/latest/meta-data/p*\",\"delay_ms\":30},"
        "{\"action\":\"/latest/meta-data/h*\",\"status\":404,"
        "\"code\":\"x\",\"message\":\"gone\"}]}";
    struct rig *r = rig_new(world);

    (void)state;
    rig_send(r, "PUT", "/latest/api/token", NULL, "");
    assert_int_equal(r->status, 503);
    assert_string_equal(r->body, "busy");
    assert_int_equal(r->delay_ms, 70);
    put_token(r, "60"); /* Once was ordered, and "*" is for actions */
    assert_int_equal(r->delay_ms, 0);
    get(r, META "placement/availability-zone");
    assert_string_equal(r->body, "eu-central-1a");
    assert_int_equal(r->delay_ms, 30);
    get(r, META "hostname");
    assert_int_equal(r->status, 404);
    assert_string_equal(r->body, "gone");
    rig_free(r);
}

/* --- containers --------------------------------------------------------- */

static void test_container_credentials(void **state)
{
    struct rig *r = *state;
    static const char *const good[] = {"authorization: let-me-in", NULL};
    static const char *const bad[] = {"authorization: let-me-on", NULL};

    rig_send(r, "GET", "/creds", good, "");
    assert_int_equal(r->status, 200);
    assert_string_equal(rig_member(r, "RoleArn"),
                        "arn:aws:iam::111122223333:role/ops");
    r->key_id = rig_member(r, "AccessKeyId");
    r->secret = rig_member(r, "SecretAccessKey");
    r->token = rig_member(r, "Token");
    assert_string_equal(rig_member(r, "Expiration"), "2026-01-02T09:04:05Z");
    rig_sts(r, "Action=GetCallerIdentity");
    assert_int_equal(r->status, 200);
    rig_send(r, "GET", "/creds", bad, "");
    assert_int_equal(r->status, 401);
    rig_send(r, "GET", "/creds", NULL, "");
    assert_int_equal(r->status, 401);
    rig_send(r, "POST", "/creds", good, "");
    assert_int_equal(r->status, 405);
    rig_send(r, "GET", "/elsewhere", good, "");
    assert_int_equal(r->status, 404);
}

#define RIGGED(test)                                                           \
    cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIGGED(test_role_credentials_for_a_signed_in_person),
        RIGGED(test_refusals_of_the_portal),
        RIGGED(test_refreshing_an_sso_token),
        RIGGED(test_refusals_of_oidc),
        cmocka_unit_test(test_proofs),
        RIGGED(test_refreshing_a_login),
        RIGGED(test_refusals_of_sign_in),
        RIGGED(test_metadata_tokens),
        RIGGED(test_metadata_pages),
        RIGGED(test_the_instances_credentials),
        cmocka_unit_test(test_metadata_switches),
        cmocka_unit_test(test_metadata_that_fails_on_order),
        RIGGED(test_container_credentials),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
