/* SPDX-License-Identifier: Apache-2.0 */
/* dispatch.c - which service a request is for, and the way through it.
 *
 * Clients that were given one address for everything (AWS_ENDPOINT_URL) sign
 * for the service they mean but send its Host: so the target header, the path
 * and the form's Version decide first, the host name only when it says
 * something. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api.h"
#include "call.h"
#include "ec2.h"
#include "err.h"
#include "faults.h"
#include "imds.h"
#include "instance_connect.h"
#include "json.h"
#include "oidc.h"
#include "percent.h"
#include "signin.h"
#include "sso.h"
#include "sts.h"
#include "trail.h"

#define TARGET "AWSEC2InstanceConnectService."

/* Whether the host is of the service: "sts.eu-central-1.amazonaws.com". */
static bool host_is(const struct http_request *req, const char *service)
{
    const char *host = http_header(req, "host");
    size_t n = strlen(service);

    return host != NULL && strncasecmp(host, service, n) == 0 &&
           (host[n] == '.' || host[n] == '-');
}

/* --- faults ------------------------------------------------------------- */

/* An order for this action: answered with the error it says, or only later.
 * False when the call is answered. */
static bool ask_faults(struct api_call *c, int64_t *delay_ms)
{
    struct api_fault fault;

    if (!faults_ask(c->api->faults, c->action, &fault)) {
        return true;
    }
    *delay_ms = fault.delay_ms;
    if (fault.status == 0) {
        return true;
    }
    call_fail(c, fault.status, fault.code != NULL ? fault.code : "", "%s",
              fault.message);
    if (fault.body != NULL) {
        buf_clear(&c->answer->body);
        buf_adds(&c->answer->body, fault.body);
    }
    return false;
}

/* The same for a path of the metadata or container service. */
static bool ask_path_faults(struct emu_api *api, const struct http_request *req,
                            struct http_answer *answer, int64_t *delay_ms)
{
    struct api_fault fault;

    if (!faults_ask(api->faults, req->path, &fault)) {
        return true;
    }
    *delay_ms = fault.delay_ms;
    if (fault.status == 0) {
        return true;
    }
    answer->status = fault.status;
    answer->content_type = "text/plain";
    buf_adds(&answer->body, fault.body != NULL ? fault.body : fault.message);
    return false;
}

/* --- the query services: EC2 and STS ------------------------------------ */

/* Read the form, or for a GET the query, into c->params. */
static bool read_form(struct api_call *c)
{
    bool get = strcmp(c->req->method, "GET") == 0;
    int rv;

    if (!get && memchr(c->req->body, '\0', c->req->body_len) != NULL) {
        rv = ERR_PARSE;
    } else if (get) {
        rv = params_parse(&c->params, c->req->query, strlen(c->req->query),
                          false);
    } else {
        rv = params_parse(&c->params, c->req->body, c->req->body_len, true);
    }
    if (rv == ERR_TOO_BIG) {
        return call_fail(c, 400, "RequestEntityTooLarge",
                         "The request has too many parameters");
    }
    if (rv == ERR_PARSE) {
        return call_fail(c, 400, "MalformedQueryString",
                         "The query string is malformed");
    }
    return rv == 0 || call_no_memory(c);
}

/* Whether a form is meant for STS: by its version, or by the host. */
static bool is_sts(struct api_call *c)
{
    const char *version = params_get(&c->params, "Version");

    if (version != NULL) {
        return strcmp(version, "2011-06-15") == 0;
    }
    return host_is(c->req, "sts");
}

static void query_handle(struct api_call *c, int64_t *delay_ms)
{
    const char *action;

    c->protocol = CALL_EC2;
    c->service = "ec2";
    c->action = "Unknown";
    if (!read_form(c)) {
        return;
    }
    if (is_sts(c)) {
        c->protocol = CALL_STS;
        c->service = "sts";
    }
    action = params_get(&c->params, "Action");
    if (action == NULL || action[0] == '\0') {
        call_fail(c, 400,
                  c->protocol == CALL_STS ? "MissingAction"
                                          : "MissingParameter",
                  "The request must contain the parameter Action");
        return;
    }
    c->action = action;
    if (!ask_faults(c, delay_ms)) {
        return;
    }
    if (c->protocol == CALL_STS) {
        sts_handle(c);
    } else if (call_verify(c)) {
        ec2_handle(c);
    }
}

