/* SPDX-License-Identifier: Apache-2.0 */
/* test_sessions_login.c - sessions of "aws login"; and many who need a session
 * at once, a close at any turn, and lack of memory, for these and SSO's. */
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

static void test_login_as_it_is(void **state)
{
    struct world w;

    (void)state;
    sessions_setup(&w, LOGIN);
    sessions_write_login(&w, 301 + 10);
    assert_int_equal(aws_home_once(&w.home), 0);
    assert_string_equal(w.home.creds->access_key_id, "ASIAOLD");
    assert_string_equal(w.home.creds->account_id, "111122223333");
    assert_string_equal(w.home.creds->source, "login");
    assert_int_equal(w.http.n, 0);
    sessions_teardown(&w);
}

static void test_login_is_renewed(void **state)
{
    struct world w;
    json_t *doc, *body;
    const char *proof;
    int64_t at;
    char *text;

    (void)state;
    sessions_setup(&w, LOGIN);
    sessions_write_login(&w, 200);
    assert_int_equal(aws_home_once(&w.home), 0);
    assert_string_equal(w.home.creds->access_key_id, "ASIANEW1");
    assert_int_equal(w.signin_calls, 1);
    proof = fake_http_header(&w.http, 0, "dpop");
    assert_non_null(proof);
    assert_int_equal(strncmp(proof, "eyJ0eXAiOiJkcG9wK2p3dCIs", 24), 0);
    assert_null(fake_http_header(&w.http, 0, "authorization"));
    body = js_parse(w.http.kept[0].body, strlen(w.http.kept[0].body), NULL);
    assert_string_equal(js_str(body, "clientId"),
                        "arn:aws:signin:::devtools/same-device");
    assert_string_equal(js_str(body, "refreshToken"), "old-refresh");
    assert_string_equal(js_str(body, "grantType"), "refresh_token");
    json_decref(body);
    text = aws_home_read(&w.home, sessions_login_file());
    doc = js_parse(text, strlen(text), NULL);
    assert_string_equal(js_str(js_obj(doc, "accessToken"), "accessKeyId"),
                        "ASIANEW1");
    assert_string_equal(js_str(js_obj(doc, "accessToken"), "accountId"),
                        "111122223333");
    assert_int_equal(
        iso8601_parse(js_str(js_obj(doc, "accessToken"), "expiresAt"), &at,
                      NULL),
        0);
    assert_in_range(at - (int64_t)time(NULL), 890, 900);
    assert_string_equal(js_str(doc, "refreshToken"), "new-refresh");
    assert_string_equal(js_str(doc, "idToken"), "idt");
    assert_non_null(js_str(doc, "dpopKey"));
    json_decref(doc);
    free(text);
    assert_int_equal(aws_home_once(&w.home), 0);
    assert_int_equal(w.signin_calls, 1);
    sessions_teardown(&w);
}

static void test_login_refused(void **state)
{
    static const char *const rows[][2] = {
        {"{\"error\":\"TOKEN_EXPIRED\"}",
         "Your session has expired. Please reauthenticate using 'aws login'."},
        {"{\"error\":\"USER_CREDENTIALS_CHANGED\"}",
         "Unable to refresh login credentials because of a change in your "
         "password. Please reauthenticate with your new password using 'aws "
         "login'."},
        {"{\"error\":\"INSUFFICIENT_PERMISSIONS\"}",
         "Unable to create or refresh login credentials due to insufficient "
         "permissions. You may be missing permission for the "
         "'signin:CreateOAuth2Token' action."},
        {"{\"error\":\"other\"}",
         "An unspecified error happened when resolving AWS credentials or "
         "refreshing a login session profile."},
        {"not json",
         "An unspecified error happened when resolving AWS credentials or "
         "refreshing a login session profile."},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world w;

        sessions_setup(&w, LOGIN);
        sessions_write_login(&w, -5);
        w.status = 403;
        w.header = "x-amzn-ErrorType: AccessDeniedException\r\n";
        w.body = rows[i][0];
        assert_int_equal(aws_home_once(&w.home), ERR_CREDENTIALS);
        assert_string_equal(w.home.err.msg, rows[i][1]);
        sessions_teardown(&w);
    }
}

