/* SPDX-License-Identifier: Apache-2.0 */
/* test_api_error.c - refusals in every dialect, what their codes mean, and
 * how far clocks are apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api_error.h"
#include "err.h"
#include "skew.h"
#include "uuid.h"

static const struct {
    enum call_protocol protocol;
    int status;
    const char *header[2]; /* Name, value */
    const char *body;
    const char *code, *message, *request_id;
} rows[] = {
    {CALL_EC2,
     400,
     {NULL, NULL},
     "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error>"
     "<Code>InvalidInstanceID.NotFound</Code><Message>The instance ID 'i-0' "
     "does not exist</Message></Error></Errors><RequestID>6c1f</RequestID>"
     "</Response>",
     "InvalidInstanceID.NotFound",
     "The instance ID 'i-0' does not exist",
     "6c1f"},
    {CALL_QUERY,
     403,
     {"x-amzn-requestid", "from-header"},
     "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
     "<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no &amp; no"
     "</Message></Error><RequestId>1111</RequestId></ErrorResponse>",
     "AccessDenied",
     "no & no",
     "1111"},
    {CALL_EC2, 502, {NULL, NULL}, "<html>bad</html", "502", "Bad Gateway", ""},
    {CALL_EC2, 418, {NULL, NULL}, "", "418", "Unknown", ""},
    {CALL_JSON,
     400,
     {"x-amzn-requestid", "rid"},
     "{\"__type\":\"com.amazonaws.x#AuthException:http://"
     "y\",\"Message\":\"m\"}",
     "AuthException",
     "m",
     "rid"},
    {CALL_JSON,
     400,
     {"x-amzn-errortype", "Ignored"},
     "{\"message\":\"lower\",\"Message\":\"upper\"}",
     "400",
     "lower",
     ""},
    {CALL_JSON, 403, {NULL, NULL}, "not json", "403", "not json", ""},
    {CALL_JSON, 500, {NULL, NULL}, "", "500", "Internal Server Error", ""},
    {CALL_REST_JSON,
     401,
     {"x-amzn-errortype", "UnauthorizedException:http://z"},
     "{\"message\":\"Session token not found or invalid\",\"__type\":\"X\"}",
     "UnauthorizedException",
     "Session token not found or invalid",
     ""},
    {CALL_REST_JSON,
     400,
     {NULL, NULL},
     "{\"error\":\"invalid_grant\",\"error_description\":\"gone\"}",
     "400",
     "gone",
     ""},
    {CALL_REST_JSON,
     400,
     {NULL, NULL},
     "{\"code\":\"C\",\"__type\":\"T\",\"message\":\"m\"}",
     "C",
     "m",
     ""},
};

static void test_every_dialect(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct header header = {rows[i].header[0], rows[i].header[1]};
        struct response resp = {.status = rows[i].status,
                                .body = rows[i].body,
                                .body_len = strlen(rows[i].body),
                                .headers = &header,
                                .n_headers = header.name != NULL ? 1 : 0};
        struct api_error error;

        api_error_read(&error, rows[i].protocol, &resp);
        assert_string_equal(error.code, rows[i].code);
        assert_string_equal(error.message, rows[i].message);
        assert_string_equal(error.request_id, rows[i].request_id);
    }
}

static void test_verdicts(void **state)
{
    static const struct {
        const char *code;
        int status;
        enum verdict verdict;
    } cases[] = {
        {"RequestLimitExceeded", 503, VERDICT_THROTTLE},
        {"Throttling", 400, VERDICT_THROTTLE},
        {"EC2ThrottledException", 400, VERDICT_THROTTLE},
        {"RequestTimeout", 400, VERDICT_RETRY},
        {"IDPCommunicationError", 400, VERDICT_RETRY},
        {"InternalError", 500, VERDICT_RETRY},
        {"x", 502, VERDICT_RETRY},
        {"x", 503, VERDICT_RETRY},
        {"x", 504, VERDICT_RETRY},
        {"x", 501, VERDICT_DONE},
        {"AccessDenied", 403, VERDICT_DONE},
        {"AuthFailure", 401, VERDICT_DONE},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct api_error error = {0};

        strcpy(error.code, cases[i].code);
        assert_int_equal(api_error_verdict(&error, cases[i].status),
                         cases[i].verdict);
    }
    assert_true(api_error_is_bad_creds("ExpiredToken"));
    assert_true(api_error_is_bad_creds("InvalidClientTokenId"));
    assert_false(api_error_is_bad_creds("AccessDenied"));
    assert_true(api_error_may_be_clock("SignatureDoesNotMatch"));
    assert_false(api_error_may_be_clock("ExpiredToken"));
}

static void test_clocks(void **state)
{
    char text[SKEW_TEXT_SIZE];
    struct err e = {0};
    int64_t skew = 7;

    (void)state;
    assert_false(skew_read(NULL, 0, &skew));
    assert_false(skew_read("yesterday", 0, &skew));
    assert_int_equal(skew, 7);
    assert_true(skew_read("Fri, 02 Jan 2026 03:04:05 GMT", 1767323045, &skew));
    assert_int_equal(skew, 0);
    assert_true(skew_read("Fri, 02 Jan 2026 03:14:05 GMT", 1767323045, &skew));
    assert_int_equal(skew, 600);
    assert_true(skew_matters(600));
    assert_true(skew_matters(-600));
    assert_false(skew_matters(30));
    assert_string_equal(skew_text(-59, text), "59 s");
    assert_string_equal(skew_text(423, text), "7 min 3 s");
    assert_string_equal(skew_text(7500, text), "2 h 5 min");
    assert_string_equal(skew_text(90000, text), "1 d 1 h");
    skew_hint(&e, 423);
    assert_non_null(strstr(e.hint, "7 min 3 s behind the service's"));
    skew_hint(&e, -423);
    assert_non_null(strstr(e.hint, "7 min 3 s ahead of the service's"));
}

static void test_uuids(void **state)
{
    char a[UUID_SIZE], b[UUID_SIZE];

    (void)state;
    assert_int_equal(uuid_make(a), 0);
    assert_int_equal(uuid_make(b), 0);
    assert_string_not_equal(a, b);
    assert_int_equal(strlen(a), 36);
    assert_int_equal(a[14], '4');
    assert_non_null(strchr("89ab", a[19]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_dialect),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_clocks),
        cmocka_unit_test(test_uuids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
