/* SPDX-License-Identifier: Apache-2.0 */
/* test_sessions.c - sessions that a user logged in to: SSO in both its forms,
 * and "aws login"; with files as the AWS CLI writes them, services that say
 * what they are told to, and every way it can go wrong. */
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
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <uv.h>

#include "aws_home.h"
#include "chain.h"
#include "fake_http.h"
#include "iso8601.h"
#include "json.h"

#define NEW_FORM                                                               \
    "[default]\nregion = eu-west-1\nsso_session = my\n"                        \
    "sso_account_id = 111122223333\nsso_role_name = Ad min\n"                  \
    "[sso-session my]\nsso_start_url = https://x.awsapps.com/start\n"          \
    "sso_region = eu-central-1\n"
#define OLD_FORM                                                               \
    "[default]\nregion = eu-west-1\n"                                          \
    "sso_start_url = https://x.awsapps.com/start\nsso_region = eu-central-1\n" \
    "sso_account_id = 111122223333\nsso_role_name = Admin\n"
#define LOGIN                                                                  \
    "[default]\nregion = eu-west-1\n"                                          \
    "login_session = arn:aws:iam::111122223333:user/me\n"

/* The services and what they say. */
struct world {
    struct aws_home home;
    struct fake_http http;
    unsigned portal_calls, oidc_calls, signin_calls;
    int status;         /* Of a refusal, 0 for none */
    const char *header; /* X-Amzn-ErrorType line */
    const char *body;
    int64_t lifetime_s;
    bool no_refresh_token;
    bool stall;
};

static void on_portal(struct world *w, const struct fake_request *q,
                      struct fake_reply *reply)
{
    w->portal_calls++;
    assert_string_equal(q->method, "GET");
    snprintf(reply->body, sizeof reply->body,
             "{\"roleCredentials\":{\"accessKeyId\":\"ASIA%u\","
             "\"secretAccessKey\":\"sso-secret\",\"sessionToken\":"
             "\"sso-session-token\",\"expiration\":%lld000}}",
             w->portal_calls, (long long)time(NULL) + w->lifetime_s);
}

static void on_oidc(struct world *w, const struct fake_request *q,
                    struct fake_reply *reply)
{
    w->oidc_calls++;
    assert_string_equal(q->method, "POST");
    snprintf(reply->body, sizeof reply->body,
             "{\"accessToken\":\"new-access\",\"tokenType\":\"Bearer\","
             "\"expiresIn\":28800%s}",
             w->no_refresh_token ? "" : ",\"refreshToken\":\"new-refresh\"");
}

static void on_signin(struct world *w, const struct fake_request *q,
                      struct fake_reply *reply)
{
    w->signin_calls++;
    assert_string_equal(q->method, "POST");
    snprintf(reply->body, sizeof reply->body,
             "{\"accessToken\":{\"accessKeyId\":\"ASIANEW%u\","
             "\"secretAccessKey\":\"login-secret\",\"sessionToken\":"
             "\"login-token\"},\"tokenType\":\"urn:x\",\"expiresIn\":900,"
             "\"refreshToken\":\"new-refresh\"}",
             w->signin_calls);
}

static void on_request(struct fake_http *http, const struct fake_request *q,
                       struct fake_reply *reply)
{
    struct world *w = http->data;

    reply->stall = w->stall;
    if (w->stall) {
        return;
    }
    if (strncmp(q->target, "/federation/credentials?", 24) == 0) {
        on_portal(w, q, reply);
    } else if (strcmp(q->target, "/token") == 0) {
        on_oidc(w, q, reply);
    } else if (strcmp(q->target, "/v1/token") == 0) {
        on_signin(w, q, reply);
    } else {
        reply->status = 404;
    }
    if (w->status != 0) {
        reply->status = w->status;
        reply->headers = w->header;
        snprintf(reply->body, sizeof reply->body, "%s", w->body);
    }
}

