/* SPDX-License-Identifier: Apache-2.0 */
/* test_roles.c - roles and web identities against an STS that says what it is
 * told to: chains of them, bad sources, refusals, renewal, and any moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <uv.h>

#include "aws_home.h"
#include "chain.h"
#include "fake_http.h"
#include "sts_rig.h"

static void test_a_chain_of_roles(void **state)
{
    struct sts s;

    (void)state;
    sts_setup(&s, "[default]\nrole_arn = arn:aws:iam::1:role/two\n"
                  "region = eu-central-1\nsource_profile = one\n"
                  "[profile one]\nrole_arn = arn:aws:iam::1:role/one\n"
                  "source_profile = base\nregion = us-east-1\n" BASE);
    assert_int_equal(aws_home_once(&s.home), 0);
    assert_int_equal(s.http.n, 2);
    assert_non_null(strstr(s.http.kept[0].body, "role%2Fone"));
    assert_non_null(strstr(s.http.kept[1].body, "role%2Ftwo"));
    assert_non_null(strstr(fake_http_header(&s.http, 0, "authorization"),
                           "Credential=AKBASE/"));
    assert_non_null(strstr(fake_http_header(&s.http, 0, "authorization"),
                           "/eu-central-1/sts/"));
    assert_non_null(strstr(fake_http_header(&s.http, 1, "authorization"),
                           "Credential=ASIA1/"));
    assert_int_equal(aws_home_once(&s.home), 0);
    assert_int_equal(s.http.n, 2);
    sts_teardown(&s);
}

static void test_faults_of_sources(void **state)
{
    static const struct {
        const char *config, *message;
    } rows[] = {
        {"[default]\nregion = x\nrole_arn = R\nsource_profile = e\n"
         "[profile e]\nregion = x\n",
         "The source profile \"e\" must have credentials."},
        {"[default]\nregion = x\nrole_arn = R\n"
         "credential_source = Environment\n",
         "Error when retrieving credentials from Environment: No credentials "
         "found in credential_source referenced in profile default"},
        {"[default]\nregion = x\nrole_arn = R\n"
         "credential_source = Ec2InstanceMetadata\n",
         "Error when retrieving credentials from Ec2InstanceMetadata: No "
         "credentials found in credential_source referenced in profile "
         "default"},
        {"[default]\nregion = x\nrole_arn = R\n"
         "credential_source = EcsContainer\n",
         "Error when retrieving credentials from EcsContainer: No credentials "
         "found in credential_source referenced in profile default"},
        {"[default]\nrole_arn = R\n",
         "Partial credentials found in assume-role, missing: source_profile or "
         "credential_source"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sts s;

        sts_setup(&s, rows[i].config);
        assert_int_equal(aws_home_once(&s.home), ERR_CREDENTIALS);
        assert_string_equal(s.home.err.msg, rows[i].message);
        assert_int_equal(s.http.n, 0);
        sts_teardown(&s);
    }
}

static void test_no_region(void **state)
{
    struct sts s;

    (void)state;
    sts_setup(&s, "[default]\nrole_arn = R\nsource_profile = base\n" BASE);
    assert_int_equal(aws_home_once(&s.home), ERR_NO_REGION);
    assert_int_equal(s.http.n, 0);
    sts_teardown(&s);
}

static void test_sts_refuses(void **state)
{
    struct sts s;

    (void)state;
    sts_setup(&s, ROLE);
    s.refuse = "AccessDenied";
    s.refuse_n = 1;
    assert_int_equal(aws_home_once(&s.home), ERR_SERVICE);
    assert_string_equal(s.home.err.msg,
                        "An error occurred (AccessDenied) when calling the "
                        "AssumeRole operation: no");
    assert_int_equal(aws_home_once(&s.home), 0); /* Nothing was left locked */
    s.garbage = true;
    aws_home_write(&s.home, ".aws/config",
                   "[default]\nregion = x\nrole_arn = other\n"
                   "source_profile = base\n" BASE);
    assert_int_equal(aws_home_once(&s.home), ERR_PARSE);
    sts_teardown(&s);
}

