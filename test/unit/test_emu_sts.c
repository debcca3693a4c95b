/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_sts.c - who one is, and becoming somebody else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "emu_rig.h"
#include "iso8601.h"
#include "totp.h"

#define ROLE(name) "RoleArn=arn:aws:iam::111122223333:role/" name
#define ASSUME(name) "Action=AssumeRole&RoleSessionName=me&" ROLE(name)
#define WEB(name, token)                                                       \
    "Action=AssumeRoleWithWebIdentity&RoleSessionName=me&" ROLE(               \
        name) "&WebIdentityToken=" token
#define RESULT "AssumeRoleResult/"

/* --- TOTP --------------------------------------------------------------- */

static void test_totp_by_the_rfcs_vectors(void **state)
{
    /* RFC 6238, appendix B, SHA-1, cut down to six digits. */
    static const struct {
        int64_t at;
        const char *code;
    } cases[] = {{59, "287082"},         {1111111109, "081804"},
                 {1111111111, "050471"}, {1234567890, "005924"},
                 {2000000000, "279037"}, {20000000000, "353130"}};
    static const char seed[] = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    char code[TOTP_SIZE];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(totp_code(seed, cases[i].at, code));
        assert_string_equal(code, cases[i].code);
        assert_true(totp_check(seed, cases[i].at + 30, cases[i].code));
        assert_true(totp_check(seed, cases[i].at - 30, cases[i].code));
        assert_false(totp_check(seed, cases[i].at + 90, cases[i].code));
    }
    assert_true(
        totp_code("gezd gnbv gy3t qojq gezd gnbv gy3t qojq==", 59, code));
    assert_string_equal(code, "287082");
    assert_false(totp_code("0189", 59, code));
    assert_false(totp_code("", 59, code));
    assert_false(totp_check(seed, 59, "28708"));
}

/* --- GetCallerIdentity -------------------------------------------------- */

static void test_who_am_i(void **state)
{
    struct rig *r = *state;

    rig_sts(r, "Action=GetCallerIdentity");
    assert_int_equal(r->status, 200);
    assert_string_equal(rig_xml(r, "GetCallerIdentityResult/Arn"),
                        "arn:aws:iam::111122223333:user/admin");
    assert_string_equal(rig_xml(r, "GetCallerIdentityResult/UserId"),
                        "AIDAADMIN");
    assert_string_equal(rig_xml(r, "GetCallerIdentityResult/Account"),
                        "111122223333");
    assert_non_null(rig_xml(r, "ResponseMetadata/RequestId"));
    rig_as(r, "limited"); /* Needs no permission */
    rig_sts(r, "Action=GetCallerIdentity");
    assert_int_equal(r->status, 200);
    rig_as(r, "root");
    rig_sts(r, "Action=GetCallerIdentity");
    assert_string_equal(rig_xml(r, "GetCallerIdentityResult/Arn"),
                        "arn:aws:iam::111122223333:root");
    assert_string_equal(rig_xml(r, "GetCallerIdentityResult/UserId"),
                        "111122223333");
}

/* --- AssumeRole --------------------------------------------------------- */

/* Become who the last answer made. */
static void become(struct rig *r, const char *result)
{
    char path[96];

    snprintf(path, sizeof path, "%s/Credentials/AccessKeyId", result);
    r->key_id = rig_xml(r, path);
    snprintf(path, sizeof path, "%s/Credentials/SecretAccessKey", result);
    r->secret = rig_xml(r, path);
    snprintf(path, sizeof path, "%s/Credentials/SessionToken", result);
    r->token = rig_xml(r, path);
    assert_non_null(r->key_id);
    assert_non_null(r->secret);
    assert_non_null(r->token);
}

