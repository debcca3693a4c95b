/* SPDX-License-Identifier: Apache-2.0 */
/* test_eice_ops.c - contexts, and the questions asked of them: resolve,
 * whoami, push a key, a console, a password. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "eice_bed.h"
#include "op_trial.h"

#define KEY                                                                    \
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFlV91SW8mo4auDShUcqoDhI7quWatKIy9E9" \
    "bJBoD+jD"
#define IDENTITY                                                               \
    "<GetCallerIdentityResponse><GetCallerIdentityResult>"                     \
    "<Arn>arn:aws:iam::111122223333:user/me</Arn><UserId>AIDA</UserId>"        \
    "<Account>111122223333</Account></GetCallerIdentityResult>"                \
    "</GetCallerIdentityResponse>"

#define PASSWORD                                                               \
    "<GetPasswordDataResponse><instanceId>" BED_ID "</instanceId><timestamp>"  \
    "2026-01-02T03:04:05.000Z</timestamp><passwordData>\r\nYWJj\r\n"           \
    "</passwordData></GetPasswordDataResponse>"
#define CONSOLE                                                                \
    "<GetConsoleOutputResponse><output>aGVsbG8=</output>"                      \
    "</GetConsoleOutputResponse>"

static void on_resolved(void *data, const struct eice_resolved *result,
                        const struct eice_error *error)
{
    struct trial *t = data;

    assert_true((result == NULL) == (error != NULL));
    if (result != NULL) {
        snprintf(t->answer, sizeof t->answer, "%s %s %s %s %s", result->address,
                 result->endpoint_id, result->endpoint_dns_name,
                 result->instance_state != NULL ? result->instance_state : "-",
                 result->instance_name != NULL ? result->instance_name : "-");
    }
    trial_note(t, error);
}

static void on_whoami(void *data, const struct eice_identity *result,
                      const struct eice_error *error)
{
    struct trial *t = data;

    assert_true((result == NULL) == (error != NULL));
    if (result != NULL) {
        snprintf(t->answer, sizeof t->answer, "%s %s %s", result->account,
                 result->arn, result->user_id);
    }
    trial_note(t, error);
}

static void on_pushed(void *data, const char *request_id, bool success,
                      const struct eice_error *error)
{
    struct trial *t = data;

    snprintf(t->answer, sizeof t->answer, "%s %d", request_id, success);
    trial_note(t, error);
}

static void on_text(void *data, const char *text, size_t len,
                    const struct eice_error *error)
{
    struct trial *t = data;

    assert_true(text == NULL || error == NULL);
    snprintf(t->answer, sizeof t->answer, "%zu %s", len,
             text != NULL ? text : "-");
    trial_note(t, error);
}

static void on_password(void *data, const struct eice_password *result,
                        const struct eice_error *error)
{
    struct trial *t = data;

    assert_true((result == NULL) == (error != NULL));
    if (result != NULL) {
        snprintf(t->answer, sizeof t->answer, "%s %s [%s]", result->instance_id,
                 result->timestamp, result->data);
    }
    trial_note(t, error);
}

/* Which question. */
enum what { RESOLVE, WHOAMI, PUSH, CONSOLE_TEXT, PASSWORD_DATA, N_WHATS };

/* An answer that does for it; NULL: the usual. */
static const char *const bodies[N_WHATS] = {
    NULL, IDENTITY, "{\"RequestId\":\"r\"}", CONSOLE, PASSWORD};

