/* SPDX-License-Identifier: Apache-2.0 */
/* test_metadata.c - the services that a machine or a container asks about
 * itself: IMDS with and without tokens, slow, silent, confused or absent; the
 * region it knows; and the container services. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <uv.h>

#include "aws_home.h"
#include "chain.h"
#include "fake_http.h"
#include "iso8601.h"
#include "region.h"

#define ROLES "/latest/meta-data/iam/security-credentials/"
#define ZONE "/latest/meta-data/placement/availability-zone/"
#define NONE                                                                   \
    "Unable to locate credentials. You can configure credentials by running "  \
    "\"aws login\"."

/* A service and what it says. */
struct site {
    struct aws_home home;
    struct fake_http http;
    int token_status; /* 200 unless set; -1: silence */
    bool needs_token;
    const char *role;  /* or NULL: 404 */
    const char *creds; /* The document; %s is an expiry; NULL: 404 */
    int64_t expires_in_s;
    const char *zone;
    unsigned fail_n; /* So many times 500 first */
    bool stall;
    const char *raw;
    int status;
};

#define CREDS                                                                  \
    "{\"Code\":\"Success\",\"Type\":\"AWS-HMAC\",\"AccessKeyId\":\"ASIAMD\","  \
    "\"SecretAccessKey\":\"md-secret\",\"Token\":\"md-token\","                \
    "\"Expiration\":\"%s\",\"AccountId\":\"42\"}"

/* Answer with the credentials document. */
static void say_creds(const struct site *s, struct fake_reply *reply)
{
    char expires[ISO8601_EXTENDED_SIZE];
    const char *at = strstr(s->creds, "%s");

    iso8601_extended(expires, (int64_t)time(NULL) + s->expires_in_s);
    if (at == NULL) {
        snprintf(reply->body, sizeof reply->body, "%s", s->creds);
    } else {
        snprintf(reply->body, sizeof reply->body, "%.*s%s%s",
                 (int)(at - s->creds), s->creds, expires, at + 2);
    }
}

static void on_request(struct fake_http *http, const struct fake_request *q,
                       struct fake_reply *reply)
{
    struct site *s = http->data;
    const char *token;

    reply->raw = s->raw;
    reply->stall = s->stall;
    if (s->raw != NULL || s->stall) {
        return;
    }
    if (s->fail_n > 0) {
        s->fail_n--;
        reply->status = 500;
        return;
    }
    if (strcmp(q->method, "PUT") == 0) {
        reply->stall = s->token_status == -1;
        reply->status = s->token_status != 0 ? s->token_status : 200;
        assert_string_equal(q->target, "/latest/api/token");
        assert_string_equal(
            fake_http_header(http, http->n - 1,
                             "x-aws-ec2-metadata-token-ttl-seconds"),
            "21600");
        strcpy(reply->body, "session-word");
        return;
    }
    token = fake_http_header(http, http->n - 1, "x-aws-ec2-metadata-token");
    if (s->needs_token &&
        (token == NULL || strcmp(token, "session-word") != 0)) {
        reply->status = 401;
    } else if (strcmp(q->target, ROLES) == 0 && s->role != NULL) {
        strcpy(reply->body, s->role);
    } else if (strcmp(q->target, ROLES "my-role") == 0 && s->creds != NULL) {
        say_creds(s, reply);
    } else if (strcmp(q->target, ZONE) == 0 && s->zone != NULL) {
        strcpy(reply->body, s->zone);
    } else if (strncmp(q->target, "/creds", 6) == 0) {
        reply->status = s->status != 0 ? s->status : 200;
        say_creds(s, reply);
    } else {
        reply->status = 404;
    }
}

/* Have IMDS waited for @limit_s, a second by default. */
static void wait_for(struct site *s, int limit_s)
{
    aws_home_set(&s->home, "AWS_METADATA_SERVICE_TIMEOUT", "%d", limit_s);
}

