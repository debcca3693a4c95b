/* SPDX-License-Identifier: Apache-2.0 */
/* provider_web.c - assuming a role with a token that somebody else's identity
 * service keeps writing to a file.
 *
 * The happy path is: the shared cache has no good entry, the token file is
 * read afresh, and STS takes the token, unsigned, for credentials.  What can go
 * wrong is a missing file or a refusal. */
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "cached.h"
#include "call.h"
#include "log.h"
#include "mem.h"
#include "profiles.h"
#include "provider.h"
#include "provider_call.h"
#include "request.h"
#include "role_body.h"
#include "role_entry.h"
#include "settings.h"
#include "shared_file.h"
#include "wipe.h"

enum { TOKEN_MAX = 64 * 1024 };

struct web {
    struct cached cached; /* First */
    struct provider_spec spec;
    struct role_request request;
    struct shared_file *file; /* While the token is read */
    char *token;              /* While it is used */
    struct provider_call call;
};

/* The variable @env, unless they do not count, or else the key @key. */
static const char *get(const struct web *w, const char *env, const char *key)
{
    const struct settings *s = w->spec.ctx->settings;
    const char *value = w->spec.ignore_env ? NULL : settings_env(s, env);

    return value != NULL
               ? value
               : profiles_get(settings_profiles(s), w->spec.profile, key);
}

/* Forget file, token and call. */
static void end_call(struct web *w)
{
    shared_file_close(w->file);
    w->file = NULL;
    provider_call_stop(&w->call);
    wipe_free(w->token);
    w->token = NULL;
}

/* End the fetch without credentials. */
static void fail(struct web *w, const struct err *err)
{
    struct err e = *err;

    end_call(w);
    cached_failed(&w->cached, &e);
}

/* Compose the call. */
static int dress(void *data, const struct endpoint *ep, struct call_config *cfg,
                 struct buf *body, struct err *e)
{
    const struct web *w = data;

    (void)ep;
    (void)e;
    cfg->protocol = CALL_QUERY;
    cfg->operation = "AssumeRoleWithWebIdentity";
    sts_web_identity(body, &w->request, w->token, provider_now());
    return 0;
}

/* STS has answered. */
static void on_called(void *data, const struct response *resp,
                      const struct err *err)
{
    struct web *w = data;
    struct err e;
    json_t *entry;

    if (err != NULL) {
        fail(w, err);
        return;
    }
    entry = role_entry_from_sts(
        resp->body, resp->body_len, "AssumeRoleWithWebIdentity",
        settings_wire_timestamps(w->spec.ctx->settings), &e);
    if (entry == NULL) {
        err_wrap(&e, "AssumeRoleWithWebIdentity");
        fail(w, &e);
        return;
    }
    end_call(w);
    cached_got(&w->cached, entry);
}

/* Say that the token file could not be read, as the CLI does. */
static void fail_file(struct web *w, int status)
{
    struct err e;

    if (status == UV_ENOENT) {
        err_set(&e, ERR_CREDENTIALS,
                "[Errno 2] No such file or directory: '%s'",
                shared_file_path(w->file));
    } else {
        err_set_uv(&e, status, shared_file_path(w->file));
    }
    fail(w, &e);
}

/* The token file was read; its text is sent as it is, newline and all. */
static void on_token(void *data, int status, const char *text, size_t len)
{
    struct web *w = data;

    if (status == 0 && strlen(text) != len) {
        status = UV_EILSEQ; /* A NUL is in no token */
    }
    if (status == 0) {
        w->token = mem_strdup(text);
        status = w->token == NULL ? UV_ENOMEM : 0;
    }
    if (status != 0) {
        fail_file(w, status);
        return;
    }
    provider_call_start(&w->call, w->spec.ctx, SERVICE_STS, NULL, dress,
                        on_called, w);
}

/* The cache has nothing: read the token. */
static void web_call(struct cached *c)
{
    struct web *w = (struct web *)c;
    struct err e;

    w->file = shared_file_new(
        w->spec.ctx,
        get(w, "AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file"),
        TOKEN_MAX);
    if (w->file == NULL) {
        err_set_uv(&e, UV_ENOMEM, "web identity");
        fail(w, &e);
        return;
    }
    shared_file_read(w->file, on_token, w);
}

static void web_fetch(struct provider *p)
{
    struct web *w = (struct web *)p;
    const char *path =
        get(w, "AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
    char key[ROLE_KEY_SIZE];
    struct buf text;
    int rv;

    if (path == NULL || *path == '\0') {
        provider_pass(p, "no web_identity_token_file is configured");
        return;
    }
    w->request = (struct role_request){
        .role_arn = get(w, "AWS_ROLE_ARN", "role_arn"),
        .session_name = get(w, "AWS_ROLE_SESSION_NAME", "role_session_name"),
    };
    if (w->request.role_arn == NULL || *w->request.role_arn == '\0') {
        provider_fail(
            p, "The provided profile or the current environment is configured "
               "to assume role with web identity but has no role ARN "
               "configured. Ensure that the profile has the role_arn"
               "configuration set or the AWS_ROLE_ARN env var is set.");
        return;
    }
    buf_init(&text, ROLE_ENTRY_MAX);
    rv = role_key_text(&text, &w->request);
    role_key(key, buf_str(&text));
    buf_free(&text);
    if (rv != 0) {
        provider_fail(p, "web identity: %s", err_sentence(rv));
        return;
    }
    cached_fetch(&w->cached, w->spec.no_disk_cache ? NULL : key);
}

static void web_stop(struct provider *p)
{
    struct web *w = (struct web *)p;

    end_call(w);
    cached_stop(&w->cached);
}

static void web_free(struct provider *p)
{
    mem_free(p);
}

static const struct provider_ops web_ops = {
    .name = "assume-role-with-web-identity",
    .fetch = web_fetch,
    .stop = web_stop,
    .free = web_free,
};

struct provider *provider_web_new(const struct provider_spec *spec)
{
    struct web *w = mem_zalloc(sizeof *w);

    if (w == NULL) {
        return NULL;
    }
    w->cached.base = (struct provider){.ops = &web_ops, .ctx = spec->ctx};
    w->spec = *spec;
    cached_init(&w->cached, web_call);
    return &w->cached.base;
}
