/* SPDX-License-Identifier: Apache-2.0 */
/* verify_claim.c - what a request says about its signature, taken apart. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iso8601.h"
#include "params.h"
#include "verify.h"

#define ALGORITHM "AWS4-HMAC-SHA256"

/* Copy @len bytes into @out of @size with a NUL; false when they do not fit. */
static bool put(char *out, size_t size, const char *text, size_t len)
{
    if (len >= size) {
        return false;
    }
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

/* "AKID/20260102/eu-central-1/ec2/aws4_request": exactly these five. */
static bool read_credential(struct verify_claim *c, const char *text,
                            size_t len)
{
    const char *part[5];
    size_t n[5];
    size_t count = 0;
    const char *at = text;
    const char *end = text + len;

    while (count < 5) {
        const char *slash = memchr(at, '/', (size_t)(end - at));

        part[count] = at;
        n[count++] = (size_t)((slash != NULL ? slash : end) - at);
        if (slash == NULL) {
            break;
        }
        at = slash + 1;
    }
    return count == 5 && part[4] + n[4] == end && n[4] == 12 &&
           memcmp(part[4], "aws4_request", 12) == 0 && n[0] > 0 && n[1] == 8 &&
           put(c->key_id, sizeof c->key_id, part[0], n[0]) &&
           put(c->date, sizeof c->date, part[1], n[1]) &&
           put(c->region, sizeof c->region, part[2], n[2]) &&
           put(c->service, sizeof c->service, part[3], n[3]);
}

/* The value of NAME in "Credential=..., SignedHeaders=..., Signature=...". */
static const char *find_part(const char *text, const char *name, size_t *len)
{
    size_t n = strlen(name);

    while (*text != '\0') {
        size_t part;

        text += strspn(text, " ,\t");
        part = strcspn(text, ",");
        if (part > n && strncmp(text, name, n) == 0 && text[n] == '=') {
            *len = part - n - 1;
            while (*len > 0 && text[n + *len] == ' ') {
                (*len)--;
            }
            return text + n + 1;
        }
        text += part;
    }
    return NULL;
}

/* The parts that an Authorization header must have. */
static enum verify_fault read_parts(struct verify_claim *c, const char *header,
                                    char message[static 512])
{
    size_t credential_len;
    size_t names_len;
    size_t signature_len;
    const char *credential = find_part(header, "Credential", &credential_len);
    const char *names = find_part(header, "SignedHeaders", &names_len);
    const char *signature = find_part(header, "Signature", &signature_len);

    if (credential == NULL || names == NULL || signature == NULL) {
        snprintf(message, 512,
                 "%s%s%sAuthorization header requires existence of either a "
                 "'X-Amz-Date' or a 'Date' header.",
                 credential == NULL ? "Authorization header requires "
                                      "'Credential' parameter. "
                                    : "",
                 signature == NULL ? "Authorization header requires "
                                     "'Signature' parameter. "
                                   : "",
                 names == NULL ? "Authorization header requires "
                                 "'SignedHeaders' parameter. "
                               : "");
        return VERIFY_INCOMPLETE;
    }
    if (!read_credential(c, credential, credential_len)) {
        snprintf(message, 512,
                 "Credential must have exactly 5 "
                 "slash-delimited elements, e.g. "
                 "keyid/date/region/service/term");
        return VERIFY_INCOMPLETE;
    }
    if (!put(c->signed_headers, sizeof c->signed_headers, names, names_len) ||
        !put(c->signature, sizeof c->signature, signature, signature_len)) {
        snprintf(message, 512, "Authorization header is too long");
        return VERIFY_INCOMPLETE;
    }
    return VERIFY_OK;
}

/* X-Amz-Date, or the Date header in either of its forms. */
static bool read_header_time(const struct http_request *req,
                             struct verify_claim *c)
{
    const char *text = http_header(req, "x-amz-date");
    int64_t seconds;

    if (text == NULL) {
        text = http_header(req, "date");
    }
    if (text == NULL || (iso8601_parse(text, &seconds, NULL) != 0 &&
                         http_date_parse(text, &seconds) != 0)) {
        return false;
    }
    c->time_ms = seconds * 1000;
    iso8601_basic(c->time, seconds);
    return true;
}

static enum verify_fault read_header_claim(const struct http_request *req,
                                           const char *header,
                                           struct verify_claim *c,
                                           char message[static 512])
{
    size_t n = strlen(ALGORITHM);
    enum verify_fault fault;

    c->expires_s = -1;
    if (strncmp(header, ALGORITHM, n) != 0 || header[n] != ' ') {
        snprintf(message, 512, "Unsupported AWS 'algorithm': '%.*s'.",
                 (int)strcspn(header, " "), header);
        return VERIFY_INCOMPLETE;
    }
    fault = read_parts(c, header + n, message);
    if (fault != VERIFY_OK) {
        return fault;
    }
    if (!read_header_time(req, c)) {
        snprintf(message, 512,
                 "Authorization header requires existence of either a "
                 "'X-Amz-Date' or a 'Date' header.");
        return VERIFY_INCOMPLETE;
    }
    return VERIFY_OK;
}

/* A whole number of seconds, as X-Amz-Expires has it. */
static bool read_expires(const char *text, int64_t *out)
{
    size_t len = strlen(text);

    if (len == 0 || len > 6 || strspn(text, "0123456789") != len) {
        return false;
    }
    *out = strtol(text, NULL, 10);
    return *out >= 1 && *out <= 604800;
}

static enum verify_fault read_query_claim(struct params *p,
                                          struct verify_claim *c,
                                          char message[static 512])
{
    const char *algorithm = params_get(p, "X-Amz-Algorithm");
    const char *credential = params_get(p, "X-Amz-Credential");
    const char *time = params_get(p, "X-Amz-Date");
    const char *expires = params_get(p, "X-Amz-Expires");
    const char *names = params_get(p, "X-Amz-SignedHeaders");
    const char *signature = params_get(p, "X-Amz-Signature");
    int64_t seconds;

    c->query = true;
    c->expires_s = -1;
    if (algorithm == NULL || credential == NULL || time == NULL ||
        names == NULL || signature == NULL) {
        snprintf(message, 512,
                 "AWS query-string parameters must include "
                 "'X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature', "
                 "'X-Amz-SignedHeaders' and 'X-Amz-Date'.");
        return VERIFY_INCOMPLETE;
    }
    if (strcmp(algorithm, ALGORITHM) != 0) {
        snprintf(message, 512, "Unsupported AWS 'algorithm': '%.64s'.",
                 algorithm);
        return VERIFY_INCOMPLETE;
    }
    if (!read_credential(c, credential, strlen(credential))) {
        snprintf(message, 512,
                 "Credential must have exactly 5 "
                 "slash-delimited elements, e.g. "
                 "keyid/date/region/service/term");
        return VERIFY_INCOMPLETE;
    }
    if (strlen(time) != 16 || iso8601_parse(time, &seconds, NULL) != 0) {
        snprintf(message, 512,
                 "X-Amz-Date must be in the ISO8601 Long Format "
                 "\"yyyyMMdd'T'HHmmss'Z'\"");
        return VERIFY_INCOMPLETE;
    }
    if (expires != NULL && !read_expires(expires, &c->expires_s)) {
        snprintf(message, 512,
                 "X-Amz-Expires must be a number of seconds "
                 "between 1 and 604800");
        return VERIFY_INCOMPLETE;
    }
    c->time_ms = seconds * 1000;
    memcpy(c->time, time, sizeof c->time);
    if (!put(c->signed_headers, sizeof c->signed_headers, names,
             strlen(names)) ||
        !put(c->signature, sizeof c->signature, signature, strlen(signature))) {
        snprintf(message, 512, "X-Amz-Signature is malformed");
        return VERIFY_INCOMPLETE;
    }
    return VERIFY_OK;
}

enum verify_fault verify_claim_read(const struct http_request *req,
                                    struct verify_claim *claim,
                                    char message[static 512])
{
    const char *header = http_header(req, "authorization");
    enum verify_fault fault;
    struct params p;

    *claim = (struct verify_claim){0};
    message[0] = '\0';
    if (header != NULL) {
        return read_header_claim(req, header, claim, message);
    }
    if (strstr(req->query, "X-Amz-") == NULL) {
        return VERIFY_MISSING;
    }
    if (params_parse(&p, req->query, strlen(req->query), false) != 0) {
        snprintf(message, 512, "The query string cannot be read");
        fault = VERIFY_INCOMPLETE;
    } else {
        fault = read_query_claim(&p, claim, message);
    }
    params_free(&p);
    return fault;
}
