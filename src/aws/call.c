/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - dressing, signing, judging and explaining one API call.
 *
 * The happy path is: each try is given its headers and a signature of its own
 * date, the answer is 2xx and is handed up.
 *
 * What can go wrong is: the request fails on its way (handed up in request.c's
 * words), or the service refuses.  Throttling and its own faults are tried
 * again.  A refusal that our clock explains is tried again by the service's
 * clock, once.  What remains is put into the AWS CLI's words with a hint. */
#include "call.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <uv.h>

#include "api_error.h"
#include "call_error.h"
#include "creds.h"
#include "iso8601.h"
#include "log.h"
#include "mem.h"
#include "request.h"
#include "settings.h"
#include "sigv4.h"
#include "skew.h"
#include "urls.h"
#include "uuid.h"
#include "wipe.h"

enum {
    OWN_HEADERS = 8, /* The most that we add */
    SDK_REQUEST_SIZE = 64,
    HOST_HEADER_SIZE = 300
};

struct call {
    struct call_config cfg;
    struct request *request;
    void *data;
    call_done_cb done_cb;
    char *url;  /* Whole */
    char *body; /* A copy; may hold a secret */
    char host[HOST_HEADER_SIZE];
    char signing_region[64];
    const char *signing_name;
    struct header *headers; /* Of the present try */
    struct header *extra;   /* The caller's, */
    char *header_text;      /* and what they point to; secret */
    size_t header_text_len;
    struct sigv4_result signature; /* Of the present try */
    char invocation_id[UUID_SIZE];
    char sdk_request[SDK_REQUEST_SIZE];
    int64_t own_skew_s;   /* When the owner keeps none */
    int64_t *skew_s;      /* The service's clock minus ours */
    int64_t used_skew_s;  /* What it was when the latest try was signed; other
                             calls may have corrected it since */
    int64_t seen_skew_s;  /* In the latest answer */
    bool saw_skew;        /* It had a date */
    bool clock_corrected; /* Because of a refusal */
};

/* Copy the caller's headers. */
static int copy_headers(struct call *c, const struct call_config *cfg)
{
    size_t i, len, size = 1;
    char *p;

    for (i = 0; i < cfg->n_headers; i++) {
        size += strlen(cfg->headers[i].name) + 1;
        size += strlen(cfg->headers[i].value) + 1;
    }
    c->headers =
        mem_zalloc((OWN_HEADERS + cfg->n_headers) * sizeof *c->headers);
    c->extra = mem_zalloc((cfg->n_headers + 1) * sizeof *c->extra);
    c->header_text = mem_alloc(size);
    if (c->headers == NULL || c->extra == NULL || c->header_text == NULL) {
        return UV_ENOMEM;
    }
    c->header_text_len = size;
    p = c->header_text;
    for (i = 0; i < cfg->n_headers; i++) {
        len = strlen(cfg->headers[i].name) + 1;
        c->extra[i].name = memcpy(p, cfg->headers[i].name, len);
        p += len;
        len = strlen(cfg->headers[i].value) + 1;
        c->extra[i].value = memcpy(p, cfg->headers[i].value, len);
        p += len;
    }
    return 0;
}

/* The Content-Type of the protocol, or NULL for a body-less REST call. */
static const char *content_type(const struct call *c)
{
    switch (c->cfg.protocol) {
    case CALL_EC2:
    case CALL_QUERY:
        return "application/x-www-form-urlencoded; charset=utf-8";
    case CALL_JSON:
        return "application/x-amz-json-1.1";
    case CALL_REST_JSON:
        break;
    }
    return c->cfg.body_len > 0 ? "application/json" : NULL;
}

/* Sign the try and add what that brings to @h. */
static int sign(struct call *c, struct header *h, size_t *n, struct err *e)
{
    const struct creds *creds = c->cfg.creds;
    struct sigv4_key key = {.access_key_id = creds->access_key_id,
                            .secret_access_key = creds->secret_access_key,
                            .session_token = creds->session_token};
    struct sigv4_scope scope = {.region = c->signing_region,
                                .service = c->signing_name,
                                .time = (int64_t)time(NULL) + c->used_skew_s};
    struct sigv4_header signed_headers[OWN_HEADERS];
    struct sigv4_request req = {.method = c->cfg.method,
                                .path = url_path(c->url),
                                .headers = signed_headers,
                                .body = c->body,
                                .body_len = c->cfg.body_len};
    size_t i;
    int rv;

    signed_headers[0] = (struct sigv4_header){"Host", c->host};
    for (i = 0; i < *n; i++) {
        signed_headers[i + 1] = (struct sigv4_header){h[i].name, h[i].value};
    }
    req.n_headers = *n + 1;
    rv = sigv4_sign(&c->signature, &key, &scope, &req, e);
    if (rv != 0) {
        return rv;
    }
    h[(*n)++] = (struct header){"X-Amz-Date", c->signature.date};
    if (key.session_token != NULL && *key.session_token != '\0') {
        h[(*n)++] = (struct header){"X-Amz-Security-Token", key.session_token};
    }
    h[(*n)++] = (struct header){"Authorization", buf_str(&c->signature.output)};
    return 0;
}