static void setup(struct site *s, bool imds)
{
    *s =
        (struct site){.role = "my-role", .creds = CREDS, .expires_in_s = 21600};
    aws_home_init(&s->home, NULL, NULL);
    fake_http_start(&s->http, &s->home.loop, on_request, s);
    if (imds) {
        aws_home_set(&s->home, "AWS_EC2_METADATA_DISABLED", "false");
        aws_home_set(&s->home, "AWS_EC2_METADATA_SERVICE_ENDPOINT",
                     "http://127.0.0.1:%u/", s->http.port);
        wait_for(s, 20);
    } else {
        aws_home_set(&s->home, "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                     "http://127.0.0.1:%u/creds?x=1", s->http.port);
    }
}

static void teardown(struct site *s)
{
    fake_http_stop(&s->http);
    assert_false(aws_home_logged(&s->home, "md-secret"));
    assert_false(aws_home_logged(&s->home, "md-token"));
    assert_false(aws_home_logged(&s->home, "session-word"));
    assert_false(aws_home_logged(&s->home, "auth-word"));
    aws_home_drop(&s->home);
}

/* --- IMDS ----------------------------------------------------------------- */

static void test_imds_with_a_token(void **state)
{
    struct site s;

    (void)state;
    setup(&s, true);
    s.needs_token = true;
    assert_int_equal(aws_home_once(&s.home), 0);
    assert_string_equal(s.home.creds->access_key_id, "ASIAMD");
    assert_string_equal(s.home.creds->session_token, "md-token");
    assert_null(s.home.creds->account_id);
    assert_string_equal(s.home.creds->source, "iam-role");
    assert_int_equal(s.http.n, 3);
    teardown(&s);
}

static void test_imds_without_a_token(void **state)
{
    static const int statuses[] = {403, 404, 405, 500};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct site s;

        setup(&s, true);
        s.token_status = statuses[i];
        assert_int_equal(aws_home_once(&s.home), 0);
        assert_string_equal(s.home.creds->access_key_id, "ASIAMD");
        assert_null(fake_http_header(&s.http, 1, "x-aws-ec2-metadata-token"));
        teardown(&s);
    }
}

/* What is waited for in vain; then the rest must come within the same time,
 * which is longer each time until the machine is quick enough. */
static void test_imds_silent_about_tokens(void **state)
{
    bool good = false;
    int limit_s;

    (void)state;
    for (limit_s = 1; !good; limit_s *= 4) {
        struct site s;

        assert_true(limit_s < 20);
        setup(&s, true);
        wait_for(&s, limit_s);
        s.token_status = -1;
        good = aws_home_once(&s.home) == 0;
        if (good) {
            assert_string_equal(s.home.creds->access_key_id, "ASIAMD");
            assert_null(
                fake_http_header(&s.http, 1, "x-aws-ec2-metadata-token"));
        } else {
            assert_int_equal(s.home.err.code, ERR_NO_CREDENTIALS);
        }
        teardown(&s);
    }
}

static void test_imds_v1_forbidden(void **state)
{
    struct site s;

    (void)state;
    setup(&s, true);
    s.token_status = 403;
    aws_home_set(&s.home, "AWS_EC2_METADATA_V1_DISABLED", "true");
    assert_int_equal(aws_home_once(&s.home), ERR_CREDENTIALS);
    assert_string_equal(s.home.err.msg,
                        "Error retrieving metadata: Unable to retrieve token "
                        "for use in IMDSv2 call and IMDSv1 has been disabled");
    assert_int_equal(s.http.n, 1);
    teardown(&s);
}

