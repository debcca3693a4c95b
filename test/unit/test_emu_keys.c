/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_keys.c - pushing SSH keys: what is accepted, and whom it is for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "emu_rig.h"
#include "key_rig.h"
#include "keys.h"

/* --- SendSSHPublicKey --------------------------------------------------- */

static void test_a_key_is_pushed(void **state)
{
    struct rig *r = *state;

    key_push(r, WEB, "ec2-user", ED25519, NULL);
    assert_int_equal(r->status, 200);
    assert_string_equal(rig_member(r, "Success"), "true");
    assert_non_null(strstr(r->headers, rig_member(r, "RequestId")));
    assert_string_equal(rig_trail(r, "eventName"), "SendSSHPublicKey");
    assert_string_equal(rig_trail(r, "eventSource"),
                        "ec2-instance-connect.amazonaws.com");
    assert_string_equal(rig_trail(r, "requestParameters.instanceId"), WEB);
    assert_string_equal(rig_trail(r, "requestParameters.osUser"), "ec2-user");
    assert_string_equal(rig_trail(r, "requestParameters.SSHKey.publicKey"),
                        ED25519);
    assert_string_equal(rig_trail(r, "resources.0.ARN"),
                        "arn:aws:ec2:eu-central-1:111122223333:instance/" WEB);
    key_push(r, WEB, "ubuntu", RSA_2048, "eu-central-1a");
    assert_int_equal(r->status, 200);
}

static void test_refusals_of_pushing(void **state)
{
    struct rig *r = *state;
    char long_user[40];
    static const struct {
        const char *id, *user, *key, *zone;
        const char *code;
        const char *message; /* Its beginning, or NULL */
    } cases[] = {
        {NULL, "a", ED25519, NULL, "InvalidArgsException",
         "1 validation error detected: Value null at 'instanceId' failed to "
         "satisfy constraint: Member must not be null"},
        {"mi-0123456789", "a", ED25519, NULL, "InvalidArgsException",
         "1 validation error detected: Value 'mi-0123456789' at 'instanceId' "
         "failed to satisfy constraint: Member must satisfy regular expression "
         "pattern: ^i-[a-f0-9]+$"},
        {"mi-0", "a", ED25519, NULL, "InvalidArgsException",
         "2 validation errors detected: Value 'mi-0' at 'instanceId' failed to "
         "satisfy constraint: Member must have length greater than or equal "
         "to 10; Value 'mi-0' at 'instanceId'"},
        {"i-0123456789ABCDEF0", "a", ED25519, NULL, "InvalidArgsException",
         NULL},
        {WEB, NULL, ED25519, NULL, "InvalidArgsException",
         "1 validation error detected: Value null at 'instanceOSUser'"},
        {WEB, "", ED25519, NULL, "InvalidArgsException", NULL},
        {WEB, "a b", ED25519, NULL, "InvalidArgsException", NULL},
        {WEB, "-a", ED25519, NULL, "InvalidArgsException", NULL},
        {WEB, "$", ED25519, NULL, "InvalidArgsException", NULL},
        {WEB, "a$b", ED25519, NULL, "InvalidArgsException", NULL},
        {WEB, "root\n", ED25519, NULL, "InvalidArgsException", NULL},
        {WEB, "../x", ED25519, NULL, "InvalidArgsException", NULL},
        {WEB, "1234", ED25519, NULL, "InvalidArgsException", NULL},
        {WEB, "a", NULL, NULL, "InvalidArgsException", NULL},
        {WEB, "a", "ssh-ed25519 AAAA", NULL, "InvalidArgsException",
         "1 validation error detected: Value 'ssh-ed25519 AAAA' at "
         "'sSHPublicKey' failed to satisfy constraint: Member must have "
         "length greater than or equal to 80"},
        {WEB, "a", RSA_3072, NULL, "InvalidArgsException",
         "Invalid input parameter received for Illegal argument exception: "
         "RSA - SSH Public key length is not supported"},
        {WEB, "a", ECDSA, NULL, "InvalidArgsException",
         "Invalid input parameter received for Illegal argument exception: "
         "SSH Public key type is not supported"},
        {WEB, "a", ED25519, "x", "InvalidArgsException", NULL},
        {WEB, "a", ED25519, "eu-central-", "InvalidArgsException", NULL},
        {WEB, "a", ED25519, "a-b-c-d-1x", "InvalidArgsException", NULL},
        {WEB, "a", ED25519, "eu-central-1b", "EC2InstanceNotFoundException",
         NULL},
        {"i-00000000", "a", ED25519, NULL, "EC2InstanceNotFoundException",
         NULL},
        {"i-0123456789abcdef5", "a", ED25519, NULL,
         "EC2InstanceNotFoundException", NULL}, /* Another account's */
        {"i-0123456789abcdef1", "a", ED25519, NULL,
         "EC2InstanceStateInvalidException", NULL},
        {"i-0123456789abcdef3", "a", ED25519, NULL,
         "EC2InstanceStateInvalidException", NULL},
        {"i-0123456789abcdef4", "a", ED25519, NULL,
         "EC2InstanceUnavailableException", NULL},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        key_push(r, cases[i].id, cases[i].user, cases[i].key, cases[i].zone);
        if (r->status != 400 || strcmp(rig_error(r), cases[i].code) != 0 ||
            (cases[i].message != NULL &&
             strncmp(rig_message(r), cases[i].message,
                     strlen(cases[i].message)) != 0)) {
            fail_msg("case %zu: %s", i, r->body);
        }
        assert_string_equal(rig_trail(r, "errorCode"), cases[i].code);
    }
    memset(long_user, 'a', 33);
    long_user[33] = '\0';
    key_push(r, WEB, long_user, ED25519, NULL);
    assert_string_equal(rig_error(r), "InvalidArgsException");
    assert_null(keys_first(r->api.keys, world_instance(r->w, WEB), NULL));
}

