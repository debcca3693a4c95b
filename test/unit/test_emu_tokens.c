/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_tokens.c - credentials by token: SSO, OIDC refresh, containers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

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
        RIGGED(test_container_credentials),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