static int begin(struct trial *t, int what, struct eice_error *error)
{
    const struct eice_ssh_key key = {.size = sizeof key,
                                     .instance_id = BED_ID,
                                     .os_user = "ec2-user",
                                     .public_key = KEY};
    int rv;

    switch (what) {
    case WHOAMI:
        rv = eice_whoami(&t->op, t->bed.eice, on_whoami, t, error);
        break;
    case PUSH:
        rv = eice_send_ssh_key(&t->op, t->bed.eice, &key, on_pushed, t, error);
        break;
    case CONSOLE_TEXT:
        rv =
            eice_console_output(&t->op, t->bed.eice, BED_ID, on_text, t, error);
        break;
    case PASSWORD_DATA:
        rv = eice_password_data(&t->op, t->bed.eice, BED_ID, on_password, t,
                                error);
        break;
    default:
        rv = eice_resolve(&t->op, t->bed.eice, &t->bed.target, on_resolved, t,
                          error);
        break;
    }
    return rv;
}

static void test_resolve(void **state)
{
    char expected[128];
    struct trial t;

    (void)state;
    trial_init(&t, begin);
    trial_run(&t, RESOLVE); /* All is known. */
    snprintf(expected, sizeof expected, BED_IP " " BED_EP " %s - -",
             t.bed.far.dns_name);
    assert_string_equal(t.answer, expected);
    assert_int_equal(test_http_requests(t.bed.api), 0);
    bed_ask_api(&t.bed);
    trial_run(&t, RESOLVE);
    snprintf(expected, sizeof expected, BED_IP " " BED_EP " %s running web",
             t.bed.far.dns_name);
    assert_string_equal(t.answer, expected);
    assert_int_equal(test_http_requests(t.bed.api), 2);
    bed_free(&t.bed);
}

static void test_resolve_fails(void **state)
{
    struct eice_error error;
    struct trial t;

    (void)state;
    trial_init(&t, begin);
    bed_ask_api(&t.bed);
    t.bed.api_body = "<DescribeInstancesResponse/>";
    trial_run(&t, RESOLVE);
    assert_int_equal(t.error.code, EICE_ERR_NOT_FOUND);
    assert_int_equal(eice_exit_code(&t.error), 255);
    t.answered = false;
    t.bed.target.instance_id = "bad";
    assert_int_equal(trial_ask(&t, RESOLVE, &error), EICE_ERR_USAGE);
    bed_free(&t.bed);
}

static void test_whoami(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t, begin);
    t.bed.api_body = IDENTITY;
    trial_run(&t, WHOAMI);
    assert_string_equal(t.answer, "111122223333 "
                                  "arn:aws:iam::111122223333:user/me AIDA");
    assert_string_equal(t.bed.api_last,
                        "Action=GetCallerIdentity&Version=2011-06-15");
    t.bed.api_body = "<html/>";
    trial_run(&t, WHOAMI);
    assert_int_equal(t.error.code, EICE_ERR_PARSE);
    t.bed.api_body = "<ErrorResponse><Error><Code>InvalidClientTokenId</Code>"
                     "<Message>no</Message></Error><RequestId>rid-2"
                     "</RequestId></ErrorResponse>";
    t.bed.api_status = 403;
    trial_run(&t, WHOAMI);
    assert_string_equal(t.error.service_code, "InvalidClientTokenId");
    assert_string_equal(t.error.operation, "GetCallerIdentity");
    assert_string_equal(t.error.request_id, "rid-2");
    assert_int_equal(eice_exit_code(&t.error), 254);
    bed_free(&t.bed);
}

/* Keys that the service calls expired are replaced, and the call made again,
 * once; if there are no others the refusal is what the user sees. */
