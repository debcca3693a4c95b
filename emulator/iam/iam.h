/* SPDX-License-Identifier: Apache-2.0 */
/* iam.h - IAM policies: read them, ask them, say who decided.
 *
 * Pure: no clock, no account, no lookup.  What a condition may ask about is
 * in the context the caller fills, aws:CurrentTime included, and including
 * ec2-instance-connect:maxTunnelDuration "3600" when a tunnel request names
 * no duration.
 *
 * What AWS leaves open is decided here towards refusing:
 *  - a policy element, condition operator or Effect we do not know makes the
 *    whole document invalid;
 *  - a number, date or address that cannot be read equals nothing;
 *  - a policy variable without a value matches nothing, and a NotResource
 *    that holds one keeps an Allow from applying and a Deny from being evaded.
 */
#ifndef EMU_IAM_H
#define EMU_IAM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;
struct iam_context;
struct iam_policy;

/* --- documents ---------------------------------------------------------- */

enum iam_kind {
    IAM_IDENTITY, /* Attached to users and roles; session policies and
                   * boundaries: no Principal, a Resource */
    IAM_TRUST     /* Of a role: a Principal, no Resource */
};

enum { IAM_MAX_BYTES = 128 * 1024 }; /* Of one document */

/* Read a document.  Returns 0 and a policy the caller gives to
 * iam_policy_free(), or ERR_PARSE, ERR_TOO_BIG or UV_ENOMEM, with @e saying
 * where and why: "$.Statement[0].Effect: must be Allow or Deny".  @doc is not
 * needed afterwards. */
int iam_policy_read(struct iam_policy **out, json_t *doc, enum iam_kind kind,
                    struct err *e);
int iam_policy_parse(struct iam_policy **out, const char *text, size_t len,
                     enum iam_kind kind, struct err *e);

/* Free a policy; NULL is fine. */
void iam_policy_free(struct iam_policy *policy);

/* --- the circumstances of a request -------------------------------------- */

/* An empty context, or NULL when memory is short. */
struct iam_context *iam_context_new(void);

/* Free a context, or NULL. */
void iam_context_free(struct iam_context *c);

/* Add a value to @key ("aws:SourceIp", "aws:ResourceTag/env"), in any case of
 * letters.  A key added twice has two values.  0 or UV_ENOMEM; both strings
 * are copied. */
int iam_context_add(struct iam_context *c, const char *key, const char *value);

/* iam_context_add() of a decimal number. */
int iam_context_add_int(struct iam_context *c, const char *key, int64_t value);

/* Whether @key has a value. */
bool iam_context_has(const struct iam_context *c, const char *key);

/* The only value of @key; NULL when it has none or several. */
const char *iam_context_get(const struct iam_context *c, const char *key);

/* --- the question -------------------------------------------------------- */

struct iam_request {
    const char *action;   /* "ec2-instance-connect:OpenTunnel" */
    const char *resource; /* An ARN, or "*" for actions that have none */
    const struct iam_context *context;
};

/* A policy and what it is called in an answer. */
struct iam_attached {
    const char *name;
    const struct iam_policy *policy;
};

/* What is attached to whoever asks.  The boundary and, if there are any, the
 * session policies must allow as well as the identity policies. */
struct iam_policies {
    bool root; /* The account's root user: everything is allowed */
    const struct iam_attached *identity;
    size_t n_identity;
    const struct iam_attached *session; /* Any one of them may allow */
    size_t n_session;
    const struct iam_attached *boundary; /* Or NULL */
};

enum iam_verdict { IAM_ALLOWED, IAM_EXPLICIT_DENY, IAM_IMPLICIT_DENY };

/* Which kind of policy decided, or failed to allow. */
enum iam_source {
    IAM_BY_IDENTITY,
    IAM_BY_SESSION,
    IAM_BY_BOUNDARY,
    IAM_BY_TRUST,
    IAM_BY_ROOT
};

/* The answer.  Strings belong to the policies asked. */
struct iam_result {
    enum iam_verdict verdict;
    enum iam_source source;
    const char *policy; /* Name of the deciding one; NULL: an implicit deny,
                         * or root */
    size_t statement;   /* Index of the deciding statement in it */
    const char *sid;    /* Its Sid, or NULL */
};

/* Ask.  Returns 0 with @r filled, or UV_ENOMEM with @r an implicit deny. */
int iam_evaluate(struct iam_result *r, const struct iam_policies *policies,
                 const struct iam_request *request);

/* Who wants to take on a role. */
struct iam_principal {
    const char *arn;       /* User, root or assumed-role session; NULL when
                            * federated */
    const char *role_arn;  /* Of the session's role, or NULL */
    const char *account;   /* Twelve digits, or NULL */
    const char *federated; /* The identity provider's ARN or name, or NULL */
};

/* Ask whether @principal may take on a role (sts:AssumeRole and its
 * variants; @request->resource is the role's ARN).  @trust must allow; unless
 * it names this very principal of the role's own account (or a federated one,
 * which has no policies), @policies must allow as well.  Returns as
 * iam_evaluate(). */
int iam_evaluate_assume(struct iam_result *r, const struct iam_attached *trust,
                        const struct iam_principal *principal,
                        const struct iam_policies *policies,
                        const struct iam_request *request);

/* --- words --------------------------------------------------------------- */

/* Append AWS's sentence for a denial: "User: arn:... is not authorized to
 * perform: ... on resource: ... because no identity-based policy allows the
 * ... action". */
void iam_denial(struct buf *out, const struct iam_result *r,
                const char *principal_arn, const struct iam_request *request);

/* Append one line without newline that says who decided: "allowed by
 * statement 0 (Sid \"Tunnel\") of policy \"demo\"". */
void iam_explain(struct buf *out, const struct iam_result *r);

/* Append a line for each statement of @attached that does not apply, saying
 * what keeps it from applying: "statement 0 of policy \"demo\": the action is
 * not named".  0 or UV_ENOMEM. */
int iam_why_not(struct buf *out, const struct iam_attached *attached,
                const struct iam_request *request);

#endif /* EMU_IAM_H */
