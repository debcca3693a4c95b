/* SPDX-License-Identifier: Apache-2.0 */
/* test_eice_refused.c - the public library says why there is no tunnel: bad
 * arguments, no way there, refusals by the APIs, the service and the target. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <uv.h>

#include "eice_bed.h"
#include "iso8601.h"
#include "test_http.h"
#include "tunnel_trial.h"

/* The program's idea of the environment names the proxy. */
static void test_proxy_of_the_environment(void **state)
{
    struct trial t;
    char proxy[64];

    (void)state;
    trial_init(&t);
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u", test_free_port());
    bed_env(&t.bed, "HTTPS_PROXY", proxy);
    trial_run_to_end(&t);
    assert_int_equal(t.bed.seen.end.code, EICE_ERR_PROXY);
    assert_int_equal(t.bed.far.n_requests, 0);
    trial_free(&t);
}

/* Bad input is told at once, and the descriptors stay the caller's. */
static void test_bad_arguments(void **state)
{
    struct trial t;
    struct eice_error error;

    (void)state;
    trial_init(&t);
    t.bed.target.remote_port = 5432;
    assert_int_equal(trial_try(&t, &error), EICE_ERR_USAGE);
    t.bed.target.remote_port = 0;
    t.bed.tunnel.done = NULL;
    assert_int_equal(trial_try(&t, &error), EICE_ERR_USAGE);
    assert_string_equal(error.message, "eice_tunnel_options.done is not set");
    t.bed.tunnel.size = 0;
    assert_int_equal(trial_try(&t, &error), EICE_ERR_USAGE);
    assert_string_equal(error.message, "eice_tunnel_options.size is not set");
    assert_int_equal(test_http_requests(t.bed.api), 0);
    assert_int_equal(t.bed.far.n_requests, 0);
    trial_free(&t);
}

static void test_bad_descriptor(void **state)
{
    struct trial t;
    struct eice_error error;
    int rv;

    (void)state;
    trial_init(&t);
    bed_open(&t.bed);
    rv = eice_tunnel_open_fds(&t.tunnel, t.bed.eice, &t.bed.target,
                              &t.bed.tunnel, 999, 999, &error);
    print_message("%s\n", error.message);
    assert_int_not_equal(rv, 0);
    assert_null(t.tunnel);
    trial_free(&t);
}

static void test_ca_file_missing(void **state)
{
    struct trial t;
    struct eice_error error;

    (void)state;
    trial_init(&t);
    t.bed.options.ca_bundle = "/nonexistent/ca.pem";
    assert_int_not_equal(trial_try(&t, &error), 0);
    print_message("%s\n", error.message);
    assert_non_null(strstr(error.message, "/nonexistent/ca.pem"));
    trial_free(&t);
}

static void test_certificate_not_trusted(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    t.bed.options.ca_bundle = NULL;
    trial_run_to_end(&t);
    assert_int_equal(t.bed.seen.end.code, EICE_ERR_CERTIFICATE);
    trial_free(&t);

    trial_init(&t);
    t.bed.options.ca_bundle = NULL;
    t.bed.options.no_verify_ssl = true;
    trial_open(&t);
    bed_echo(&t.bed, t.fd, "x");
    trial_close(&t);
    trial_free(&t);
}

static void test_no_region(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    bed_env(&t.bed, "AWS_REGION", NULL);
    trial_run_to_end(&t);
    assert_int_equal(t.bed.seen.end.code, EICE_ERR_NO_REGION);
    assert_int_equal(eice_exit_code(&t.bed.seen.end), 253);
    assert_int_equal(t.bed.far.n_requests, 0);
    trial_free(&t);
}

/* A region that cannot be one is refused before anybody is asked. */
static void test_bad_region(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    t.bed.options.region = "us west";
    trial_run_to_end(&t);
    assert_string_equal(
        t.bed.seen.end.message,
        "Provided region_name 'us west' doesn't match a supported format.");
    assert_int_equal(eice_exit_code(&t.bed.seen.end), 255);
    assert_int_equal(t.bed.far.n_requests, 0);
    trial_free(&t);
}

static void test_no_credentials(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    bed_env(&t.bed, "AWS_ACCESS_KEY_ID", NULL);
    trial_run_to_end(&t);
    assert_int_equal(t.bed.seen.end.code, EICE_ERR_NO_CREDENTIALS);
    assert_int_equal(eice_exit_code(&t.bed.seen.end), 253);
    assert_int_equal(t.bed.far.n_requests, 0);
    trial_free(&t);
}

static void test_no_such_name(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    t.bed.target.endpoint_dns_name = "no-such-host.invalid";
    trial_run_to_end(&t);
    assert_int_equal(t.bed.seen.end.code, EICE_ERR_DNS);
    assert_non_null(strstr(t.bed.seen.end.message, "no-such-host.invalid"));
    trial_free(&t);
}

static void test_nobody_listens(void **state)
{
    struct trial t;
    char name[32];

    (void)state;
    trial_init(&t);
    snprintf(name, sizeof name, "localhost:%u", test_free_port());
    t.bed.target.endpoint_dns_name = name;
    trial_run_to_end(&t);
    assert_int_equal(t.bed.seen.end.code, EICE_ERR_CONNECT);
    assert_int_equal(eice_exit_code(&t.bed.seen.end), 255);
    trial_free(&t);
}