/* The header that counts tries: from the second on also how long we wait, by
 * the service's clock if we know it. */
static void count_try(struct call *c, unsigned n)
{
    uint64_t timeout_ms = settings_read_timeout_ms(c->cfg.settings);
    unsigned max = settings_max_attempts(c->cfg.settings);
    char ttl[ISO8601_BASIC_SIZE];

    if (n == 1) {
        snprintf(c->sdk_request, sizeof c->sdk_request, "attempt=1");
    } else if (c->saw_skew && timeout_ms > 0) {
        iso8601_basic(ttl, (int64_t)time(NULL) + (int64_t)(timeout_ms / 1000) +
                               c->seen_skew_s);
        snprintf(c->sdk_request, sizeof c->sdk_request,
                 "ttl=%s; attempt=%u; max=%u", ttl, n, max);
    } else {
        snprintf(c->sdk_request, sizeof c->sdk_request, "attempt=%u; max=%u", n,
                 max);
    }
}

/* Build try number @n. */
static int on_prepare(struct request *r, unsigned n, struct attempt *a,
                      struct err *e)
{
    struct call *c = request_data(r);
    struct header *h = c->headers;
    size_t used = 0;
    int rv;

    if (content_type(c) != NULL) {
        h[used++] = (struct header){"Content-Type", content_type(c)};
    }
    if (c->cfg.target != NULL) {
        h[used++] = (struct header){"X-Amz-Target", c->cfg.target};
    }
    if (c->cfg.creds != NULL) {
        c->used_skew_s = *c->skew_s;
        rv = sign(c, h, &used, e);
        if (rv != 0) {
            return rv;
        }
    }
    count_try(c, n);
    h[used++] = (struct header){"amz-sdk-invocation-id", c->invocation_id};
    h[used++] = (struct header){"amz-sdk-request", c->sdk_request};
    memcpy(h + used, c->extra, c->cfg.n_headers * sizeof *h);
    *a = (struct attempt){.method = c->cfg.method,
                          .url = c->url,
                          .headers = h,
                          .n_headers = used + c->cfg.n_headers,
                          .body = c->body,
                          .body_len = c->cfg.body_len};
    return 0;
}

/* Whether the refusal @error comes from our clock and another try by the
 * service's is due. */
static bool correct_clock(struct call *c, const struct api_error *error)
{
    char text[SKEW_TEXT_SIZE];

    if (c->cfg.creds == NULL || c->clock_corrected || !c->saw_skew ||
        !api_error_may_be_clock(error->code) ||
        !skew_matters(c->seen_skew_s - c->used_skew_s)) {
        return false;
    }
    log_warn(c->cfg.log, API, 0,
             "%s: this machine's clock is %s %s the service's; signing by the "
             "service's",
             c->cfg.operation, skew_text(c->seen_skew_s, text),
             c->seen_skew_s > 0 ? "behind" : "ahead of");
    c->clock_corrected = true;
    *c->skew_s = c->seen_skew_s;
    return true;
}

/* Another try, or not. */
static enum verdict on_judge(struct request *r, const struct response *resp,
                             int status)
{
    struct call *c = request_data(r);
    struct api_error error;

    if (resp == NULL) {
        return request_judge(NULL, status);
    }
    c->saw_skew = skew_read(response_header(resp, "date"), (int64_t)time(NULL),
                            &c->seen_skew_s);
    if (resp->status >= 200 && resp->status < 300) {
        return VERDICT_DONE;
    }
    api_error_read(&error, c->cfg.protocol, resp);
    log_debug(c->cfg.log, API, 0, "%s: HTTP %d %s, request id %s",
              c->cfg.operation, resp->status, error.code,
              error.request_id[0] != '\0' ? error.request_id : "none");
    if (correct_clock(c, &error)) {
        return VERDICT_RETRY;
    }
    return api_error_verdict(&error, resp->status);
}