static void test_imds_that_has_nothing(void **state)
{
    static const struct {
        int token_status;
        const char *role, *creds, *raw;
        bool stall;
    } rows[] = {
        {.token_status = 400, .role = "my-role", .creds = CREDS},
        {.role = NULL},
        {.role = "", .creds = CREDS},
        {.role = "other", .creds = CREDS},
        {.role = "two\nlines", .creds = CREDS},
        {.role = "my-role", .creds = ""},
        {.role = "my-role", .creds = "not json"},
        {.role = "my-role",
         .creds = "{\"Code\":\"AssumeRoleUnauthorizedAccess\","
                  "\"Message\":\"no\"}"},
        {.role = "my-role", .creds = "[1]"},
        {.raw = "garbage\r\n\r\n"},
        {.raw = "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nx"},
        {.stall = true},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t before = uv_hrtime();
        struct site s;

        setup(&s, true);
        s.token_status = rows[i].token_status;
        s.role = rows[i].role;
        s.creds = rows[i].creds;
        s.raw = rows[i].raw;
        s.stall = rows[i].stall;
        if (s.stall) {
            wait_for(&s, 1);
        }
        assert_int_equal(aws_home_once(&s.home), ERR_NO_CREDENTIALS);
        assert_string_equal(s.home.err.msg, NONE);
        assert_true(uv_hrtime() - before < 10 * UINT64_C(1000000000));
        teardown(&s);
    }
}

static void test_imds_is_asked_again_if_told_so(void **state)
{
    struct site s;

    (void)state;
    setup(&s, true);
    s.fail_n = 1;
    aws_home_set(&s.home, "AWS_METADATA_SERVICE_NUM_ATTEMPTS", "2");
    s.needs_token = true;
    assert_int_equal(aws_home_once(&s.home), 0);
    assert_int_equal(s.http.n, 4);
    teardown(&s);
}

static void test_imds_absent_or_off(void **state)
{
    struct site s;
    uint64_t before;

    (void)state;
    setup(&s, true);
    aws_home_set(&s.home, "AWS_EC2_METADATA_DISABLED", "True");
    assert_int_equal(aws_home_once(&s.home), ERR_NO_CREDENTIALS);
    assert_int_equal(s.http.n, 0);
    aws_home_set(&s.home, "AWS_EC2_METADATA_DISABLED", "false");
    /* Nobody listens on port 1. */
    aws_home_set(&s.home, "AWS_EC2_METADATA_SERVICE_ENDPOINT",
                 "http://127.0.0.1:1/");
    before = uv_hrtime();
    assert_int_equal(aws_home_once(&s.home), ERR_NO_CREDENTIALS);
    assert_true(uv_hrtime() - before < 5 * UINT64_C(1000000000));
    teardown(&s);
}

static void test_imds_credentials_live_on(void **state)
{
    struct site s;
    int64_t left;

    (void)state;
    setup(&s, true);
    s.expires_in_s = -60; /* Expired, and yet IMDS gives nothing better */
    assert_int_equal(aws_home_once(&s.home), 0);
    left = s.home.creds->expires_at - (int64_t)time(NULL);
    assert_in_range(left, 15 * 60 + 100, 15 * 60 + 600);
    teardown(&s);
}

/* It is waited for @limit_s; false if even a good one took longer. */
static bool goes_silent_later(int limit_s)
{
    struct creds *first;
    struct site s;
    bool ok;

    setup(&s, true);
    wait_for(&s, limit_s);
    assert_true(aws_home_open(&s.home));
    if (aws_home_get(&s.home) != 0) {
        assert_int_equal(s.home.err.code, ERR_NO_CREDENTIALS);
        aws_home_shut(&s.home);
        teardown(&s);
        return false;
    }
    first = creds_ref(s.home.creds);
    s.stall = true;
    aws_home_age(&s.home, 21600 - 300);
    assert_int_equal(aws_home_get(&s.home), 0); /* Still good */
    assert_ptr_equal(s.home.creds, first);
    aws_home_age(&s.home, 300);
    assert_int_equal(aws_home_get(&s.home), ERR_CREDENTIALS);
    assert_string_equal(s.home.err.msg,
                        "Error when retrieving credentials from iam-role: "
                        "Credential refresh failed, response did not contain: "
                        "access_key, secret_key, token, expiry_time");
    s.stall = false;
    ok = aws_home_get(&s.home) == 0;
    creds_unref(first);
    aws_home_shut(&s.home);
    teardown(&s);
    return ok;
}