static void test_users_that_are_names(void **state)
{
    struct rig *r = *state;
    static const char *const good[] = {
        "a",
        "_",
        "ec2-user",
        "a.b@c-d_e",
        "svc$",
        "A1",
        "12@ad",
        "1a",
        "1-",
        "1a$",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" /* 32 */,
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa$"};
    static const char *const bad[] = {
        "1", "12", "1$", "@a", ".a", "a/b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."};
    size_t i;

    for (i = 0; i < sizeof good / sizeof good[0]; i++) {
        key_push(r, WEB, good[i], ED25519, NULL);
        if (r->status != 200) {
            fail_msg("%s: %s", good[i], r->body);
        }
    }
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        key_push(r, WEB, bad[i], ED25519, NULL);
        if (r->status != 400) {
            fail_msg("%s: %s", bad[i], r->body);
        }
    }
}

static void test_pushing_needs_permission_for_user_and_tag(void **state)
{
    struct rig *r = *state;

    rig_as(r, "limited");
    key_push(r, WEB, "ec2-user", ED25519, NULL);
    assert_int_equal(r->status, 200);
    key_push(r, WEB, "root", ED25519, NULL);
    assert_int_equal(r->status, 400);
    assert_string_equal(rig_error(r), "AccessDeniedException");
    assert_string_equal(
        rig_message(r),
        "User: arn:aws:iam::111122223333:user/limited is not authorized to "
        "perform: ec2-instance-connect:SendSSHPublicKey on resource: "
        "arn:aws:ec2:eu-central-1:111122223333:instance/" WEB
        " because no identity-based policy allows the "
        "ec2-instance-connect:SendSSHPublicKey action");
    /* env=prod */
    key_push(r, "i-0123456789abcdef1", "ec2-user", ED25519, NULL);
    assert_string_equal(rig_error(r), "AccessDeniedException");
}