/* Put a refusal into words. */
static void explain(const struct call *c, const struct response *resp,
                    struct err *e)
{
    char retries[48];
    const struct call_error_facts facts = {
        .protocol = c->cfg.protocol,
        .operation = c->cfg.operation,
        .retries = retries,
        .creds_source = c->cfg.creds != NULL ? c->cfg.creds->source : NULL,
        .saw_skew = c->saw_skew,
        .seen_skew_s = c->seen_skew_s,
    };

    request_retries_text(c->request, retries, sizeof retries);
    call_error_explain(e, resp, &facts);
}

/* The request is over, one way or the other. */
static void on_done(struct request *r, const struct response *resp,
                    const struct err *err)
{
    struct call *c = request_data(r);
    struct err e;

    if (resp == NULL) {
        e = *err;
        snprintf(e.operation, sizeof e.operation, "%s", c->cfg.operation);
        c->done_cb(c, NULL, &e); /* Last: the owner may have closed @c. */
        return;
    }
    if (resp->status >= 200 && resp->status < 300) {
        c->done_cb(c, resp, NULL);
        return;
    }
    explain(c, resp, &e);
    c->done_cb(c, resp, &e);
}

/* Copy what @cfg lends us. */
static int copy_config(struct call *c, const struct call_config *cfg)
{
    const char *path = cfg->path != NULL ? cfg->path : "/";
    int rv;

    c->cfg = *cfg;
    c->cfg.endpoint = NULL;
    c->cfg.headers = NULL;
    c->cfg.method = cfg->method != NULL ? cfg->method : "POST";
    if (cfg->creds != NULL) {
        creds_ref(cfg->creds);
    }
    c->skew_s = cfg->clock_skew_s != NULL ? cfg->clock_skew_s : &c->own_skew_s;
    snprintf(c->signing_region, sizeof c->signing_region, "%s",
             cfg->endpoint->signing_region);
    c->signing_name = cfg->endpoint->signing_name;
    c->url = mem_printf("%s%s", cfg->endpoint->url, path);
    c->body = mem_alloc(cfg->body_len + 1);
    rv = copy_headers(c, cfg);
    if (c->url == NULL || c->body == NULL || rv != 0) {
        return UV_ENOMEM;
    }
    if (cfg->body_len > 0) {
        memcpy(c->body, cfg->body, cfg->body_len);
    }
    url_host_header(c->host, sizeof c->host, c->url);
    return uuid_make(c->invocation_id);
}

/* Wipe and free all but the request. */
static void call_free(struct call *c)
{
    sigv4_result_free(&c->signature);
    if (c->body != NULL) {
        wipe(c->body, c->cfg.body_len);
    }
    mem_free(c->body);
    if (c->header_text != NULL) {
        wipe(c->header_text, c->header_text_len);
    }
    mem_free(c->header_text);
    mem_free(c->extra);
    mem_free(c->headers);
    wipe_free(c->url);
    creds_unref(c->cfg.creds);
    mem_free(c);
}

struct call *call_new(struct net *net, const struct call_config *cfg,
                      void *data)
{
    struct request_config rc = {
        .label = cfg->operation,
        .connect_timeout_ms = settings_connect_timeout_ms(cfg->settings),
        .timeout_ms = settings_read_timeout_ms(cfg->settings),
        .max_attempts = settings_max_attempts(cfg->settings),
        .new_retries = settings_new_retries(cfg->settings),
        .prepare = on_prepare,
        .judge = on_judge,
    };
    struct call *c = mem_zalloc(sizeof *c);

    if (c == NULL) {
        return NULL;
    }
    sigv4_result_init(&c->signature);
    c->data = data;
    if (copy_config(c, cfg) != 0) {
        call_free(c);
        return NULL;
    }
    c->request = request_new(net, &rc, c);
    if (c->request == NULL) {
        call_free(c);
        return NULL;
    }
    return c;
}

void call_start(struct call *c, call_done_cb cb)
{
    c->done_cb = cb;
    request_start(c->request, on_done);
}

void *call_data(const struct call *c)
{
    return c->data;
}

void call_close(struct call *c)
{
    request_close(c->request);
    call_free(c);
}

bool call_creds_refused(const struct err *err)
{
    return api_error_is_bad_creds(err->remote_code);
}
