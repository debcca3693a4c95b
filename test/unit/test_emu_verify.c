/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_verify.c - the emulator's own signature check: known signatures of
 * others pass, everything else is refused with AWS's codes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "emu_rig.h"
#include "files.h"
#include "json.h"
#include "verify.h"

/* --- the vectors of AWS-REFERENCE C2 ------------------------------------ */

#define HOST_EC2 "ec2.eu-central-1.amazonaws.com"
#define HOST_EIC "ec2-instance-connect.eu-central-1.amazonaws.com"
#define HOST_EICE                                                              \
    "eice-0abc.0123abcd.ec2-instance-connect-endpoint.eu-central-1."           \
    "amazonaws.com"

/* A temporary key whose token the vectors use. */
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

static void check_claim(const struct http_request *req, const char *signature)
{
    struct verify_claim claim;
    char message[512];
    char right[VERIFY_SIGNATURE_SIZE];

    assert_int_equal(verify_claim_read(req, &claim, message), VERIFY_OK);
    assert_string_equal(claim.key_id, "AKIDEXAMPLE");
    assert_string_equal(claim.signature, signature);
    assert_int_equal(claim.time_ms, RIG_START_MS);
    assert_int_equal(verify_signature(req, &claim, SECRET, true, right), 0);
    assert_string_equal(right, signature);
}

static void test_vector_of_an_ec2_post(void **state)
{
#define SIG "d3fb5e3b1bfe22354f8ebb54b22db1196cf1932afe15f8d37415278707f8620c"
    static const struct http_header headers[] = {
        {"x-amz-date", "20260102T030405Z"},
        {"host", HOST_EC2},
        {"x-amz-security-token", "TOKEN/+="},
        {"content-type", "application/x-www-form-urlencoded; charset=utf-8"},
        {"authorization",
         "AWS4-HMAC-SHA256 "
         "Credential=AKIDEXAMPLE/20260102/eu-central-1/ec2/aws4_request, "
         "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, "
         "Signature=" SIG},
    };
    static const char body[] = "Action=DescribeInstances&Version=2016-11-15&"
                               "InstanceId.1=i-0123456789abcdef0";
    const struct http_request req = {.method = "POST",
                                     .path = "/",
                                     .query = "",
                                     .headers = headers,
                                     .n_headers = 5,
                                     .body = body,
                                     .body_len = sizeof body - 1};

    (void)state;
    check_claim(&req, SIG);
#undef SIG
}

static void test_vector_of_a_json_post(void **state)
{
#define SIG "66e4c0df247b2fc42505882d6842041ae0ab3ca51a386815b1caf18394021509"
    static const struct http_header headers[] = {
        {"host", HOST_EIC},
        {"x-amz-date", "20260102T030405Z"},
        {"content-type", "application/x-amz-json-1.1"},
        {"x-amz-target", "AWSEC2InstanceConnectService.SendSSHPublicKey"},
        {"authorization",
         "AWS4-HMAC-SHA256 "
         "Credential=AKIDEXAMPLE/20260102/eu-central-1/ec2-instance-connect/"
         "aws4_request,"
         "SignedHeaders=content-type;host;x-amz-date;x-amz-target,"
         "Signature=" SIG},
    };
    static const char body[] =
        "{\"InstanceId\": \"i-0123456789abcdef0\", "
        "\"InstanceOSUser\": \"ec2-user\", \"SSHPublicKey\": \"ssh-ed25519 "
        "AAAAC3NzaC1lZDI1NTE5AAAAIFlV91SW8mo4auDShUcqoDhI7quWatKIy9E9bJBoD+jD"
        "\"}";
    const struct http_request req = {.method = "POST",
                                     .path = "/",
                                     .query = "",
                                     .headers = headers,
                                     .n_headers = 5,
                                     .body = body,
                                     .body_len = sizeof body - 1};

    (void)state;
    assert_int_equal(sizeof body - 1, 167);
    check_claim(&req, SIG);
#undef SIG
}