static void setup(struct world *w, const char *config)
{
    *w = (struct world){.lifetime_s = 3600};
    aws_home_init(&w->home, config, NULL);
    fake_http_start(&w->http, &w->home.loop, on_request, w);
    aws_home_set(&w->home, "AWS_ENDPOINT_URL", "http://127.0.0.1:%u",
                 w->http.port);
    aws_home_set(&w->home, "AWS_MAX_ATTEMPTS", "1");
    w->home.read_timeout_s = 2;
}

static void teardown(struct world *w)
{
    static const char *const secrets[] = {"sso-secret",  "sso-session-token",
                                          "old-access",  "new-access",
                                          "old-refresh", "new-refresh",
                                          "client-word", "login-secret",
                                          "login-token", "PRIVATE"};
    size_t i;

    fake_http_stop(&w->http);
    for (i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        assert_false(aws_home_logged(&w->home, secrets[i]));
    }
    aws_home_drop(&w->home);
}

/* --- SSO --------------------------------------------------------------------
 */

/* The name of the token file of @text (lent until the next call). */
static const char *token_name(const char *text, const EVP_MD *md,
                              const char *dir)
{
    static char name[256];
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned n, i;
    size_t at = (size_t)snprintf(name, sizeof name, "%s/", dir);

    assert_int_equal(EVP_Digest(text, strlen(text), sum, &n, md, NULL), 1);
    for (i = 0; i < n; i++) {
        at += (size_t)snprintf(name + at, sizeof name - at, "%02x", sum[i]);
    }
    snprintf(name + at, sizeof name - at, ".json");
    return name;
}

static const char *session_file(void)
{
    return token_name("my", EVP_sha1(), ".aws/sso/cache");
}

static const char *url_file(void)
{
    return token_name("https://x.awsapps.com/start", EVP_sha1(),
                      ".aws/sso/cache");
}

/* Write a token with @left seconds left; @more are further members. */
static void write_token(struct world *w, const char *file, int64_t left,
                        const char *more)
{
    char expires[ISO8601_EXTENDED_SIZE];
    char text[1024];

    iso8601_extended(expires, (int64_t)time(NULL) + left);
    snprintf(text, sizeof text,
             "{\"startUrl\": \"https://x.awsapps.com/start\", \"region\": "
             "\"eu-central-1\", \"accessToken\": \"old-access\", "
             "\"expiresAt\": \"%s\"%s}",
             expires, more);
    aws_home_write(&w->home, file, text);
}

#define MEANS                                                                  \
    ", \"clientId\": \"cid\", \"clientSecret\": \"client-word\", "             \
    "\"registrationExpiresAt\": \"2040-01-01T00:00:00Z\", "                    \
    "\"refreshToken\": \"old-refresh\""

static void test_sso_in_its_new_form(void **state)
{
    struct world w;
    char *entry;

    (void)state;
    setup(&w, NEW_FORM);
    write_token(&w, session_file(), 3600, MEANS);
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
        &w.home, token_name("{\"accountId\":\"111122223333\",\"roleName\":"
                            "\"Ad min\",\"sessionName\":\"my\"}",
                            EVP_sha1(), ".aws/cli/cache"));
    assert_non_null(entry);
    assert_non_null(strstr(entry, "{\"ProviderType\": \"sso\", "
                                  "\"Credentials\": {\"AccessKeyId\": "
                                  "\"ASIA1\""));
    free(entry);
    assert_int_equal(aws_home_once(&w.home), 0);
    assert_int_equal(w.portal_calls, 1);
    teardown(&w);
}