static void test_malformed_calls(void **state)
{
    struct rig *r = *state;

    rig_json(r, "SendSSHPublicKey", "{");
    assert_string_equal(rig_error(r), "SerializationException");
    rig_json(r, "SendSSHPublicKey", "[]");
    assert_string_equal(rig_error(r), "SerializationException");
    rig_json(r, "SendSSHPublicKey", "");
    assert_string_equal(rig_error(r), "SerializationException");
    rig_json(r, "SendSSHPublicKey", "{\"InstanceId\": 7}");
    assert_string_equal(rig_error(r), "SerializationException");
    rig_json(r, "SendSSHPublicKey", "{\"InstanceId\": null}");
    assert_string_equal(rig_error(r), "InvalidArgsException");
    rig_json(r, "SendPigeon", "{}");
    assert_string_equal(rig_error(r), "UnknownOperationException");
}

/* --- SendSerialConsoleSSHPublicKey -------------------------------------- */

static void serial(struct rig *r, const char *id, const char *more)
{
    char body[512];

    snprintf(body, sizeof body,
             "{\"InstanceId\": \"%s\", \"SSHPublicKey\": \"" ED25519 "\"%s}",
             id, more);
    rig_json(r, "SendSerialConsoleSSHPublicKey", body);
}

static void test_serial_console(void **state)
{
    struct rig *r = *state;

    serial(r, WEB, "");
    assert_int_equal(r->status, 200);
    serial(r, WEB, ", \"SerialPort\": 0");
    assert_int_equal(r->status, 200);
    serial(r, WEB, ", \"SerialPort\": 1");
    assert_string_equal(rig_error(r), "InvalidArgsException");
    serial(r, "i-00000000", "");
    assert_string_equal(rig_error(r), "EC2InstanceNotFoundException");
    serial(r, "i-0123456789abcdef1", "");
    assert_string_equal(rig_error(r), "EC2InstanceStateInvalidException");
    serial(r, "i-0123456789abcdef2", ""); /* m3.large */
    assert_string_equal(rig_error(r), "EC2InstanceTypeInvalidException");
    world_settings_mut(r->w)->serial_console_access = false;
    serial(r, WEB, "");
    assert_int_equal(r->status, 403);
    assert_string_equal(rig_error(r), "SerialConsoleAccessDisabledException");
    rig_as(r, "limited");
    serial(r, WEB, "");
    assert_string_equal(rig_error(r), "AccessDeniedException");
}

static void test_serial_console_that_the_instance_lacks(void **state)
{
    struct rig *r =
        rig_new("{\"accounts\":[{\"id\":\"111122223333\",\"root\":{\"keys\":["
                "{\"id\":\"AKID\",\"secret\":\"s\"}]}}],"
                "\"vpcs\":[{\"id\":\"vpc-1\",\"cidrs\":[\"10.0.0.0/16\"]}],"
                "\"subnets\":[{\"id\":\"subnet-1\",\"vpc\":\"vpc-1\","
                "\"zone\":\"eu-central-1a\",\"cidrs\":[\"10.0.1.0/24\"]}],"
                "\"instances\":[{\"id\":\"i-00000000\",\"subnet\":\"subnet-1\","
                "\"private_ip\":\"10.0.1.5\",\"serial_console\":false}]}");

    (void)state;
    r->key_id = "AKID";
    r->secret = "s";
    serial(r, "i-00000000", "");
    assert_string_equal(rig_error(r),
                        "SerialConsoleSessionUnsupportedException");
    rig_free(r);
}

#define RIGGED(test)                                                           \
    cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIGGED(test_a_key_is_pushed),
        RIGGED(test_refusals_of_pushing),
        RIGGED(test_users_that_are_names),
        RIGGED(test_pushing_needs_permission_for_user_and_tag),
        RIGGED(test_malformed_calls),
        RIGGED(test_serial_console),
        cmocka_unit_test(test_serial_console_that_the_instance_lacks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
