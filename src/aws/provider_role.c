/* SPDX-License-Identifier: Apache-2.0 */
/* provider_role.c - assuming a role with the credentials of another source,
 * which may be a role again.
 *
 * The happy path is: the configuration is read once and turned into a chain of
 * links; the shared cache has no good entry; the source is asked for its
 * credentials; the MFA code, if one is configured, is asked for; STS is called
 * and its answer kept.
 *
 * What can go wrong is: a faulty configuration (found before anything is sent),
 * no source credentials, no terminal to ask for the code on, or a refusal by
 * STS.  Source credentials that were kept from an earlier time and are refused
 * are fetched again, once. */
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "cached.h"
#include "call.h"
#include "creds.h"
#include "json.h"
#include "log.h"
#include "mem.h"
#include "profiles.h"
#include "prompt.h"
#include "provider.h"
#include "provider_call.h"
#include "request.h"
#include "role_body.h"
#include "role_config.h"
#include "settings.h"
#include "wipe.h"

enum { SOURCE_KEEP_S = 15 * 60 }; /* With less left it is asked again */

/* One link: a role, and what gives the credentials to assume it. */
struct role {
    struct cached cached; /* First */
    struct provider_spec spec;
    struct role_config config;
    bool configured; /* @config is read */
    struct provider *source;
    struct creds *source_creds; /* Kept between fetches */
    bool source_is_old;         /* They are from an earlier fetch */
    bool prompted;              /* A code was asked for, and was right */
    struct prompt *prompt;
    char *token_code;
    struct provider_call call;
};

static const struct provider_ops role_ops;

/* Make the provider of links[@i] and of all that are behind it. */
static struct role *make_chain(const struct provider_spec *spec,
                               const struct role_config *links, size_t i,
                               size_t n);

static void role_call(struct cached *c);

/* An empty link. */
static struct role *role_alloc(const struct provider_spec *spec)
{
    struct role *r = mem_zalloc(sizeof *r);

    if (r != NULL) {
        r->cached.base = (struct provider){.ops = &role_ops, .ctx = spec->ctx};
        r->spec = *spec;
        cached_init(&r->cached, role_call);
    }
    return r;
}

/* Give @r its part of the configuration and its source. */
static bool configure(struct role *r, const struct role_config *links, size_t i,
                      size_t n)
{
    struct provider_spec spec = {.ctx = r->spec.ctx,
                                 .profile = links[i].source_name,
                                 .ignore_env = true,
                                 .no_disk_cache = true};
    struct role *next;

    r->config = links[i];
    switch (links[i].source) {
    case ROLE_FROM_ROLE:
        next = make_chain(&r->spec, links, i + 1, n);
        r->source = next != NULL ? &next->cached.base : NULL;
        break;
    case ROLE_FROM_PROFILE:
        r->source = provider_profile_list_new(&spec);
        break;
    case ROLE_FROM_ENVIRONMENT:
        r->source = provider_env_new(&spec);
        break;
    case ROLE_FROM_IMDS:
        r->source = provider_imds_new(&spec);
        break;
    case ROLE_FROM_CONTAINER:
        r->source = provider_container_new(&spec);
        break;
    }
    r->configured = r->source != NULL;
    return r->configured;
}

static struct role *make_chain(const struct provider_spec *spec,
                               const struct role_config *links, size_t i,
                               size_t n)
{
    struct role *r = role_alloc(spec);

    if (r != NULL && !configure(r, links, i, n)) {
        provider_free(&r->cached.base);
        r = NULL;
    }
    return r;
}

/* Forget the call, the prompt and the code. */
static void end_call(struct role *r)
{
    provider_call_stop(&r->call);
    prompt_close(r->prompt);
    r->prompt = NULL;
    wipe_free(r->token_code);
    r->token_code = NULL;
}

/* End the fetch without credentials. */
static void fail(struct role *r, const struct err *err)
{
    struct err e = *err;

    end_call(r);
    cached_failed(&r->cached, &e);
}

/* Compose the call. */
static int dress(void *data, const struct endpoint *ep, struct call_config *cfg,
                 struct buf *body, struct err *e)
{
    const struct role *r = data;

    (void)ep;
    (void)e;
    cfg->protocol = CALL_QUERY;
    cfg->operation = "AssumeRole";
    cfg->creds = r->source_creds;
    sts_assume_role(body, &r->config.request, r->token_code, provider_now());
    return 0;
}

static void ask_source(struct role *r, const char *avoid);

/* STS has answered. */
static void on_called(void *data, const struct response *resp,
                      const struct err *err)
{
    struct role *r = data;
    struct creds *refused;
    struct err e;
    json_t *entry;

    if (err != NULL) {
        if (r->source_is_old && call_creds_refused(err)) {
            refused = r->source_creds;
            r->source_creds = NULL;
            provider_call_stop(&r->call);
            ask_source(r, refused->access_key_id);
            creds_unref(refused);
            return;
        }
        fail(r, err);
        return;
    }
    entry = role_entry_from_sts(
        resp->body, resp->body_len, "AssumeRole",
        settings_wire_timestamps(r->cached.base.ctx->settings), &e);
    if (entry == NULL) {
        err_wrap(&e, "AssumeRole");
        fail(r, &e);
        return;
    }
    r->prompted = r->token_code != NULL;
    end_call(r);
    cached_got(&r->cached, entry);
}