static void test_expired_keys_are_replaced(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t, begin);
    bed_changing_keys(&t.bed);
    t.bed.api_body = IDENTITY;
    t.bed.api_stale_key = "Credential=AKID1/";
    trial_run(&t, WHOAMI);
    assert_int_equal(t.error.code, 0);
    assert_int_equal(t.bed.n_api, 2);
    assert_int_equal(t.bed.n_creds, 2);
    trial_run(&t, WHOAMI); /* The new ones are kept. */
    assert_int_equal(t.bed.n_api, 3);
    assert_int_equal(t.bed.n_creds, 2);
    bed_free(&t.bed);

    trial_init(&t, begin);
    bed_changing_keys(&t.bed);
    t.bed.api_body = IDENTITY;
    t.bed.api_stale_key = "Credential=AKID";
    trial_run(&t, WHOAMI);
    assert_string_equal(t.error.service_code, "ExpiredToken");
    assert_int_equal(t.bed.n_api, 2);
    bed_free(&t.bed);

    trial_init(&t, begin);
    t.bed.api_body = IDENTITY;
    t.bed.api_stale_key = "Credential=AKIDEXAMPLE/";
    trial_run(&t, WHOAMI);
    assert_string_equal(t.error.service_code, "ExpiredToken");
    assert_int_equal(t.bed.n_api, 1);
    bed_free(&t.bed);
}

static void test_push_a_key(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t, begin);
    t.bed.api_body = "{\"RequestId\": \"rid-3\", \"Success\": true}";
    trial_run(&t, PUSH);
    assert_string_equal(t.answer, "rid-3 1");
    assert_string_equal(t.bed.api_target,
                        "AWSEC2InstanceConnectService.SendSSHPublicKey");
    assert_string_equal(t.bed.api_last, "{\"InstanceId\": \"" BED_ID
                                        "\", \"InstanceOSUser\": \"ec2-user\", "
                                        "\"SSHPublicKey\": \"" KEY "\"}");
    t.bed.api_body = "{\"__type\":\"AuthException\",\"Message\":\"no\"}";
    t.bed.api_status = 400;
    trial_run(&t, PUSH);
    assert_string_equal(t.error.service_code, "AuthException");
    assert_int_equal(eice_exit_code(&t.error), 254);
    t.bed.api_body = "not JSON";
    t.bed.api_status = 0;
    trial_run(&t, PUSH);
    assert_int_equal(t.error.code, EICE_ERR_PARSE);
    bed_free(&t.bed);
}

static void test_keys_that_make_no_sense(void **state)
{
    static const struct {
        const char *id, *user, *key, *message;
    } cases[] = {
        {NULL, "u", KEY, "Specify an instance id, an OS user"},
        {BED_ID, NULL, KEY, "Specify an instance id, an OS user"},
        {BED_ID, "", KEY, "Specify an instance id, an OS user"},
        {BED_ID, "u", NULL, "Specify an instance id, an OS user"},
        {"x", "u", KEY, "The specified instance ID is invalid."},
        {BED_ID, "u", "abc", "value: 3, valid min length: 80"},
    };
    struct trial t;
    size_t i;

    (void)state;
    trial_init(&t, begin);
    bed_open(&t.bed);
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct eice_ssh_key key = {.size = sizeof key,
                                         .instance_id = cases[i].id,
                                         .os_user = cases[i].user,
                                         .public_key = cases[i].key};
        struct eice_error error;

        assert_int_equal(
            eice_send_ssh_key(&t.op, t.bed.eice, &key, on_pushed, &t, &error),
            EICE_ERR_USAGE);
        assert_null(t.op);
        assert_non_null(strstr(error.message, cases[i].message));
    }
    bed_free(&t.bed);
}

static void test_console(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t, begin);
    t.bed.api_body = CONSOLE;
    trial_run(&t, CONSOLE_TEXT);
    assert_string_equal(t.answer, "5 hello");
    assert_string_equal(t.bed.api_last, "Action=GetConsoleOutput&Version="
                                        "2016-11-15&InstanceId=" BED_ID);
    t.bed.api_body = "<GetConsoleOutputResponse/>"; /* Nothing said yet. */
    trial_run(&t, CONSOLE_TEXT);
    assert_string_equal(t.answer, "0 -");
    assert_int_equal(t.error.code, 0);
    bed_free(&t.bed);
}

