/* SPDX-License-Identifier: Apache-2.0 */
/* sts.c - GetCallerIdentity, AssumeRole, AssumeRoleWithWebIdentity. */
#include "sts.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authorize.h"
#include "call.h"
#include "err.h"
#include "iso8601.h"
#include "totp.h"

enum {
    MIN_DURATION_S = 900,
    MAX_DURATION_S = 43200,
    CHAIN_DURATION_S = 3600, /* A role assumed from a role's session */
    MAX_POLICY = 2048,       /* Characters of a session policy */
    MAX_POLICY_ARNS = 10,
    MAX_SESSION_TAGS = 50,
    MAX_TOKEN = 32 * 1024
};

/* What an AssumeRole call asks for. */
struct wish {
    const char *role_arn;
    const char *name;
    int64_t duration_s;
    bool duration_given;
    const char *external_id;
    const char *serial;
    const char *code;
    const char *source_identity;
    const char *policies[MAX_POLICY_ARNS + 1]; /* As text */
    char *owned[MAX_POLICY_ARNS];              /* jansson's, to be freed */
    size_t n_policies;
    size_t policy_size;
    struct world_tag tags[MAX_SESSION_TAGS];
    size_t n_tags;
    const struct world_role *role; /* NULL when there is none */
};

/* --- members ------------------------------------------------------------ */

/* STS's sentence about a member. */
static bool invalid(struct api_call *c, const char *value, const char *member,
                    const char *constraint)
{
    return call_fail(c, 400, "ValidationError",
                     "1 validation error detected: Value '%.128s' at '%s' "
                     "failed to satisfy constraint: %s",
                     value, member, constraint);
}

/* Letters, digits, underscore and @more. */
static bool is_made_of(const char *text, const char *more)
{
    for (; *text != '\0'; text++) {
        bool word = (*text >= 'a' && *text <= 'z') ||
                    (*text >= 'A' && *text <= 'Z') ||
                    (*text >= '0' && *text <= '9') || *text == '_';

        if (!word && strchr(more, *text) == NULL) {
            return false;
        }
    }
    return true;
}

/* A string member with its length and characters; absent is fine unless
 * @required. */
static bool read_text(struct api_call *c, const char *name, const char *member,
                      bool required, size_t least, size_t most,
                      const char *more, const char *pattern, const char **out)
{
    char constraint[160];
    size_t len;

    *out = params_get(&c->params, name);
    if (*out == NULL) {
        return !required ||
               call_fail(c, 400, "ValidationError",
                         "1 validation error detected: Value null at '%s' "
                         "failed to satisfy constraint: Member must not be "
                         "null",
                         member);
    }
    len = strlen(*out);
    if (len < least || len > most) {
        snprintf(constraint, sizeof constraint,
                 "Member must have length %s than or equal to %zu",
                 len < least ? "greater" : "less", len < least ? least : most);
        return invalid(c, *out, member, constraint);
    }
    if (more != NULL && !is_made_of(*out, more)) {
        snprintf(constraint, sizeof constraint,
                 "Member must satisfy regular expression pattern: %s", pattern);
        return invalid(c, *out, member, constraint);
    }
    return true;
}

static bool read_duration(struct api_call *c, struct wish *wish)
{
    const char *text = params_get(&c->params, "DurationSeconds");
    size_t len;

    wish->duration_s = 3600;
    if (text == NULL) {
        return true;
    }
    len = strlen(text);
    if (len == 0 || len > 9 || strspn(text, "0123456789") != len) {
        return call_fail(c, 400, "MalformedInput",
                         "DurationSeconds must be a "
                         "number");
    }
    wish->duration_given = true;
    wish->duration_s = strtol(text, NULL, 10);
    if (wish->duration_s < MIN_DURATION_S) {
        return invalid(c, text, "durationSeconds",
                       "Member must have value greater than or equal to 900");
    }
    if (wish->duration_s > MAX_DURATION_S) {
        return invalid(c, text, "durationSeconds",
                       "Member must have value less than or equal to 43200");
    }
    return true;
}

/* The managed policy an ARN names, as text. */
static bool read_policy_arn(struct api_call *c, struct wish *wish,
                            const char *arn)
{
    const struct world_account *a;
    char account[13];
    const char *name = strrchr(arn, '/');
    size_t i;

    if (sscanf(arn, "arn:%*[^:]:iam::%12[0-9]:policy/", account) == 1 &&
        name != NULL && (a = world_account(c->w, account)) != NULL) {
        for (i = 0; i < a->n_policies; i++) {
            if (strcmp(a->policies[i].name, name + 1) == 0) {
                char *text = json_dumps(a->policies[i].doc, JSON_COMPACT);

                if (text == NULL) {
                    return call_no_memory(c);
                }
                wish->owned[wish->n_policies] = text;
                wish->policies[wish->n_policies++] = text;
                return true;
            }
        }
    }
    return call_fail(c, 400, "MalformedPolicyDocument",
                     "There is no policy %.256s", arn);
}

