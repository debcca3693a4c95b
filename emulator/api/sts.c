/* SPDX-License-Identifier: Apache-2.0 */
/* sts.c - GetCallerIdentity, AssumeRole, AssumeRoleWithWebIdentity. */
#include "sts.h"

#include <stdio.h>
#include <string.h>

#include "authorize.h"
#include "call.h"
#include "err.h"
#include "iso8601.h"
#include "sts_wish.h"
#include "totp.h"

enum {
    CHAIN_DURATION_S = 3600, /* A role assumed from a role's session */
    MAX_TOKEN = 32 * 1024
};

/* --- MFA ---------------------------------------------------------------- */

/* Serial number and code, when given, must be of the caller's own device. */
static bool check_mfa(struct api_call *c, const struct sts_wish *wish)
{
    const struct world_user *u = c->who.user;
    int64_t now = world_now_ms(c->w) / 1000;
    size_t i;

    if (wish->serial == NULL && wish->code == NULL) {
        return true;
    }
    for (i = 0; wish->serial != NULL && u != NULL && i < u->n_mfa; i++) {
        const struct world_mfa *mfa = &u->mfa[i];

        if (strcmp(mfa->serial, wish->serial) != 0) {
            continue;
        }
        if (wish->code != NULL &&
            ((mfa->code != NULL && strcmp(mfa->code, wish->code) == 0) ||
             (mfa->seed != NULL && totp_check(mfa->seed, now, wish->code)))) {
            return true;
        }
        return call_fail(c, 403, "AccessDenied",
                         "MultiFactorAuthentication failed with invalid MFA "
                         "one time pass code.");
    }
    return call_fail(c, 403, "AccessDenied",
                     "MultiFactorAuthentication failed, unable to validate MFA "
                     "code.  Please verify your MFA serial number is valid and "
                     "associated with this user.");
}

/* --- IAM ---------------------------------------------------------------- */

/* Ask trust policy and the caller's own for one action on the role. */
static bool may_assume(struct api_call *c, const struct sts_wish *wish,
                       const char *action, const struct access_key *keys,
                       size_t n_keys, const struct iam_principal *principal,
                       const struct iam_policies *policies,
                       const char *caller_arn)
{
    struct access a = {.action = action,
                       .resource = wish->role_arn,
                       .account = wish->role->account->id,
                       .resource_tags = wish->role->tags,
                       .n_resource_tags = wish->role->n_tags,
                       .request_tags = wish->tags,
                       .n_request_tags = wish->n_tags,
                       .keys = keys,
                       .n_keys = n_keys};
    struct iam_context *ctx = access_context(c, &a);
    struct iam_request request = {
        .action = action, .resource = wish->role_arn, .context = ctx};
    struct iam_attached trust = {.name = "trust"};
    struct iam_result result = {.verdict = IAM_IMPLICIT_DENY};
    struct buf why;
    int rv;

    if (ctx == NULL) {
        return call_no_memory(c);
    }
    trust.policy = wish->role->trust != NULL ? wish->role->trust->parsed : NULL;
    rv = trust.policy == NULL ? 0
                              : iam_evaluate_assume(&result, &trust, principal,
                                                    policies, &request);
    if (rv == 0 && result.verdict != IAM_ALLOWED) {
        if (caller_arn == NULL) {
            call_fail(c, 403, "AccessDenied", "Not authorized to perform %s",
                      action);
        } else {
            buf_init(&why, 4096);
            buf_addf(&why,
                     "User: %s is not authorized to perform: %s on "
                     "resource: %s",
                     caller_arn, action, wish->role_arn);
            call_fail(c, 403, "AccessDenied", "%s", buf_str(&why));
            buf_free(&why);
        }
    }
    iam_context_free(ctx);
    if (rv != 0) {
        return call_no_memory(c);
    }
    return result.verdict == IAM_ALLOWED;
}

/* The duration must fit the role, and a chain of roles an hour. */
static bool check_duration(struct api_call *c, struct sts_wish *wish,
                           bool chained)
{
    if (chained && wish->duration_s > CHAIN_DURATION_S) {
        return call_fail(c, 400, "ValidationError",
                         "The requested DurationSeconds exceeds the 1 hour "
                         "session limit for roles assumed by role chaining");
    }
    return wish->duration_s <= wish->role->max_session_s ||
           call_fail(c, 400, "ValidationError",
                     "The requested DurationSeconds exceeds the "
                     "MaxSessionDuration set for this role.");
}

/* --- answers ------------------------------------------------------------ */

