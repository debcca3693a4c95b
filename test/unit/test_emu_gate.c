/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_gate.c - openTunnel: who may, where it leads, what is logged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "emu_rig.h"
#include "err.h"
#include "faults.h"
#include "trail.h"

#define EICE "eice-0123456789abcdef0"
#define WISH(port, ip)                                                         \
    "instanceConnectEndpointId=" EICE "&remotePort=" port                      \
    "&privateIpAddress=" ip

static void test_a_tunnel_is_let_through(void **state)
{
    struct rig *r = *state;
    struct gate_answer a;

    rig_gate(r, WISH("22", "10.0.1.5"), &a);
    assert_int_equal(a.status, 0);
    assert_string_equal(a.endpoint_id, EICE);
    assert_string_equal(a.to, "127.0.0.1:2222");
    assert_string_equal(a.nowhere, "");
    assert_int_equal(a.duration_s, 3600);
    assert_int_equal(a.idle_s, 5);
    assert_int_equal(a.throttle_bps, 1000);
    rig_gate(r, WISH("3389", "10.0.1.5") "&maxTunnelDuration=60", &a);
    assert_string_equal(a.to, "127.0.0.1:3");
    assert_int_equal(a.duration_s, 60);
}

static void test_the_trail_has_the_documents_shape(void **state)
{
    struct rig *r = *state;
    struct gate_answer a;
    json_t *event;
    static const struct {
        const char *path;
        const char *value;
    } want[] = {
        {"eventVersion", "1.08"},
        {"userIdentity.type", "IAMUser"},
        {"userIdentity.principalId", "AIDAADMIN"},
        {"userIdentity.arn", "arn:aws:iam::111122223333:user/admin"},
        {"userIdentity.accountId", "111122223333"},
        {"userIdentity.accessKeyId", "AKIDEXAMPLE"},
        {"userIdentity.userName", "admin"},
        {"eventTime", "2026-01-02T03:04:05Z"},
        {"eventSource", "ec2-instance-connect.amazonaws.com"},
        {"eventName", "OpenTunnel"},
        {"awsRegion", "eu-central-1"},
        {"sourceIPAddress", "192.0.2.7"},
        {"userAgent", "rig/1.0"},
        {"requestParameters.instanceConnectEndpointId", EICE},
        {"requestParameters.maxTunnelDuration", "600"},
        {"requestParameters.remotePort", "22"},
        {"requestParameters.privateIpAddress", "10.0.1.5"},
        {"responseElements", "null"},
        {"requestID", "11111111-2222-4333-8444-555555555555"},
        {"readOnly", "false"},
        {"resources.0.accountId", "111122223333"},
        {"resources.0.type", "AWS::EC2::InstanceConnectEndpoint"},
        {"resources.0.ARN", "arn:aws:ec2:eu-central-1:111122223333:instance-"
                            "connect-endpoint/" EICE},
        {"eventType", "AwsApiCall"},
        {"managementEvent", "true"},
        {"recipientAccountId", "111122223333"},
        {"eventCategory", "Management"},
    };
    size_t i;

    rig_gate(r, WISH("22", "10.0.1.5") "&maxTunnelDuration=600", &a);
    assert_int_equal(r->n_trail, 1);
    for (i = 0; i < sizeof want / sizeof want[0]; i++) {
        const char *value = rig_trail(r, want[i].path);

        if (value == NULL || strcmp(value, want[i].value) != 0) {
            fail_msg("%s: %s in %s", want[i].path, value, r->trail);
        }
    }
    assert_null(strchr(r->trail, '\n'));
    assert_null(rig_trail(r, "errorCode"));
    event = json_loads(r->trail, 0, NULL);
    assert_int_equal(json_object_size(event), 18);
    assert_int_equal(strlen(rig_trail(r, "eventID")), 36);
    json_decref(event);
    /* No secret and no signature. */
    assert_null(strstr(r->trail, "wJalr"));
    assert_null(strstr(r->trail, "Signature"));
    /* A duration that was not sent is not logged. */
    rig_gate(r, WISH("22", "10.0.1.5"), &a);
    assert_null(rig_trail(r, "requestParameters.maxTunnelDuration"));
}

/* --- refusals ----------------------------------------------------------- */

struct refusal {
    const char *wish;
    int status;
    const char *code;
    const char *message;
};