static void test_a_source_gone_stale_is_asked_again(void **state)
{
    struct creds *first;
    struct sts s;

    (void)state;
    sts_setup(&s, "[default]\nregion = eu-central-1\nrole_arn = R\n"
                  "credential_source = Environment\n");
    aws_home_set(&s.home, "AWS_ACCESS_KEY_ID", "AKOLD");
    aws_home_set(&s.home, "AWS_SECRET_ACCESS_KEY", "env-secret");
    s.home.profile_flag = "default"; /* Else env itself would win */
    assert_true(aws_home_open(&s.home));
    assert_int_equal(aws_home_get(&s.home), 0);
    first = creds_ref(s.home.creds);
    aws_home_set(&s.home, "AWS_ACCESS_KEY_ID", "AKNEW");
    chain_reject(s.home.chain, first);
    s.refuse = "ExpiredToken";
    s.refuse_n = 1;
    assert_int_equal(aws_home_get(&s.home), 0);
    assert_int_equal(s.http.n, 3);
    assert_non_null(strstr(fake_http_header(&s.http, 1, "authorization"),
                           "Credential=AKOLD/"));
    assert_non_null(strstr(fake_http_header(&s.http, 2, "authorization"),
                           "Credential=AKNEW/"));
    assert_string_not_equal(s.home.creds->access_key_id, first->access_key_id);
    creds_unref(first);
    aws_home_shut(&s.home);
    sts_teardown(&s);
}

static void test_old_ones_serve_while_new_ones_come(void **state)
{
    struct creds *first;
    struct sts s;
    int turns;

    (void)state;
    sts_setup(&s, ROLE);
    s.lifetime_s = 200;
    assert_true(aws_home_open(&s.home));
    assert_int_equal(aws_home_get(&s.home), 0);
    first = creds_ref(s.home.creds);
    assert_int_equal(s.http.n, 1);
    aws_home_age(&s.home, 100);
    assert_int_equal(aws_home_get(&s.home), 0);
    assert_ptr_equal(s.home.creds, first); /* At once, the old ones */
    for (turns = 0; s.http.n < 2; turns++) {
        assert_true(turns < 1000);
        uv_run(&s.home.loop, UV_RUN_ONCE);
    }
    for (turns = 0; turns < 5000 && s.home.creds == first; turns++) {
        assert_int_equal(aws_home_get(&s.home), 0);
        usleep(1000);
    }
    assert_string_equal(s.home.creds->access_key_id, "ASIA2");
    creds_unref(first);
    aws_home_shut(&s.home);
    sts_teardown(&s);
}

/* STS is waited for @limit_s; false if even a good one took longer. */
static bool silence_ends_only_what_needs_it(int64_t limit_s)
{
    struct creds *first;
    struct sts s;
    bool ok;

    sts_setup(&s, ROLE);
    s.home.read_timeout_s = limit_s;
    s.lifetime_s = 200;
    assert_true(aws_home_open(&s.home));
    if (aws_home_get(&s.home) == UV_ETIMEDOUT) {
        aws_home_shut(&s.home);
        sts_teardown(&s);
        return false;
    }
    assert_int_equal(s.home.err.code, 0);
    first = creds_ref(s.home.creds);
    s.stall = true;
    aws_home_age(&s.home, 100);
    assert_int_equal(aws_home_get(&s.home), 0);
    assert_ptr_equal(s.home.creds, first);
    aws_home_age(&s.home, 101); /* Now they have expired */
    assert_int_equal(aws_home_get(&s.home), UV_ETIMEDOUT);
    assert_non_null(strstr(s.home.err.msg, "timeout on endpoint URL"));
    s.stall = false;
    ok = aws_home_get(&s.home) != UV_ETIMEDOUT;
    if (ok) {
        assert_int_equal(s.home.err.code, 0);
        assert_string_not_equal(s.home.creds->access_key_id, "ASIA1");
    }
    creds_unref(first);
    aws_home_shut(&s.home);
    sts_teardown(&s);
    return ok;
}

static void test_a_silent_sts_ends_only_what_needs_it(void **state)
{
    int64_t limit_s = 1;

    (void)state;
    while (!silence_ends_only_what_needs_it(limit_s)) {
        limit_s *= 4;
        assert_true(limit_s < 20);
    }
}

/* --- Web identity ------------------------------------------------------- */

