/* SPDX-License-Identifier: Apache-2.0 */
/* test_call.c - signed calls against a server that says what it is told to:
 * headers, retries, refusals, a wrong clock, silence, and being closed or
 * starved at any moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <uv.h>

#include "aws_home.h"
#include "call.h"
#include "fake_http.h"
#include "iso8601.h"
#include "mem.h"
#include "request.h"
#include "scarce.h"

#define DENIED                                                                 \
    "<Response><Errors><Error><Code>%s</Code><Message>no</Message></Error>"    \
    "</Errors><RequestID>rid-1</RequestID></Response>"

/* One test: a home, a server and a call. */
struct fixture {
    struct aws_home home;
    struct fake_http http;
    struct endpoint endpoint;
    struct creds *creds;
    struct call *call;
    struct call_config cfg;
    int64_t skew_s;
    /* What the server says: @refuse times a refusal with this code. */
    unsigned refuse;
    int refuse_status;
    const char *refuse_code;
    int64_t server_offset_s; /* Its clock minus ours */
    bool dated;              /* It sends a Date */
    bool check_date;         /* and refuses signatures dated otherwise */
    bool stall;
    /* What became of it. */
    bool done;
    int status;
    char body[256];
    struct err err;
};

/* Whether request @i is dated by the server's clock. */
static bool dated_well(const struct fixture *f, unsigned i)
{
    const char *text = fake_http_header(&f->http, i, "X-Amz-Date");
    int64_t at;

    assert_non_null(text);
    assert_int_equal(iso8601_parse(text, &at, NULL), 0);
    at -= (int64_t)time(NULL) + f->server_offset_s;
    return at > -30 && at < 30;
}

static void on_request(struct fake_http *http, const struct fake_request *q,
                       struct fake_reply *reply)
{
    static char headers[128];
    struct fixture *f = http->data;
    char date[HTTP_DATE_SIZE];

    (void)q;
    reply->stall = f->stall;
    if (f->dated) {
        http_date(date, (int64_t)time(NULL) + f->server_offset_s);
        snprintf(headers, sizeof headers, "Date: %s\r\n", date);
        reply->headers = headers;
    }
    if (f->check_date && !dated_well(f, http->n - 1)) {
        reply->status = 400;
        snprintf(reply->body, sizeof reply->body, DENIED, "RequestExpired");
    } else if (http->n <= f->refuse) {
        reply->status = f->refuse_status;
        snprintf(reply->body, sizeof reply->body, DENIED, f->refuse_code);
    } else {
        strcpy(reply->body, "<Good/>");
    }
}

/* A home, a server, and the configuration of a DescribeInstances, that waits
 * so long for answers. */
static void setup_to_wait(struct fixture *f, const char *const *env,
                          int64_t read_timeout_s)
{
    static const char body[] = "Action=DescribeInstances&Version=2016-11-15";

    *f = (struct fixture){.refuse_status = 400};
    aws_home_init(&f->home, NULL, NULL);
    for (; env != NULL && *env != NULL; env += 2) {
        aws_home_set(&f->home, env[0], "%s", env[1]);
    }
    fake_http_start(&f->http, &f->home.loop, on_request, f);
    aws_home_set(&f->home, "AWS_ENDPOINT_URL", "http://127.0.0.1:%u",
                 f->http.port);
    f->home.read_timeout_s = read_timeout_s;
    assert_true(aws_home_open(&f->home));
    assert_int_equal(settings_endpoint(f->home.settings, SERVICE_EC2,
                                       "eu-central-1", true, &f->endpoint,
                                       NULL),
                     0);
    f->creds =
        creds_new("sso", "AKIDEXAMPLE", "secret-word", "token-word", NULL, 0);
    f->cfg = (struct call_config){.settings = f->home.settings,
                                  .log = &f->home.log,
                                  .endpoint = &f->endpoint,
                                  .creds = f->creds,
                                  .protocol = CALL_EC2,
                                  .operation = "DescribeInstances",
                                  .body = body,
                                  .body_len = sizeof body - 1,
                                  .clock_skew_s = &f->skew_s};
}