static void test_login_without_a_session(void **state)
{
    struct world w;

    (void)state;
    sessions_setup(&w, LOGIN);
    assert_int_equal(aws_home_once(&w.home), ERR_CREDENTIALS);
    assert_string_equal(
        w.home.err.msg,
        "Error loading login session token: Unable to load a existing login "
        "session for session arn:aws:iam::111122223333:user/me, Please "
        "reauthenticate with 'aws login'.");
    aws_home_write(&w.home, sessions_login_file(), "{}");
    assert_int_equal(aws_home_once(&w.home), ERR_CREDENTIALS);
    assert_string_equal(
        w.home.err.msg,
        "Error loading login session token: Failed to load access token from "
        "token cache, missing one or more required fields.");
    sessions_write_login(&w, -5);
    w.status = 200;
    w.body = "{\"accessToken\":{},\"expiresIn\":900,\"refreshToken\":\"r\"}";
    assert_int_equal(aws_home_once(&w.home), ERR_CREDENTIALS);
    assert_string_equal(w.home.err.msg, "Error loading login session token: "
                                        "Failed to refresh an access token.");
    aws_home_set(&w.home, "AWS_LOGIN_CACHE_DIRECTORY", "$HOME/elsewhere");
    assert_int_equal(aws_home_once(&w.home), ERR_CREDENTIALS);
    assert_non_null(strstr(w.home.err.msg, "Unable to load a existing login"));
    sessions_teardown(&w);
}

/* --- Many, and any moment ------------------------------------------------ */

static void test_many_at_once_renew_once(void **state)
{
    struct world w;
    int kind;

    (void)state;
    for (kind = 0; kind < 2; kind++) {
        sessions_setup(&w, kind == 0 ? NEW_FORM : LOGIN);
        if (kind == 0) {
            sessions_write_token(&w, sso_session_file(), 600, MEANS);
        } else {
            sessions_write_login(&w, 10);
        }
        assert_true(aws_home_open(&w.home));
        aws_home_ask_many(&w.home, 1, NULL);
        assert_int_equal(w.portal_calls + w.oidc_calls + w.signin_calls,
                         kind == 0 ? 2 : 1);
        aws_home_shut(&w.home);
        sessions_teardown(&w);
    }
}

static void test_close_after_any_turn(void **state)
{
    int turns;

    (void)state;
    for (turns = 0; turns < 60; turns++) {
        struct world w;

        sessions_setup(&w, turns % 2 == 0 ? NEW_FORM : LOGIN);
        sessions_write_token(&w, sso_session_file(), 600, MEANS);
        sessions_write_login(&w, 10);
        aws_home_leave(&w.home, turns / 2, 200);
        sessions_teardown(&w);
    }
}

static void test_lack_of_memory_at_any_point(void **state)
{
    int nth, kind;
    bool good;

    (void)state;
    for (kind = 0; kind < 2; kind++) {
        good = false;
        for (nth = 0; !good; nth++) {
            struct world w;

            assert_true(nth < 500);
            sessions_setup(&w, kind == 0 ? NEW_FORM : LOGIN);
            sessions_write_token(&w, sso_session_file(), 600, MEANS);
            sessions_write_login(&w, 10);
            good = aws_home_do_with(&w.home, nth);
            sessions_teardown(&w);
        }
        assert_true(nth > 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_login_as_it_is),
        cmocka_unit_test(test_login_is_renewed),
        cmocka_unit_test(test_login_refused),
        cmocka_unit_test(test_login_without_a_session),
        cmocka_unit_test(test_many_at_once_renew_once),
        cmocka_unit_test(test_close_after_any_turn),
        cmocka_unit_test(test_lack_of_memory_at_any_point),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