static void check(struct rig *r, const struct refusal *cases, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        struct gate_answer a;
        unsigned before = r->n_trail;

        rig_gate(r, cases[i].wish, &a);
        if (a.status != cases[i].status || strcmp(a.code, cases[i].code) != 0 ||
            strcmp(a.message, cases[i].message) != 0) {
            fail_msg("%s: %d %s %s", cases[i].wish, a.status, a.code,
                     a.message);
        }
        assert_int_equal(r->n_trail, before + 1);
        assert_string_equal(rig_trail(r, "errorCode"), cases[i].code);
        assert_string_equal(rig_trail(r, "errorMessage"), cases[i].message);
        assert_string_equal(rig_trail(r, "eventName"), "OpenTunnel");
    }
    assert_int_equal(world_endpoint(r->w, EICE)->n_open, 0);
}

#define PORT_MESSAGE                                                           \
    "The specified RemotePort is not valid. Specify either 22 or 3389 as the " \
    "RemotePort and retry your request."
#define DURATION_MESSAGE                                                       \
    "The specified MaxTunnelDuration is not valid. Specify a value between 1 " \
    "and 3600."
#define VPC_MESSAGE                                                            \
    "The specified PrivateIpAddress is not valid. Specify an address in the "  \
    "VPC of the endpoint."

static void test_refusals(void **state)
{
    static const struct refusal cases[] = {
        {"remotePort=22", 400, "InvalidParameter",
         "The request must contain the parameter instanceConnectEndpointId."},
        {"instanceConnectEndpointId=eice-1&remotePort=22&"
         "privateIpAddress=10.0.1.5",
         404, "ResourceNotFoundException",
         "The specified InstanceConnectEndpoint eice-1 does not exist."},
        {"instanceConnectEndpointId=" EICE "&privateIpAddress=10.0.1.5", 400,
         "InvalidParameter",
         "The request must contain the parameter remotePort."},
        {WISH("23", "10.0.1.5"), 400, "InvalidParameter", PORT_MESSAGE},
        {WISH("0", "10.0.1.5"), 400, "InvalidParameter", PORT_MESSAGE},
        {WISH("22x", "10.0.1.5"), 400, "InvalidParameter", PORT_MESSAGE},
        {WISH("65558", "10.0.1.5"), 400, "InvalidParameter", PORT_MESSAGE},
        {"instanceConnectEndpointId=" EICE "&remotePort=22", 400,
         "InvalidParameter",
         "The request must contain the parameter privateIpAddress."},
        {WISH("22", "web"), 400, "InvalidParameter",
         "The specified PrivateIpAddress is not valid."},
        {WISH("22", "10.9.1.5"), 400, "InvalidParameter", VPC_MESSAGE},
        {WISH("22", "127.0.0.1"), 400, "InvalidParameter", VPC_MESSAGE},
        {WISH("22", "2001%3Adb8%3A1%3A%3A5"), 400, "InvalidParameter",
         VPC_MESSAGE},
        {WISH("22", "10.0.1.5") "&maxTunnelDuration=0", 400, "InvalidParameter",
         DURATION_MESSAGE},
        {WISH("22", "10.0.1.5") "&maxTunnelDuration=3601", 400,
         "InvalidParameter", DURATION_MESSAGE},
        {WISH("22", "10.0.1.5") "&maxTunnelDuration=-1", 400,
         "InvalidParameter", DURATION_MESSAGE},
        {WISH("22", "10.0.1.5") "&maxTunnelDuration=", 400, "InvalidParameter",
         DURATION_MESSAGE},
    };

    check(*state, cases, sizeof cases / sizeof cases[0]);
}