static void test_assuming_a_role(void **state)
{
    struct rig *r = *state;
    const char *id;

    rig_sts(r, ASSUME("ops"));
    assert_int_equal(r->status, 200);
    assert_string_equal(rig_xml(r, RESULT "AssumedRoleUser/Arn"),
                        "arn:aws:sts::111122223333:assumed-role/ops/me");
    assert_string_equal(rig_xml(r, RESULT "Credentials/Expiration"),
                        "2026-01-02T04:04:05Z");
    id = rig_xml(r, RESULT "AssumedRoleUser/AssumedRoleId");
    assert_int_equal(strncmp(id, "AROA", 4), 0);
    assert_string_equal(strchr(id, ':'), ":me");
    assert_null(rig_xml(r, RESULT "PackedPolicySize"));
    become(r, "AssumeRoleResult");
    assert_int_equal(strlen(r->key_id), 20);
    assert_int_equal(strlen(r->secret), 40);
    rig_sts(r, "Action=GetCallerIdentity");
    assert_string_equal(rig_xml(r, "GetCallerIdentityResult/UserId"), id);
    rig_ec2(r, "Action=GetConsoleOutput&InstanceId=i-0123456789abcdef0");
    assert_int_equal(r->status, 200);
}

/* Credentials that are over in a moment, for those who test renewal. */
static void test_a_role_with_brief_credentials(void **state)
{
    static const char world[] =
        "{\"accounts\":[{\"id\":\"111122223333\",\"users\":[{\"name\":"
        "\"admin\","
        "\"keys\":[{\"id\":\"AKIDEXAMPLE\",\"secret\":"
        "\"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\"}],\"policies\":[{"
        "\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
        "\"Action\":\"*\",\"Resource\":\"*\"}]}]}],\"roles\":[{"
        "\"name\":\"brief\",\"credentials_seconds\":20,\"trust\":{"
        "\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
        "\"Principal\":{\"AWS\":\"111122223333\"},"
        "\"Action\":\"sts:AssumeRole\"}]}}]}]}";
    struct rig *r = rig_new(world);

    (void)state;
    rig_sts(r, ASSUME("brief") "&DurationSeconds=900");
    assert_int_equal(r->status, 200);
    assert_string_equal(rig_xml(r, RESULT "Credentials/Expiration"),
                        "2026-01-02T03:04:25Z");
    become(r, "AssumeRoleResult");
    r->now_ms += 19 * 1000;
    rig_sts(r, "Action=GetCallerIdentity");
    assert_int_equal(r->status, 200);
    r->now_ms += 2 * 1000;
    rig_sts(r, "Action=GetCallerIdentity");
    assert_int_equal(r->status, 403);
    assert_string_equal(rig_error(r), "ExpiredToken");
    rig_free(r);
}

struct refusal {
    const char *form;
    int status;
    const char *code;
    const char *message; /* Its beginning, or NULL */
};

static void check(struct rig *r, const struct refusal *cases, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        rig_sts(r, cases[i].form);
        if (r->status != cases[i].status ||
            strcmp(rig_error(r), cases[i].code) != 0 ||
            (cases[i].message != NULL &&
             strncmp(rig_message(r), cases[i].message,
                     strlen(cases[i].message)) != 0)) {
            fail_msg("%s: %d %s", cases[i].form, r->status, r->body);
        }
    }
}

#define CHECK(r, cases) check(r, cases, sizeof(cases) / sizeof((cases)[0]))
#define DENIED                                                                 \
    "User: arn:aws:iam::111122223333:user/admin is not authorized to "         \
    "perform: "                                                                \
    "sts:AssumeRole on resource: arn:aws:iam::111122223333:role/"

