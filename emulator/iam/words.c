/* SPDX-License-Identifier: Apache-2.0 */
/* words.c - an answer as AWS words a denial, and as we explain it. */
#include <string.h>

#include "buf.h"
#include "iam_impl.h"

/* What a kind of policy is called. */
static const char *source_name(enum iam_source source)
{
    switch (source) {
    case IAM_BY_SESSION:
        return "session policy";
    case IAM_BY_BOUNDARY:
        return "permissions boundary";
    case IAM_BY_TRUST:
        return "role trust policy";
    case IAM_BY_ROOT:
        return "root user";
    case IAM_BY_IDENTITY:
    default:
        return "identity-based policy";
    }
}

void iam_denial(struct buf *out, const struct iam_result *r,
                const char *principal_arn, const struct iam_request *request)
{
    const char *source = source_name(r->source);

    buf_addf(out, "User: %s is not authorized to perform: %s", principal_arn,
             request->action);
    if (strcmp(request->resource, "*") != 0) {
        buf_addf(out, " on resource: %s", request->resource);
    }
    if (r->verdict == IAM_EXPLICIT_DENY) {
        buf_addf(out, " with an explicit deny in %s %s",
                 source[0] == 'i' ? "an" : "a", source);
    } else {
        buf_addf(out, " because no %s allows the %s action", source,
                 request->action);
    }
}

void iam_explain(struct buf *out, const struct iam_result *r)
{
    static const char *const verbs[] = {
        [IAM_ALLOWED] = "allowed",
        [IAM_EXPLICIT_DENY] = "denied",
        [IAM_IMPLICIT_DENY] = "denied",
    };

    buf_adds(out, verbs[r->verdict]);
    if (r->source == IAM_BY_ROOT) {
        buf_adds(out, ": the account's root user");
        return;
    }
    if (r->policy == NULL) {
        buf_addf(out, ": no statement of any %s allows it",
                 source_name(r->source));
        return;
    }
    buf_addf(out, " by statement %zu", r->statement);
    if (r->sid != NULL && *r->sid != '\0') {
        buf_addf(out, " (Sid \"%s\")", r->sid);
    }
    buf_addf(out, " of policy \"%s\"", r->policy);
}