static void test_vector_of_a_presigned_tunnel_in_any_order(void **state)
{
#define SIG "d2c4633d1b6c66d12dfa1e2510a2f7a3f016e790675784ddc9b29f4f0bafd050"
    static const struct http_header headers[] = {{"host", HOST_EICE}};
    static const char *const queries[] = {
        "instanceConnectEndpointId=eice-0abc&remotePort=3389&"
        "privateIpAddress=2001%3Adb8%3A%3A5&X-Amz-Algorithm=AWS4-HMAC-SHA256&"
        "X-Amz-Credential=AKIDEXAMPLE%2F20260102%2Feu-central-1%2F"
        "ec2-instance-connect%2Faws4_request&X-Amz-Date=20260102T030405Z&"
        "X-Amz-Expires=60&X-Amz-SignedHeaders=host&"
        "X-Amz-Security-Token=TOKEN%2F%2B%3D&X-Amz-Signature=" SIG,
        /* Sorted, as Go clients send it; lower-case hex; a colon plain. */
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&"
        "X-Amz-Credential=AKIDEXAMPLE%2f20260102%2feu-central-1%2f"
        "ec2-instance-connect%2faws4_request&X-Amz-Date=20260102T030405Z&"
        "X-Amz-Expires=60&X-Amz-Security-Token=TOKEN%2F%2B%3D&"
        "X-Amz-Signature=" SIG
        "&X-Amz-SignedHeaders=host&instanceConnectEndpointId=eice-0abc&"
        "privateIpAddress=2001:db8::5&remotePort=3389",
    };
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        const struct http_request req = {.method = "GET",
                                         .path = "/openTunnel",
                                         .query = queries[i],
                                         .headers = headers,
                                         .n_headers = 1,
                                         .body = ""};

        check_claim(&req, SIG);
    }
#undef SIG
}

/* --- the public suite, when it stands beside the project ----------------- */

/* Split the text of a request into @req; the text is changed. */
static void split_request(char *text, struct http_request *req,
                          struct http_header *headers)
{
    char *end = strchr(text, '\n');
    char *last;
    char *line;

    *end = '\0';
    line = end + 1;
    req->method = text;
    text = strchr(text, ' ');
    *text++ = '\0';
    last = strrchr(text, ' ');
    *last = '\0';
    req->path = text;
    req->query = "";
    if (strchr(text, '?') != NULL) {
        char *mark = strchr(text, '?');

        *mark = '\0';
        req->query = mark + 1;
    }
    while (*line != '\0' && *line != '\n') {
        char *colon = strchr(line, ':');

        end = strchr(line, '\n');
        while (end != NULL && (end[1] == ' ' || end[1] == '\t')) {
            end = strchr(end + 1, '\n');
        }
        if (end != NULL) {
            *end = '\0';
        }
        *colon = '\0';
        for (last = line; *last != '\0'; last++) {
            *last = *last >= 'A' && *last <= 'Z' ? (char)(*last + 32) : *last;
        }
        headers[req->n_headers].name = line;
        headers[req->n_headers++].value = colon + 1;
        line = end != NULL ? end + 1 : colon + 1 + strlen(colon + 1);
    }
    req->headers = headers;
    req->body = *line == '\n' ? line + 1 : line;
    req->body_len = strlen(req->body);
}

/* One signed request of the suite must verify, and not with a letter more. */
static void check_suite_case(const char *dir, const char *form, bool normalize)
{
    struct http_header headers[16];
    struct http_request req = {0};
    struct verify_claim claim;
    char right[VERIFY_SIGNATURE_SIZE];
    char message[512];
    char name[64];
    char *text;
    size_t len;

    snprintf(name, sizeof name, "%s-signed-request.txt", form);
    text = test_read_file(dir, name, &len);
    assert_non_null(text);
    split_request(text, &req, headers);
    assert_int_equal(verify_claim_read(&req, &claim, message), VERIFY_OK);
    assert_int_equal(verify_signature(&req, &claim, SECRET, normalize, right),
                     0);
    if (strcmp(right, claim.signature) != 0) {
        fail_msg("%s %s", dir, form);
    }
    assert_int_equal(
        verify_signature(&req, &claim, SECRET "x", normalize, right), 0);
    assert_string_not_equal(right, claim.signature);
    free(text);
}