static void setup(struct fixture *f, const char *const *env)
{
    setup_to_wait(f, env, 20);
}

static void teardown(struct fixture *f)
{
    creds_unref(f->creds);
    fake_http_stop(&f->http);
    aws_home_shut(&f->home);
    assert_false(aws_home_logged(&f->home, "secret-word"));
    assert_false(aws_home_logged(&f->home, "token-word"));
    assert_false(aws_home_logged(&f->home, "Signature="));
    aws_home_drop(&f->home);
}

static void on_done(struct call *c, const struct response *resp,
                    const struct err *err)
{
    struct fixture *f = call_data(c);

    assert_false(f->done);
    f->done = true;
    assert_true((err == NULL) == (resp != NULL && resp->status / 100 == 2));
    if (resp != NULL) {
        f->status = resp->status;
        snprintf(f->body, sizeof f->body, "%.200s", resp->body);
    }
    if (err != NULL) {
        f->err = *err;
    }
    call_close(c);
}

/* Make the call and wait for its end. */
static void run(struct fixture *f)
{
    f->done = false;
    err_clear(&f->err);
    f->call = call_new(f->home.net, &f->cfg, f);
    assert_non_null(f->call);
    call_start(f->call, on_done);
    assert_false(f->done);
    while (!f->done) {
        uv_run(&f->home.loop, UV_RUN_ONCE);
    }
}

static void test_a_signed_form_goes_out(void **state)
{
    struct fixture f;
    const char *auth;

    (void)state;
    setup(&f, NULL);
    run(&f);
    assert_int_equal(f.err.code, 0);
    assert_string_equal(f.body, "<Good/>");
    assert_int_equal(f.http.n, 1);
    assert_string_equal(f.http.kept[0].method, "POST");
    assert_string_equal(f.http.kept[0].target, "/");
    assert_string_equal(f.http.kept[0].body,
                        "Action=DescribeInstances&Version=2016-11-15");
    assert_string_equal(fake_http_header(&f.http, 0, "content-type"),
                        "application/x-www-form-urlencoded; charset=utf-8");
    assert_string_equal(fake_http_header(&f.http, 0, "x-amz-security-token"),
                        "token-word");
    assert_string_equal(fake_http_header(&f.http, 0, "amz-sdk-request"),
                        "attempt=1");
    assert_int_equal(
        strlen(fake_http_header(&f.http, 0, "amz-sdk-invocation-id")), 36);
    auth = fake_http_header(&f.http, 0, "authorization");
    assert_non_null(strstr(auth, "Credential=AKIDEXAMPLE/"));
    assert_non_null(strstr(auth, "/eu-central-1/ec2/aws4_request"));
    assert_non_null(strstr(auth, "SignedHeaders=content-type;host;x-amz-date;"
                                 "x-amz-security-token,"));
    teardown(&f);
}

static void test_json_names_its_target(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f, NULL);
    f.cfg.protocol = CALL_JSON;
    f.cfg.target = "AWSEC2InstanceConnectService.SendSSHPublicKey";
    f.cfg.body = "{}";
    f.cfg.body_len = 2;
    run(&f);
    assert_string_equal(fake_http_header(&f.http, 0, "content-type"),
                        "application/x-amz-json-1.1");
    assert_string_equal(fake_http_header(&f.http, 0, "x-amz-target"),
                        "AWSEC2InstanceConnectService.SendSSHPublicKey");
    assert_non_null(strstr(fake_http_header(&f.http, 0, "authorization"),
                           ";x-amz-target,"));
    teardown(&f);
}