static void test_iam_decides_by_port_address_duration_and_source(void **state)
{
    struct rig *r = *state;
    static const struct {
        const char *wish;
        const char *peer;
        bool allowed;
    } cases[] = {
        {WISH("22", "10.0.1.5") "&maxTunnelDuration=600", "192.0.2.7", true},
        {WISH("22", "10.0.1.5") "&maxTunnelDuration=601", "192.0.2.7", false},
        /* Not sent counts as 3600. */
        {WISH("22", "10.0.1.5"), "192.0.2.7", false},
        {WISH("3389", "10.0.1.5") "&maxTunnelDuration=600", "192.0.2.7", false},
        {WISH("22", "10.0.1.16") "&maxTunnelDuration=600", "192.0.2.7", false},
        {WISH("22", "10.0.1.5") "&maxTunnelDuration=600", "198.51.100.1",
         false},
    };
    size_t i;

    rig_as(r, "limited");
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gate_answer a;

        r->peer_ip = cases[i].peer;
        rig_gate(r, cases[i].wish, &a);
        if ((a.status == 0) != cases[i].allowed) {
            fail_msg("case %zu: %d %s", i, a.status, a.message);
        }
        if (a.status == 0) {
            gate_closed(&r->api, a.endpoint_id);
            continue;
        }
        assert_int_equal(a.status, 403);
        assert_string_equal(a.code, "AccessDeniedException");
        assert_string_equal(
            a.message,
            "User: arn:aws:iam::111122223333:user/limited is not authorized "
            "to perform: ec2-instance-connect:OpenTunnel on resource: "
            "arn:aws:ec2:eu-central-1:111122223333:instance-connect-"
            "endpoint/" EICE " because no identity-based policy allows the "
            "ec2-instance-connect:OpenTunnel action");
    }
    /* IAM comes before the port is looked at, the endpoint before IAM. */
    check(r,
          (const struct refusal[]){
              {"instanceConnectEndpointId=eice-1&remotePort=1", 404,
               "ResourceNotFoundException",
               "The specified InstanceConnectEndpoint eice-1 does not "
               "exist."}},
          1);
}

static void test_strangers_and_bad_signatures(void **state)
{
    struct rig *r = *state;
    struct gate_answer a;

    r->secret = "wrong";
    rig_gate(r, WISH("22", "10.0.1.5"), &a);
    assert_int_equal(a.status, 403);
    assert_string_equal(a.code, "InvalidSignatureException");
    assert_string_equal(rig_trail(r, "userIdentity.type"), "Unknown");
    assert_string_equal(rig_trail(r, "userIdentity.accessKeyId"),
                        "AKIDEXAMPLE");
    assert_string_equal(rig_trail(r, "requestParameters.remotePort"), "22");
    assert_string_equal(rig_trail(r, "recipientAccountId"), "null");
    rig_as(r, "other"); /* A good signature, of another account */
    rig_gate(r, WISH("22", "10.0.1.5"), &a);
    assert_int_equal(a.status, 404);
    rig_as(r, "admin");
    r->region = "us-east-1"; /* The wrong region */
    rig_gate(r, WISH("22", "10.0.1.5"), &a);
    assert_int_equal(a.status, 403);
    assert_string_equal(a.code, "InvalidSignatureException");
    assert_string_equal(a.message,
                        "Credential should be scoped to a valid region.");
}

static void test_states_that_serve_and_states_that_do_not(void **state)
{
    struct rig *r = *state;
    struct world_endpoint *ep = world_endpoint(r->w, EICE);
    int s;

    for (s = 0; s < WORLD_N_ENDPOINT_STATES; s++) {
        struct gate_answer a;
        bool good = s == WORLD_CREATE_COMPLETE ||
                    s == WORLD_UPDATE_IN_PROGRESS ||
                    s == WORLD_UPDATE_COMPLETE || s == WORLD_UPDATE_FAILED;

        ep->state = (enum world_endpoint_state)s;
        rig_gate(r, WISH("22", "10.0.1.5"), &a);
        assert_int_equal(a.status == 0, good);
        if (a.status == 0) {
            gate_closed(&r->api, a.endpoint_id);
        } else if (s == WORLD_DELETE_COMPLETE) {
            assert_string_equal(a.code, "ResourceNotFoundException");
        } else {
            assert_string_equal(a.code, "InvalidEndpointState");
        }
    }
}

static void test_the_address_type_of_the_endpoint(void **state)
{
    struct rig *r = *state;
    struct world_endpoint *ep = world_endpoint(r->w, EICE);
    static const struct {
        enum world_ip_type type;
        bool v4, v6;
    } cases[] = {{WORLD_IPV4, true, false},
                 {WORLD_IPV6, false, true},
                 {WORLD_DUALSTACK, true, true}};
    size_t i;

    for (i = 0; i < 3; i++) {
        struct gate_answer a;

        ep->now.ip_type = cases[i].type;
        ep->n_open = 0;
        rig_gate(r, WISH("22", "10.0.1.5"), &a);
        assert_int_equal(a.status == 0, cases[i].v4);
        rig_gate(r, WISH("22", "2001%3Adb8%3A0%3A101%3A%3A5"), &a);
        assert_int_equal(a.status == 0, cases[i].v6);
        if (a.status == 0) {
            assert_string_equal(a.to, "127.0.0.1:2222");
        }
    }
}