static bool read_policies(struct api_call *c, struct wish *wish)
{
    const char *inline_policy = params_get(&c->params, "Policy");
    unsigned n = params_count(&c->params, "PolicyArns.member");
    unsigned i;

    for (i = 1; i <= n; i++) {
        const char *arn = params_at(&c->params, "PolicyArns.member", i, "arn");

        if (arn == NULL) {
            continue;
        }
        if (wish->n_policies == MAX_POLICY_ARNS) {
            return invalid(c, arn, "policyArns",
                           "Member must have length less than or equal to 10");
        }
        if (!read_policy_arn(c, wish, arn)) {
            return false;
        }
    }
    if (inline_policy != NULL) {
        wish->policy_size = strlen(inline_policy);
        if (wish->policy_size > MAX_POLICY) {
            return call_fail(c, 400, "PackedPolicyTooLarge",
                             "Serialized token too large for session");
        }
        wish->policies[wish->n_policies++] = inline_policy;
    }
    return true;
}

static bool read_tags(struct api_call *c, struct wish *wish)
{
    unsigned n = params_count(&c->params, "Tags.member");
    unsigned i;

    for (i = 1; i <= n; i++) {
        const char *key = params_at(&c->params, "Tags.member", i, "Key");
        const char *value = params_at(&c->params, "Tags.member", i, "Value");

        if (key == NULL && value == NULL) {
            continue;
        }
        if (key == NULL || value == NULL || key[0] == '\0' ||
            strlen(key) > 128 || strlen(value) > 256 ||
            wish->n_tags == MAX_SESSION_TAGS) {
            return invalid(c, key != NULL ? key : "", "tags",
                           "Member must be a key of 1 to 128 and a value of "
                           "at most 256 characters, at most 50 times");
        }
        wish->tags[wish->n_tags++] =
            (struct world_tag){.key = key, .value = value};
    }
    return true;
}

static bool read_wish(struct api_call *c, struct wish *wish)
{
    if (!read_text(c, "RoleArn", "roleArn", true, 20, 2048, NULL, NULL,
                   &wish->role_arn) ||
        !read_text(c, "RoleSessionName", "roleSessionName", true, 2, 64,
                   "+=,.@-", "[\\w+=,.@-]*", &wish->name) ||
        !read_text(c, "ExternalId", "externalId", false, 2, 1224, "+=,.@:/-",
                   "[\\w+=,.@:\\/-]*", &wish->external_id) ||
        !read_text(c, "SerialNumber", "serialNumber", false, 9, 256, "=/:,.@-",
                   "[\\w+=/:,.@-]*", &wish->serial) ||
        !read_text(c, "TokenCode", "tokenCode", false, 6, 6, NULL, NULL,
                   &wish->code) ||
        !read_text(c, "SourceIdentity", "sourceIdentity", false, 2, 64,
                   "+=,.@-", "[\\w+=,.@-]*", &wish->source_identity) ||
        !read_duration(c, wish) || !read_policies(c, wish) ||
        !read_tags(c, wish)) {
        return false;
    }
    if (wish->code != NULL && strspn(wish->code, "0123456789") != 6) {
        return invalid(c, "", "tokenCode",
                       "Member must satisfy regular expression pattern: "
                       "[\\d]*");
    }
    wish->role = world_role_by_arn(c->w, wish->role_arn);
    return true;
}

static void wish_free(struct wish *wish)
{
    size_t i;

    for (i = 0; i < MAX_POLICY_ARNS; i++) {
        free(wish->owned[i]);
    }
}

/* --- MFA ---------------------------------------------------------------- */

/* Serial number and code, when given, must be of the caller's own device. */
static bool check_mfa(struct api_call *c, const struct wish *wish)
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
static bool may_assume(struct api_call *c, const struct wish *wish,
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
static bool check_duration(struct api_call *c, struct wish *wish, bool chained)
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
                          const struct wish *wish)
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
                     (int64_t)(wish->policy_size * 100 / MAX_POLICY) + 1);
    }
    call_xml(c, "SourceIdentity", s->source_identity);
}

/* Give out the credentials; NULL when refused. */
static const struct world_session *
make_session(struct api_call *c, const struct wish *wish, bool mfa)
{
    struct world_session_config config = {.role = wish->role,
                                          .name = wish->name,
                                          .duration_s = wish->duration_s,
                                          .mfa = mfa,
                                          .source_identity =
                                              wish->source_identity,
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

static bool permit_assume(struct api_call *c, const struct wish *wish)
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
    struct wish wish = {0};
    const struct world_session *s = NULL;
    char arn[WORLD_ARN_SIZE];

    if (call_verify(c) && read_wish(c, &wish)) {
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
    wish_free(&wish);
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

static bool permit_web(struct api_call *c, const struct wish *wish,
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
    struct wish wish = {0};
    const char *sent;

    if (read_wish(c, &wish) &&
        read_text(c, "WebIdentityToken", "webIdentityToken", true, 4, 20000,
                  NULL, NULL, &sent)) {
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
    wish_free(&wish);
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