static void test_refusals_of_assuming(void **state)
{
    static const struct refusal cases[] = {
        {"Action=Dance", 400, "InvalidAction", NULL},
        {"Foo=1", 400, "MissingAction", NULL},
        {"Action=AssumeRole", 400, "ValidationError",
         "1 validation error detected: Value null at 'roleArn' failed to "
         "satisfy constraint: Member must not be null"},
        {"Action=AssumeRole&RoleArn=short", 400, "ValidationError",
         "1 validation error detected: Value 'short' at 'roleArn' failed to "
         "satisfy constraint: Member must have length greater than or equal "
         "to 20"},
        {"Action=AssumeRole&" ROLE("ops"), 400, "ValidationError", NULL},
        {"Action=AssumeRole&RoleSessionName=m&" ROLE("ops"), 400,
         "ValidationError", NULL},
        {"Action=AssumeRole&RoleSessionName=a%20b&" ROLE("ops"), 400,
         "ValidationError",
         "1 validation error detected: Value 'a b' at 'roleSessionName' failed "
         "to satisfy constraint: Member must satisfy regular expression "
         "pattern: [\\w+=,.@-]*"},
        {ASSUME("ops") "&DurationSeconds=899", 400, "ValidationError", NULL},
        {ASSUME("ops") "&DurationSeconds=43201", 400, "ValidationError", NULL},
        {ASSUME("ops") "&DurationSeconds=soon", 400, "MalformedInput", NULL},
        {ASSUME("ops") "&DurationSeconds=7201", 400, "ValidationError",
         "The requested DurationSeconds exceeds the MaxSessionDuration set "
         "for this role."},
        {ASSUME("ops") "&ExternalId=a", 400, "ValidationError", NULL},
        {ASSUME("ops") "&TokenCode=12345", 400, "ValidationError", NULL},
        {ASSUME("ops") "&TokenCode=12345x", 400, "ValidationError", NULL},
        {ASSUME("ops") "&SourceIdentity=x", 400, "ValidationError", NULL},
        {ASSUME("none"), 403, "AccessDenied", DENIED "none"},
        {ASSUME("web"), 403, "AccessDenied", DENIED "web"}, /* No trust */
        {ASSUME("ci"), 403, "AccessDenied", DENIED "ci"},
        {ASSUME("partner"), 403, "AccessDenied", DENIED "partner"},
        {ASSUME("partner") "&ExternalId=red-1", 403, "AccessDenied", NULL},
        {ASSUME("careful"), 403, "AccessDenied", NULL},
        {ASSUME("ops") "&Policy=%7B", 400, "MalformedPolicyDocument", NULL},
        {ASSUME("ops") "&Policy=%7B%22Statement%22%3A7%7D", 400,
         "MalformedPolicyDocument", NULL},
        {ASSUME("ops") "&PolicyArns.member.1.arn=arn:aws:iam::111122223333:"
                       "policy/nope",
         400, "MalformedPolicyDocument", NULL},
        {ASSUME("ops") "&PolicyArns.member.1.arn=x", 400,
         "MalformedPolicyDocument", NULL},
        {ASSUME("ops") "&Tags.member.1.Key=a", 400, "ValidationError", NULL},
        {ASSUME("careful") "&Tags.member.1.Key=a&Tags.member.1.Value=b", 403,
         "AccessDenied", NULL},
    };
    struct rig *r = *state;
    char *form = malloc(8000);
    size_t n;

    CHECK(r, cases);
    n = (size_t)sprintf(form, ASSUME("ops") "&Policy=");
    memset(form + n, 'x', 2049);
    form[n + 2049] = '\0';
    rig_sts(r, form);
    assert_string_equal(rig_error(r), "PackedPolicyTooLarge");
    free(form);
    rig_as(r, "root");
    rig_sts(r, ASSUME("ops"));
    assert_string_equal(rig_message(r),
                        "Roles may not be assumed by root accounts.");
    rig_as(r, "other"); /* The trust names another account. */
    rig_sts(r, ASSUME("ops"));
    assert_string_equal(rig_error(r), "AccessDenied");
    rig_as(r, "limited"); /* Trusted, but not allowed by its own policies */
    rig_sts(r, ASSUME("ops"));
    assert_string_equal(rig_error(r), "AccessDenied");
}