static void write_credentials(struct api_call *c, const struct world_session *s)
{
    char expires[ISO8601_EXTENDED_SIZE];

    iso8601_extended(expires, s->expires_ms / 1000);
    call_xml_open(c, "Credentials");
    call_xml(c, "AccessKeyId", s->key_id);
    call_xml(c, "SecretAccessKey", s->secret);
    call_xml(c, "SessionToken", s->token);
    call_xml(c, "Expiration", expires);
    call_xml_close(c, "Credentials");
}

static void write_assumed(struct api_call *c, const struct world_session *s,
                          const struct sts_wish *wish)
{
    struct world_principal p = {
        .account = s->account, .role = s->role, .session = s};
    char arn[WORLD_ARN_SIZE];
    char id[WORLD_USERID_SIZE];

    call_xml_open(c, "AssumedRoleUser");
    call_xml(c, "AssumedRoleId", world_principal_userid(&p, id));
    call_xml(c, "Arn", world_principal_arn(c->w, &p, arn));
    call_xml_close(c, "AssumedRoleUser");
    write_credentials(c, s);
    if (wish->policy_size > 0) {
        call_xml_int(c, "PackedPolicySize",
                     (int64_t)(wish->policy_size * 100 / STS_MAX_POLICY) + 1);
    }
    call_xml(c, "SourceIdentity", s->source_identity);
}

/* Give out the credentials; NULL when refused. */
static const struct world_session *
make_session(struct api_call *c, const struct sts_wish *wish, bool mfa)
{
    const struct world_role *role = wish->role;
    struct world_session_config config = {
        .role = role,
        .name = wish->name,
        .duration_s =
            role->credentials_s > 0 ? role->credentials_s : wish->duration_s,
        .mfa = mfa,
        .source_identity = wish->source_identity,
        .tags = wish->tags,
        .n_tags = wish->n_tags,
        .policies = wish->policies,
        .n_policies = wish->n_policies};
    const struct world_session *s;
    struct err e;
    int rv = world_session_new(c->w, &config, &s, &e);

    if (rv == ERR_PARSE || rv == ERR_TOO_BIG) {
        call_fail(c, 400, "MalformedPolicyDocument", "%s", e.msg);
        return NULL;
    }
    if (rv != 0) {
        call_no_memory(c);
        return NULL;
    }
    call_resource(c, "AWS::IAM::Role", "%s", wish->role->arn);
    c->trail_response =
        json_pack("{s:{s:s}}", "credentials", "accessKeyId", s->key_id);
    return s;
}

/* --- AssumeRole --------------------------------------------------------- */

/* The trust policy's view of the caller. */
static void describe_caller(struct api_call *c, struct iam_principal *p,
                            char arn[static WORLD_ARN_SIZE])
{
    *p = (struct iam_principal){
        .arn = world_principal_arn(c->w, &c->who, arn),
        .role_arn = c->who.role != NULL ? c->who.role->arn : NULL,
        .account = c->who.account->id};
}

static bool permit_assume(struct api_call *c, const struct sts_wish *wish)
{
    struct access_policies policies;
    struct iam_principal principal;
    struct access_key keys[4] = {{"sts:RoleSessionName", wish->name}};
    size_t n = 1;
    char arn[WORLD_ARN_SIZE];

    if (wish->external_id != NULL) {
        keys[n++] = (struct access_key){"sts:ExternalId", wish->external_id};
    }
    if (wish->source_identity != NULL) {
        keys[n++] =
            (struct access_key){"sts:SourceIdentity", wish->source_identity};
    }
    if (wish->code != NULL && c->who.session == NULL) {
        keys[n++] = (struct access_key){"aws:MultiFactorAuthPresent", "true"};
    }
    describe_caller(c, &principal, arn);
    access_policies_of(&c->who, &policies);
    return may_assume(c, wish, "sts:AssumeRole", keys, n, &principal,
                      &policies.asked, arn) &&
           (wish->n_tags == 0 ||
            may_assume(c, wish, "sts:TagSession", keys, n, &principal,
                       &policies.asked, arn)) &&
           (wish->source_identity == NULL ||
            may_assume(c, wish, "sts:SetSourceIdentity", keys, n, &principal,
                       &policies.asked, arn));
}

static void assume_role(struct api_call *c)
{
    struct sts_wish wish = {0};
    const struct world_session *s = NULL;
    char arn[WORLD_ARN_SIZE];

    if (call_verify(c) && sts_wish_read(c, &wish)) {
        if (c->who.role == NULL && c->who.user->root) {
            call_fail(c, 403, "AccessDenied",
                      "Roles may not be assumed by root accounts.");
        } else if (wish.role == NULL) {
            call_fail(c, 403, "AccessDenied",
                      "User: %s is not authorized to perform: sts:AssumeRole "
                      "on resource: %.512s",
                      world_principal_arn(c->w, &c->who, arn), wish.role_arn);
        } else if (check_mfa(c, &wish) && permit_assume(c, &wish) &&
                   check_duration(c, &wish, c->who.role != NULL)) {
            s = make_session(c, &wish, wish.code != NULL);
        }
    }
    if (s != NULL) {
        call_xml_begin(c);
        write_assumed(c, s, &wish);
        call_xml_end(c);
    }
    sts_wish_free(&wish);
}