static void test_imds_goes_silent_later(void **state)
{
    int limit_s = 1;

    (void)state;
    while (!goes_silent_later(limit_s)) {
        limit_s *= 4;
        assert_true(limit_s < 20);
    }
}

/* --- Region -----------------------------------------------------------------
 */

/* What a lookup found. */
struct found {
    char region[64];
    char source[32];
    int code;
    bool done, closed;
};

static void on_region(struct region *r, const char *region, const char *source,
                      const struct err *err)
{
    struct found *f = region_data(r);

    f->done = true;
    f->code = err != NULL ? err->code : 0;
    snprintf(f->region, sizeof f->region, "%s", region != NULL ? region : "");
    snprintf(f->source, sizeof f->source, "%s", source != NULL ? source : "");
}

static void on_region_closed(void *data)
{
    ((struct found *)data)->closed = true;
}

/* Look the region up, closing after @turns of the loop (-1: when done). */
static void look_up(struct aws_home *h, struct found *f, int turns)
{
    struct region *r;
    int i;

    *f = (struct found){0};
    assert_true(aws_home_open(h));
    r = region_new(&h->loop, h->net, &h->log, h->settings, f);
    assert_non_null(r);
    region_start(r, on_region);
    assert_false(f->done);
    for (i = 0; i != turns && !f->done; i++) {
        uv_run(&h->loop, UV_RUN_ONCE);
    }
    region_close(r, on_region_closed, f);
    while (!f->closed) {
        uv_run(&h->loop, UV_RUN_ONCE);
    }
    aws_home_shut(h);
}

static void test_the_region_of_the_instance(void **state)
{
    struct site s;
    struct found f;
    int turns;

    (void)state;
    setup(&s, true);
    s.zone = "eu-central-1b";
    look_up(&s.home, &f, -1);
    assert_int_equal(f.code, 0);
    assert_string_equal(f.region, "eu-central-1");
    assert_string_equal(f.source, "IMDS");
    for (turns = 0; turns < 12; turns++) {
        look_up(&s.home, &f, turns);
    }
    s.zone = NULL;
    look_up(&s.home, &f, -1);
    assert_int_equal(f.code, ERR_NO_REGION);
    s.token_status = 404;
    aws_home_set(&s.home, "AWS_EC2_METADATA_V1_DISABLED", "true");
    look_up(&s.home, &f, -1);
    assert_int_equal(f.code, ERR_CREDENTIALS);
    aws_home_set(&s.home, "AWS_REGION", "us-west-2");
    look_up(&s.home, &f, -1);
    assert_string_equal(f.region, "us-west-2");
    assert_string_equal(f.source, "AWS_REGION");
    teardown(&s);
}

/* --- Containers
 * --------------------------------------------------------------- */

