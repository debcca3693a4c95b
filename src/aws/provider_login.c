/* SPDX-License-Identifier: Apache-2.0 */
/* provider_login.c - the session of "aws login": short-lived credentials in a
 * file, with a refresh token that only works together with a private key.
 *
 * The happy path is: the file is read and its credentials have time left; or
 * they have little, the lock is taken, the file is read again in case another
 * process has renewed it, the signin service gives new credentials for the
 * refresh token and a proof of the key, and the file is replaced.  What can go
 * wrong is no file, a broken one, or a refusal; the way out is "aws login". */
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "buf.h"
#include "call.h"
#include "creds.h"
#include "dpop.h"
#include "hex.h"
#include "json.h"
#include "key_doc.h"
#include "log.h"
#include "mem.h"
#include "paths.h"
#include "profiles.h"
#include "provider.h"
#include "provider_call.h"
#include "request.h"
#include "settings.h"
#include "shared_file.h"
#include "uuid.h"

#define FAILED "Error loading login session token: "

enum { KEEP_S = 5 * 60, LOGIN_FILE_MAX = 128 * 1024, PROOF_MAX = 8192 };

struct login {
    struct provider base;
    const char *profile;
    struct shared_file *file; /* While fetching */
    json_t *doc;              /* What the file holds */
    struct buf proof;         /* The DPoP header */
    struct header header;
    struct provider_call call;
};

/* Forget what the fetch needed. */
static void drop(struct login *l)
{
    provider_call_stop(&l->call);
    shared_file_close(l->file);
    l->file = NULL;
    js_wipe(l->doc);
    l->doc = NULL;
    buf_wipe(&l->proof);
}

/* End the fetch without credentials. */
static void fail(struct login *l, const struct err *err)
{
    struct err e = *err;

    drop(l);
    provider_bad(&l->base, &e);
}

/* Answer with the credentials of the present document. */
static void take(struct login *l)
{
    struct key_doc k;
    struct creds *creds = NULL;
    struct err e;

    if (key_doc_login(&k, l->doc)) { /* Always: it was checked */
        creds = creds_new(l->base.ops->name, k.access_key_id, k.secret, k.token,
                          k.account, k.expires_at);
    }
    if (creds == NULL) {
        err_set_uv(&e, UV_ENOMEM, "login");
        fail(l, &e);
        return;
    }
    drop(l);
    provider_good(&l->base, creds);
}

/* Understand what the file holds.  False with @e filled when it is no
 * session. */
static bool take_file(struct login *l, int status, const char *text, size_t len,
                      struct err *e)
{
    struct key_doc k;
    bool whole;

    json_decref(l->doc);
    l->doc = status == 0 ? js_parse(text, len, NULL) : NULL;
    if (l->doc == NULL) {
        err_set(e, ERR_CREDENTIALS,
                FAILED "Unable to load a existing login session for session "
                       "%s, Please reauthenticate with 'aws login'.",
                profiles_get(settings_profiles(l->base.ctx->settings),
                             l->profile, "login_session"));
        return false;
    }
    whole = key_doc_login(&k, l->doc) && key_doc_login_renewable(l->doc);
    if (!whole) {
        err_set(e, ERR_CREDENTIALS,
                FAILED "Failed to load access token from token cache, missing "
                       "one or more required fields.");
        err_hint(e, "run \"aws login\"");
    }
    return whole;
}

/* Whether the file's credentials may be used as they are. */
static bool is_fresh(const struct login *l)
{
    const char *avoid = l->base.need.avoid;
    struct key_doc k;

    return key_doc_login(&k, l->doc) &&
           k.expires_at - provider_now() > KEEP_S &&
           (avoid == NULL || strcmp(avoid, k.access_key_id) != 0);
}

/* Compose the CreateOAuth2Token. */
static int dress(void *data, const struct endpoint *ep, struct call_config *cfg,
                 struct buf *body, struct err *e)
{
    struct login *l = data;
    json_t *doc = json_pack("{s:O, s:O, s:s}", "clientId",
                            json_object_get(l->doc, "clientId"), "refreshToken",
                            json_object_get(l->doc, "refreshToken"),
                            "grantType", "refresh_token");
    char id[UUID_SIZE];
    struct buf url;
    int rv;

    if (doc == NULL || uuid_make(id) != 0) {
        json_decref(doc);
        return err_set_uv(e, UV_ENOMEM, "login"); /* UNTESTED: jansson */
    }
    js_write(body, doc, JS_COMPACT);
    json_decref(doc);
    buf_init(&url, PROOF_MAX);
    buf_addf(&url, "%s/v1/token", ep->url);
    rv = buf_error(&url);
    buf_init(&l->proof, PROOF_MAX);
    if (rv == 0) {
        rv = dpop_make(&l->proof, js_str(l->doc, "dpopKey"), buf_str(&url), id,
                       provider_now() + l->base.ctx->clock_skew_s, e);
    } else {
        err_set_uv(e, rv, "login");
    }
    buf_free(&url);
    l->header = (struct header){"DPoP", buf_str(&l->proof)};
    cfg->protocol = CALL_REST_JSON;
    cfg->operation = "CreateOAuth2Token";
    cfg->path = "/v1/token";
    cfg->headers = &l->header;
    cfg->n_headers = 1;
    return rv;
}

/* Put a refusal into the AWS CLI's words; @err is what call.c made of it. */
static void explain(const struct response *resp, const struct err *err,
                    struct err *e)
{
    json_t *body;
    const char *type;

