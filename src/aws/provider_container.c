/* SPDX-License-Identifier: Apache-2.0 */
/* provider_container.c - credentials that ECS, EKS or somebody's sidecar
 * serves to the container we run in.
 *
 * The happy path is: the authorization token is read (from a file, if one is
 * named), the service is asked, and its JSON holds the credentials.  What can
 * go wrong is a host that may not be asked in clear text, a token that is no
 * header value, and a service that refuses, stalls or answers nonsense; it is
 * asked three times, and then the chain stops here. */
#include <stdio.h>
#include <string.h>

#include "creds.h"
#include "json.h"
#include "key_doc.h"
#include "log.h"
#include "mem.h"
#include "provider.h"
#include "request.h"
#include "settings.h"
#include "shared_file.h"
#include "urls.h"
#include "wipe.h"

#define NAME "container-role"
#define FAILED "Error when retrieving credentials from " NAME ": "

enum {
    TRIES = 3,
    TIMEOUT_MS = 2000,
    TOKEN_MAX = 64 * 1024,
    ANSWER_MAX = 1 << 20
};

struct container {
    struct provider base;
    char *url;
    char *token; /* or NULL */
    struct header headers[2];
    struct shared_file *file; /* While the token is read */
    struct request *request;  /* While the service is asked */
};

/* Forget what the fetch needed. */
static void drop(struct container *c)
{
    if (c->request != NULL) {
        request_close(c->request);
        c->request = NULL;
    }
    shared_file_close(c->file);
    c->file = NULL;
    wipe_free(c->token);
    c->token = NULL;
    mem_free(c->url);
    c->url = NULL;
}

/* End the fetch without credentials. */
static void fail(struct container *c, const struct err *err)
{
    struct err e = *err;

    drop(c);
    provider_bad(&c->base, &e);
}

static void fail_memory(struct container *c)
{
    struct err e;

    err_set_uv(&e, UV_ENOMEM, NAME);
    fail(c, &e);
}

/* Describe a try. */
static int on_prepare(struct request *r, unsigned n, struct attempt *a,
                      struct err *e)
{
    struct container *c = request_data(r);

    (void)n;
    (void)e;
    c->headers[0] = (struct header){"Accept", "application/json"};
    c->headers[1] = (struct header){"Authorization", c->token};
    *a = (struct attempt){.method = "GET",
                          .url = c->url,
                          .headers = c->headers,
                          .n_headers = c->token != NULL ? 2 : 1};
    return 0;
}

/* The document of a good answer, or NULL. */
static json_t *document(const struct response *resp)
{
    return resp != NULL && resp->status == 200
               ? js_parse(resp->body, resp->body_len, NULL)
               : NULL;
}

/* Anything but a JSON document is worth another try. */
static enum verdict on_judge(struct request *r, const struct response *resp,
                             int status)
{
    json_t *doc = document(resp);

    (void)r;
    (void)status;
    json_decref(doc);
    return doc != NULL ? VERDICT_DONE : VERDICT_RETRY;
}

/* Say why the last try gave nothing. */
static void explain(const struct response *resp, const struct err *err,
                    struct err *e)
{
    if (resp == NULL) {
        err_set(e, ERR_CREDENTIALS,
                FAILED "Error retrieving metadata: Received error when "
                       "attempting to retrieve container metadata: %s",
                err->msg);
        err_hint(e, "%s", err->hint);
    } else if (resp->status != 200) {
        err_set(e, ERR_CREDENTIALS,
                FAILED "Error retrieving metadata: Received non 200 response "
                       "%d from container metadata: %s",
                resp->status, resp->body);
        e->http_status = resp->status;
    } else {
        err_set(e, ERR_CREDENTIALS,
                FAILED "Error retrieving metadata: Unable to parse JSON "
                       "returned from container metadata services");
    }
}

/* Answer with the credentials in @doc. */
static void take(struct container *c, const json_t *doc)
{
    struct key_doc k;
    struct err e;

    if (key_doc_container(&k, doc, &e) != 0) {
        if (strncmp(e.msg, "Unknown", strlen("Unknown")) != 0) {
            err_wrap(&e, "Error when retrieving credentials from " NAME);
        }
        provider_bad(&c->base, &e);
        return;
    }
    provider_keys(&c->base, k.access_key_id, k.secret, k.token, k.account,
                  k.expires_at);
}