/* Everything is there: call STS. */
static void assume(struct role *r)
{
    provider_call_start(&r->call, r->cached.base.ctx, SERVICE_STS, NULL, dress,
                        on_called, r);
}

/* The user has answered. */
static void on_code(void *data, const char *line, const struct err *err)
{
    struct role *r = data;
    struct err e;

    if (err != NULL) {
        fail(r, err);
        return;
    }
    r->token_code = mem_strdup(line);
    prompt_close(r->prompt);
    r->prompt = NULL;
    if (r->token_code == NULL) {
        err_set_uv(&e, UV_ENOMEM, "MFA code");
        fail(r, &e);
        return;
    }
    assume(r);
}

/* Ask for the MFA code, once in the life of a process: a listener must not
 * keep popping up questions while somebody types elsewhere. */
static void ask_code(struct role *r)
{
    struct provider_ctx *ctx = r->cached.base.ctx;
    struct err e;

    if (r->prompted || r->cached.base.need.quiet) {
        err_set(&e, ERR_CREDENTIALS,
                "Cannot refresh credentials: MFA token required.");
        err_hint(&e,
                 "run \"eice whoami\" with the same profile in a terminal and "
                 "enter the code of %s: the new credentials are cached and "
                 "shared",
                 r->config.request.mfa_serial);
        fail(r, &e);
        return;
    }
    if (prompt_start(&r->prompt, ctx, r->config.request.mfa_serial, on_code, r,
                     &e) != 0) {
        fail(r, &e);
    }
}

/* Source credentials are there. */
static void have_source(struct role *r)
{
    if (r->config.request.mfa_serial != NULL && r->token_code == NULL) {
        ask_code(r);
    } else {
        assume(r);
    }
}

/* The source has answered. */
static void on_source(struct provider *p, enum provider_answer answer,
                      struct creds *creds, const struct err *err)
{
    struct role *r = p->data;
    struct err e;

    switch (answer) {
    case PROVIDER_GOOD:
        creds_unref(r->source_creds);
        r->source_creds = creds;
        r->source_is_old = false;
        have_source(r);
        return;
    case PROVIDER_BAD:
        fail(r, err);
        return;
    case PROVIDER_PASS:
        break;
    }
    if (r->config.source == ROLE_FROM_PROFILE) {
        err_set(&e, ERR_CREDENTIALS,
                "The source profile \"%s\" must have credentials.",
                r->config.source_name);
    } else {
        err_set(&e, ERR_CREDENTIALS,
                "Error when retrieving credentials from %s: No credentials "
                "found in credential_source referenced in profile %s",
                r->config.source_name, r->config.profile);
    }
    fail(r, &e);
}

/* Fetch the source's credentials. */
static void ask_source(struct role *r, const char *avoid)
{
    struct provider_need need = {.quiet = r->cached.base.need.quiet,
                                 .avoid = avoid};

    provider_fetch(r->source, &need, on_source, r);
}

/* The cache has nothing: assume the role. */
static void role_call(struct cached *c)
{
    struct role *r = (struct role *)c;
    const struct creds *kept = r->source_creds;

    if (kept != NULL && (kept->expires_at == 0 ||
                         kept->expires_at - provider_now() > SOURCE_KEEP_S)) {
        r->source_is_old = true;
        have_source(r);
    } else {
        ask_source(r, NULL);
    }
}

/* Read the configuration of the whole chain, once. */
static int read_config(struct role *r, struct err *e)
{
    struct role_config links[ROLE_CHAIN_MAX];
    size_t n;
    int rv = role_config_read(settings_profiles(r->cached.base.ctx->settings),
                              r->spec.profile, links, &n, e);

    if (rv == 0 && !configure(r, links, 0, n)) {
        rv = err_set_uv(e, UV_ENOMEM, "credentials");
    }
    return rv;
}

/* Name the cache entry and fetch through the cache. */
static void fetch_by_key(struct role *r)
{
    char key[ROLE_KEY_SIZE];
    struct buf text;
    struct err e;
    int rv;

    buf_init(&text, ROLE_ENTRY_MAX);
    rv = role_key_text(&text, &r->config.request);
    role_key(key, buf_str(&text));
    buf_free(&text);
    if (rv != 0) {
        err_set_uv(&e, rv, "credentials");
        provider_bad(&r->cached.base, &e);
        return;
    }
    cached_fetch(&r->cached, key);
}

static void role_fetch(struct provider *p)
{
    struct role *r = (struct role *)p;
    struct err e;

    if (!r->configured) {
        if (!role_config_present(settings_profiles(p->ctx->settings),
                                 r->spec.profile)) {
            provider_pass(p, "the profile has no role_arn, or a "
                             "web_identity_token_file");
            return;
        }
        if (read_config(r, &e) != 0) {
            provider_bad(p, &e);
            return;
        }
    }
    fetch_by_key(r);
}

static void role_stop(struct provider *p)
{
    struct role *r = (struct role *)p;

    provider_stop(r->source);
    end_call(r);
    cached_stop(&r->cached);
}

static void role_free(struct provider *p)
{
    struct role *r = (struct role *)p;

    provider_free(r->source);
    creds_unref(r->source_creds);
    mem_free(r);
}

static const struct provider_ops role_ops = {
    .name = "assume-role",
    .fetch = role_fetch,
    .stop = role_stop,
    .free = role_free,
};

struct provider *provider_role_new(const struct provider_spec *spec)
{
    struct role *r = role_alloc(spec);

    return r != NULL ? &r->cached.base : NULL;
}