static void test_sso_in_its_old_form(void **state)
{
    struct world w;
    char *entry;

    (void)state;
    setup(&w, OLD_FORM);
    write_token(&w, url_file(), 30, ""); /* No refresh here */
    assert_int_equal(aws_home_once(&w.home), 0);
    assert_int_equal(w.oidc_calls, 0);
    entry = aws_home_read(
        &w.home,
        ".aws/cli/cache/96130de6de3a9325997e31bc748f60a8aabf21e4.json");
    assert_non_null(entry);
    free(entry);
    teardown(&w);
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
    setup(&w, NEW_FORM);
    write_token(&w, session_file(), 600, MEANS);
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
    text = aws_home_read(&w.home, session_file());
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
    teardown(&w);
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

        setup(&w, NEW_FORM);
        write_token(&w, session_file(), rows[i].left, rows[i].more);
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
        teardown(&w);
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

        setup(&w, rows[i].config);
        if (rows[i].file_text != NULL) {
            aws_home_write(&w.home,
                           strcmp(rows[i].config, NEW_FORM) == 0
                               ? session_file()
                               : url_file(),
                           rows[i].file_text);
        }
        assert_int_equal(aws_home_once(&w.home), ERR_CREDENTIALS);
        assert_string_equal(w.home.err.msg, rows[i].message);
        assert_int_equal(w.http.n, 0);
        teardown(&w);
    }
}

static void test_sso_portal_refuses(void **state)
{
    struct world w;

    (void)state;
    setup(&w, OLD_FORM);
    write_token(&w, url_file(), 3600, "");
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
    teardown(&w);
}

static void test_sso_as_a_source_is_not_kept(void **state)
{
    struct world w;

    (void)state;
    setup(&w, "[default]\nregion = x\nrole_arn = R\nsource_profile = s\n"
              "[profile s]\nsso_start_url = https://x.awsapps.com/start\n"
              "sso_region = eu-central-1\nsso_account_id = 111122223333\n"
              "sso_role_name = Admin\n");
    write_token(&w, url_file(), 3600, "");
    aws_home_once(&w.home); /* Our STS knows nothing of roles */
    assert_int_equal(w.portal_calls, 1);
    assert_null(aws_home_read(
        &w.home,
        ".aws/cli/cache/96130de6de3a9325997e31bc748f60a8aabf21e4.json"));
    teardown(&w);
}

/* --- Login
 * -------------------------------------------------------------------- */

static const char *login_file(void)
{
    return token_name("arn:aws:iam::111122223333:user/me", EVP_sha256(),
                      ".aws/login/cache");
}

/* Write a login session with @left seconds left. */
static void write_login(struct world *w, int64_t left)
{
    char expires[ISO8601_EXTENDED_SIZE];
    EVP_PKEY *key = EVP_EC_gen("P-256");
    BIO *bio = BIO_new(BIO_s_mem());
    char pem[1024];
    json_t *doc;
    char *text;
    int n;

    assert_int_equal(PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL,
                                                          0, NULL, NULL),
                     1);
    n = BIO_read(bio, pem, sizeof pem - 1);
    pem[n > 0 ? n : 0] = '\0';
    BIO_free(bio);
    EVP_PKEY_free(key);
    iso8601_extended(expires, (int64_t)time(NULL) + left);
    doc = json_pack("{s:{s:s, s:s, s:s, s:s, s:s}, s:s, s:s, s:s, s:s, s:s}",
                    "accessToken", "accessKeyId", "ASIAOLD", "secretAccessKey",
                    "login-secret", "sessionToken", "login-token", "accountId",
                    "111122223333", "expiresAt", expires, "tokenType", "urn:x",
                    "clientId", "arn:aws:signin:::devtools/same-device",
                    "refreshToken", "old-refresh", "idToken", "idt", "dpopKey",
                    pem);
    assert_non_null(doc);
    text = json_dumps(doc, 0);
    aws_home_write(&w->home, login_file(), text);
    free(text);
    json_decref(doc);
}