static void test_the_connection_after_the_last(void **state)
{
    struct rig *r = *state;
    struct gate_answer a;

    rig_gate(r, WISH("22", "10.0.1.5"), &a);
    rig_gate(r, WISH("22", "10.0.1.5"), &a);
    assert_int_equal(a.status, 0);
    rig_gate(r, WISH("22", "10.0.1.5"), &a);
    assert_int_equal(a.status, 429);
    assert_string_equal(a.code, "ServiceQuotaExceededException");
    assert_string_equal(a.message,
                        "The maximum number of concurrent connections (2) of "
                        "endpoint " EICE " has been reached.");
    gate_closed(&r->api, EICE);
    rig_gate(r, WISH("22", "10.0.1.5"), &a);
    assert_int_equal(a.status, 0);
    gate_closed(&r->api, "eice-gone"); /* Harmless */
}

static void test_any_port_when_the_world_says_so(void **state)
{
    struct rig *r = *state;
    struct gate_answer a;

    world_settings_mut(r->w)->any_port = true;
    rig_gate(r, WISH("5432", "10.0.1.5"), &a);
    assert_int_equal(a.status, 0);
    rig_gate(r, WISH("65536", "10.0.1.5"), &a);
    assert_int_equal(a.status, 400);
}

/* --- where it leads ----------------------------------------------------- */

static void leads(struct rig *r, const char *wish, const char *to,
                  const char *nowhere)
{
    struct gate_answer a;

    rig_gate(r, wish, &a);
    if (a.status != 0 || strcmp(a.to, to) != 0 ||
        strcmp(a.nowhere, nowhere) != 0) {
        fail_msg("%s: %d %s '%s' '%s'", wish, a.status, a.message, a.to,
                 a.nowhere);
    }
    gate_closed(&r->api, a.endpoint_id);
}

static void test_what_the_network_would_not_let_through(void **state)
{
    struct rig *r = *state;
    struct world_endpoint *ep = world_endpoint(r->w, EICE);

    /* db is stopped; the database at 10.0.3.3 is no instance. */
    leads(r, WISH("22", "10.0.2.7"), "", "the instance is not running");
    leads(r, WISH("3389", "10.0.3.3"), "127.0.0.1:5432", "");
    leads(r, WISH("22", "10.0.3.3"), "",
          "the world has no route for this address and port");
    /* desk lets in clients of 192.0.2.0/24 only: never the endpoint itself. */
    leads(r, WISH("22", "10.0.2.8"), "",
          "the instance's security groups do not let it in");
    ep->now.preserve_client_ip = true;
    leads(r, WISH("22", "10.0.2.9"), "",
          "the instance type does not support client IP preservation");
    r->peer_ip = "198.51.100.1";
    leads(r, WISH("22", "10.0.2.9"), "",
          "the instance's security groups do not let it in");
    /* A rule that names the endpoint's group does not care. */
    leads(r, WISH("22", "10.0.1.5"), "127.0.0.1:2222", "");
    ep->now.preserve_client_ip = false;
    ep->now.groups[0] = world_group(r->w, "sg-0000000c");
    leads(r, WISH("22", "10.0.1.5"), "",
          "the endpoint's security groups do not let it out");
    /* By address of the VPC, but not by group. */
    ep->now.groups[0] = world_group(r->w, "sg-0000000e");
    leads(r, WISH("22", "10.0.1.5"), "",
          "the instance's security groups do not let it in");
    leads(r, WISH("3389", "10.0.1.5"), "127.0.0.1:3", "");
}

static void test_faults_on_order(void **state)
{
    struct rig *r = *state;
    struct gate_answer a;
    struct err e;
    json_t *fault =
        json_pack("{s:s, s:i, s:i, s:s, s:s, s:i}", "action", "OpenTunnel",
                  "times", 1, "status", 503, "code", "ThrottlingException",
                  "message", "Slow down.", "delay_ms", 20);
    json_t *bad = json_pack("{s:i}", "statuss", 503);

    assert_int_equal(faults_add(r->api.faults, fault, &e), 0);
    assert_int_equal(faults_add(r->api.faults, bad, &e), ERR_PARSE);
    assert_string_equal(e.msg, "fault: $.statuss: unknown key");
    rig_gate(r, WISH("22", "10.0.1.5"), &a);
    assert_int_equal(a.status, 503);
    assert_string_equal(a.code, "ThrottlingException");
    assert_string_equal(a.message, "Slow down.");
    assert_int_equal(a.delay_ms, 20);
    rig_gate(r, WISH("22", "10.0.1.5"), &a);
    assert_int_equal(a.status, 0);
    json_decref(fault);
    json_decref(bad);
}