/* The service has answered, or not. */
static void on_done(struct request *r, const struct response *resp,
                    const struct err *err)
{
    struct container *c = request_data(r);
    json_t *doc = document(resp);
    struct err e;

    if (doc == NULL) {
        explain(resp, err, &e);
        fail(c, &e);
        return;
    }
    drop(c);
    take(c, doc);
    js_wipe(doc);
}

/* Ask the service. */
static void ask(struct container *c)
{
    struct request_config cfg = {
        .label = "container credentials",
        .connect_timeout_ms = TIMEOUT_MS,
        .timeout_ms = TIMEOUT_MS,
        .max_attempts = TRIES,
        .max_body = ANSWER_MAX,
        .no_proxy = true,
        .prepare = on_prepare,
        .judge = on_judge,
    };
    struct err e;

    if (c->token != NULL && strpbrk(c->token, "\r\n") != NULL) {
        err_set(&e, ERR_CREDENTIALS,
                "Auth token value is not a legal header value");
        fail(c, &e);
        return;
    }
    c->request = request_new(c->base.ctx->net, &cfg, c);
    if (c->request == NULL) {
        fail_memory(c);
        return;
    }
    request_start(c->request, on_done);
}

/* The token file was read. */
static void on_token(void *data, int status, const char *text, size_t len)
{
    struct container *c = data;
    struct err e;

    if (status == UV_ENOENT) {
        err_set(&e, ERR_CREDENTIALS,
                "[Errno 2] No such file or directory: '%s'",
                shared_file_path(c->file));
        fail(c, &e);
        return;
    }
    if (status != 0 || strlen(text) != len) {
        err_set_uv(&e, status != 0 ? status : UV_EILSEQ,
                   shared_file_path(c->file));
        fail(c, &e);
        return;
    }
    c->token = mem_strdup(text);
    if (c->token == NULL) {
        fail_memory(c);
        return;
    }
    ask(c);
}

/* Find the token: in a file, in a variable, or none. */
static void get_token(struct container *c)
{
    const struct settings *s = c->base.ctx->settings;
    const char *path =
        settings_env(s, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *token = settings_env(s, "AWS_CONTAINER_AUTHORIZATION_TOKEN");

    if (path != NULL) {
        c->file = shared_file_new(c->base.ctx, path, TOKEN_MAX);
        if (c->file == NULL) {
            fail_memory(c);
            return;
        }
        shared_file_read(c->file, on_token, c);
        return;
    }
    if (token != NULL) {
        c->token = mem_strdup(token);
        if (c->token == NULL) {
            fail_memory(c);
            return;
        }
    }
    ask(c);
}

static void container_fetch(struct provider *p)
{
    struct container *c = (struct container *)p;
    const struct settings *s = p->ctx->settings;
    const char *relative =
        settings_env(s, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = settings_env(s, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    char host[256];
    struct err e;

    if (relative == NULL && full == NULL) {
        provider_pass(p, "no AWS_CONTAINER_CREDENTIALS_..._URI is set");
        return;
    }
    c->url = relative != NULL ? mem_printf("http://169.254.170.2%s", relative)
                              : mem_strdup(full);
    if (c->url == NULL) {
        fail_memory(c);
        return;
    }
    if (!url_container_allowed(c->url, host)) {
        err_set(&e, ERR_CREDENTIALS,
                "Unsupported host '%s'.  Can only retrieve metadata from a "
                "loopback address or one of these hosts: 169.254.170.2, "
                "169.254.170.23, fd00:ec2::23, localhost",
                host);
        fail(c, &e);
        return;
    }
    get_token(c);
}

static void container_stop(struct provider *p)
{
    drop((struct container *)p);
}

static void container_free(struct provider *p)
{
    drop((struct container *)p);
    mem_free(p);
}

static const struct provider_ops container_ops = {
    .name = NAME,
    .fetch = container_fetch,
    .stop = container_stop,
    .free = container_free,
};

struct provider *provider_container_new(const struct provider_spec *spec)
{
    struct container *c = mem_zalloc(sizeof *c);

    if (c == NULL) {
        return NULL;
    }
    c->base = (struct provider){.ops = &container_ops, .ctx = spec->ctx};
    return &c->base;
}
