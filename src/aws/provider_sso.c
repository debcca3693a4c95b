/* SPDX-License-Identifier: Apache-2.0 */
/* provider_sso.c - a role of IAM Identity Center, with the token of a session
 * that the user has logged in to.
 *
 * The happy path is: the shared cache has no good entry, the session's token is
 * there (renewed if need be), and the portal gives credentials for it.  What
 * can go wrong is a faulty configuration, no or an expired session, or a
 * refusal; all but the last end with "aws sso login". */
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "cached.h"
#include "call.h"
#include "creds.h"
#include "mem.h"
#include "percent.h"
#include "profiles.h"
#include "provider.h"
#include "provider_call.h"
#include "request.h"
#include "role_entry.h"
#include "settings.h"
#include "sso_config.h"
#include "sso_token.h"
#include "wipe.h"

enum { PATH_SIZE_MAX = 8192 };

struct sso {
    struct cached cached; /* First */
    struct provider_spec spec;
    struct sso_config config;
    struct sso_token *token; /* While it is looked for and used */
    char *bearer;            /* A copy of it */
    char *path;              /* Of the call */
    struct header header;
    struct provider_call call;
};

/* Forget token and call. */
static void end_call(struct sso *s)
{
    provider_call_stop(&s->call);
    sso_token_close(s->token);
    s->token = NULL;
    wipe_free(s->bearer);
    s->bearer = NULL;
    mem_free(s->path);
    s->path = NULL;
}

/* End the fetch without credentials. */
static void fail(struct sso *s, const struct err *err)
{
    struct err e = *err;

    end_call(s);
    cached_failed(&s->cached, &e);
}

/* Compose the GetRoleCredentials. */
static int dress(void *data, const struct endpoint *ep, struct call_config *cfg,
                 struct buf *body, struct err *e)
{
    struct sso *s = data;
    struct buf path;

    (void)ep;
    (void)body;
    buf_init(&path, PATH_SIZE_MAX);
    buf_adds(&path, "/federation/credentials?role_name=");
    percent_encode(&path, s->config.role_name, strlen(s->config.role_name));
    buf_adds(&path, "&account_id=");
    percent_encode(&path, s->config.account_id, strlen(s->config.account_id));
    s->path = buf_detach(&path);
    buf_free(&path);
    if (s->path == NULL) {
        return err_set_uv(e, UV_ENOMEM, "SSO");
    }
    s->header = (struct header){"x-amz-sso_bearer_token", s->bearer};
    cfg->protocol = CALL_REST_JSON;
    cfg->operation = "GetRoleCredentials";
    cfg->method = "GET";
    cfg->path = s->path;
    cfg->headers = &s->header;
    cfg->n_headers = 1;
    return 0;
}

/* The portal has answered. */
static void on_called(void *data, const struct response *resp,
                      const struct err *err)
{
    struct sso *s = data;
    struct err e;
    json_t *entry;

    if (err != NULL) {
        e = *err;
        if (strcmp(e.remote_code, "UnauthorizedException") == 0) {
            sso_token_expired(&e);
        }
        fail(s, &e);
        return;
    }
    entry = role_entry_from_sso(resp->body, resp->body_len,
                                s->config.account_id, &e);
    if (entry == NULL) {
        err_wrap(&e, "GetRoleCredentials");
        fail(s, &e);
        return;
    }
    end_call(s);
    cached_got(&s->cached, entry);
}

/* The token is there, or not. */
static void on_token(void *data, const char *token, const struct err *err)
{
    struct sso *s = data;
    struct err e;

    if (err != NULL) {
        fail(s, err);
        return;
    }
    s->bearer = mem_strdup(token);
    sso_token_close(s->token);
    s->token = NULL;
    if (s->bearer == NULL) {
        err_set_uv(&e, UV_ENOMEM, "SSO");
        fail(s, &e);
        return;
    }
    provider_call_start(&s->call, s->spec.ctx, SERVICE_SSO, s->config.region,
                        dress, on_called, s);
}

/* The cache has nothing: look for the token. */
static void sso_call(struct cached *c)
{
    struct sso *s = (struct sso *)c;
    struct err e;
    int rv = sso_token_start(&s->token, s->spec.ctx, &s->config, on_token, s);

    if (rv != 0) {
        err_set_uv(&e, rv, "SSO");
        fail(s, &e);
    }
}

static void sso_fetch(struct provider *p)
{
    struct sso *s = (struct sso *)p;
    const struct profiles *profiles = settings_profiles(p->ctx->settings);
    char key[ROLE_KEY_SIZE];
    struct buf text;
    struct err e;
    int rv;

    if (!sso_config_present(profiles, s->spec.profile)) {
        provider_pass(p, "the profile has no sso_role_name or sso_account_id");
        return;
    }
    if (sso_config_read(profiles, s->spec.profile, &s->config, &e) != 0) {
        provider_bad(p, &e);
        return;
    }
    buf_init(&text, ROLE_ENTRY_MAX);
    rv = role_key_sso_text(&text, s->config.account_id, s->config.role_name,
                           s->config.session, s->config.start_url);
    role_key(key, buf_str(&text));
    buf_free(&text);
    if (rv != 0) {
        err_set_uv(&e, rv, "SSO");
        provider_bad(p, &e);
        return;
    }
    cached_fetch(&s->cached, s->spec.no_disk_cache ? NULL : key);
}

static void sso_stop(struct provider *p)
{
    struct sso *s = (struct sso *)p;

    end_call(s);
    cached_stop(&s->cached);
}

static void sso_free(struct provider *p)
{
    mem_free(p);
}

static const struct provider_ops sso_ops = {
    .name = "sso",
    .fetch = sso_fetch,
    .stop = sso_stop,
    .free = sso_free,
};

struct provider *provider_sso_new(const struct provider_spec *spec)
{
    struct sso *s = mem_zalloc(sizeof *s);

    if (s == NULL) {
        return NULL;
    }
    s->cached.base = (struct provider){.ops = &sso_ops, .ctx = spec->ctx};
    s->spec = *spec;
    cached_init(&s->cached, sso_call);
    return &s->cached.base;
}