static void test_the_public_suite_verifies(void **state)
{
    char dir[2048];
    char **names;
    size_t n = 0;
    size_t i;

    (void)state;
    snprintf(dir, sizeof dir, "%s/sigv4", test_shared_vectors_dir());
    names = test_list_dir(dir, "");
    for (i = 0; names != NULL && names[i] != NULL; i++) {
        char one[4096];
        char *text;
        json_t *context;
        size_t len;
        bool normalize = true;

        snprintf(one, sizeof one, "%s/%s", dir, names[i]);
        text = test_read_file(one, "context.json", &len);
        if (text == NULL) {
            continue;
        }
        context = js_parse(text, len, NULL);
        assert_non_null(context);
        js_bool(context, "normalize", &normalize);
        check_suite_case(one, "header", normalize);
        check_suite_case(one, "query", normalize);
        json_decref(context);
        free(text);
        n++;
    }
    test_free_names(names);
    if (n == 0) {
        print_message("no public suite beside the project: skipped\n");
        skip();
    }
    print_message("%zu cases\n", n);
    assert_true(n >= 20);
}

/* --- refusals, per protocol ---------------------------------------------- */

static void test_a_signed_call_is_let_in(void **state)
{
    struct rig *r = *state;

    rig_sts(r, "Action=GetCallerIdentity");
    assert_int_equal(r->status, 200);
    rig_ec2(r, "Action=DescribeVpcs");
    assert_int_equal(r->status, 200);
}

static void spoil_key(struct rig *r)
{
    r->key_id = "AKIDNOBODY";
}

static void spoil_inactive(struct rig *r)
{
    r->key_id = "AKIDOFF";
    r->secret = "x";
}

static void spoil_secret(struct rig *r)
{
    r->secret = "wrong";
}

static void spoil_token(struct rig *r)
{
    r->token = "unwanted";
}

static void check_fault(struct rig *r, void (*spoil)(struct rig *),
                        int ec2_status, const char *ec2, int sts_status,
                        const char *sts, const char *json)
{
    spoil(r);
    rig_ec2(r, "Action=DescribeVpcs");
    assert_int_equal(r->status, ec2_status);
    assert_string_equal(rig_error(r), ec2);
    rig_sts(r, "Action=GetCallerIdentity");
    assert_int_equal(r->status, sts_status);
    assert_string_equal(rig_error(r), sts);
    rig_json(r, "SendSSHPublicKey", "{}");
    assert_int_equal(r->status, 400);
    assert_string_equal(rig_error(r), json);
    rig_as(r, "admin");
}

static void test_faults_have_each_protocols_name(void **state)
{
    struct rig *r = *state;

    check_fault(r, spoil_key, 401, "AuthFailure", 403, "InvalidClientTokenId",
                "UnrecognizedClientException");
    check_fault(r, spoil_inactive, 401, "AuthFailure", 403,
                "InvalidClientTokenId", "UnrecognizedClientException");
    check_fault(r, spoil_secret, 403, "SignatureDoesNotMatch", 403,
                "SignatureDoesNotMatch", "InvalidSignatureException");
    check_fault(r, spoil_token, 401, "AuthFailure", 403, "InvalidClientTokenId",
                "UnrecognizedClientException");
}

