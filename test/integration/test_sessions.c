/* SPDX-License-Identifier: Apache-2.0 */
/* test_sessions.c - SSO sessions that a user logged in to, in both their forms:
 * used, renewed, refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "aws_home.h"
#include "chain.h"
#include "fake_http.h"
#include "iso8601.h"
#include "json.h"
#include "sessions_rig.h"

static const char *url_file(void)
{
    return sessions_file("https://x.awsapps.com/start", EVP_sha1(),
                         ".aws/sso/cache");
}

static void test_sso_in_its_new_form(void **state)
{
    struct world w;
    char *entry;

    (void)state;
    sessions_setup(&w, NEW_FORM);
    sessions_write_token(&w, sso_session_file(), 3600, MEANS);
    assert_int_equal(aws_home_once(&w.home), 0);
    assert_string_equal(w.home.creds->access_key_id, "ASIA1");
    assert_string_equal(w.home.creds->secret_access_key, "sso-secret");
    assert_string_equal(w.home.creds->account_id, "111122223333");
    assert_string_equal(w.home.creds->source, "sso");
    assert_string_equal(w.http.kept[0].target,
                        "/federation/credentials?role_name=Ad%20min&"
                        "account_id=111122223333");
    assert_string_equal(fake_http_header(&w.http, 0, "x-amz-sso_bearer_token"),
                        "old-access");
    assert_null(fake_http_header(&w.http, 0, "authorization"));
    assert_int_equal(w.oidc_calls, 0);
    entry = aws_home_read(
        &w.home, sessions_file("{\"accountId\":\"111122223333\",\"roleName\":"
                               "\"Ad min\",\"sessionName\":\"my\"}",
                               EVP_sha1(), ".aws/cli/cache"));
    assert_non_null(entry);
    assert_non_null(strstr(entry, "{\"ProviderType\": \"sso\", "
                                  "\"Credentials\": {\"AccessKeyId\": "
                                  "\"ASIA1\""));
    free(entry);
    assert_int_equal(aws_home_once(&w.home), 0);
    assert_int_equal(w.portal_calls, 1);
    sessions_teardown(&w);
}

static void test_sso_in_its_old_form(void **state)
{
    struct world w;
    char *entry;

    (void)state;
    sessions_setup(&w, OLD_FORM);
    sessions_write_token(&w, url_file(), 30, ""); /* No refresh here */
    assert_int_equal(aws_home_once(&w.home), 0);
    assert_int_equal(w.oidc_calls, 0);
    entry = aws_home_read(
        &w.home,
        ".aws/cli/cache/96130de6de3a9325997e31bc748f60a8aabf21e4.json");
    assert_non_null(entry);
    free(entry);
    sessions_teardown(&w);
}

static void test_sso_token_is_renewed(void **state)
{
    static const char begins[] =
        "{\"startUrl\": \"https://x.awsapps.com/start\", \"region\": "
        "\"eu-central-1\", \"accessToken\": \"new-access\", \"expiresAt\": \"";
    struct world w;
    json_t *body, *doc;
    int64_t at;
    char *text;

    (void)state;
    sessions_setup(&w, NEW_FORM);
    sessions_write_token(&w, sso_session_file(), 600, MEANS);
    assert_int_equal(aws_home_once(&w.home), 0);
    assert_int_equal(w.oidc_calls, 1);
    assert_string_equal(fake_http_header(&w.http, 0, "content-type"),
                        "application/json");
    body = js_parse(w.http.kept[0].body, strlen(w.http.kept[0].body), NULL);
    assert_string_equal(js_str(body, "grantType"), "refresh_token");
    assert_string_equal(js_str(body, "clientId"), "cid");
    assert_string_equal(js_str(body, "clientSecret"), "client-word");
    assert_string_equal(js_str(body, "refreshToken"), "old-refresh");
    json_decref(body);
    assert_string_equal(fake_http_header(&w.http, 1, "x-amz-sso_bearer_token"),
                        "new-access");
    text = aws_home_read(&w.home, sso_session_file());
    assert_true(strncmp(text, begins, strlen(begins)) == 0);
    doc = js_parse(text, strlen(text), NULL);
    assert_int_equal(iso8601_parse(js_str(doc, "expiresAt"), &at, NULL), 0);
    assert_in_range(at - (int64_t)time(NULL), 28700, 28800);
    assert_string_equal(js_str(doc, "clientId"), "cid");
    assert_string_equal(js_str(doc, "clientSecret"), "client-word");
    assert_string_equal(js_str(doc, "registrationExpiresAt"),
                        "2040-01-01T00:00:00Z");
    assert_string_equal(js_str(doc, "refreshToken"), "new-refresh");
    json_decref(doc);
    free(text);
    sessions_teardown(&w);
}