static void test_an_unsigned_rest_call_has_its_own_headers(void **state)
{
    struct header extra[] = {{"X-One", "1"}, {"X-Two", "2"}, {"X-3", "3"},
                             {"X-4", "4"},   {"X-5", "5"},   {"X-6", "6"},
                             {"X-7", "7"},   {"X-8", "8"},   {"X-9", "9"}};
    struct fixture f;

    (void)state;
    setup(&f, NULL);
    f.cfg.creds = NULL;
    f.cfg.protocol = CALL_REST_JSON;
    f.cfg.method = "GET";
    f.cfg.path = "/federation/credentials?role_name=R";
    f.cfg.body = NULL;
    f.cfg.body_len = 0;
    f.cfg.headers = extra;
    f.cfg.n_headers = 9;
    f.refuse = 1;
    f.refuse_status = 503;
    f.refuse_code = "x";
    run(&f);
    assert_int_equal(f.err.code, 0);
    assert_int_equal(f.http.n, 2);
    assert_string_equal(f.http.kept[1].method, "GET");
    assert_string_equal(f.http.kept[1].target,
                        "/federation/credentials?role_name=R");
    assert_null(fake_http_header(&f.http, 1, "authorization"));
    assert_null(fake_http_header(&f.http, 1, "content-type"));
    assert_string_equal(fake_http_header(&f.http, 1, "X-One"), "1");
    assert_string_equal(fake_http_header(&f.http, 1, "X-9"), "9");
    teardown(&f);
}

static void test_faults_are_tried_again_and_counted(void **state)
{
    struct fixture f;
    unsigned n, max;
    char ttl[20];

    (void)state;
    setup(&f, NULL);
    f.dated = true;
    f.refuse = 1;
    f.refuse_status = 503;
    f.refuse_code = "RequestLimitExceeded";
    run(&f);
    assert_int_equal(f.err.code, 0);
    assert_int_equal(f.http.n, 2);
    assert_int_equal(sscanf(fake_http_header(&f.http, 1, "amz-sdk-request"),
                            "ttl=%16s; attempt=%u; max=%u", ttl, &n, &max),
                     3);
    assert_int_equal(n, 2);
    assert_int_equal(max, 3);
    teardown(&f);
}

static void test_tries_run_out(void **state)
{
    const char *env[] = {"AWS_MAX_ATTEMPTS", "2", NULL};
    struct fixture f;

    (void)state;
    setup(&f, env);
    f.refuse = 99;
    f.refuse_status = 503;
    f.refuse_code = "RequestLimitExceeded";
    run(&f);
    assert_int_equal(f.http.n, 2);
    assert_int_equal(f.err.code, ERR_THROTTLED);
    assert_int_equal(f.err.http_status, 503);
    assert_string_equal(f.err.msg,
                        "An error occurred (RequestLimitExceeded) when calling "
                        "the DescribeInstances operation (reached max retries: "
                        "1): no");
    teardown(&f);
}

static void test_a_refusal_is_reported_whole(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f, NULL);
    f.refuse = 99;
    f.refuse_status = 403;
    f.refuse_code = "UnauthorizedOperation";
    run(&f);
    assert_int_equal(f.http.n, 1);
    assert_int_equal(f.err.code, ERR_SERVICE);
    assert_int_equal(f.err.http_status, 403);
    assert_string_equal(f.err.remote_code, "UnauthorizedOperation");
    assert_string_equal(f.err.operation, "DescribeInstances");
    assert_string_equal(f.err.request_id, "rid-1");
    assert_string_equal(f.err.msg,
                        "An error occurred (UnauthorizedOperation) when "
                        "calling the DescribeInstances operation: no");
    assert_string_equal(f.err.hint, "");
    assert_false(call_creds_refused(&f.err));
    teardown(&f);
}

static void test_hints_for_credentials(void **state)
{
    static const struct {
        const char *code, *hint;
    } cases[] = {
        {"RequestExpired", "aws sso login"},
        {"ExpiredToken", "aws sso login"},
        {"AuthFailure", "AWS does not know the access key (from sso)"},
    };
    struct fixture f;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        setup(&f, NULL);
        f.dated = true;
        f.refuse = 99;
        f.refuse_code = cases[i].code;
        run(&f);
        assert_int_equal(f.http.n, 1);
        assert_non_null(strstr(f.err.hint, cases[i].hint));
        assert_true(call_creds_refused(&f.err));
        teardown(&f);
    }
}