static void test_password(void **state)
{
    static const char *const empty[] = {
        "<GetPasswordDataResponse><instanceId>i-1</instanceId><timestamp>T"
        "</timestamp><passwordData/></GetPasswordDataResponse>",
        "<GetPasswordDataResponse><instanceId>i-1</instanceId><timestamp>T"
        "</timestamp></GetPasswordDataResponse>"};
    struct eice_error error;
    struct trial t;
    size_t i;

    (void)state;
    trial_init(&t, begin);
    t.bed.api_body = PASSWORD;
    trial_run(&t, PASSWORD_DATA);
    assert_string_equal(t.answer,
                        BED_ID " 2026-01-02T03:04:05.000Z [\nYWJj\n]");
    assert_string_equal(t.bed.api_last, "Action=GetPasswordData&Version="
                                        "2016-11-15&InstanceId=" BED_ID);
    for (i = 0; i < 2; i++) {
        t.bed.api_body = empty[i];
        trial_run(&t, PASSWORD_DATA);
        assert_string_equal(t.answer, "i-1 T []");
    }
    assert_int_equal(t.error.code, 0);
    t.bed.api_body = "<Response><Errors><Error><Code>InvalidInstanceID."
                     "NotFound</Code><Message>no</Message></Error></Errors>"
                     "</Response>";
    t.bed.api_status = 400;
    trial_run(&t, PASSWORD_DATA);
    assert_string_equal(t.error.service_code, "InvalidInstanceID.NotFound");
    assert_string_equal(t.error.operation, "GetPasswordData");
    t.bed.api_body = IDENTITY;
    t.bed.api_status = 0;
    trial_run(&t, PASSWORD_DATA);
    assert_int_equal(t.error.code, EICE_ERR_PARSE);
    assert_int_equal(
        eice_password_data(&t.op, t.bed.eice, "web", on_password, &t, &error),
        EICE_ERR_USAGE);
    assert_null(t.op);
    bed_free(&t.bed);
}

static void test_context(void **state)
{
    struct eice_error error;
    struct trial t;

    (void)state;
    trial_init(&t, begin);
    bed_env(&t.bed, "AWS_PROFILE", NULL);
    bed_open(&t.bed);
    assert_string_equal(eice_region(t.bed.eice), "eu-central-1");
    assert_null(eice_profile(t.bed.eice));
    bed_free(&t.bed);

    trial_init(&t, begin);
    t.bed.options.profile = "nope";
    assert_int_not_equal(
        eice_new(&t.bed.eice, &t.bed.loop.loop, &t.bed.options, &error), 0);
    assert_null(t.bed.eice);
    assert_string_equal(error.message,
                        "The config profile (nope) could not be found");
    assert_int_equal(eice_exit_code(&error), 255);
    t.bed.options.profile = NULL;
    t.bed.options.endpoint_url = "foo";
    assert_int_equal(
        eice_new(&t.bed.eice, &t.bed.loop.loop, &t.bed.options, &error),
        EICE_ERR_USAGE);
    t.bed.options.endpoint_url = NULL;
    t.bed.options.log_spec = "nothing:loud";
    assert_int_equal(
        eice_new(&t.bed.eice, &t.bed.loop.loop, &t.bed.options, &error),
        EICE_ERR_USAGE);
    t.bed.options.log_spec = NULL;
    t.bed.options.user_agent = "a\r\nX: y";
    assert_int_equal(
        eice_new(&t.bed.eice, &t.bed.loop.loop, &t.bed.options, &error),
        EICE_ERR_USAGE);
    t.bed.options.user_agent = NULL;
    t.bed.options.log_level = (enum eice_log_level)99;
    assert_int_equal(
        eice_new(&t.bed.eice, &t.bed.loop.loop, &t.bed.options, &error),
        EICE_ERR_USAGE);
    t.bed.options.size = 0;
    assert_int_equal(
        eice_new(&t.bed.eice, &t.bed.loop.loop, &t.bed.options, &error),
        EICE_ERR_USAGE);
    assert_null(t.bed.eice);
    bed_free(&t.bed);
}

