/* SPDX-License-Identifier: Apache-2.0 */
/* provider_imds.c - the role of the instance we run on.
 *
 * The happy path is: IMDS names the role, then gives its credentials.  What can
 * go wrong is that there is no IMDS, no role, or nonsense: all of that passes,
 * so that machines which are no instances simply have no credentials here. */
#include <string.h>

#include "creds.h"
#include "imds.h"
#include "json.h"
#include "key_doc.h"
#include "log.h"
#include "mem.h"
#include "provider.h"

#define ROLES "latest/meta-data/iam/security-credentials/"

enum {
    EXTEND_S = 15 * 60,  /* Expiry this near, plus some chance, is moved: */
    EXTEND_MIN_S = 120,  /* the service hands out what it has, */
    EXTEND_SPAN_S = 481, /* and other services take it */
    ROLE_MAX = 512
};

struct imds_role {
    struct provider base;
    struct imds *imds; /* While fetching */
    char path[sizeof ROLES + ROLE_MAX];
};

/* Done with the service. */
static void drop(struct imds_role *r)
{
    imds_close(r->imds);
    r->imds = NULL;
}

/* Move an expiry that is near, or past, some way into the future: IMDS may be
 * unable to get new credentials for a while, and the old ones still work. */
static int64_t extend(const struct provider *p, int64_t expires_at)
{
    int64_t now = provider_now();
    unsigned chance = 0;
    int64_t offset;

    uv_random(NULL, NULL, &chance, sizeof chance, 0, NULL);
    offset = EXTEND_S + EXTEND_MIN_S + (int64_t)(chance % EXTEND_SPAN_S);
    if (now < expires_at - offset) {
        return expires_at;
    }
    log_info(p->ctx->log, CREDS, 0,
             "the instance's credentials expire soon; using them for %lld min "
             "more",
             (long long)(offset / 60));
    return now + offset;
}

/* Answer with the credentials in @doc, if they are whole. */
static void take(struct imds_role *r, const json_t *doc)
{
    struct key_doc k;
    const char *why;

    if (!key_doc_imds(&k, doc, &why)) {
        provider_pass(&r->base, "IMDS gave no whole credentials (code %s)",
                      why);
        return;
    }
    provider_keys(&r->base, k.access_key_id, k.secret, k.token, NULL,
                  extend(&r->base, k.expires_at));
}

/* The credentials have come. */
static void on_creds(void *data, const char *text, size_t len,
                     const struct err *err)
{
    struct imds_role *r = data;
    json_t *doc = NULL;
    struct err e;

    if (err != NULL) {
        e = *err;
        drop(r);
        provider_bad(&r->base, &e);
        return;
    }
    if (text != NULL) {
        doc = js_parse(text, len, NULL);
    }
    drop(r);
    if (doc == NULL) {
        provider_pass(&r->base, "IMDS gave no credentials");
        return;
    }
    take(r, doc);
    js_wipe(doc);
}

/* Whether a document is JSON; if not it is asked for again. */
static int is_json(const char *text, size_t len)
{
    json_t *doc = js_parse(text, len, NULL);

    json_decref(doc);
    return doc != NULL;
}

/* The name of the role has come. */
static void on_role(void *data, const char *text, size_t len,
                    const struct err *err)
{
    struct imds_role *r = data;
    struct err e;

    if (err != NULL) {
        e = *err;
        drop(r);
        provider_bad(&r->base, &e);
        return;
    }
    if (text == NULL || len > ROLE_MAX || strcspn(text, " \t\r\n?#") != len) {
        drop(r);
        provider_pass(&r->base, "IMDS names no role");
        return;
    }
    strcpy(r->path, ROLES);
    strcat(r->path, text);
    imds_get(r->imds, r->path, is_json, on_creds, r);
}

static void imds_fetch(struct provider *p)
{
    struct imds_role *r = (struct imds_role *)p;
    struct err e;

    r->imds = imds_new(p->ctx->net, p->ctx->log, p->ctx->settings);
    if (r->imds == NULL) {
        err_set_uv(&e, UV_ENOMEM, "IMDS");
        provider_bad(p, &e);
        return;
    }
    imds_get(r->imds, ROLES, NULL, on_role, r);
}

static void imds_stop(struct provider *p)
{
    drop((struct imds_role *)p);
}

static void imds_free(struct provider *p)
{
    mem_free(p);
}

static const struct provider_ops imds_ops = {
    .name = "iam-role",
    .fetch = imds_fetch,
    .stop = imds_stop,
    .free = imds_free,
};

struct provider *provider_imds_new(const struct provider_spec *spec)
{
    struct imds_role *r = mem_zalloc(sizeof *r);

    if (r == NULL) {
        return NULL;
    }
    r->base = (struct provider){.ops = &imds_ops, .ctx = spec->ctx};
    return &r->base;
}