static void test_external_id(void **state)
{
    struct rig *r = *state;

    rig_sts(r, ASSUME("partner") "&ExternalId=blue-42");
    assert_int_equal(r->status, 200);
}

static void test_durations(void **state)
{
    struct rig *r = *state;

    rig_sts(r, ASSUME("ops") "&DurationSeconds=900");
    assert_string_equal(rig_xml(r, RESULT "Credentials/Expiration"),
                        "2026-01-02T03:19:05Z");
    rig_sts(r, ASSUME("ops") "&DurationSeconds=7200");
    assert_string_equal(rig_xml(r, RESULT "Credentials/Expiration"),
                        "2026-01-02T05:04:05Z");
    become(r, "AssumeRoleResult"); /* A chain lasts an hour at most. */
    rig_sts(r, ASSUME("ops") "&DurationSeconds=3601");
    assert_string_equal(rig_error(r), "ValidationError");
    rig_sts(r, ASSUME("ops") "&DurationSeconds=3600");
    assert_int_equal(r->status, 200);
}

#define SERIAL(name) "&SerialNumber=arn:aws:iam::111122223333:mfa/" name

static void test_mfa(void **state)
{
    static const struct refusal wrong[] = {
        {ASSUME("careful") SERIAL("admin") "&TokenCode=654321", 403,
         "AccessDenied",
         "MultiFactorAuthentication failed with invalid MFA one time pass "
         "code."},
        {ASSUME("careful") SERIAL("admin"), 403, "AccessDenied",
         "MultiFactorAuthentication failed with invalid MFA one time pass "
         "code."},
        {ASSUME("careful") SERIAL("nobody") "&TokenCode=123456", 403,
         "AccessDenied",
         "MultiFactorAuthentication failed, unable to validate MFA code.  "
         "Please verify your MFA serial number is valid and associated with "
         "this user."},
        {ASSUME("careful") "&TokenCode=123456", 403, "AccessDenied",
         "MultiFactorAuthentication failed, unable"},
        {ASSUME("careful") SERIAL("app") "&TokenCode=123456", 403,
         "AccessDenied", NULL},
    };
    struct rig *r = *state;
    char form[512];
    char code[TOTP_SIZE];

    CHECK(r, wrong);
    rig_sts(r, ASSUME("careful") SERIAL("admin") "&TokenCode=123456");
    assert_int_equal(r->status, 200);
    assert_true(totp_code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
                          RIG_START_MS / 1000, code));
    snprintf(form, sizeof form, ASSUME("careful") SERIAL("app") "&TokenCode=%s",
             code);
    rig_sts(r, form);
    assert_int_equal(r->status, 200);
    r->now_ms += 90 * 1000;
    rig_sts(r, form);
    assert_string_equal(rig_error(r), "AccessDenied");
    rig_as(r, "limited"); /* Somebody else's device */
    rig_sts(r, ASSUME("ops") SERIAL("admin") "&TokenCode=123456");
    assert_string_equal(rig_error(r), "AccessDenied");
}

static void test_session_policies_narrow(void **state)
{
    struct rig *r = *state;

    /* {"Statement":{"Effect":"Allow","Action":"ec2:DescribeVpcs",
     * "Resource":"*"}} */
    rig_sts(r, ASSUME("ops") "&Policy=%7B%22Statement%22%3A%7B%22Effect%22%3A%"
                             "22Allow%22%2C%22"
                             "Action%22%3A%22ec2%3ADescribeVpcs%22%2C%"
                             "22Resource%22%3A%22*%22"
                             "%7D%7D");
    assert_int_equal(r->status, 200);
    assert_string_equal(rig_xml(r, RESULT "PackedPolicySize"), "4");
    become(r, "AssumeRoleResult");
    rig_ec2(r, "Action=DescribeVpcs");
    assert_int_equal(r->status, 200);
    rig_ec2(r, "Action=DescribeSubnets");
    assert_string_equal(rig_error(r), "UnauthorizedOperation");
    rig_as(r, "admin");
    rig_sts(r, ASSUME("ops") "&PolicyArns.member.1.arn="
                             "arn:aws:iam::111122223333:policy/look");
    become(r, "AssumeRoleResult");
    rig_ec2(r, "Action=DescribeSubnets");
    assert_int_equal(r->status, 200);
    rig_ec2(r, "Action=GetConsoleOutput&InstanceId=i-0123456789abcdef0");
    assert_string_equal(rig_error(r), "UnauthorizedOperation");
}

