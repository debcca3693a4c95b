/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - the frame of every call: ids, signatures, answers, refusals. */
#include "call.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "iso8601.h"
#include "json.h"
#include "utf8.h"
#include "xml.h"

#define EC2_NS "http://ec2.amazonaws.com/doc/2016-11-15/"
#define STS_NS "https://sts.amazonaws.com/doc/2011-06-15/"

void call_init(struct api_call *c, struct emu_api *api,
               const struct http_request *req, struct http_answer *answer)
{
    *c = (struct api_call){
        .api = api, .w = api->world, .req = req, .answer = answer};
    world_uuid(c->w, c->request_id);
    buf_addf(&answer->headers, "x-amzn-RequestId: %s\r\n", c->request_id);
}

void call_free(struct api_call *c)
{
    params_free(&c->params);
    json_decref(c->body);
    json_decref(c->trail_params);
    json_decref(c->trail_response);
}

/* --- refusals ----------------------------------------------------------- */

/* The error as EC2 writes it: RequestID with a capital D. */
static void fail_ec2(struct api_call *c, const char *code, const char *message)
{
    struct buf *b = &c->answer->body;

    c->answer->content_type = "text/xml;charset=UTF-8";
    buf_addf(b,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
             "<Response><Errors><Error><Code>%s</Code><Message>",
             code);
    xml_escape(b, message);
    buf_addf(b,
             "</Message></Error></Errors><RequestID>%s</RequestID></Response>",
             c->request_id);
}

static void fail_sts(struct api_call *c, int status, const char *code,
                     const char *message)
{
    struct buf *b = &c->answer->body;

    c->answer->content_type = "text/xml";
    buf_addf(b,
             "<ErrorResponse xmlns=\"" STS_NS "\">\n  <Error>\n"
             "    <Type>%s</Type>\n    <Code>%s</Code>\n    <Message>",
             status >= 500 ? "Receiver" : "Sender", code);
    xml_escape(b, message);
    buf_addf(b,
             "</Message>\n  </Error>\n  <RequestId>%s</RequestId>\n"
             "</ErrorResponse>\n",
             c->request_id);
}

/* {"KEY": code, "TEXT": message}; either key may be NULL. */
static void fail_json(struct api_call *c, const char *type, const char *key,
                      const char *text, const char *code, const char *message)
{
    struct buf *b = &c->answer->body;

    c->answer->content_type = type;
    buf_addc(b, '{');
    if (key != NULL) {
        buf_addf(b, "\"%s\":", key);
        js_write_str(b, code, 0);
        buf_addc(b, ',');
    }
    buf_addf(b, "\"%s\":", text);
    js_write_str(b, message, 0);
    buf_addc(b, '}');
}

bool call_fail(struct api_call *c, int status, const char *code,
               const char *fmt, ...)
{
    va_list ap;

    if (c->failed) {
        return false;
    }
    c->failed = true;
    va_start(ap, fmt);
    vsnprintf(c->error_message, sizeof c->error_message, fmt, ap);
    va_end(ap);
    utf8_repair(c->error_message); /* Cut short, or quoting what came */
    snprintf(c->error_code, sizeof c->error_code, "%s", code);
    c->answer->status = status;
    buf_clear(&c->answer->body);
    switch (c->protocol) {
    case CALL_EC2:
        fail_ec2(c, code, c->error_message);
        break;
    case CALL_STS:
        fail_sts(c, status, code, c->error_message);
        break;
    case CALL_JSON:
        fail_json(c, "application/x-amz-json-1.1", "__type", "Message", code,
                  c->error_message);
        break;
    case CALL_TUNNEL:
        fail_json(c, "application/json", "ErrorCode", "Message", code,
                  c->error_message);
        break;
    case CALL_REST:
        buf_addf(&c->answer->headers, "x-amzn-ErrorType: %s\r\n", code);
        fail_json(c, "application/json", NULL, "message", code,
                  c->error_message);
        break;
    }
    return false;
}

bool call_no_memory(struct api_call *c)
{
    switch (c->protocol) {
    case CALL_EC2:
        return call_fail(c, 500, "InternalError",
                         "An internal error has occurred");
    case CALL_STS:
        return call_fail(c, 500, "InternalFailure",
                         "An internal error has occurred");
    default:
        return call_fail(c, 500, "ServiceException",
                         "An internal error has occurred");
    }
}

/* --- signatures --------------------------------------------------------- */

/* One way to say a fault. */
struct saying {
    int status;
    const char *code;
    const char *message; /* When the verifier has nothing better to say */
};

