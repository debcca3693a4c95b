/* SPDX-License-Identifier: Apache-2.0 */
/* sts_wish.c - the members of AssumeRole and its like, each checked. */
#include "sts_wish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MIN_DURATION_S = 900, MAX_DURATION_S = 43200 };

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

static bool read_duration(struct api_call *c, struct sts_wish *wish)
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
static bool read_policy_arn(struct api_call *c, struct sts_wish *wish,
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

static bool read_policies(struct api_call *c, struct sts_wish *wish)
{
    const char *inline_policy = params_get(&c->params, "Policy");
    unsigned n = params_count(&c->params, "PolicyArns.member");
    unsigned i;

    for (i = 1; i <= n; i++) {
        const char *arn = params_at(&c->params, "PolicyArns.member", i, "arn");

        if (arn == NULL) {
            continue;
        }
        if (wish->n_policies == STS_MAX_POLICY_ARNS) {
            return invalid(c, arn, "policyArns",
                           "Member must have length less than or equal to 10");
        }
        if (!read_policy_arn(c, wish, arn)) {
            return false;
        }
    }
    if (inline_policy != NULL) {
        wish->policy_size = strlen(inline_policy);
        if (wish->policy_size > STS_MAX_POLICY) {
            return call_fail(c, 400, "PackedPolicyTooLarge",
                             "Serialized token too large for session");
        }
        wish->policies[wish->n_policies++] = inline_policy;
    }
    return true;
}

static bool read_tags(struct api_call *c, struct sts_wish *wish)
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
            wish->n_tags == STS_MAX_TAGS) {
            return invalid(c, key != NULL ? key : "", "tags",
                           "Member must be a key of 1 to 128 and a value of "
                           "at most 256 characters, at most 50 times");
        }
        wish->tags[wish->n_tags++] =
            (struct world_tag){.key = key, .value = value};
    }
    return true;
}

bool sts_wish_read(struct api_call *c, struct sts_wish *wish)
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

void sts_wish_free(struct sts_wish *wish)
{
    size_t i;

    for (i = 0; i < STS_MAX_POLICY_ARNS; i++) {
        free(wish->owned[i]);
    }
}

bool sts_read_token(struct api_call *c, const char **out)
{
    return read_text(c, "WebIdentityToken", "webIdentityToken", true, 4, 20000,
                     NULL, NULL, out);
}
