/* SPDX-License-Identifier: Apache-2.0 */
/* authorize.c - the circumstances of a call, as condition keys. */
#include "authorize.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "buf.h"
#include "iam.h"
#include "iso8601.h"

/* Add one key; what has no value is left out. */
static int add(struct iam_context *ctx, const char *key, const char *value)
{
    return value != NULL ? iam_context_add(ctx, key, value) : 0;
}

/* Add "PREFIX/tag" for each tag. */
static int add_tags(struct iam_context *ctx, const char *prefix,
                    const struct world_tag *tags, size_t n)
{
    size_t i;
    int rv = 0;

    for (i = 0; i < n && rv == 0; i++) {
        char key[320];

        snprintf(key, sizeof key, "%s/%s", prefix, tags[i].key);
        rv = add(ctx, key, tags[i].value);
    }
    return rv;
}

/* A session's tags win over those of its role. */
static int add_principal_tags(struct iam_context *ctx,
                              const struct world_principal *who)
{
    const struct world_tag *tags =
        who->role != NULL ? who->role->tags : who->user->tags;
    size_t n = who->role != NULL ? who->role->n_tags : who->user->n_tags;
    const struct world_session *s = who->session;
    size_t i;
    size_t k;
    int rv =
        s != NULL ? add_tags(ctx, "aws:PrincipalTag", s->tags, s->n_tags) : 0;

    for (i = 0; i < n && rv == 0; i++) {
        bool shadowed = false;

        for (k = 0; s != NULL && k < s->n_tags; k++) {
            shadowed = shadowed || strcmp(s->tags[k].key, tags[i].key) == 0;
        }
        if (!shadowed) {
            rv = add_tags(ctx, "aws:PrincipalTag", &tags[i], 1);
        }
    }
    return rv;
}

/* Who is asking. */
static int add_principal(struct iam_context *ctx, struct api_call *c)
{
    const struct world_principal *who = &c->who;
    const struct world_session *s = who->session;
    char text[WORLD_USERID_SIZE];
    char issued[ISO8601_EXTENDED_SIZE];
    int rv;

    /* For a role session the ARN is the role's, as AWS documents it. */
    rv = add(ctx, "aws:PrincipalArn",
             who->role != NULL ? who->role->arn : who->user->arn);
    rv = rv != 0 ? rv : add(ctx, "aws:PrincipalAccount", who->account->id);
    rv = rv != 0 ? rv
                 : add(ctx, "aws:PrincipalType",
                       who->role != NULL ? "AssumedRole"
                       : who->user->root ? "Account"
                                         : "User");
    rv = rv != 0 ? rv
                 : add(ctx, "aws:userid", world_principal_userid(who, text));
    if (rv == 0 && who->role == NULL && !who->user->root) {
        rv = add(ctx, "aws:username", who->user->name);
    }
    if (rv == 0 && s != NULL) {
        iso8601_extended(issued, s->issued_ms / 1000);
        rv = add(ctx, "aws:TokenIssueTime", issued);
        rv = rv != 0 ? rv
                     : add(ctx, "aws:MultiFactorAuthPresent",
                           s->mfa ? "true" : "false");
        rv = rv != 0 ? rv : add(ctx, "aws:SourceIdentity", s->source_identity);
    }
    return rv != 0 ? rv : add_principal_tags(ctx, who);
}

/* Where, when and how. */
static int add_request(struct iam_context *ctx, struct api_call *c)
{
    int64_t now = world_now_ms(c->w) / 1000;
    char text[ISO8601_EXTENDED_SIZE];
    int rv;

    iso8601_extended(text, now);
    rv = add(ctx, "aws:CurrentTime", text);
    rv = rv != 0 ? rv : iam_context_add_int(ctx, "aws:EpochTime", now);
    rv = rv != 0 ? rv : add(ctx, "aws:SourceIp", c->req->peer_ip);
    rv = rv != 0
             ? rv
             : add(ctx, "aws:SecureTransport", c->req->tls ? "true" : "false");
    rv = rv != 0 ? rv
                 : add(ctx, "aws:UserAgent", http_header(c->req, "user-agent"));
    return rv != 0 || c->region[0] == '\0'
               ? rv
               : add(ctx, "aws:RequestedRegion", c->region);
}