#define MISMATCH                                                               \
    "The request signature we calculated does not match the signature you "    \
    "provided. Check your AWS Secret Access Key and signing method. Consult "  \
    "the service documentation for details."
#define NO_CREDENTIALS                                                         \
    "AWS was not able to validate the provided access credentials"
#define BAD_TOKEN "The security token included in the request is invalid."
#define OLD_TOKEN "The security token included in the request is expired"

static const struct saying ec2_sayings[VERIFY_N_FAULTS] = {
    [VERIFY_MISSING] = {403, "MissingAuthenticationToken",
                        "Request is missing Authentication Token"},
    [VERIFY_INCOMPLETE] = {400, "IncompleteSignature", NULL},
    [VERIFY_UNKNOWN_KEY] = {401, "AuthFailure", NO_CREDENTIALS},
    [VERIFY_BAD_TOKEN] = {401, "AuthFailure", NO_CREDENTIALS},
    [VERIFY_EXPIRED_TOKEN] = {400, "RequestExpired", "Request has expired."},
    [VERIFY_SKEWED] = {400, "RequestExpired", NULL},
    [VERIFY_BAD_SCOPE] = {403, "SignatureDoesNotMatch", NULL},
    [VERIFY_MISMATCH] = {403, "SignatureDoesNotMatch", MISMATCH},
    [VERIFY_NO_MEMORY] = {500, "InternalError", "An internal error occurred"},
};

static const struct saying sts_sayings[VERIFY_N_FAULTS] = {
    [VERIFY_MISSING] = {403, "MissingAuthenticationToken",
                        "Request is missing Authentication Token"},
    [VERIFY_INCOMPLETE] = {400, "IncompleteSignature", NULL},
    [VERIFY_UNKNOWN_KEY] = {403, "InvalidClientTokenId", BAD_TOKEN},
    [VERIFY_BAD_TOKEN] = {403, "InvalidClientTokenId", BAD_TOKEN},
    [VERIFY_EXPIRED_TOKEN] = {403, "ExpiredToken", OLD_TOKEN},
    [VERIFY_SKEWED] = {403, "SignatureDoesNotMatch", NULL},
    [VERIFY_BAD_SCOPE] = {403, "SignatureDoesNotMatch", NULL},
    [VERIFY_MISMATCH] = {403, "SignatureDoesNotMatch", MISMATCH},
    [VERIFY_NO_MEMORY] = {500, "InternalFailure", "An internal error occurred"},
};

static const struct saying json_sayings[VERIFY_N_FAULTS] = {
    [VERIFY_MISSING] = {400, "MissingAuthenticationTokenException",
                        "Missing Authentication Token"},
    [VERIFY_INCOMPLETE] = {400, "IncompleteSignatureException", NULL},
    [VERIFY_UNKNOWN_KEY] = {400, "UnrecognizedClientException", BAD_TOKEN},
    [VERIFY_BAD_TOKEN] = {400, "UnrecognizedClientException", BAD_TOKEN},
    [VERIFY_EXPIRED_TOKEN] = {400, "ExpiredTokenException", OLD_TOKEN},
    [VERIFY_SKEWED] = {400, "InvalidSignatureException", NULL},
    [VERIFY_BAD_SCOPE] = {400, "InvalidSignatureException", NULL},
    [VERIFY_MISMATCH] = {400, "InvalidSignatureException", MISMATCH},
    [VERIFY_NO_MEMORY] = {500, "ServiceException",
                          "An internal error occurred"},
};

bool call_refuse_signature(struct api_call *c, enum verify_fault fault,
                           const char *message)
{
    const struct saying *s = c->protocol == CALL_EC2   ? &ec2_sayings[fault]
                             : c->protocol == CALL_STS ? &sts_sayings[fault]
                                                       : &json_sayings[fault];
    /* WIRE 1.4: how the tunnel service answers is not known; 403 fits. */
    int status =
        c->protocol == CALL_TUNNEL && s->status < 500 ? 403 : s->status;

    if (message[0] == '\0' || fault == VERIFY_MISMATCH) {
        message = s->message != NULL ? s->message : "The request is not valid";
    }
    return call_fail(c, status, s->code, "%s", message);
}

/* The region a host name such as "ec2.eu-central-1.amazonaws.com" or
 * "sts.us-east-1.api.aws" names, into @out; false when it names none. */