/* --- EC2 Instance Connect ----------------------------------------------- */

static void target_handle(struct api_call *c, const char *target,
                          int64_t *delay_ms)
{
    struct err e;

    c->protocol = CALL_JSON;
    c->service = "ec2-instance-connect";
    c->action = "Unknown";
    if (target == NULL || strncmp(target, TARGET, strlen(TARGET)) != 0) {
        call_fail(c, 400, "UnknownOperationException",
                  "The target of the request is not known");
        return;
    }
    c->action = target + strlen(TARGET);
    if (strcmp(c->req->method, "POST") != 0) {
        call_fail(c, 405, "UnknownOperationException",
                  "The method must be POST");
        return;
    }
    if (!ask_faults(c, delay_ms) || !call_verify(c)) {
        return;
    }
    c->body = js_parse(c->req->body, c->req->body_len, &e);
    if (!json_is_object(c->body)) {
        call_fail(c, 400, "SerializationException",
                  "The request body is not a JSON object");
        return;
    }
    instance_connect_handle(c);
}

/* --- REST services ------------------------------------------------------ */

static void rest_handle(struct api_call *c, const char *service,
                        const char *action, void (*run)(struct api_call *c),
                        int64_t *delay_ms)
{
    c->protocol = CALL_REST;
    c->service = service;
    c->action = action;
    if (ask_faults(c, delay_ms)) {
        run(c);
    }
}

/* --- all of them -------------------------------------------------------- */

static bool path_is(const struct http_request *req, const char *path)
{
    return strcmp(req->path, path) == 0;
}

/* Route by what is surest. */
static void route(struct api_call *c, int64_t *delay_ms)
{
    const struct http_request *req = c->req;
    const char *target = http_header(req, "x-amz-target");

    if (target != NULL || host_is(req, "ec2-instance-connect")) {
        target_handle(c, target, delay_ms);
    } else if (path_is(req, "/federation/credentials")) {
        rest_handle(c, "sso", "GetRoleCredentials", sso_handle, delay_ms);
    } else if (path_is(req, "/token")) {
        rest_handle(c, "sso-oidc", "CreateToken", oidc_handle, delay_ms);
    } else if (path_is(req, "/v1/token")) {
        rest_handle(c, "signin", "CreateOAuth2Token", signin_handle, delay_ms);
    } else if (path_is(req, "/") || path_is(req, "")) {
        query_handle(c, delay_ms);
    } else {
        c->protocol = CALL_EC2;
        c->service = "ec2";
        c->action = "Unknown";
        call_fail(c, 404, "InvalidAction", "There is nothing at this path");
    }
}

void emu_api_handle(struct emu_api *api, const struct http_request *req,
                    struct http_answer *answer, int64_t *delay_ms)
{
    struct api_call c;
    int64_t delay = 0;

    world_settle(api->world);
    if (imds_is_path(req->path)) {
        if (ask_path_faults(api, req, answer, &delay)) {
            emu_imds_handle(api, req, answer);
        }
    } else if (container_is_path(api->world, req->path)) {
        if (ask_path_faults(api, req, answer, &delay)) {
            emu_container_handle(api, req, answer);
        }
    } else {
        call_init(&c, api, req, answer);
        route(&c, &delay);
        trail_call(api->trail, &c);
        call_free(&c);
    }
    if (buf_error(&answer->body) != 0 || buf_error(&answer->headers) != 0) {
        buf_clear(&answer->body);
        buf_clear(&answer->headers);
        answer->status = 500;
        answer->content_type = "text/plain";
    }
    if (delay_ms != NULL) {
        *delay_ms = delay;
    }
}