/* --- the trail's file --------------------------------------------------- */

static void test_the_trail_in_a_file(void **state)
{
    struct rig *r = *state;
    struct trail *kept = r->api.trail;
    char path[] = "/tmp/eice-trail-XXXXXX";
    struct gate_answer a;
    struct stat st;
    struct err e;
    char line[8192];
    FILE *f;
    int n = 0;

    close(mkstemp(path));
    unlink(path);
    assert_int_equal(trail_open(&r->api.trail, path, &e), 0);
    rig_gate(r, WISH("22", "10.0.1.5"), &a);
    rig_gate(r, WISH("23", "10.0.1.5"), &a);
    trail_free(r->api.trail);
    r->api.trail = kept;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    f = fopen(path, "r");
    while (fgets(line, sizeof line, f) != NULL) {
        json_t *event = json_loads(line, 0, NULL);

        assert_non_null(event);
        assert_int_equal(json_object_get(event, "errorCode") != NULL, n == 1);
        json_decref(event);
        n++;
    }
    fclose(f);
    assert_int_equal(n, 2);
    unlink(path);
    assert_int_not_equal(trail_open(&kept, "/dev/null/x", &e), 0);
    assert_null(kept);
}

static void test_api_calls_are_in_the_trail(void **state)
{
    struct rig *r = *state;

    rig_ec2(r, "Action=DescribeInstances&InstanceId.1=i-0123456789abcdef0");
    assert_string_equal(rig_trail(r, "eventName"), "DescribeInstances");
    assert_string_equal(rig_trail(r, "eventSource"), "ec2.amazonaws.com");
    assert_string_equal(rig_trail(r, "readOnly"), "true");
    r->trail[0] = '{'; /* Names with dots: looked at as text */
    assert_non_null(strstr(r->trail, "\"instanceId.1\":"
                                     "\"i-0123456789abcdef0\""));
    rig_sts(r, "Action=AssumeRole&RoleArn=arn:aws:iam::111122223333:role/ops"
               "&RoleSessionName=me&SerialNumber="
               "arn:aws:iam::111122223333:mfa/admin&TokenCode=123456");
    assert_string_equal(rig_trail(r, "eventName"), "AssumeRole");
    assert_null(strstr(r->trail, "123456\"")); /* The code is no one's */
    assert_string_equal(rig_trail(r, "resources.0.type"), "AWS::IAM::Role");
    r->key_id = rig_xml(r, "AssumeRoleResult/Credentials/AccessKeyId");
    r->secret = rig_xml(r, "AssumeRoleResult/Credentials/SecretAccessKey");
    r->token = rig_xml(r, "AssumeRoleResult/Credentials/SessionToken");
    rig_ec2(r, "Action=DescribeVpcs");
    assert_int_equal(r->status, 200);
    assert_string_equal(rig_trail(r, "userIdentity.type"), "AssumedRole");
    assert_string_equal(
        rig_trail(r, "userIdentity.sessionContext.sessionIssuer.userName"),
        "ops");
    assert_string_equal(rig_trail(r, "userIdentity.sessionContext.attributes."
                                     "mfaAuthenticated"),
                        "true");
    rig_as(r, "root");
    rig_ec2(r, "Action=DescribeVpcs");
    assert_string_equal(rig_trail(r, "userIdentity.type"), "Root");
}

#define RIGGED(test)                                                           \
    cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIGGED(test_a_tunnel_is_let_through),
        RIGGED(test_the_trail_has_the_documents_shape),
        RIGGED(test_refusals),
        RIGGED(test_iam_decides_by_port_address_duration_and_source),
        RIGGED(test_strangers_and_bad_signatures),
        RIGGED(test_states_that_serve_and_states_that_do_not),
        RIGGED(test_the_address_type_of_the_endpoint),
        RIGGED(test_the_connection_after_the_last),
        RIGGED(test_any_port_when_the_world_says_so),
        RIGGED(test_what_the_network_would_not_let_through),
        RIGGED(test_faults_on_order),
        RIGGED(test_the_trail_in_a_file),
        RIGGED(test_api_calls_are_in_the_trail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