static bool host_region(const char *host, char out[static 64])
{
    const char *end;
    size_t n;

    if (host == NULL || (strstr(host, ".amazonaws.") == NULL &&
                         strstr(host, ".api.aws") == NULL)) {
        return false;
    }
    end = strstr(host, ".amazonaws.");
    end = end != NULL ? end : strstr(host, ".api.aws");
    n = 0;
    while (end - n > host && end[-(ptrdiff_t)n - 1] != '.') {
        n++;
    }
    if (n == 0 || n >= 64 || end - n == host) {
        return false; /* "sts.amazonaws.com": the global endpoint */
    }
    memcpy(out, end - n, n);
    out[n] = '\0';
    return true;
}

bool call_verify_as(struct api_call *c, const struct verify_expect *expect)
{
    struct verify_result result;
    enum verify_fault fault;

    fault = verify_request(c->w, c->req, expect, &result);
    memcpy(c->key_id, result.key_id, sizeof c->key_id);
    memcpy(c->region, result.region, sizeof c->region);
    if (fault != VERIFY_OK) {
        return call_refuse_signature(c, fault, result.message);
    }
    c->who = result.who;
    c->verified = true;
    return true;
}

bool call_verify(struct api_call *c)
{
    char region[64];
    struct verify_expect expect = {.service = c->service};

    if (host_region(http_header(c->req, "host"), region)) {
        expect.region = region;
    }
    return call_verify_as(c, &expect);
}

void call_resource(struct api_call *c, const char *type, const char *fmt, ...)
{
    struct call_resource *r = &c->resources[c->n_resources];
    va_list ap;

    if (c->n_resources == CALL_MAX_RESOURCES) {
        return;
    }
    c->n_resources++;
    r->type = type;
    va_start(ap, fmt);
    vsnprintf(r->arn, sizeof r->arn, fmt, ap);
    va_end(ap);
}

/* --- XML ---------------------------------------------------------------- */

void call_xml_begin(struct api_call *c)
{
    struct buf *b = &c->answer->body;

    c->answer->status = 200;
    if (c->protocol == CALL_STS) {
        c->answer->content_type = "text/xml";
        buf_addf(b, "<%sResponse xmlns=\"" STS_NS "\">\n  <%sResult>",
                 c->action, c->action);
        return;
    }
    c->answer->content_type = "text/xml;charset=UTF-8";
    buf_addf(b,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
             "<%sResponse xmlns=\"" EC2_NS "\"><requestId>%s</requestId>",
             c->action, c->request_id);
}

void call_xml_end(struct api_call *c)
{
    if (c->protocol == CALL_STS) {
        buf_addf(&c->answer->body,
                 "</%sResult>\n  <ResponseMetadata><RequestId>%s</RequestId>"
                 "</ResponseMetadata>\n",
                 c->action, c->request_id);
    }
    buf_addf(&c->answer->body, "</%sResponse>", c->action);
}

void call_xml_open(struct api_call *c, const char *name)
{
    buf_addf(&c->answer->body, "<%s>", name);
}

void call_xml_close(struct api_call *c, const char *name)
{
    buf_addf(&c->answer->body, "</%s>", name);
}

void call_xml(struct api_call *c, const char *name, const char *text)
{
    if (text != NULL) {
        call_xml_open(c, name);
        xml_escape(&c->answer->body, text);
        call_xml_close(c, name);
    }
}

void call_xml_int(struct api_call *c, const char *name, int64_t value)
{
    buf_addf(&c->answer->body, "<%s>%lld</%s>", name, (long long)value, name);
}

void call_xml_bool(struct api_call *c, const char *name, bool value)
{
    call_xml(c, name, value ? "true" : "false");
}

void call_xml_time(struct api_call *c, const char *name, int64_t ms)
{
    char text[ISO8601_MILLIS_SIZE];

    iso8601_millis(text, ms);
    call_xml(c, name, text);
}

void call_xml_tags(struct api_call *c, const struct world_tag *tags, size_t n)
{
    size_t i;

    call_xml_open(c, "tagSet");
    for (i = 0; i < n; i++) {
        call_xml_open(c, "item");
        call_xml(c, "key", tags[i].key);
        call_xml(c, "value", tags[i].value);
        call_xml_close(c, "item");
    }
    call_xml_close(c, "tagSet");
}

void call_json(struct api_call *c, const char *content_type, json_t *doc)
{
    if (doc == NULL) {
        call_no_memory(c);
        return;
    }
    c->answer->status = 200;
    c->answer->content_type = content_type;
    js_write(&c->answer->body, doc, JS_COMPACT);
    json_decref(doc);
}
