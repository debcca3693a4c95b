/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_memory.c - every call with every allocation failing in turn: an
 * answer all the same, nothing half done, nothing leaked (under a
 * sanitizer). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "emu_rig.h"
#include "err.h"
#include "mem.h"
#include "verify.h"

enum { MOST = 400 }; /* More allocations than any call makes */

static int left;

static bool count_down(void *data, size_t size)
{
    (void)data;
    (void)size;
    return left-- > 0;
}

/* Sent as it is while memory fails after @n allocations. */
static int answer_with(struct rig *r, const struct http_request *req, int n)
{
    struct http_answer a;
    int status;

    http_answer_init(&a);
    left = n;
    mem_set_hook(count_down, NULL);
    emu_api_handle(&r->api, req, &a, NULL);
    mem_set_hook(NULL, NULL);
    status = a.status;
    http_answer_free(&a);
    return status;
}

/* Sign a form once, then send it with ever more memory until it works. */
static void sweep(struct rig *r, const char *service, const char *target,
                  const char *body)
{
    struct http_header headers[6] = {
        {"content-type", "application/x-www-form-urlencoded"},
        {"host", "127.0.0.1"},
        {"x-amz-date", "20260102T030405Z"}};
    struct http_request req = {.method = "POST",
                               .path = "/",
                               .query = "",
                               .headers = headers,
                               .n_headers = 3,
                               .body = body,
                               .body_len = strlen(body),
                               .peer_ip = "192.0.2.7"};
    struct verify_claim claim = {.time = "20260102T030405Z",
                                 .date = "20260102",
                                 .region = "eu-central-1",
                                 .signed_headers = "content-type;host;"
                                                   "x-amz-date"};
    char signature[VERIFY_SIGNATURE_SIZE];
    char auth[512];
    int n;

    if (target != NULL) {
        headers[req.n_headers++] = (struct http_header){"x-amz-target", target};
        strcat(claim.signed_headers, ";x-amz-target");
    }
    snprintf(claim.service, sizeof claim.service, "%s", service);
    assert_int_equal(verify_signature(&req, &claim, r->secret, true, signature),
                     0);
    snprintf(auth, sizeof auth,
             "AWS4-HMAC-SHA256 Credential=%s/20260102/eu-central-1/%s/"
             "aws4_request, SignedHeaders=%s, Signature=%s",
             r->key_id, service, claim.signed_headers, signature);
    headers[req.n_headers++] = (struct http_header){"authorization", auth};
    for (n = 0; n < MOST; n++) {
        int status = answer_with(r, &req, n);

        if (status == 200) {
            break;
        }
        if (status < 400) {
            fail_msg("%s: %d after %d", body, status, n);
        }
    }
    assert_true(n > 0 && n < MOST);
}

static void test_calls_survive_lack_of_memory(void **state)
{
    struct rig *r = *state;

    sweep(r, "ec2", NULL,
          "Action=DescribeInstances&Filter.1.Name=tag:env"
          "&Filter.1.Value.1=*&MaxResults=5");
    sweep(r, "ec2", NULL, "Action=DescribeInstanceConnectEndpoints");
    sweep(r, "ec2", NULL,
          "Action=GetConsoleOutput&InstanceId=i-0123456789abcdef0");
    sweep(r, "ec2", NULL,
          "Action=CreateInstanceConnectEndpoint&SubnetId=subnet-0000000c"
          "&ClientToken=t&TagSpecification.1.ResourceType="
          "instance-connect-endpoint&TagSpecification.1.Tag.1.Key=a"
          "&TagSpecification.1.Tag.1.Value=b");
    assert_int_equal(world_n_endpoints(r->w), 2); /* Made once */
    sweep(r, "ec2", NULL,
          "Action=DeleteInstanceConnectEndpoint&InstanceConnectEndpointId="
          "eice-0123456789abcdef0");
    sweep(r, "sts", NULL, "Action=GetCallerIdentity&Version=2011-06-15");
    sweep(r, "sts", NULL,
          "Action=AssumeRole&Version=2011-06-15&RoleSessionName=me&RoleArn="
          "arn:aws:iam::111122223333:role/ops&Tags.member.1.Key=a"
          "&Tags.member.1.Value=b&Policy=%7B%22Statement%22%3A%7B%22Effect"
          "%22%3A%22Allow%22%2C%22Action%22%3A%22*%22%2C%22Resource%22%3A%22"
          "*%22%7D%7D");
    sweep(r, "ec2-instance-connect",
          "AWSEC2InstanceConnectService.SendSSHPublicKey",
          "{\"InstanceId\":\"i-0123456789abcdef0\",\"InstanceOSUser\":\"a\","
          "\"SSHPublicKey\":\"ssh-ed25519 "
          "AAAAC3NzaC1lZDI1NTE5AAAAIFlV91SW8mo4auDShUcqoDhI7quWatKIy9E9bJBoD+jD"
          "\"}");
}

static void test_the_gate_survives_lack_of_memory(void **state)
{
    struct rig *r = *state;
    static const struct http_header headers[] = {
        {"host", "eice-0123456789abcdef0.0123abcd.ec2-instance-connect-endpoint"
                 ".eu-central-1.amazonaws.com"}};
    char *query = rig_query(r,
                            "instanceConnectEndpointId=eice-0123456789abcdef0"
                            "&remotePort=22&privateIpAddress=10.0.1.5",
                            60);
    const struct http_request req = {.method = "GET",
                                     .path = "/openTunnel",
                                     .query = query,
                                     .headers = headers,
                                     .n_headers = 1,
                                     .body = "",
                                     .peer_ip = "192.0.2.7"};
    struct gate_answer a = {.status = 1};
    int n;

    for (n = 0; n < MOST && a.status != 0; n++) {
        left = n;
        mem_set_hook(count_down, NULL);
        gate_open(&r->api, &req, "id", &a);
        mem_set_hook(NULL, NULL);
        assert_true(a.status == 0 || a.status >= 400);
    }
    assert_int_equal(a.status, 0);
    assert_int_equal(world_endpoint(r->w, "eice-0123456789abcdef0")->n_open, 1);
    free(query);
}

static void test_state_survives_lack_of_memory(void **state)
{
    struct rig *r = *state;
    char path[] = "/tmp/eice-state-XXXXXX";
    struct world_session_config config = {
        .role = world_role(r->w, "111122223333", "ops"),
        .name = "me",
        .duration_s = 900};
    const struct world_session *s;
    struct err e;
    int n;
    int rv = 1;

    close(mkstemp(path));
    assert_int_equal(world_session_new(r->w, &config, &s, &e), 0);
    assert_int_equal(world_save(r->w, path, &e), 0);
    for (n = 0; n < MOST && rv != 0; n++) {
        struct rig *fresh = rig_new(NULL);

        left = n;
        mem_set_hook(count_down, NULL);
        rv = world_restore(fresh->w, path, &e);
        mem_set_hook(NULL, NULL);
        rig_free(fresh);
    }
    assert_int_equal(rv, 0);
    rv = 1;
    for (n = 0; n < MOST && rv != 0; n++) {
        left = n;
        mem_set_hook(count_down, NULL);
        rv = world_save(r->w, path, &e);
        mem_set_hook(NULL, NULL);
    }
    assert_int_equal(rv, 0);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_calls_survive_lack_of_memory,
                                        rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(test_the_gate_survives_lack_of_memory,
                                        rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(test_state_survives_lack_of_memory,
                                        rig_setup, rig_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