/* What it is about. */
static int add_resource(struct iam_context *ctx, struct api_call *c,
                        const struct access *a)
{
    size_t i;
    int rv = 0;

    if (strcmp(a->resource, "*") != 0) {
        rv = add(ctx, "aws:ResourceAccount",
                 a->account != NULL       ? a->account
                 : c->who.account != NULL ? c->who.account->id
                                          : NULL);
        rv = rv != 0 ? rv
                     : add_tags(ctx, "aws:ResourceTag", a->resource_tags,
                                a->n_resource_tags);
        rv = rv != 0 ? rv
                     : add_tags(ctx, "ec2:ResourceTag", a->resource_tags,
                                a->n_resource_tags);
    }
    rv = rv != 0 ? rv
                 : add_tags(ctx, "aws:RequestTag", a->request_tags,
                            a->n_request_tags);
    for (i = 0; i < a->n_request_tags && rv == 0; i++) {
        rv = add(ctx, "aws:TagKeys", a->request_tags[i].key);
    }
    for (i = 0; i < a->n_keys && rv == 0; i++) {
        rv = add(ctx, a->keys[i].key, a->keys[i].value);
    }
    return rv;
}

struct iam_context *access_context(struct api_call *c, const struct access *a)
{
    struct iam_context *ctx = iam_context_new();
    int rv;

    if (ctx == NULL) {
        return NULL;
    }
    rv = c->verified ? add_principal(ctx, c) : 0;
    rv = rv != 0 ? rv : add_request(ctx, c);
    rv = rv != 0 ? rv : add_resource(ctx, c, a);
    if (rv != 0) {
        iam_context_free(ctx);
        return NULL;
    }
    return ctx;
}

/* A list of policies in iam's form; returns how many. */
static size_t attach(struct iam_attached *out, const struct world_policy *list,
                     size_t n)
{
    size_t i;

    n = n < ACCESS_MAX_POLICIES ? n : (size_t)ACCESS_MAX_POLICIES;
    for (i = 0; i < n; i++) {
        out[i].name = list[i].name;
        out[i].policy = list[i].parsed;
    }
    return n;
}

void access_policies_of(const struct world_principal *who,
                        struct access_policies *out)
{
    const struct world_policy *boundary =
        who->role != NULL ? who->role->boundary : who->user->boundary;
    const struct world_session *s = who->session;

    *out = (struct access_policies){0};
    out->asked.root = who->role == NULL && who->user->root;
    out->asked.identity = out->identity;
    out->asked.n_identity =
        who->role != NULL
            ? attach(out->identity, who->role->policies, who->role->n_policies)
            : attach(out->identity, who->user->policies, who->user->n_policies);
    out->asked.session = out->session;
    if (s != NULL) {
        out->asked.n_session = attach(out->session, s->policies, s->n_policies);
    }
    if (boundary != NULL) {
        attach(&out->boundary, boundary, 1);
        out->asked.boundary = &out->boundary;
    }
}

enum access_verdict access_check(struct api_call *c, const struct access *a,
                                 struct buf *why)
{
    struct iam_context *ctx = access_context(c, a);
    struct iam_request request = {
        .action = a->action, .resource = a->resource, .context = ctx};
    struct access_policies policies;
    struct iam_result result;
    char arn[WORLD_ARN_SIZE];
    int rv;

    if (ctx == NULL) {
        return ACCESS_NO_MEMORY;
    }
    access_policies_of(&c->who, &policies);
    rv = iam_evaluate(&result, &policies.asked, &request);
    if (rv == 0 && result.verdict != IAM_ALLOWED) {
        iam_denial(why, &result, world_principal_arn(c->w, &c->who, arn),
                   &request);
    }
    iam_context_free(ctx);
    return rv != 0                         ? ACCESS_NO_MEMORY
           : result.verdict == IAM_ALLOWED ? ACCESS_ALLOWED
                                           : ACCESS_DENIED;
}

bool access_demand(struct api_call *c, const struct access *a)
{
    struct buf why;
    enum access_verdict verdict;
    bool ok = false;

    buf_init(&why, 4096);
    verdict = access_check(c, a, &why);
    switch (verdict) {
    case ACCESS_ALLOWED:
        ok = true;
        break;
    case ACCESS_NO_MEMORY:
        call_no_memory(c);
        break;
    case ACCESS_DENIED:
        if (c->protocol == CALL_EC2) {
            call_fail(c, 403, "UnauthorizedOperation",
                      "You are not authorized to perform this operation. %s",
                      buf_str(&why));
        } else if (c->protocol == CALL_STS) {
            call_fail(c, 403, "AccessDenied", "%s", buf_str(&why));
        } else {
            call_fail(c, c->protocol == CALL_TUNNEL ? 403 : 400,
                      "AccessDeniedException", "%s", buf_str(&why));
        }
        break;
    }
    buf_free(&why);
    return ok;
}