static void test_unsigned_and_unreadable_calls(void **state)
{
    struct rig *r = *state;
    const char *headers[] = {"host: 127.0.0.1", "authorization: x", NULL};
    static const struct {
        const char *authorization;
        const char *code;
    } cases[] = {
        {"authorization: Basic abc", "IncompleteSignature"},
        {"authorization: AWS4-HMAC-SHA256 Credential=A", "IncompleteSignature"},
        {"authorization: AWS4-HMAC-SHA256 Credential=A/B, SignedHeaders=host, "
         "Signature=0",
         "IncompleteSignature"},
        {"authorization: AWS4-HMAC-SHA256 Credential=A/20260102/r/ec2/other, "
         "SignedHeaders=host, Signature=0",
         "IncompleteSignature"},
        /* No date at all. */
        {"authorization: AWS4-HMAC-SHA256 "
         "Credential=A/20260102/r/ec2/aws4_request, SignedHeaders=host, "
         "Signature=0",
         "IncompleteSignature"},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        headers[1] = cases[i].authorization;
        rig_send(r, "POST", "/", headers, "Action=DescribeVpcs");
        assert_int_equal(r->status, 400);
        assert_string_equal(rig_error(r), cases[i].code);
    }
    headers[1] = NULL;
    rig_send(r, "POST", "/", headers, "Action=DescribeVpcs");
    assert_int_equal(r->status, 403);
    assert_string_equal(rig_error(r), "MissingAuthenticationToken");
    rig_send(r, "POST", "/", headers,
             "Action=GetCallerIdentity&Version=2011-06-15");
    assert_int_equal(r->status, 403);
    assert_string_equal(rig_error(r), "MissingAuthenticationToken");
}

/* A query made now and used @later_ms afterwards. */
static void use_later(struct rig *r, int64_t later_ms, int expires_s,
                      const char *code)
{
    static const struct http_header headers[] = {
        {"host", "eice-0123456789abcdef0.0123abcd.ec2-instance-connect-endpoint"
                 ".eu-central-1.amazonaws.com"}};
    char *query = rig_query(r,
                            "instanceConnectEndpointId=eice-0123456789abcdef0"
                            "&remotePort=22&privateIpAddress=10.0.1.5",
                            expires_s);
    const struct http_request req = {.method = "GET",
                                     .path = "/openTunnel",
                                     .query = query,
                                     .headers = headers,
                                     .n_headers = 1,
                                     .body = "",
                                     .peer_ip = "192.0.2.7"};
    struct gate_answer a;

    r->now_ms += later_ms;
    gate_open(&r->api, &req, "id", &a);
    if (a.status == 0) {
        gate_closed(&r->api, a.endpoint_id);
    }
    r->now_ms -= later_ms;
    assert_int_equal(a.status, code[0] == '\0' ? 0 : 403);
    assert_string_equal(a.code, code);
    free(query);
}

static void test_dates_and_expiry(void **state)
{
    struct rig *r = *state;

    use_later(r, 60 * 1000, 60, "");
    use_later(r, 61 * 1000, 60, "InvalidSignatureException");
    use_later(r, 15 * 60 * 1000, 0, ""); /* No X-Amz-Expires: 15 minutes */
    use_later(r, 15 * 60 * 1000 + 1000, 0, "InvalidSignatureException");
    use_later(r, -15 * 60 * 1000, 60, "");
    use_later(r, -15 * 60 * 1000 - 1000, 60, "InvalidSignatureException");
}

static void test_an_old_header_signature_has_each_protocols_name(void **state)
{
    struct rig *r = *state;
    static const char *const headers[] = {
        "host: ec2.eu-central-1.amazonaws.com", "x-amz-date: 20260102T024904Z",
        "authorization: AWS4-HMAC-SHA256 "
        "Credential=AKIDEXAMPLE/20260102/eu-central-1/ec2/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=00",
        NULL};

    rig_send(r, "POST", "/", headers, "Action=DescribeVpcs");
    assert_int_equal(r->status, 400);
    assert_string_equal(rig_error(r), "RequestExpired");
    assert_string_equal(rig_message(r),
                        "Signature expired: 20260102T024904Z is now earlier "
                        "than 20260102T024905Z (20260102T030405Z - 15 min.)");
    rig_send(r, "POST", "/", headers,
             "Action=GetCallerIdentity&Version=2011-06-15");
    assert_int_equal(r->status, 403);
    assert_string_equal(rig_error(r), "SignatureDoesNotMatch");
}