static void test_sso_refusals_of_renewal(void **state)
{
    static const struct {
        int64_t left;
        const char *more;
        bool good; /* The old token still does it */
    } rows[] = {
        {600, MEANS, true},
        {-10, MEANS, false},
        {600, "", true},
        {-10, "", false},
        {600,
         ", \"clientId\": \"cid\", \"clientSecret\": \"client-word\", "
         "\"registrationExpiresAt\": \"2020-01-01T00:00:00Z\", "
         "\"refreshToken\": \"old-refresh\"",
         true},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world w;

        sessions_setup(&w, NEW_FORM);
        sessions_write_token(&w, sso_session_file(), rows[i].left,
                             rows[i].more);
        w.status = 400;
        w.header = "X-Amzn-ErrorType: InvalidGrantException\r\n";
        w.body = "{\"error\":\"invalid_grant\",\"error_description\":\"gone\"}";
        assert_int_not_equal(aws_home_once(&w.home), 0);
        if (rows[i].good) { /* As far as the portal, which refuses as well */
            assert_int_equal(w.portal_calls, 1);
            assert_int_equal(w.home.err.code, ERR_SERVICE);
            assert_string_equal(w.home.err.remote_code,
                                "InvalidGrantException");
        } else {
            assert_int_equal(w.portal_calls, 0);
            assert_string_equal(w.home.err.msg,
                                "Error when retrieving token from sso: Token "
                                "has expired and refresh failed");
        }
        sessions_teardown(&w);
    }
}

static void test_sso_without_a_good_token(void **state)
{
    static const struct {
        const char *config, *file_text, *message;
    } rows[] = {
        {NEW_FORM, NULL,
         "Error loading SSO Token: Token for my does not exist"},
        {OLD_FORM, NULL,
         "Error loading SSO Token: Token for https://x.awsapps.com/start does "
         "not exist"},
        {NEW_FORM, "{}",
         "Error loading SSO Token: Token for https://x.awsapps.com/start is "
         "invalid"},
        {OLD_FORM, "garbage",
         "Error loading SSO Token: Token for https://x.awsapps.com/start is "
         "invalid"},
        {OLD_FORM,
         "{\"accessToken\":\"old-access\",\"expiresAt\":"
         "\"2020-01-01T00:00:00UTC\"}",
         "The SSO session associated with this profile has expired or is "
         "otherwise invalid. To refresh this SSO session run aws sso login "
         "with the corresponding profile."},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world w;

        sessions_setup(&w, rows[i].config);
        if (rows[i].file_text != NULL) {
            aws_home_write(&w.home,
                           strcmp(rows[i].config, NEW_FORM) == 0
                               ? sso_session_file()
                               : url_file(),
                           rows[i].file_text);
        }
        assert_int_equal(aws_home_once(&w.home), ERR_CREDENTIALS);
        assert_string_equal(w.home.err.msg, rows[i].message);
        assert_int_equal(w.http.n, 0);
        sessions_teardown(&w);
    }
}

static void test_sso_portal_refuses(void **state)
{
    struct world w;

    (void)state;
    sessions_setup(&w, OLD_FORM);
    sessions_write_token(&w, url_file(), 3600, "");
    w.status = 401;
    w.header = "x-amzn-ErrorType: UnauthorizedException\r\n";
    w.body = "{\"message\":\"Session token not found or invalid\"}";
    assert_int_equal(aws_home_once(&w.home), ERR_CREDENTIALS);
    assert_string_equal(
        w.home.err.msg,
        "The SSO session associated with this profile has expired or is "
        "otherwise invalid. To refresh this SSO session run aws sso login "
        "with the corresponding profile.");
    w.status = 403;
    w.header = "x-amzn-ErrorType: ForbiddenException\r\n";
    w.body = "{\"message\":\"No access\"}";
    assert_int_equal(aws_home_once(&w.home), ERR_SERVICE);
    assert_string_equal(w.home.err.msg,
                        "An error occurred (ForbiddenException) when calling "
                        "the GetRoleCredentials operation: No access");
    w.status = 200;
    w.body = "{}";
    assert_int_equal(aws_home_once(&w.home), ERR_PARSE);
    sessions_teardown(&w);
}

static void test_sso_as_a_source_is_not_kept(void **state)
{
    struct world w;

    (void)state;
    sessions_setup(&w,
                   "[default]\nregion = x\nrole_arn = R\nsource_profile = s\n"
                   "[profile s]\nsso_start_url = https://x.awsapps.com/start\n"
                   "sso_region = eu-central-1\nsso_account_id = 111122223333\n"
                   "sso_role_name = Admin\n");
    sessions_write_token(&w, url_file(), 3600, "");
    aws_home_once(&w.home); /* Our STS knows nothing of roles */
    assert_int_equal(w.portal_calls, 1);
    assert_null(aws_home_read(
        &w.home,
        ".aws/cli/cache/96130de6de3a9325997e31bc748f60a8aabf21e4.json"));
    sessions_teardown(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sso_in_its_new_form),
        cmocka_unit_test(test_sso_in_its_old_form),
        cmocka_unit_test(test_sso_token_is_renewed),
        cmocka_unit_test(test_sso_refusals_of_renewal),
        cmocka_unit_test(test_sso_without_a_good_token),
        cmocka_unit_test(test_sso_portal_refuses),
        cmocka_unit_test(test_sso_as_a_source_is_not_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
