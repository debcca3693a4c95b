/* SPDX-License-Identifier: Apache-2.0 */
/* test_eice_renewal.c - both sides whole: credentials that end and clocks that
 * differ, noticed by nobody where that can be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <signal.h>

#include "stage_rig.h"

/* A configuration that assumes the role "ops". */
static void assume_role(struct stage *s)
{
    static const char text[] = "[profile ops]\n"
                               "role_arn = arn:aws:iam::111122223333:role/ops\n"
                               "credential_source = Environment\n";
    char path[64];
    FILE *f;

    snprintf(path, sizeof path, "%s/config", s->home);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fputs(text, f) == EOF, 0);
    fclose(f);
    s->options.profile = "ops";
}

/* Whose credentials these are, as the service sees it. */
static void on_whoami(void *data, const struct eice_identity *who,
                      const struct eice_error *error)
{
    struct stage *s = data;

    if (error != NULL) {
        fail_msg("%s", error->message);
    }
    snprintf(s->resolved, sizeof s->resolved, "%s", who->arn);
    s->done = true;
}

static void whoami(struct stage *s)
{
    struct eice_error error;
    struct eice_op *op;

    s->done = s->closed = false;
    assert_int_equal(eice_whoami(&op, s->eice, on_whoami, s, &error), 0);
    stage_until(s, &s->done);
    eice_op_close(op, stage_on_closed, s);
    stage_until(s, &s->closed);
    s->done = false;
}

/* The endpoint calls the credentials expired: that tunnel fails and says what
 * to do; the next one has others. */
static void test_token_expired(void **state)
{
    struct stage s;

    (void)state;
    stage_setup(&s);
    assume_role(&s);
    stage_begin(&s);
    stage_good_tunnel(&s);
    whoami(&s);
    assert_non_null(strstr(s.resolved, ":assumed-role/ops/"));
    assert_int_equal(s.n_assumed, 1);
    stage_control(
        &s, "{\"do\": \"api-fault\", \"fault\": {\"action\": "
            "\"OpenTunnel\", \"times\": 1, \"status\": 403, \"code\": "
            "\"ExpiredTokenException\", \"message\": \"The security token "
            "included in the request is expired\"}}");
    stage_fail_tunnel(&s);
    assert_string_equal(s.end.service_code, "ExpiredTokenException");
    assert_non_null(strstr(s.end.hint, "have expired"));
    stage_good_tunnel(&s);
    assert_int_equal(s.n_assumed, 2);
    stage_teardown(&s);
}

/* Two hours later by the service's clock (a laptop that slept): the clock is
 * corrected and the role assumed again, and nobody notices. */
static void test_slept(void **state)
{
    struct stage s;

    (void)state;
    stage_setup(&s);
    assume_role(&s);
    stage_begin(&s);
    stage_good_tunnel(&s);
    stage_control(&s, "{\"do\": \"clock\", \"offset_ms\": 7200000}");
    stage_good_tunnel(&s);
    assert_int_equal(s.n_assumed, 2);
    stage_teardown(&s);
}

/* A clock that is wrong is named, with the amount, where the signed URL is the
 * first thing the service sees; the next one is dated by the service's. */
static void test_clock_is_wrong(void **state)
{
    char name[160];
    struct stage s;

    (void)state;
    stage_setup(&s);
    s.config.clock_offset_ms = 20 * 60 * 1000;
    stage_begin(&s);
    snprintf(name, sizeof name, EP ".localhost:%d", emulator_https_port(s.emu));
    s.to.endpoint_id = EP;
    s.to.private_ip = IP;
    s.to.endpoint_dns_name = name;
    stage_fail_tunnel(&s);
    assert_int_equal(s.end.code, EICE_ERR_UPGRADE);
    assert_non_null(strstr(s.end.hint, "behind the service's"));
    assert_true(strstr(s.end.hint, " is 20 min ") != NULL ||
                strstr(s.end.hint, " is 19 min ") != NULL);
    stage_good_tunnel(&s);
    stage_teardown(&s);
}

/* Where APIs are called first they find out, both at once, and nobody
 * notices. */
static void test_clock_is_corrected(void **state)
{
    struct stage s;

    (void)state;
    stage_setup(&s);
    s.config.clock_offset_ms = -45 * 60 * 1000;
    stage_begin(&s);
    stage_good_tunnel(&s);
    stage_teardown(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_token_expired),
        cmocka_unit_test(test_clock_is_wrong),
        cmocka_unit_test(test_clock_is_corrected),
        cmocka_unit_test(test_slept),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