/* The close callback of a context that did nothing comes from the loop. */
static void test_context_closes(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t, begin);
    bed_open(&t.bed);
    eice_close(t.bed.eice, bed_on_closed, &t.bed);
    t.bed.eice = NULL;
    assert_false(t.bed.seen.closed);
    bed_until(&t.bed, &t.bed.seen.closed);
    bed_free(&t.bed);
}

/* A trial of @what whose services answer it. */
static void prepare(struct trial *t, int what)
{
    trial_init(t, begin);
    bed_ask_api(&t->bed);
    t->bed.api_body = bodies[what];
}

static void test_close_after_any_turn(void **state)
{
    (void)state;
    trial_close_any_turn(prepare, N_WHATS, 8);
}

/* No region anywhere: it is looked up, for all that ask at once. */
static void test_region_is_looked_up(void **state)
{
    struct eice_error error;
    struct eice_op *ops[3];
    struct trial t;
    size_t i;

    (void)state;
    trial_init(&t, begin);
    bed_env(&t.bed, "AWS_REGION", NULL);
    bed_open(&t.bed);
    assert_null(eice_region(t.bed.eice));
    for (i = 0; i < 3; i++) {
        assert_int_equal(
            eice_whoami(&ops[i], t.bed.eice, on_whoami, &t, &error), 0);
    }
    while (t.n_answers < 3) {
        assert_false(t.bed.loop.expired);
        test_loop_turns(&t.bed.loop, 1);
    }
    assert_int_equal(t.error.code, EICE_ERR_NO_REGION);
    for (i = 0; i < 3; i++) {
        eice_op_close(ops[i], NULL, NULL);
    }
    bed_free(&t.bed);

    trial_init(&t, begin); /* On an instance. */
    bed_env(&t.bed, "AWS_REGION", NULL);
    bed_env(&t.bed, "AWS_EC2_METADATA_DISABLED", NULL);
    bed_env(&t.bed, "AWS_EC2_METADATA_SERVICE_ENDPOINT", t.bed.env_text[0]);
    t.bed.api_body = IDENTITY;
    trial_run(&t, WHOAMI);
    assert_int_equal(t.error.code, 0);
    assert_true(bed_logged(&t.bed, "region eu-west-9 from IMDS"));
    assert_null(eice_region(t.bed.eice)); /* Nobody configured it. */
    bed_free(&t.bed);

    /* And the context may be closed while that goes on. */
    for (i = 0; i < 4; i++) {
        trial_init(&t, begin);
        bed_env(&t.bed, "AWS_REGION", NULL);
        bed_env(&t.bed, "AWS_EC2_METADATA_DISABLED", NULL);
        bed_env(&t.bed, "AWS_EC2_METADATA_SERVICE_ENDPOINT", t.bed.env_text[0]);
        assert_int_equal(trial_ask(&t, WHOAMI, &error), 0);
        test_loop_turns(&t.bed.loop, (unsigned)i);
        eice_op_close(t.op, NULL, NULL);
        bed_free(&t.bed);
    }
}

static void test_short_of_memory(void **state)
{
    (void)state;
    trial_short_of_memory(prepare, N_WHATS, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resolve),
        cmocka_unit_test(test_resolve_fails),
        cmocka_unit_test(test_whoami),
        cmocka_unit_test(test_expired_keys_are_replaced),
        cmocka_unit_test(test_push_a_key),
        cmocka_unit_test(test_keys_that_make_no_sense),
        cmocka_unit_test(test_console),
        cmocka_unit_test(test_password),
        cmocka_unit_test(test_context),
        cmocka_unit_test(test_context_closes),
        cmocka_unit_test(test_close_after_any_turn),
        cmocka_unit_test(test_region_is_looked_up),
        cmocka_unit_test(test_short_of_memory),
    };

    bed_prepare();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
