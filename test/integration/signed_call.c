/* SPDX-License-Identifier: Apache-2.0 */
/* signed_call.c - calls of the emulated APIs, signed by the client's module. */
#include "signed_call.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "buf.h"
#include "err.h"
#include "live_rig.h"
#include "sigv4.h"
#include "ws_caller.h"

const struct sigv4_key signed_demo = {
    .access_key_id = "AKIAIOSFODNN7EXAMPLE",
    .secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
const struct sigv4_key signed_ssh = {
    .access_key_id = "AKIAI44QH8DHBEXAMPLE",
    .secret_access_key = "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"};
const struct sigv4_key signed_nobody = {.access_key_id = "AKIANOBODY",
                                        .secret_access_key = "x"};

/* @target: of a JSON service; or NULL. */
static bool send_signed(struct rig *r, struct caller *c, const char *service,
                        const char *type, const char *target, const char *body)
{
    char host[64], request[8192];
    const struct sigv4_header headers[] = {
        {"Host", host}, {"Content-Type", type}, {"X-Amz-Target", target}};
    const struct sigv4_scope scope = {.region = "eu-central-1",
                                      .service = service,
                                      .time = (int64_t)time(NULL)};
    const struct sigv4_request req = {.method = "POST",
                                      .path = "/",
                                      .headers = headers,
                                      .n_headers = target != NULL ? 3 : 2,
                                      .body = body,
                                      .body_len = strlen(body)};
    struct sigv4_result result;
    struct err e = {0};
    bool ok = false;

    snprintf(host, sizeof host, "localhost:%d", r->https_port);
    sigv4_result_init(&result);
    if (sigv4_sign(&result, &signed_demo, &scope, &req, &e) == 0) {
        snprintf(request, sizeof request,
                 "POST / HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\n"
                 "X-Amz-Date: %s\r\nAuthorization: %s\r\n%s%s%s"
                 "Content-Length: %zu\r\n\r\n%s",
                 host, type, result.date, buf_str(&result.output),
                 target != NULL ? "X-Amz-Target: " : "",
                 target != NULL ? target : "", target != NULL ? "\r\n" : "",
                 strlen(body), body);
        ok = caller_open(c, r->https_port, r->ca_file, "localhost") &&
             caller_says(c, request);
    }
    sigv4_result_free(&result);
    return ok;
}

bool signed_ec2_send(struct rig *r, struct caller *c, const char *form)
{
    return send_signed(r, c, "ec2", "application/x-www-form-urlencoded", NULL,
                       form);
}

bool signed_json_send(struct rig *r, struct caller *c, const char *action,
                      const char *json)
{
    char target[128];

    snprintf(target, sizeof target, "AWSEC2InstanceConnectService.%s", action);
    return send_signed(r, c, "ec2-instance-connect",
                       "application/x-amz-json-1.1", target, json);
}

int signed_ec2(struct rig *r, const char *form, char text[SIGNED_ANSWER])
{
    struct caller c;
    int status = -1;

    if (signed_ec2_send(r, &c, form)) {
        status = caller_answer(&c, text, SIGNED_ANSWER);
    }
    caller_close(&c);
    return status;
}
