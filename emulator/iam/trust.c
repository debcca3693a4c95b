/* SPDX-License-Identifier: Apache-2.0 */
/* trust.c - who may take on a role: its trust policy and the caller's own. */
#include <string.h>

#include "iam_impl.h"

/* How closely a Principal element names somebody. */
enum level {
    LEVEL_NONE,
    LEVEL_ACCOUNT, /* By account, or as anyone: own policies must allow */
    LEVEL_ROLE,    /* By the role of the session: its limits still hold */
    LEVEL_SELF     /* By the user, the session or the identity provider */
};

/* The fifth part of an ARN: its account.  The length is 0 when there is
 * none. */
static const char *arn_account(const char *arn, size_t *len)
{
    int colons;

    for (colons = 0; colons < 4 && *arn != '\0'; arn++) {
        colons += *arn == ':';
    }
    *len = strcspn(arn, ":");
    return arn;
}

/* Whether @text names the whole account: its id, or its root's ARN. */
static bool names_account(const char *text, const char *account)
{
    size_t len;
    const char *id;

    if (account == NULL) {
        return false;
    }
    if (strcmp(text, account) == 0) {
        return true;
    }
    id = arn_account(text, &len);
    return len == strlen(account) && memcmp(id, account, len) == 0 &&
           strcmp(id + len, ":root") == 0;
}

/* How one string under "AWS" names @who. */
static enum level aws_level(const char *text, const struct iam_principal *who)
{
    if (who->arn == NULL) {
        return LEVEL_NONE; /* Federated: not yet an AWS identity */
    }
    if (names_account(text, who->account)) {
        return LEVEL_ACCOUNT;
    }
    if (strcmp(text, who->arn) == 0) {
        return LEVEL_SELF;
    }
    if (who->role_arn != NULL && strcmp(text, who->role_arn) == 0) {
        return LEVEL_ROLE;
    }
    return LEVEL_NONE;
}

/* The closest way the whole element names @who. */
static enum level principals_level(const struct iam_principals *p,
                                   const struct iam_principal *who)
{
    enum level best = p->anyone ? LEVEL_ACCOUNT : LEVEL_NONE;
    enum level level;
    size_t i;

    for (i = 0; i < p->aws.n; i++) {
        level = aws_level(p->aws.at[i], who);
        best = level > best ? level : best;
    }
    for (i = 0; i < p->federated.n && who->federated != NULL; i++) {
        if (strcmp(p->federated.at[i], who->federated) == 0) {
            best = LEVEL_SELF;
        }
    }
    return best;
}

/* How a statement names @who, NotPrincipal considered. */
static enum level statement_level(const struct iam_statement *s,
                                  const struct iam_principal *who)
{
    enum level level = principals_level(&s->principals, who);

    if (s->not_principal) {
        return level == LEVEL_NONE ? LEVEL_ACCOUNT : LEVEL_NONE;
    }
    return level;
}

/* The closest statement with @allow that applies, into @r and @level. */
static int find_trust(struct iam_result *r, enum level *level,
                      const struct iam_attached *trust,
                      const struct iam_principal *who,
                      const struct iam_request *request, bool allow)
{
    const struct iam_policy *p = trust->policy;
    size_t i;
    int rv;

    *level = LEVEL_NONE;
    for (i = 0; i < p->n_statements; i++) {
        const struct iam_statement *s = &p->statements[i];
        enum level here = statement_level(s, who);

        if (s->allow != allow || here <= *level) {
            continue;
        }
        rv = iam_statement_applies(p, s, request);
        if (rv < 0) {
            return rv;
        }
        if (rv == IAM_YES) {
            *level = here;
            r->policy = trust->name;
            r->statement = i;
            r->sid = s->sid;
        }
    }
    return 0;
}

/* Whether the role that is asked for is in @who's account. */
static bool same_account(const struct iam_principal *who, const char *role)
{
    size_t len;
    const char *id = arn_account(role, &len);

    return who->account != NULL && strlen(who->account) == len &&
           memcmp(who->account, id, len) == 0;
}

int iam_evaluate_assume(struct iam_result *r, const struct iam_attached *trust,
                        const struct iam_principal *principal,
                        const struct iam_policies *policies,
                        const struct iam_request *request)
{
    const struct iam_result denied = {.verdict = IAM_IMPLICIT_DENY,
                                      .source = IAM_BY_TRUST};
    struct iam_result trusted = denied;
    enum level level;
    bool direct;
    int rv;

    *r = denied;
    rv = find_trust(&trusted, &level, trust, principal, request, false);
    if (rv == 0 && level != LEVEL_NONE) {
        *r = trusted;
        r->verdict = IAM_EXPLICIT_DENY;
        return 0;
    }
    if (rv == 0) {
        rv = find_trust(&trusted, &level, trust, principal, request, true);
    }
    if (rv != 0 || level == LEVEL_NONE) {
        return rv;
    }
    trusted.verdict = IAM_ALLOWED;
    if (principal->arn == NULL || policies->root) {
        *r = trusted;
        return 0;
    }
    direct =
        level > LEVEL_ACCOUNT && same_account(principal, request->resource);
    rv = iam_ask_policies(r, policies, request, !direct,
                          !direct || level == LEVEL_ROLE);
    if (rv == 0 && r->verdict == IAM_ALLOWED) {
        *r = trusted;
    }
    return rv;
}