static void test_api_refuses(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    bed_ask_api(&t.bed);
    t.bed.api_status = 403;
    t.bed.api_body = "<Response><Errors><Error><Code>UnauthorizedOperation"
                     "</Code><Message>no</Message></Error></Errors>"
                     "<RequestID>rid-9</RequestID></Response>";
    trial_run_to_end(&t);
    assert_int_equal(t.bed.seen.end.kind, EICE_KIND_SERVICE);
    assert_int_equal(eice_exit_code(&t.bed.seen.end), 254);
    assert_string_equal(t.bed.seen.end.service_code, "UnauthorizedOperation");
    assert_string_equal(t.bed.seen.end.operation, "DescribeInstances");
    assert_string_equal(t.bed.seen.end.request_id, "rid-9");
    trial_free(&t);
}

/* A refused upgrade, and what must be said of it. */
struct refusal {
    int status;
    const char *body;
    int duration;
    int64_t clock; /* The service's minus ours; 0: no Date is sent */
    const char *service_code;
    const char *message;
    const char *hint;
};

static const struct refusal refusals[] = {
    {403,
     "{\"ErrorCode\":\"AccessDeniedException\",\"Message\":\"User: u is not "
     "authorized to perform: ec2-instance-connect:OpenTunnel\"}",
     0, 0, "AccessDeniedException", "is not authorized to perform",
     "--max-tunnel-duration"},
    {403, "{\"ErrorCode\":\"AccessDeniedException\",\"Message\":\"no\"}", 600,
     0, "AccessDeniedException", "no", "policy must allow"},
    {400,
     "{\"ErrorCode\":\"InvalidParameter\",\"Message\":\"The specified "
     "RemotePort is not valid. Specify either 22 or 3389 as the RemotePort and "
     "retry your request.\"}",
     0, 0, "InvalidParameter", "The specified RemotePort is not valid",
     "22 and 3389 only"},
    {403, "{\"ErrorCode\":\"InvalidSignatureException\",\"Message\":\"no\"}", 0,
     300, "InvalidSignatureException", "no", "behind the service's"},
    {403, "{\"ErrorCode\":\"InvalidSignatureException\",\"Message\":\"no\"}", 0,
     -7260, "InvalidSignatureException", "no", "2 h 1 min ahead of"},
    {403, "{\"ErrorCode\":\"ExpiredTokenException\",\"Message\":\"no\"}", 0, 0,
     "ExpiredTokenException", "no", "have expired"},
    {503, "<html>busy</html>", 0, 0, "", "503", ""},
};

static void test_refusals(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const struct refusal *r = &refusals[i];
        const struct eice_error *end;
        char headers[128], date[HTTP_DATE_SIZE];
        struct trial t;

        trial_init(&t);
        bed_refuse(&t.bed, r->status, r->body);
        http_date(date, (int64_t)time(NULL) + r->clock);
        snprintf(headers, sizeof headers, "x-amzn-requestid: rid-x\r\n%s%s%s",
                 r->clock != 0 ? "Date: " : "", r->clock != 0 ? date : "",
                 r->clock != 0 ? "\r\n" : "");
        t.bed.far.headers = headers;
        t.bed.target.max_tunnel_duration_s = r->duration;
        trial_run_to_end(&t);
        end = &t.bed.seen.end;
        assert_int_equal(end->code, EICE_ERR_UPGRADE);
        assert_int_equal(eice_exit_code(end), 255);
        assert_int_equal(end->http_status, r->status);
        assert_string_equal(end->service_code, r->service_code);
        assert_string_equal(end->operation, "OpenTunnel");
        assert_string_equal(end->request_id, "rid-x");
        assert_non_null(strstr(end->message, r->message));
        assert_non_null(strstr(end->message, "request id rid-x"));
        if (r->hint[0] == '\0') {
            assert_string_equal(end->hint, "");
        } else {
            assert_non_null(strstr(end->hint, r->hint));
        }
        trial_free(&t);
    }
}

static void test_target_unreachable(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    bed_unreachable(&t.bed);
    trial_run_to_end(&t);
    assert_int_equal(t.bed.seen.end.code, EICE_ERR_PEER_CLOSED);
    assert_non_null(
        strstr(t.bed.seen.end.message, "Unable to connect to target"));
    assert_non_null(strstr(t.bed.seen.end.hint, "sshd listens on port 22"));
    assert_int_equal(t.bed.seen.events[EICE_EVENT_OPENED], 1);
    trial_free(&t);
}

static void test_service_drops(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    t.bed.far.way = FAKE_DROP;
    trial_run_to_end(&t);
    assert_int_not_equal(t.bed.seen.end.code, 0);
    trial_free(&t);
}

static void test_service_is_silent(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    t.bed.far.way = FAKE_SILENCE;
    t.bed.tunnel.upgrade_timeout_ms = 50;
    trial_run_to_end(&t);
    assert_int_equal(t.bed.seen.end.code, UV_ETIMEDOUT);
    trial_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proxy_of_the_environment),
        cmocka_unit_test(test_bad_arguments),
        cmocka_unit_test(test_bad_descriptor),
        cmocka_unit_test(test_ca_file_missing),
        cmocka_unit_test(test_certificate_not_trusted),
        cmocka_unit_test(test_no_region),
        cmocka_unit_test(test_bad_region),
        cmocka_unit_test(test_no_credentials),
        cmocka_unit_test(test_no_such_name),
        cmocka_unit_test(test_nobody_listens),
        cmocka_unit_test(test_api_refuses),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_target_unreachable),
        cmocka_unit_test(test_service_drops),
        cmocka_unit_test(test_service_is_silent),
    };

    bed_prepare();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