/* --- AssumeRoleWithWebIdentity ------------------------------------------ */

/* The account in "arn:aws:iam::111122223333:role/x", or "". */
static void account_of(const char *arn, char out[static 13])
{
    if (sscanf(arn, "arn:%*[^:]:iam::%12[0-9]", out) != 1) {
        out[0] = '\0';
    }
}

/* Find the token; a newline that its file ended with is not part of it. */
static const struct world_web_token *
find_token(struct api_call *c, const char *role_arn, const char *sent,
           const struct world_oidc_provider **provider)
{
    const struct world_web_token *token = NULL;
    char account[13];
    struct buf plain;
    size_t len = strlen(sent);

    while (len > 0 && strchr(" \r\n\t", sent[len - 1]) != NULL) {
        len--;
    }
    buf_init(&plain, MAX_TOKEN);
    buf_add(&plain, sent, len);
    account_of(role_arn, account);
    token = world_web_token(c->w, account, buf_str(&plain), provider);
    buf_wipe(&plain);
    if (token == NULL) {
        call_fail(c, 400, "InvalidIdentityToken",
                  "No OpenIDConnect provider found in your account for the "
                  "token");
    } else if (token->expires_ms != 0 &&
               token->expires_ms <= world_now_ms(c->w)) {
        call_fail(c, 400, "ExpiredTokenException",
                  "Token expired: current date/time must be before the "
                  "expiration date/time");
        return NULL;
    }
    return token;
}

static bool permit_web(struct api_call *c, const struct sts_wish *wish,
                       const struct world_web_token *token,
                       const struct world_oidc_provider *provider)
{
    struct iam_principal principal = {.federated = provider->arn};
    struct iam_policies none = {0};
    char sub[300];
    char aud[300];
    struct access_key keys[] = {{sub, token->subject},
                                {aud, token->audience},
                                {"sts:RoleSessionName", wish->name}};

    snprintf(sub, sizeof sub, "%.280s:sub", provider->url);
    snprintf(aud, sizeof aud, "%.280s:aud", provider->url);
    return may_assume(c, wish, "sts:AssumeRoleWithWebIdentity", keys,
                      sizeof keys / sizeof keys[0], &principal, &none, NULL);
}

static void assume_role_with_web_identity(struct api_call *c)
{
    const struct world_oidc_provider *provider = NULL;
    const struct world_web_token *token = NULL;
    const struct world_session *s = NULL;
    struct sts_wish wish = {0};
    const char *sent;

    if (sts_wish_read(c, &wish) && sts_read_token(c, &sent)) {
        token = find_token(c, wish.role_arn, sent, &provider);
    }
    if (token != NULL) {
        if (wish.role == NULL) {
            call_fail(c, 403, "AccessDenied",
                      "Not authorized to perform "
                      "sts:AssumeRoleWithWebIdentity");
        } else if (permit_web(c, &wish, token, provider) &&
                   check_duration(c, &wish, false)) {
            s = make_session(c, &wish, false);
        }
    }
    if (s != NULL) {
        call_xml_begin(c);
        call_xml(c, "SubjectFromWebIdentityToken", token->subject);
        call_xml(c, "Audience", token->audience);
        write_assumed(c, s, &wish);
        call_xml(c, "Provider", provider->arn);
        call_xml_end(c);
    }
    sts_wish_free(&wish);
}

/* --- GetCallerIdentity -------------------------------------------------- */

/* Needs no permission: whoever signs rightly is told who they are. */
static void get_caller_identity(struct api_call *c)
{
    char arn[WORLD_ARN_SIZE];
    char id[WORLD_USERID_SIZE];

    if (!call_verify(c)) {
        return;
    }
    call_xml_begin(c);
    call_xml(c, "Arn", world_principal_arn(c->w, &c->who, arn));
    call_xml(c, "UserId", world_principal_userid(&c->who, id));
    call_xml(c, "Account", c->who.account->id);
    call_xml_end(c);
}

void sts_handle(struct api_call *c)
{
    if (strcmp(c->action, "GetCallerIdentity") == 0) {
        get_caller_identity(c);
    } else if (strcmp(c->action, "AssumeRole") == 0) {
        assume_role(c);
    } else if (strcmp(c->action, "AssumeRoleWithWebIdentity") == 0) {
        assume_role_with_web_identity(c);
    } else {
        call_fail(c, 400, "InvalidAction",
                  "Could not find operation %.128s for version 2011-06-15",
                  c->action);
    }
}