static void test_scope_must_be_of_the_service_and_region(void **state)
{
    struct rig *r = *state;
    static const char *const headers[] = {
        "host: ec2.eu-central-1.amazonaws.com", "x-amz-date: 20260102T030405Z",
        "authorization: AWS4-HMAC-SHA256 "
        "Credential=AKIDEXAMPLE/20260102/us-east-1/ec2/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=00",
        NULL};
    static const char *const service[] = {
        "host: sts.eu-central-1.amazonaws.com", "x-amz-date: 20260102T030405Z",
        "authorization: AWS4-HMAC-SHA256 "
        "Credential=AKIDEXAMPLE/20260102/eu-central-1/ec2/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=00",
        NULL};
    static const char *const day[] = {
        "host: 127.0.0.1", "x-amz-date: 20260102T030405Z",
        "authorization: AWS4-HMAC-SHA256 "
        "Credential=AKIDEXAMPLE/20260101/eu-central-1/ec2/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=00",
        NULL};

    rig_send(r, "POST", "/", headers, "Action=DescribeVpcs");
    assert_string_equal(rig_error(r), "SignatureDoesNotMatch");
    assert_string_equal(rig_message(r),
                        "Credential should be scoped to a valid region.");
    rig_send(r, "POST", "/", service, "Action=GetCallerIdentity");
    assert_string_equal(rig_error(r), "SignatureDoesNotMatch");
    assert_string_equal(rig_message(r),
                        "Credential should be scoped to correct service: "
                        "'sts'.");
    rig_send(r, "POST", "/", day, "Action=DescribeVpcs");
    assert_string_equal(rig_error(r), "SignatureDoesNotMatch");
    assert_non_null(strstr(rig_message(r), "'20260101' != '20260102'"));
}

static void test_temporary_keys_need_their_token_and_end(void **state)
{
    struct rig *r = *state;
    struct world_session_config config = {
        .role = world_role(r->w, "111122223333", "ops"),
        .name = "me",
        .duration_s = 900};
    const struct world_session *s;

    assert_int_equal(world_session_new(r->w, &config, &s, NULL), 0);
    r->key_id = s->key_id;
    r->secret = s->secret;
    rig_sts(r, "Action=GetCallerIdentity");
    assert_string_equal(rig_error(r), "InvalidClientTokenId");
    r->token = "wrong";
    rig_sts(r, "Action=GetCallerIdentity");
    assert_string_equal(rig_error(r), "InvalidClientTokenId");
    r->token = s->token;
    rig_sts(r, "Action=GetCallerIdentity");
    assert_int_equal(r->status, 200);
    assert_string_equal(rig_xml(r, "GetCallerIdentityResult/Arn"),
                        "arn:aws:sts::111122223333:assumed-role/ops/me");
    use_later(r, 0, 60, "");
    r->now_ms += 900 * 1000;
    rig_sts(r, "Action=GetCallerIdentity");
    assert_int_equal(r->status, 403);
    assert_string_equal(rig_error(r), "ExpiredToken");
    rig_ec2(r, "Action=DescribeVpcs");
    assert_string_equal(rig_error(r), "RequestExpired");
    rig_json(r, "SendSSHPublicKey", "{}");
    assert_string_equal(rig_error(r), "ExpiredTokenException");
    use_later(r, 0, 60, "ExpiredTokenException");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vector_of_an_ec2_post),
        cmocka_unit_test(test_vector_of_a_json_post),
        cmocka_unit_test(test_vector_of_a_presigned_tunnel_in_any_order),
        cmocka_unit_test(test_the_public_suite_verifies),
        cmocka_unit_test_setup_teardown(test_a_signed_call_is_let_in, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(test_faults_have_each_protocols_name,
                                        rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(test_unsigned_and_unreadable_calls,
                                        rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(test_dates_and_expiry, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(
            test_an_old_header_signature_has_each_protocols_name, rig_setup,
            rig_teardown),
        cmocka_unit_test_setup_teardown(
            test_scope_must_be_of_the_service_and_region, rig_setup,
            rig_teardown),
        cmocka_unit_test_setup_teardown(
            test_temporary_keys_need_their_token_and_end, rig_setup,
            rig_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