static void test_login_as_it_is(void **state)
{
    struct world w;

    (void)state;
    setup(&w, LOGIN);
    write_login(&w, 301 + 10);
    assert_int_equal(aws_home_once(&w.home), 0);
    assert_string_equal(w.home.creds->access_key_id, "ASIAOLD");
    assert_string_equal(w.home.creds->account_id, "111122223333");
    assert_string_equal(w.home.creds->source, "login");
    assert_int_equal(w.http.n, 0);
    teardown(&w);
}

static void test_login_is_renewed(void **state)
{
    struct world w;
    json_t *doc, *body;
    const char *proof;
    int64_t at;
    char *text;

    (void)state;
    setup(&w, LOGIN);
    write_login(&w, 200);
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
    text = aws_home_read(&w.home, login_file());
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
    teardown(&w);
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

        setup(&w, LOGIN);
        write_login(&w, -5);
        w.status = 403;
        w.header = "x-amzn-ErrorType: AccessDeniedException\r\n";
        w.body = rows[i][0];
        assert_int_equal(aws_home_once(&w.home), ERR_CREDENTIALS);
        assert_string_equal(w.home.err.msg, rows[i][1]);
        teardown(&w);
    }
}

static void test_login_without_a_session(void **state)
{
    struct world w;

    (void)state;
    setup(&w, LOGIN);
    assert_int_equal(aws_home_once(&w.home), ERR_CREDENTIALS);
    assert_string_equal(
        w.home.err.msg,
        "Error loading login session token: Unable to load a existing login "
        "session for session arn:aws:iam::111122223333:user/me, Please "
        "reauthenticate with 'aws login'.");
    aws_home_write(&w.home, login_file(), "{}");
    assert_int_equal(aws_home_once(&w.home), ERR_CREDENTIALS);
    assert_string_equal(
        w.home.err.msg,
        "Error loading login session token: Failed to load access token from "
        "token cache, missing one or more required fields.");
    write_login(&w, -5);
    w.status = 200;
    w.body = "{\"accessToken\":{},\"expiresIn\":900,\"refreshToken\":\"r\"}";
    assert_int_equal(aws_home_once(&w.home), ERR_CREDENTIALS);
    assert_string_equal(w.home.err.msg, "Error loading login session token: "
                                        "Failed to refresh an access token.");
    aws_home_set(&w.home, "AWS_LOGIN_CACHE_DIRECTORY", "$HOME/elsewhere");
    assert_int_equal(aws_home_once(&w.home), ERR_CREDENTIALS);
    assert_non_null(strstr(w.home.err.msg, "Unable to load a existing login"));
    teardown(&w);
}

/* --- Many, and any moment
 * -------------------------------------------------------- */

static void test_many_at_once_renew_once(void **state)
{
    struct world w;
    int kind;

    (void)state;
    for (kind = 0; kind < 2; kind++) {
        setup(&w, kind == 0 ? NEW_FORM : LOGIN);
        if (kind == 0) {
            write_token(&w, session_file(), 600, MEANS);
        } else {
            write_login(&w, 10);
        }
        assert_true(aws_home_open(&w.home));
        aws_home_ask_many(&w.home, 1, NULL);
        assert_int_equal(w.portal_calls + w.oidc_calls + w.signin_calls,
                         kind == 0 ? 2 : 1);
        aws_home_shut(&w.home);
        teardown(&w);
    }
}

static void test_close_after_any_turn(void **state)
{
    int turns;

    (void)state;
    for (turns = 0; turns < 60; turns++) {
        struct world w;

        setup(&w, turns % 2 == 0 ? NEW_FORM : LOGIN);
        write_token(&w, session_file(), 600, MEANS);
        write_login(&w, 10);
        aws_home_leave(&w.home, turns / 2, 200);
        teardown(&w);
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
            setup(&w, kind == 0 ? NEW_FORM : LOGIN);
            write_token(&w, session_file(), 600, MEANS);
            write_login(&w, 10);
            good = aws_home_do_with(&w.home, nth);
            teardown(&w);
        }
        assert_true(nth > 20);
    }
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
