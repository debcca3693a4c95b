/* SPDX-License-Identifier: Apache-2.0 */
/* sessions_rig.c - the services behind sessions, and the files of sessions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "iso8601.h"
#include "json.h"
#include "sessions_rig.h"

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

void sessions_setup(struct world *w, const char *config)
{
    *w = (struct world){.lifetime_s = 3600};
    aws_home_init(&w->home, config, NULL);
    fake_http_start(&w->http, &w->home.loop, on_request, w);
    aws_home_set(&w->home, "AWS_ENDPOINT_URL", "http://127.0.0.1:%u",
                 w->http.port);
    aws_home_set(&w->home, "AWS_MAX_ATTEMPTS", "1");
    w->home.read_timeout_s = 20;
}

void sessions_teardown(struct world *w)
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

const char *sessions_file(const char *text, const EVP_MD *md, const char *dir)
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

const char *sso_session_file(void)
{
    return sessions_file("my", EVP_sha1(), ".aws/sso/cache");
}

const char *sessions_login_file(void)
{
    return sessions_file("arn:aws:iam::111122223333:user/me", EVP_sha256(),
                         ".aws/login/cache");
}

void sessions_write_token(struct world *w, const char *file, int64_t left,
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

void sessions_write_login(struct world *w, int64_t left)
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
    aws_home_write(&w->home, sessions_login_file(), text);
    free(text);
    json_decref(doc);
}