static void test_a_container_role(void **state)
{
    struct site s;

    (void)state;
    setup(&s, false);
    aws_home_set(&s.home, "AWS_CONTAINER_AUTHORIZATION_TOKEN", "auth-word");
    assert_int_equal(aws_home_once(&s.home), 0);
    assert_string_equal(s.home.creds->access_key_id, "ASIAMD");
    assert_string_equal(s.home.creds->account_id, "42");
    assert_string_equal(s.home.creds->source, "container-role");
    assert_string_equal(s.http.kept[0].target, "/creds?x=1");
    assert_string_equal(fake_http_header(&s.http, 0, "authorization"),
                        "auth-word");
    assert_string_equal(fake_http_header(&s.http, 0, "accept"),
                        "application/json");
    aws_home_write(&s.home, "auth", "auth-word-2");
    aws_home_set(&s.home, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "%s/auth",
                 s.home.dir);
    assert_int_equal(aws_home_once(&s.home), 0);
    assert_string_equal(fake_http_header(&s.http, 1, "authorization"),
                        "auth-word-2");
    aws_home_write(&s.home, "auth", "auth-word-3\n");
    assert_int_equal(aws_home_once(&s.home), ERR_CREDENTIALS);
    assert_string_equal(s.home.err.msg,
                        "Auth token value is not a legal header value");
    aws_home_set(&s.home, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/none/x");
    assert_int_equal(aws_home_once(&s.home), ERR_CREDENTIALS);
    assert_string_equal(s.home.err.msg,
                        "[Errno 2] No such file or directory: '/none/x'");
    teardown(&s);
}

static void test_a_container_service_that_fails(void **state)
{
    struct site s;

    (void)state;
    setup(&s, false);
    s.status = 404;
    s.creds = "no such role";
    assert_int_equal(aws_home_once(&s.home), ERR_CREDENTIALS);
    assert_string_equal(
        s.home.err.msg,
        "Error when retrieving credentials from container-role: Error "
        "retrieving metadata: Received non 200 response 404 from container "
        "metadata: no such role");
    assert_int_equal(s.http.n, 3);
    s.status = 200;
    s.creds = "{";
    assert_int_equal(aws_home_once(&s.home), ERR_CREDENTIALS);
    assert_string_equal(
        s.home.err.msg,
        "Error when retrieving credentials from container-role: Error "
        "retrieving metadata: Unable to parse JSON returned from container "
        "metadata services");
    s.creds = "{\"AccessKeyId\":\"A\"}";
    assert_int_equal(aws_home_once(&s.home), ERR_CREDENTIALS);
    assert_non_null(strstr(s.home.err.msg, "'SecretAccessKey'"));
    s.fail_n = 2; /* Twice bad, then good */
    s.creds = CREDS;
    assert_int_equal(aws_home_once(&s.home), 0);
    aws_home_set(&s.home, "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                 "http://10.0.0.1/x");
    assert_int_equal(aws_home_once(&s.home), ERR_CREDENTIALS);
    assert_string_equal(
        s.home.err.msg,
        "Unsupported host '10.0.0.1'.  Can only retrieve metadata from a "
        "loopback address or one of these hosts: 169.254.170.2, "
        "169.254.170.23, fd00:ec2::23, localhost");
    teardown(&s);
}

/* --- Any moment
 * --------------------------------------------------------------- */

static void test_close_after_any_turn(void **state)
{
    int turns;

    (void)state;
    for (turns = 0; turns < 40; turns++) {
        struct site s;

        setup(&s, turns % 2 == 0);
        aws_home_leave(&s.home, turns, 200);
        teardown(&s);
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
            struct site s;

            assert_true(nth < 300);
            setup(&s, kind == 0);
            good = aws_home_do_with(&s.home, nth);
            teardown(&s);
        }
        assert_true(nth > 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_imds_with_a_token),
        cmocka_unit_test(test_imds_without_a_token),
        cmocka_unit_test(test_imds_silent_about_tokens),
        cmocka_unit_test(test_imds_v1_forbidden),
        cmocka_unit_test(test_imds_that_has_nothing),
        cmocka_unit_test(test_imds_is_asked_again_if_told_so),
        cmocka_unit_test(test_imds_absent_or_off),
        cmocka_unit_test(test_imds_credentials_live_on),
        cmocka_unit_test(test_imds_goes_silent_later),
        cmocka_unit_test(test_the_region_of_the_instance),
        cmocka_unit_test(test_a_container_role),
        cmocka_unit_test(test_a_container_service_that_fails),
        cmocka_unit_test(test_close_after_any_turn),
        cmocka_unit_test(test_lack_of_memory_at_any_point),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
