/* SPDX-License-Identifier: Apache-2.0 */
/* test_hint.c - what is said about each refusal, and what is believed
 * afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "hint.h"

#define NOW 1767323045 /* Fri, 02 Jan 2026 03:04:05 GMT */
#define SAME "Fri, 02 Jan 2026 03:04:05 GMT"
#define EU_NAME                                                                \
    "eice-0abc.0123abcd.ec2-instance-connect-endpoint.eu-central-1."           \
    "amazonaws.com"

/* A refusal, what is known, and what must be in the hint ("" for none). */
struct hint_case {
    const char *name;
    int http_status;
    const char *code;
    const char *msg;
    struct hint_facts facts;
    enum hint_verdict verdict;
    const char *hint;
    const char *not_in_hint; /* Or NULL */
};

static const struct hint_case cases[] = {
    {"denied, no duration",
     403,
     "AccessDeniedException",
     "User: arn:aws:iam::1:user/x is not authorized to perform: "
     "ec2-instance-connect:OpenTunnel",
     {.remote_port = 22},
     HINT_NOTHING,
     "--max-tunnel-duration",
     NULL},
    {"denied, duration given",
     403,
     "AccessDeniedException",
     "x",
     {.remote_port = 22, .duration_given = true},
     HINT_NOTHING,
     "ec2-instance-connect:OpenTunnel",
     "--max-tunnel-duration"},
    {"denied although the clock is off too",
     403,
     "AccessDenied",
     "x",
     {.server_date = SAME, .now = NOW - 600},
     HINT_NOTHING,
     "--max-tunnel-duration",
     "clock"},
    {"signature, behind",
     403,
     "SignatureDoesNotMatch",
     "x",
     {.server_date = SAME, .now = NOW - 200},
     HINT_CLOCK_WRONG,
     "clock is 3 min 20 s behind the service's",
     NULL},
    {"signature, ahead",
     403,
     "InvalidSignatureException",
     "Signature expired",
     {.server_date = SAME, .now = NOW + 7500},
     HINT_CLOCK_WRONG,
     "clock is 2 h 5 min ahead of the service's",
     NULL},
    {"days",
     400,
     "RequestExpired",
     "x",
     {.server_date = SAME, .now = NOW - 90000},
     HINT_CLOCK_WRONG,
     "1 d 1 h behind",
     NULL},
    {"almost a minute",
     400,
     "RequestTimeTooSkewed",
     "x",
     {.server_date = SAME, .now = NOW - 50},
     HINT_CLOCK_WRONG,
     "50 s behind",
     NULL},
    {"signature, clock fine, no region known",
     403,
     "SignatureDoesNotMatch",
     "x",
     {.server_date = SAME, .now = NOW + 3},
     HINT_NOTHING,
     "secret access key",
     "clock"},
    {"signature, unreadable date",
     403,
     "SignatureDoesNotMatch",
     "x",
     {.server_date = "yesterday", .now = NOW},
     HINT_NOTHING,
     "secret access key",
     NULL},
    {"signature for another region",
     403,
     "SignatureDoesNotMatch",
     "x",
     {.dns_name = EU_NAME, .region = "us-east-1"},
     HINT_NOTHING,
     "pass --region eu-central-1",
     NULL},
    {"signature for a longer region",
     403,
     "SignatureDoesNotMatch",
     "x",
     {.dns_name = EU_NAME, .region = "eu-central-10"},
     HINT_NOTHING,
     "pass --region eu-central-1",
     NULL},
    {"signature for the right region",
     403,
     "SignatureDoesNotMatch",
     "x",
     {.dns_name = EU_NAME, .region = "eu-central-1"},
     HINT_NOTHING,
     "secret access key",
     NULL},
    {"no Date, but times in words",
     403,
     "InvalidSignatureException",
     "Signature expired: 20260102T024405Z is now earlier than 20260102T030405Z "
     "(X-Amz-Expires 60 s)",
     {.server_date = "", .now = NOW - 1200},
     HINT_CLOCK_WRONG,
     "20 min 0 s behind the service's",
     NULL},
    {"no Date, and a bound in words",
     403,
     "InvalidSignatureException",
     "Signature expired: 20260102T024405Z is now earlier than 20260102T025905Z "
     "(20260102T030405Z - 5 min.)",
     {.now = NOW - 1200},
     HINT_CLOCK_WRONG,
     "20 min 0 s behind the service's",
     NULL},
    {"no Date, and our clock is ahead",
     403,
     "InvalidSignatureException",
     "Signature not yet current: 20260102T032405Z is still later than "
     "20260102T030905Z (20260102T030405Z + 5 min.)",
     {.now = NOW + 1200},
     HINT_CLOCK_WRONG,
     "20 min 0 s ahead of the service's",
     NULL},
    {"no Date, and words only",
     403,
     "InvalidSignatureException",
     "Signature expired: it is older than it should be",
     {.now = NOW},
     HINT_NOTHING,
     "secret access key",
     NULL},
    {"nothing but 403, clock off",
     403,
     "",
     "HTTP 403",
     {.server_date = SAME, .now = NOW - 300},
     HINT_CLOCK_WRONG,
     "5 min 0 s behind",
     NULL},
    {"nothing but 403",
     403,
     "",
     "HTTP 403",
     {.server_date = SAME, .now = NOW},
     HINT_NOTHING,
     "",
     NULL},
    {"expired token",
     403,
     "ExpiredTokenException",
     "x",
     {.creds_source = "env"},
     HINT_CREDS_REFUSED,
     "came from env",
     NULL},
    {"expired token by its text",
     403,
     "Forbidden",
     "The security token included in the request is expired",
     {0},
     HINT_CREDS_REFUSED,
     "have expired",
     NULL},
    {"expired sso",
     403,
     "ExpiredToken",
     "x",
     {.creds_source = "sso"},
     HINT_CREDS_REFUSED,
     "aws sso login",
     NULL},
    {"expired login",
     403,
     "ExpiredToken",
     "x",
     {.creds_source = "login"},
     HINT_CREDS_REFUSED,
     "(aws login)",
     NULL},
    {"unknown key",
     403,
     "UnrecognizedClientException",
     "x",
     {0},
     HINT_CREDS_REFUSED,
     "does not know this access key",
     NULL},
    {"invalid token",
     403,
     "InvalidClientTokenId",
     "x",
     {0},
     HINT_CREDS_REFUSED,
     "does not know this access key",
     NULL},
    {"remote port",
     400,
     "InvalidParameter",
     "The specified RemotePort is not valid. Specify either 22 or 3389 as the "
     "RemotePort and retry your request.",
     {.remote_port = 80},
     HINT_NOTHING,
     "22 and 3389 only",
     NULL},
    {"no endpoint",
     404,
     "",
     "x",
     {0},
     HINT_FACTS_STALE,
     "endpoint exists",
     NULL},
    {"no endpoint by code",
     400,
     "ResourceNotFoundException",
     "x",
     {0},
     HINT_FACTS_STALE,
     "endpoint exists",
     NULL},
    {"too many", 429, "", "x", {0}, HINT_NOTHING, "20 connections", NULL},
    {"throttled",
     400,
     "ThrottlingException",
     "x",
     {0},
     HINT_NOTHING,
     "20 connections",
     NULL},
    {"unreachable",
     0,
     "",
     "Unable to connect to target",
     {.remote_port = 22, .instance_state = "running"},
     HINT_FACTS_STALE,
     "sshd listens on port 22",
     "client IPs"},
    {"unreachable, nothing known",
     0,
     "",
     "the endpoint closed the tunnel: Unable to connect to target",
     {.remote_port = 22},
     HINT_FACTS_STALE,
     "instance is running",
     NULL},
    {"unreachable, RDP",
     0,
     "",
     "Unable to connect to target",
     {.remote_port = 3389},
     HINT_FACTS_STALE,
     "the RDP server listens on port 3389",
     NULL},
    {"unreachable, preserved address",
     0,
     "",
     "Unable to connect to target",
     {.remote_port = 22, .preserve_client_ip = true},
     HINT_FACTS_STALE,
     "preserves client IPs",
     "from the endpoint's security group"},
    {"unreachable, stopped",
     0,
     "",
     "Unable to connect to target",
     {.remote_port = 22, .instance_state = "stopped"},
     HINT_FACTS_STALE,
     "the instance is stopped",
     NULL},
    {"something else", 500, "", "HTTP 500", {0}, HINT_NOTHING, "", NULL},
};