    *e = *err;
    if (resp == NULL ||
        strcmp(err->remote_code, "AccessDeniedException") != 0) {
        return;
    }
    body = js_parse(resp->body, resp->body_len, NULL);
    type = js_str(body, "error");
    type = type != NULL ? type : "";
    if (strcmp(type, "TOKEN_EXPIRED") == 0) {
        err_set(e, ERR_CREDENTIALS,
                "Your session has expired. Please reauthenticate using 'aws "
                "login'.");
    } else if (strcmp(type, "USER_CREDENTIALS_CHANGED") == 0) {
        err_set(e, ERR_CREDENTIALS,
                "Unable to refresh login credentials because of a change in "
                "your password. Please reauthenticate with your new password "
                "using 'aws login'.");
    } else if (strcmp(type, "INSUFFICIENT_PERMISSIONS") == 0) {
        err_set(e, ERR_CREDENTIALS,
                "Unable to create or refresh login credentials due to "
                "insufficient permissions. You may be missing permission for "
                "the 'signin:CreateOAuth2Token' action.");
    } else {
        err_set(e, ERR_CREDENTIALS,
                "An unspecified error happened when resolving AWS credentials "
                "or refreshing a login session profile.");
    }
    json_decref(body);
}

/* The new session is on disk, or cannot be brought there. */
static void on_written(void *data, int status, const char *text, size_t len)
{
    struct login *l = data;

    (void)text;
    (void)len;
    if (status != 0) {
        log_warn(l->base.ctx->log, CREDS, 0, "cannot write %s: %s",
                 shared_file_path(l->file), err_sentence(status));
    }
    take(l);
}

/* The signin service has answered. */
static void on_called(void *data, const struct response *resp,
                      const struct err *err)
{
    struct login *l = data;
    json_t *answer;
    struct buf text;
    struct err e;
    bool good;
    int rv;

    if (err != NULL) {
        explain(resp, err, &e);
        fail(l, &e);
        return;
    }
    answer = js_parse(resp->body, resp->body_len, NULL);
    good = key_doc_login_renew(l->doc, answer, provider_now());
    json_decref(answer);
    if (!good) {
        err_set(&e, ERR_CREDENTIALS,
                FAILED "Failed to refresh an access token.");
        fail(l, &e);
        return;
    }
    buf_init(&text, LOGIN_FILE_MAX);
    js_write(&text, l->doc, JS_SPACED | JS_ASCII);
    rv = buf_error(&text);
    if (rv == 0) {
        rv =
            shared_file_write(l->file, buf_str(&text), text.len, on_written, l);
    }
    buf_wipe(&text);
    if (rv != 0) {
        on_written(l, rv, "", 0);
    }
}

/* The file was read: take what it holds if that is fresh.  True if there is
 * more to do. */
static bool is_stale(struct login *l, int status, const char *text, size_t len)
{
    struct err e;

    if (!take_file(l, status, text, len, &e)) {
        fail(l, &e);
        return false;
    }
    if (is_fresh(l)) {
        take(l);
        return false;
    }
    return true;
}

/* The file was read under the lock. */
static void on_locked(void *data, int status, const char *text, size_t len)
{
    struct login *l = data;

    if (is_stale(l, status, text, len)) {
        provider_call_start(&l->call, l->base.ctx, SERVICE_SIGNIN, NULL, dress,
                            on_called, l);
    }
}

static void on_read(void *data, int status, const char *text, size_t len)
{
    struct login *l = data;

    if (is_stale(l, status, text, len)) {
        shared_file_lock(l->file, on_locked, l);
    }
}

/* The file of @session, or NULL. */
static struct shared_file *open_file(struct provider_ctx *ctx,
                                     const char *session)
{
    const struct env *env = settings_environment(ctx->settings);
    const char *dir = env_get(env, "AWS_LOGIN_CACHE_DIRECTORY");
    unsigned char sum[EVP_MAX_MD_SIZE];
    struct shared_file *file = NULL;
    char hex[2 * EVP_MAX_MD_SIZE + 1];
    char *path = NULL;
    unsigned n = 0;
    char *home;

    home = path_expand(env, dir != NULL ? dir : "~/.aws/login/cache");
    if (home != NULL && EVP_Digest(session, strlen(session), sum, &n,
                                   EVP_sha256(), NULL) == 1) {
        hex_encode(hex, sum, n);
        path = mem_printf("%s/%s.json", home, hex);
    }
    if (path != NULL) {
        file = shared_file_new(ctx, path, LOGIN_FILE_MAX);
    }
    mem_free(path);
    mem_free(home);
    return file;
}

static void login_fetch(struct provider *p)
{
    struct login *l = (struct login *)p;
    const char *session = profiles_get(settings_profiles(p->ctx->settings),
                                       l->profile, "login_session");
    struct err e;

    if (session == NULL) {
        provider_pass(p, "the profile has no login_session");
        return;
    }
    l->file = open_file(p->ctx, session);
    if (l->file == NULL) {
        err_set_uv(&e, UV_ENOMEM, "login");
        provider_bad(p, &e);
        return;
    }
    shared_file_read(l->file, on_read, l);
}

static void login_stop(struct provider *p)
{
    drop((struct login *)p);
}

static void login_free(struct provider *p)
{
    drop((struct login *)p);
    mem_free(p);
}

static const struct provider_ops login_ops = {
    .name = "login",
    .fetch = login_fetch,
    .stop = login_stop,
    .free = login_free,
};

struct provider *provider_login_new(const struct provider_spec *spec)
{
    struct login *l = mem_zalloc(sizeof *l);

    if (l == NULL) {
        return NULL;
    }
    l->base = (struct provider){.ops = &login_ops, .ctx = spec->ctx};
    l->profile = spec->profile;
    return &l->base;
}
