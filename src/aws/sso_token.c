/* SPDX-License-Identifier: Apache-2.0 */
/* sso_token.c - reading the token file, and renewing what is in it.
 *
 * The happy path is: the file is read and its token has time left.  Or, of an
 * sso-session, it has little: the lock is taken, the file is read again in case
 * another process has renewed it, the OIDC service is asked for a new token
 * with the refresh token, and the file is replaced.
 *
 * What can go wrong is: no file, a broken one, a refusal.  While the old token
 * is good a failed renewal changes nothing. */
#include "sso_token.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "buf.h"
#include "call.h"
#include "json.h"
#include "key_doc.h"
#include "log.h"
#include "mem.h"
#include "paths.h"
#include "provider.h"
#include "provider_call.h"
#include "request.h"
#include "role_entry.h"
#include "settings.h"
#include "shared_file.h"
#include "sso_config.h"

enum { RENEW_S = 15 * 60, TOKEN_FILE_MAX = 128 * 1024 };

struct sso_token {
    struct provider_ctx *ctx;
    const struct sso_config *config;
    struct shared_file *file;
    json_t *doc;        /* What the file holds */
    const char *token;  /* In @doc */
    int64_t expires_at; /* Of @doc */
    struct provider_call call;
    sso_token_cb cb;
    void *data;
};

int sso_token_expired(struct err *e)
{
    return err_set(e, ERR_CREDENTIALS,
                   "The SSO session associated with this profile has expired "
                   "or is otherwise invalid. To refresh this SSO session run "
                   "aws sso login with the corresponding profile.");
}

/* Report the end. */
static void report(struct sso_token *t, const char *token,
                   const struct err *err)
{
    sso_token_cb cb = t->cb;

    shared_file_unlock(t->file);
    t->cb = NULL;
    cb(t->data, token, err); /* Last: @t may be closed. */
}

/* Report the token as it is, if it is still good. */
static void report_token(struct sso_token *t)
{
    struct err e;

    if (t->expires_at > provider_now()) {
        report(t, t->token, NULL);
        return;
    }
    if (t->config->session == NULL) {
        sso_token_expired(&e);
    } else {
        err_set(&e, ERR_CREDENTIALS,
                "Error when retrieving token from sso: Token has expired and "
                "refresh failed");
        err_hint(&e, "run \"aws sso login --sso-session %s\"",
                 t->config->session);
    }
    report(t, NULL, &e);
}

/* Understand what the file holds.  False with @e filled when it is no token. */
static bool take_file(struct sso_token *t, int status, const char *text,
                      size_t len, struct err *e)
{
    const char *name =
        t->config->session != NULL ? t->config->session : t->config->start_url;

    json_decref(t->doc);
    t->doc = NULL;
    if (status == UV_ENOENT) {
        err_set(e, ERR_CREDENTIALS,
                "Error loading SSO Token: Token for %s does not exist", name);
        err_hint(e, "run \"aws sso login\" with the same profile");
        return false;
    }
    if (status == 0) {
        t->doc = js_parse(text, len, NULL);
    }
    if (!key_doc_sso_token(&t->token, &t->expires_at, t->doc)) {
        err_set(e, ERR_CREDENTIALS,
                "Error loading SSO Token: Token for %s is invalid",
                t->config->start_url);
        err_hint(e, "run \"aws sso login\" with the same profile");
        return false;
    }
    return true;
}

/* Whether the token should be renewed and can be. */
static bool wants_renewal(const struct sso_token *t)
{
    const char *why;

    if (t->config->session == NULL ||
        t->expires_at - provider_now() >= RENEW_S) {
        return false;
    }
    if (!key_doc_sso_renewable(t->doc, provider_now(), &why)) {
        log_info(t->ctx->log, CREDS, 0, "unable to refresh SSO token: %s", why);
        return false;
    }
    return true;
}

/* Compose the CreateToken. */
static int dress(void *data, const struct endpoint *ep, struct call_config *cfg,
                 struct buf *body, struct err *e)
{
    const struct sso_token *t = data;
    json_t *doc =
        json_pack("{s:s, s:O, s:O, s:O}", "grantType", "refresh_token",
                  "clientId", json_object_get(t->doc, "clientId"),
                  "clientSecret", json_object_get(t->doc, "clientSecret"),
                  "refreshToken", json_object_get(t->doc, "refreshToken"));