static void test_tags_and_source_identity(void **state)
{
    struct rig *r = *state;

    rig_sts(r, ASSUME("ops") "&Tags.member.1.Key=team"
                             "&Tags.member.1.Value=blue");
    assert_int_equal(r->status, 200);
    /* The trust does not allow sts:SetSourceIdentity. */
    rig_sts(r, ASSUME("ops") "&SourceIdentity=alice");
    assert_string_equal(rig_error(r), "AccessDenied");
}

/* --- AssumeRoleWithWebIdentity ------------------------------------------ */

static void web(struct rig *r, const char *form)
{
    char body[512];
    static const char *const headers[] = {"host: sts.example", NULL};

    snprintf(body, sizeof body, "%s&Version=2011-06-15", form);
    rig_send(r, "POST", "/", headers, body); /* Unsigned */
}

static void test_web_identity(void **state)
{
    struct rig *r = *state;
    static const struct refusal cases[] = {
        {WEB("ci", "jwt-fork"), 403, "AccessDenied",
         "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
        {WEB("ci", "jwt-none"), 400, "InvalidIdentityToken", NULL},
        {WEB("ci", "jwt-old"), 400, "ExpiredTokenException", NULL},
        {WEB("ops", "jwt-main"), 403, "AccessDenied", NULL},
        {WEB("none", "jwt-main"), 403, "AccessDenied", NULL},
        {WEB("ci", "abc"), 400, "ValidationError", NULL},
        {"Action=AssumeRoleWithWebIdentity&RoleSessionName=me&" ROLE("ci"), 400,
         "ValidationError", NULL},
        {WEB("ci", "jwt-main") "&DurationSeconds=3601", 400, "ValidationError",
         NULL},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        web(r, cases[i].form);
        if (r->status != cases[i].status ||
            strcmp(rig_error(r), cases[i].code) != 0) {
            fail_msg("%s: %d %s", cases[i].form, r->status, r->body);
        }
    }
    web(r, WEB("ci", "jwt-main%0A")); /* As a file with a newline is sent */
    assert_int_equal(r->status, 200);
    assert_string_equal(rig_xml(r, "AssumeRoleWithWebIdentityResult/"
                                   "SubjectFromWebIdentityToken"),
                        "repo:main");
    assert_string_equal(rig_xml(r, "AssumeRoleWithWebIdentityResult/Audience"),
                        "sts.amazonaws.com");
    become(r, "AssumeRoleWithWebIdentityResult");
    rig_ec2(r, "Action=DescribeVpcs");
    assert_int_equal(r->status, 200);
    rig_ec2(r, "Action=GetConsoleOutput&InstanceId=i-0123456789abcdef0");
    assert_string_equal(rig_error(r), "UnauthorizedOperation");
}

#define RIGGED(test)                                                           \
    cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_totp_by_the_rfcs_vectors),
        RIGGED(test_who_am_i),
        RIGGED(test_assuming_a_role),
        cmocka_unit_test(test_a_role_with_brief_credentials),
        RIGGED(test_refusals_of_assuming),
        RIGGED(test_external_id),
        RIGGED(test_durations),
        RIGGED(test_mfa),
        RIGGED(test_session_policies_narrow),
        RIGGED(test_tags_and_source_identity),
        RIGGED(test_web_identity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
