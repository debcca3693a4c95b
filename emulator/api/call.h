/* SPDX-License-Identifier: Apache-2.0 */
/* call.h - one API call while it is being answered.
 *
 * dispatch.c makes it, the service's file verifies it and runs the action, and
 * every part that refuses does so through call_fail(), which knows how this
 * protocol words an error. */
#ifndef EMU_CALL_H
#define EMU_CALL_H

#include <jansson.h>
#include <stdbool.h>

#include "api.h"
#include "params.h"
#include "verify.h"
#include "world.h"

/* How errors are written. */
enum call_protocol {
    CALL_EC2,    /* XML, <Response><Errors> */
    CALL_STS,    /* XML, <ErrorResponse> */
    CALL_JSON,   /* {"__type", "Message"} */
    CALL_TUNNEL, /* {"ErrorCode", "Message"} */
    CALL_REST    /* {"message"} and x-amzn-ErrorType; SSO and sign-in */
};

enum { CALL_MAX_RESOURCES = 4 };

/* Something a call was about, for the trail. */
struct call_resource {
    const char *type; /* "AWS::EC2::InstanceConnectEndpoint" */
    char arn[WORLD_ARN_SIZE];
};

struct api_call {
    struct emu_api *api;
    struct world *w;
    const struct http_request *req;
    struct http_answer *answer;
    enum call_protocol protocol;
    const char *service; /* "ec2", as in a signature's scope */
    const char *action;  /* "DescribeInstances" */
    char request_id[UUID_SIZE];

    bool verified; /* who and region are known */
    struct world_principal who;
    char region[64];  /* The call's region, from the signature */
    char key_id[129]; /* As sent, even when nobody's */

    struct params params; /* Query protocols */
    json_t *body;         /* JSON protocols, or NULL */

    /* What the trail will say. */
    bool failed;
    char error_code[96];
    char error_message[1024];
    json_t *trail_params;   /* requestParameters, or NULL for the params */
    json_t *trail_response; /* responseElements, or NULL */
    struct call_resource resources[CALL_MAX_RESOURCES];
    size_t n_resources;
};

/* Begin and end one; the caller sets protocol, service and action. */
void call_init(struct api_call *c, struct emu_api *api,
               const struct http_request *req, struct http_answer *answer);
void call_free(struct api_call *c);

/* Refuse the call.  Always false, so that a check can end in
 * `return call_fail(...)`.  Only the first refusal counts. */
bool call_fail(struct api_call *c, int status, const char *code,
               const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Out of memory: the service's internal error. */
bool call_no_memory(struct api_call *c);

/* Verify the signature for c->service and fill who and region; or refuse. */
bool call_verify(struct api_call *c);

/* The same, where the signature must be as @expect says. */
struct verify_expect;
bool call_verify_as(struct api_call *c, const struct verify_expect *expect);

/* The sentence for a verification fault of this protocol. */
bool call_refuse_signature(struct api_call *c, enum verify_fault fault,
                           const char *message);

/* Remember what the call was about. */
void call_resource(struct api_call *c, const char *type, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* --- answers in XML ----------------------------------------------------- */

/* Begin and end <ActionResponse xmlns=...> with its request id, EC2's and
 * STS's way. */
void call_xml_begin(struct api_call *c);
void call_xml_end(struct api_call *c);

/* <name>text</name>, escaped; nothing when @text is NULL. */
void call_xml(struct api_call *c, const char *name, const char *text);
void call_xml_int(struct api_call *c, const char *name, int64_t value);
void call_xml_bool(struct api_call *c, const char *name, bool value);
void call_xml_time(struct api_call *c, const char *name, int64_t ms);
void call_xml_open(struct api_call *c, const char *name);
void call_xml_close(struct api_call *c, const char *name);

/* <tagSet><item><key/><value/></item>...</tagSet> */
void call_xml_tags(struct api_call *c, const struct world_tag *tags, size_t n);

/* --- answers in JSON ---------------------------------------------------- */

/* Answer 200 with @doc, which is taken over. */
void call_json(struct api_call *c, const char *content_type, json_t *doc);

#endif /* EMU_CALL_H */