static void test_a_wrong_clock_is_corrected_once(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f, NULL);
    f.dated = f.check_date = true;
    f.server_offset_s = 3600;
    run(&f);
    assert_int_equal(f.err.code, 0);
    assert_int_equal(f.http.n, 2);
    assert_in_range(f.skew_s, 3590, 3610);
    assert_true(aws_home_logged(&f.home, "clock is"));
    run(&f); /* The owner remembers */
    assert_int_equal(f.err.code, 0);
    assert_int_equal(f.http.n, 3);
    teardown(&f);
}

static void test_a_wrong_clock_is_named(void **state)
{
    const char *env[] = {"AWS_MAX_ATTEMPTS", "1", NULL};
    struct fixture f;

    (void)state;
    setup(&f, env);
    f.dated = f.check_date = true;
    f.server_offset_s = -7200;
    run(&f);
    assert_int_equal(f.http.n, 1);
    assert_string_equal(f.err.remote_code, "RequestExpired");
    assert_non_null(strstr(f.err.hint, "ahead of the service's"));
    assert_non_null(strstr(f.err.hint, "2 h 0 min"));
    teardown(&f);
}

static void test_silence_ends_in_time(void **state)
{
    const char *env[] = {"AWS_MAX_ATTEMPTS", "1", NULL};
    uint64_t before = uv_hrtime();
    struct fixture f;

    (void)state;
    setup_to_wait(&f, env, 1);
    f.stall = true;
    run(&f);
    assert_int_not_equal(f.err.code, 0);
    assert_string_equal(f.err.operation, "DescribeInstances");
    assert_int_equal(f.err.http_status, 0);
    assert_true(uv_hrtime() - before < (uint64_t)20 * 1000 * 1000 * 1000);
    teardown(&f);
}

static void test_close_after_any_turn(void **state)
{
    int turns, i;

    (void)state;
    for (turns = 0; turns < 12; turns++) {
        struct fixture f;
        struct call *c;

        setup(&f, NULL);
        f.stall = turns % 2 == 0;
        c = call_new(f.home.net, &f.cfg, &f);
        assert_non_null(c);
        call_start(c, on_done);
        for (i = 0; i < turns && !f.done; i++) {
            uv_run(&f.home.loop, UV_RUN_NOWAIT);
        }
        if (!f.done) {
            call_close(c);
        }
        teardown(&f);
    }
}

static void test_lack_of_memory_at_any_point(void **state)
{
    bool good = false;
    int nth;

    (void)state;
    for (nth = 0; !good; nth++) {
        struct fixture f;
        struct scarce scarce = {.left = nth};

        assert_true(nth < 300);
        setup(&f, NULL);
        mem_set_hook(scarce_one, &scarce);
        f.call = call_new(f.home.net, &f.cfg, &f);
        if (f.call != NULL) {
            call_start(f.call, on_done);
            while (!f.done) {
                uv_run(&f.home.loop, UV_RUN_ONCE);
            }
            good = f.err.code == 0 && !scarce.fired;
        }
        mem_set_hook(NULL, NULL);
        teardown(&f);
    }
    assert_true(nth > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_signed_form_goes_out),
        cmocka_unit_test(test_json_names_its_target),
        cmocka_unit_test(test_an_unsigned_rest_call_has_its_own_headers),
        cmocka_unit_test(test_faults_are_tried_again_and_counted),
        cmocka_unit_test(test_tries_run_out),
        cmocka_unit_test(test_a_refusal_is_reported_whole),
        cmocka_unit_test(test_hints_for_credentials),
        cmocka_unit_test(test_a_wrong_clock_is_corrected_once),
        cmocka_unit_test(test_a_wrong_clock_is_named),
        cmocka_unit_test(test_silence_ends_in_time),
        cmocka_unit_test(test_close_after_any_turn),
        cmocka_unit_test(test_lack_of_memory_at_any_point),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