    (void)ep;
    if (doc == NULL) {
        return err_set_uv(e, UV_ENOMEM, "SSO token"); /* UNTESTED: jansson */
    }
    js_write(body, doc, JS_COMPACT);
    json_decref(doc);
    cfg->protocol = CALL_REST_JSON;
    cfg->operation = "CreateToken";
    cfg->path = "/token";
    return 0;
}

/* The new token is on disk, or cannot be brought there. */
static void on_written(void *data, int status, const char *text, size_t len)
{
    struct sso_token *t = data;

    (void)text;
    (void)len;
    if (status != 0) {
        log_warn(t->ctx->log, CREDS, 0, "cannot write %s: %s",
                 shared_file_path(t->file), err_sentence(status));
    }
    report_token(t);
}

/* Take @doc and write it. */
static void keep(struct sso_token *t, json_t *doc)
{
    struct buf text;
    int rv;

    json_decref(t->doc);
    t->doc = doc;
    key_doc_sso_token(&t->token, &t->expires_at, doc); /* It is our own */
    buf_init(&text, TOKEN_FILE_MAX);
    js_write(&text, doc, JS_SPACED | JS_ASCII);
    rv = buf_error(&text);
    if (rv == 0) {
        rv =
            shared_file_write(t->file, buf_str(&text), text.len, on_written, t);
    }
    buf_wipe(&text);
    if (rv != 0) {
        on_written(t, rv, "", 0);
    }
}

/* The OIDC service has answered. */
static void on_called(void *data, const struct response *resp,
                      const struct err *err)
{
    struct sso_token *t = data;
    json_t *answer = NULL;
    json_t *doc = NULL;

    if (err == NULL) {
        answer = js_parse(resp->body, resp->body_len, NULL);
        doc = key_doc_sso_renewed(t->doc, answer, t->config->start_url,
                                  t->config->region, provider_now());
        json_decref(answer);
    }
    provider_call_stop(&t->call);
    if (doc == NULL) {
        log_warn(t->ctx->log, CREDS, 0, "SSO token refresh attempt failed%s%s",
                 err != NULL ? ": " : "", err != NULL ? err->msg : "");
        report_token(t);
        return;
    }
    log_info(t->ctx->log, CREDS, 0, "SSO token refresh succeeded");
    keep(t, doc);
}

/* The file was read under the lock. */
static void on_locked(void *data, int status, const char *text, size_t len)
{
    struct sso_token *t = data;
    struct err e;

    if (!take_file(t, status, text, len, &e)) {
        report(t, NULL, &e);
    } else if (wants_renewal(t)) {
        provider_call_start(&t->call, t->ctx, SERVICE_SSO_OIDC,
                            t->config->region, dress, on_called, t);
    } else {
        report_token(t);
    }
}

/* The file was read. */
static void on_read(void *data, int status, const char *text, size_t len)
{
    struct sso_token *t = data;
    struct err e;

    if (!take_file(t, status, text, len, &e)) {
        report(t, NULL, &e);
    } else if (wants_renewal(t)) {
        shared_file_lock(t->file, on_locked, t);
    } else {
        report_token(t);
    }
}

/* The file that the token is in, or NULL. */
static struct shared_file *open_file(struct provider_ctx *ctx,
                                     const struct sso_config *config)
{
    const struct env *env = settings_environment(ctx->settings);
    char *dir = path_expand_home(env, "~/.aws/sso/cache");
    struct shared_file *file = NULL;
    char key[ROLE_KEY_SIZE];
    char *path = NULL;

    role_key(key,
             config->session != NULL ? config->session : config->start_url);
    if (dir != NULL) {
        path = mem_printf("%s/%s.json", dir, key);
    }
    if (path != NULL) {
        file = shared_file_new(ctx, path, TOKEN_FILE_MAX);
    }
    mem_free(dir);
    mem_free(path);
    return file;
}

int sso_token_start(struct sso_token **out, struct provider_ctx *ctx,
                    const struct sso_config *config, sso_token_cb cb,
                    void *data)
{
    struct sso_token *t = mem_zalloc(sizeof *t);

    if (t == NULL) {
        return UV_ENOMEM;
    }
    *t = (struct sso_token){
        .ctx = ctx, .config = config, .cb = cb, .data = data};
    t->file = open_file(ctx, config);
    if (t->file == NULL) {
        mem_free(t);
        return UV_ENOMEM;
    }
    *out = t;
    shared_file_read(t->file, on_read, t);
    return 0;
}

void sso_token_close(struct sso_token *t)
{
    if (t == NULL) {
        return;
    }
    provider_call_stop(&t->call);
    shared_file_close(t->file);
    js_wipe(t->doc);
    mem_free(t);
}