static void test_refusals(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct hint_case *c = &cases[i];
        struct err e;

        err_set(&e, ERR_UPGRADE, "%s", c->msg);
        e.http_status = c->http_status;
        snprintf(e.remote_code, sizeof e.remote_code, "%s", c->code);
        assert_int_equal(hint_refused(&e, &c->facts), c->verdict);
        print_message("%s: %s\n", c->name, e.hint);
        assert_string_equal(e.msg, c->msg);
        if (c->hint[0] == '\0') {
            assert_string_equal(e.hint, "");
        } else {
            assert_non_null(strstr(e.hint, c->hint));
        }
        if (c->not_in_hint != NULL) {
            assert_null(strstr(e.hint, c->not_in_hint));
        }
    }
}

/* We know more than whoever guessed before; where we know nothing, the guess
 * stays. */
static void test_earlier_hints(void **state)
{
    struct hint_facts facts = {.remote_port = 22};
    struct err e;

    (void)state;
    err_set(&e, ERR_PEER_CLOSED, "Unable to connect to target");
    err_hint(&e, "a guess");
    assert_int_equal(hint_refused(&e, &facts), HINT_FACTS_STALE);
    assert_non_null(strstr(e.hint, "sshd listens on port 22"));
    err_set(&e, ERR_PEER_CLOSED, "something else");
    err_hint(&e, "a guess");
    assert_int_equal(hint_refused(&e, &facts), HINT_NOTHING);
    assert_string_equal(e.hint, "a guess");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_earlier_hints),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