static void test_web_identity(void **state)
{
    struct sts s;
    char *path;

    (void)state;
    sts_setup(&s, NULL);
    aws_home_write(&s.home, "token", "jwt-word\n");
    aws_home_set(&s.home, "AWS_REGION", "eu-west-1");
    aws_home_set(&s.home, "AWS_WEB_IDENTITY_TOKEN_FILE", "%s/token",
                 s.home.dir);
    assert_int_equal(aws_home_once(&s.home), ERR_CREDENTIALS);
    assert_string_equal(
        s.home.err.msg,
        "The provided profile or the current environment is configured to "
        "assume role with web identity but has no role ARN configured. Ensure "
        "that the profile has the role_arnconfiguration set or the "
        "AWS_ROLE_ARN env var is set.");
    aws_home_set(&s.home, "AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/web");
    assert_int_equal(aws_home_once(&s.home), 0);
    assert_string_equal(s.home.creds->source, "assume-role-with-web-identity");
    assert_non_null(
        strstr(s.http.kept[0].body, "&WebIdentityToken=jwt-word%0A"));
    assert_null(fake_http_header(&s.http, 0, "authorization"));
    path = aws_home_read(
        &s.home,
        ".aws/cli/cache/995ef64306d209e21474b69558c0b71b44774efb.json");
    assert_non_null(path);
    free(path);
    assert_int_equal(aws_home_once(&s.home), 0);
    assert_int_equal(s.http.n, 1);
    assert_false(aws_home_logged(&s.home, "jwt-word"));

    aws_home_set(&s.home, "AWS_ROLE_ARN", "other");
    aws_home_set(&s.home, "AWS_WEB_IDENTITY_TOKEN_FILE", "/nonexistent/t");
    assert_int_equal(aws_home_once(&s.home), ERR_CREDENTIALS);
    assert_string_equal(s.home.err.msg, "[Errno 2] No such file or directory: "
                                        "'/nonexistent/t'");
    sts_teardown(&s);
}

static void test_web_identity_as_a_source_is_not_kept(void **state)
{
    struct sts s;
    char config[512];

    (void)state;
    sts_setup(&s, NULL);
    aws_home_write(&s.home, "token", "jwt");
    snprintf(config, sizeof config,
             "[default]\nregion = x\nrole_arn = arn:aws:iam::1:role/top\n"
             "source_profile = w\n[profile w]\nrole_arn = "
             "arn:aws:iam::123456789012:role/web\n"
             "web_identity_token_file = %s/token\n",
             s.home.dir);
    aws_home_write(&s.home, ".aws/config", config);
    assert_int_equal(aws_home_once(&s.home), 0);
    assert_int_equal(s.http.n, 2);
    assert_non_null(strstr(s.http.kept[0].body, "WithWebIdentity"));
    assert_null(aws_home_read(
        &s.home,
        ".aws/cli/cache/995ef64306d209e21474b69558c0b71b44774efb.json"));
    sts_teardown(&s);
}

/* --- Any moment --------------------------------------------------------- */

static void test_close_after_any_turn(void **state)
{
    int turns;

    (void)state;
    for (turns = 0; turns < 40; turns++) {
        struct sts s;

        sts_setup(&s, ROLE);
        s.stall = turns % 2 == 1;
        aws_home_leave(&s.home, turns, 200);
        sts_teardown(&s);
    }
}

static void test_lack_of_memory_at_any_point(void **state)
{
    bool good = false;
    int nth;

    (void)state;
    for (nth = 0; !good; nth++) {
        struct sts s;

        assert_true(nth < 500);
        sts_setup(&s, ROLE);
        good = aws_home_do_with(&s.home, nth);
        sts_teardown(&s);
    }
    assert_true(nth > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_chain_of_roles),
        cmocka_unit_test(test_faults_of_sources),
        cmocka_unit_test(test_no_region),
        cmocka_unit_test(test_sts_refuses),
        cmocka_unit_test(test_a_source_gone_stale_is_asked_again),
        cmocka_unit_test(test_old_ones_serve_while_new_ones_come),
        cmocka_unit_test(test_a_silent_sts_ends_only_what_needs_it),
        cmocka_unit_test(test_web_identity),
        cmocka_unit_test(test_web_identity_as_a_source_is_not_kept),
        cmocka_unit_test(test_close_after_any_turn),
        cmocka_unit_test(test_lack_of_memory_at_any_point),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
