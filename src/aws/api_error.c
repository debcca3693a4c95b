/* SPDX-License-Identifier: Apache-2.0 */
/* api_error.c - XML for EC2 and STS, JSON for the rest, and sets of codes. */
#include "api_error.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "json.h"
#include "xml.h"

/* Copy @text (NULL: "") to a field of @size bytes. */
static void copy(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text != NULL ? text : "");
}

/* The sentence of an HTTP status that services use. */
static const char *status_sentence(int status)
{
    switch (status) {
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 429:
        return "Too Many Requests";
    case 500:
        return "Internal Server Error";
    case 502:
        return "Bad Gateway";
    case 503:
        return "Service Unavailable";
    case 504:
        return "Gateway Timeout";
    default:
        return "Unknown";
    }
}

void api_request_id(const struct response *resp,
                    char out[static API_ERROR_WORD])
{
    static const char *const names[] = {"x-amzn-requestid", "x-amz-request-id",
                                        "x-amzn-request-id"};
    const char *id = NULL;
    size_t i;

    for (i = 0; id == NULL && i < sizeof names / sizeof names[0]; i++) {
        id = response_header(resp, names[i]);
    }
    copy(out, API_ERROR_WORD, id);
}

/* "Errors/Error" or "Error" below the root, and an id beside it. */
static void read_xml(struct api_error *out, const struct response *resp)
{
    const struct xml_node *error;
    const char *id;
    struct xml *xml;

    if (xml_parse(&xml, resp->body, resp->body_len, NULL) != 0) {
        return;
    }
    error = xml_find(xml_root(xml), "Errors/Error");
    if (error == NULL) {
        error = xml_find(xml_root(xml), "Error");
    }
    copy(out->code, sizeof out->code, xml_find_text(error, "Code"));
    copy(out->message, sizeof out->message, xml_find_text(error, "Message"));
    id = xml_find_text(xml_root(xml), "RequestID");
    if (id == NULL) {
        id = xml_find_text(xml_root(xml), "RequestId");
    }
    if (id != NULL) {
        copy(out->request_id, sizeof out->request_id, id);
    }
    xml_free(xml);
}

/* "com.amazonaws#ThisException:http://..." without its sides. */
static void copy_code(struct api_error *out, const char *code)
{
    const char *hash = strrchr(code, '#');

    copy(out->code, sizeof out->code, hash != NULL ? hash + 1 : code);
    out->code[strcspn(out->code, ":")] = '\0';
}

/* A code in a member or, for REST, in a header; "message" or "Message". */
static void read_json(struct api_error *out, const struct response *resp,
                      bool rest)
{
    json_t *body = js_parse(resp->body, resp->body_len, NULL);
    const char *code = js_str(body, "__type");
    const char *message = js_str(body, "message");

    if (rest && js_str(body, "code") != NULL) {
        code = js_str(body, "code");
    }
    if (rest && response_header(resp, "x-amzn-errortype") != NULL) {
        code = response_header(resp, "x-amzn-errortype");
    }
    if (code != NULL) {
        copy_code(out, code);
    }
    if (message == NULL) {
        message = js_str(body, "Message");
    }
    if (message == NULL && rest) {
        message = js_str(body, "error_description"); /* OAuth's word for it */
    }
    copy(out->message, sizeof out->message,
         body != NULL ? message : resp->body);
    json_decref(body);
}

void api_error_read(struct api_error *out, enum call_protocol protocol,
                    const struct response *resp)
{
    *out = (struct api_error){0};
    api_request_id(resp, out->request_id);
    switch (protocol) {
    case CALL_EC2:
    case CALL_QUERY:
        read_xml(out, resp);
        break;
    case CALL_JSON:
        read_json(out, resp, false);
        break;
    case CALL_REST_JSON:
        read_json(out, resp, true);
        break;
    }
    if (out->code[0] == '\0') {
        snprintf(out->code, sizeof out->code, "%d", resp->status);
        if (out->message[0] == '\0') {
            copy(out->message, sizeof out->message,
                 status_sentence(resp->status));
        }
    }
}

/* Whether @code is one of the NULL-terminated @list. */
static bool is_one_of(const char *code, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (strcmp(*list, code) == 0) {
            return true;
        }
    }
    return false;
}

bool api_error_is_throttle(const char *code)
{
    static const char *const list[] = {"Throttling",
                                       "ThrottlingException",
                                       "ThrottledException",
                                       "RequestThrottledException",
                                       "TooManyRequestsException",
                                       "ProvisionedThroughputExceededException",
                                       "TransactionInProgressException",
                                       "RequestLimitExceeded",
                                       "BandwidthLimitExceeded",
                                       "LimitExceededException",
                                       "RequestThrottled",
                                       "SlowDown",
                                       "PriorRequestNotComplete",
                                       "EC2ThrottledException",
                                       NULL};

    return is_one_of(code, list);
}

/* Other codes that are worth another try. */
static bool is_transient(const char *code)
{
    static const char *const list[] = {"RequestTimeout",
                                       "RequestTimeoutException",
                                       "IDPCommunicationError", NULL};

    return is_one_of(code, list);
}

enum verdict api_error_verdict(const struct api_error *error, int status)
{
    if (api_error_is_throttle(error->code)) {
        return VERDICT_THROTTLE;
    }
    if (is_transient(error->code) || status == 500 || status == 502 ||
        status == 503 || status == 504) {
        return VERDICT_RETRY;
    }
    return VERDICT_DONE;
}

bool api_error_is_expiry(const char *code)
{
    static const char *const list[] = {"ExpiredToken", "ExpiredTokenException",
                                       "RequestExpired", NULL};

    return is_one_of(code, list);
}

bool api_error_is_bad_creds(const char *code)
{
    static const char *const list[] = {"AuthFailure",
                                       "InvalidClientTokenId",
                                       "UnrecognizedClientException",
                                       "InvalidAccessKeyId",
                                       "InvalidToken",
                                       NULL};

    return api_error_is_expiry(code) || is_one_of(code, list);
}

bool api_error_may_be_clock(const char *code)
{
    static const char *const list[] = {"AuthFailure",
                                       "RequestExpired",
                                       "RequestTimeTooSkewed",
                                       "RequestInTheFuture",
                                       "InvalidSignatureException",
                                       "SignatureDoesNotMatch",
                                       "AuthorizationHeaderMalformed",
                                       NULL};

    return is_one_of(code, list);
}
