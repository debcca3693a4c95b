/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_imds.c - what an instance asks about itself: tokens, pages, its
 * role's credentials; switched off and failing on order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "emu_rig.h"

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

/* One instance in a small world, with @more beside it. */
static struct rig *with_instance(const char *more)
{
    char text[1024];

    snprintf(text, sizeof text,
             "\"instances\":[{\"id\":\"i-00000000\",\"subnet\":\"subnet-1\","
             "\"private_ip\":\"10.0.1.5\"}],%s",
             more);
    return rig_with_instance(text);
}

static void test_metadata_switches(void **state)
{
    struct rig *r = with_instance("\"imds\":{\"v1\":true}");

    (void)state;
    rig_send(r, "GET", META "instance-id", NULL, "");
    assert_int_equal(r->status, 200);
    rig_send(r, "GET", META "iam/security-credentials/", NULL, "");
    assert_int_equal(r->status, 404); /* No role */
    rig_send(r, "GET", META "iam/info", NULL, "");
    assert_int_equal(r->status, 404);
    rig_send(r, "GET", META "public-ipv4", NULL, "");
    assert_int_equal(r->status, 404);
    rig_free(r);
    r = with_instance("\"imds\":{\"enabled\":false}");
    rig_send(r, "PUT", "/latest/api/token", NULL, "");
    assert_int_equal(r->status, 403);
    rig_send(r, "GET", META "instance-id", NULL, "");
    assert_int_equal(r->status, 403);
    rig_free(r);
}

static void test_metadata_that_fails_on_order(void **state)
{
    struct rig *r = with_instance(
        "\"faults\":["
        "{\"code\":\"Never\"},"
        "{\"action\":\"/latest/api/token\",\"times\":1,\"delay_ms\":70,"
        "\"status\":503,\"body\":\"busy\"},"
        "{\"action\":\"/latest/meta-data/p*\",\"delay_ms\":30},"
        "{\"action\":\"/latest/meta-data/h*\",\"status\":404,"
        "\"code\":\"x\",\"message\":\"gone\"}]");

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

#define RIGGED(test)                                                           \
    cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIGGED(test_metadata_tokens),
        RIGGED(test_metadata_pages),
        RIGGED(test_the_instances_credentials),
        cmocka_unit_test(test_metadata_switches),
        cmocka_unit_test(test_metadata_that_fails_on_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
