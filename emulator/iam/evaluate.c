/* SPDX-License-Identifier: Apache-2.0 */
/* evaluate.c - which statements apply, and what follows: any Deny wins, then
 * every kind of policy must allow. */
#include <string.h>

#include "iam_impl.h"

int iam_action_matches(const struct iam_statement *s, const char *action)
{
    size_t i;
    int rv;

    for (i = 0; i < s->actions.n; i++) {
        rv = iam_match(s->actions.at[i], action, IAM_M_WILD | IAM_M_NO_CASE,
                       NULL);
        if (rv < 0) {
            return rv;
        }
        if (rv == IAM_YES) {
            return !s->not_action;
        }
    }
    return s->not_action;
}

int iam_resource_matches(const struct iam_policy *p,
                         const struct iam_statement *s,
                         const struct iam_request *request)
{
    unsigned how = IAM_M_WILD | IAM_M_ARN | IAM_M_ARN_TAIL |
                   (p->variables ? IAM_M_VARIABLES : 0);
    bool unresolved = false;
    size_t i;
    int rv;

    if (s->resources.n == 0) {
        return IAM_YES; /* A trust policy is about its role */
    }
    for (i = 0; i < s->resources.n; i++) {
        rv = iam_match(s->resources.at[i], request->resource, how,
                       request->context);
        if (rv < 0) {
            return rv;
        }
        if (rv == IAM_YES) {
            return !s->not_resource;
        }
        unresolved = unresolved || rv == IAM_UNRESOLVED;
    }
    /* An exception we cannot read: allow nothing by it, deny all but it. */
    return s->not_resource && !(unresolved && s->allow);
}

int iam_statement_applies(const struct iam_policy *p,
                          const struct iam_statement *s,
                          const struct iam_request *request)
{
    int rv = iam_action_matches(s, request->action);

    if (rv == IAM_YES) {
        rv = iam_resource_matches(p, s, request);
    }
    if (rv == IAM_YES) {
        rv = iam_conditions_hold(p, s, request->context);
    }
    return rv;
}

/* The first statement with @allow that applies, into @r; IAM_NO when none. */
static int find_effect(struct iam_result *r, const struct iam_attached *list,
                       size_t n, const struct iam_request *request, bool allow)
{
    size_t i;
    size_t j;
    int rv;

    for (i = 0; i < n; i++) {
        const struct iam_policy *p = list[i].policy;

        for (j = 0; j < p->n_statements; j++) {
            if (p->statements[j].allow != allow) {
                continue;
            }
            rv = iam_statement_applies(p, &p->statements[j], request);
            if (rv < 0) {
                return rv;
            }
            if (rv == IAM_YES) {
                r->policy = list[i].name;
                r->statement = j;
                r->sid = p->statements[j].sid;
                return IAM_YES;
            }
        }
    }
    return IAM_NO;
}

/* One kind of policies, and whether they have a say. */
struct layer {
    enum iam_source source;
    const struct iam_attached *list;
    size_t n;
    bool needed; /* Must allow, too */
};

/* Ask all layers: a Deny anywhere, else an Allow in each. */
static int ask_layers(struct iam_result *r, const struct layer *layers,
                      size_t n, const struct iam_request *request)
{
    struct iam_result found = *r;
    struct iam_result told = *r;
    size_t n_allowed = 0;
    size_t i;
    int rv;

    for (i = 0; i < n; i++) {
        rv = find_effect(&found, layers[i].list, layers[i].n, request, false);
        if (rv < 0) {
            return rv;
        }
        if (rv == IAM_YES) {
            *r = found;
            r->verdict = IAM_EXPLICIT_DENY;
            r->source = layers[i].source;
            return 0;
        }
    }
    for (i = 0; i < n; i++) {
        if (!layers[i].needed) {
            continue;
        }
        rv = find_effect(&found, layers[i].list, layers[i].n, request, true);
        if (rv < 0) {
            return rv;
        }
        if (rv == IAM_NO) {
            r->source = layers[i].source;
            return 0;
        }
        if (n_allowed++ == 0) {
            told = found;
            told.source = layers[i].source;
        }
    }
    *r = told;
    r->verdict = IAM_ALLOWED;
    return 0;
}

int iam_ask_policies(struct iam_result *r, const struct iam_policies *policies,
                     const struct iam_request *request, bool identity,
                     bool limits)
{
    const struct layer layers[] = {
        {IAM_BY_IDENTITY, policies->identity, policies->n_identity, identity},
        {IAM_BY_BOUNDARY, policies->boundary, policies->boundary != NULL,
         limits && policies->boundary != NULL},
        {IAM_BY_SESSION, policies->session, policies->n_session,
         limits && policies->n_session > 0},
    };

    return ask_layers(r, layers, sizeof layers / sizeof layers[0], request);
}

int iam_evaluate(struct iam_result *r, const struct iam_policies *policies,
                 const struct iam_request *request)
{
    *r = (struct iam_result){.verdict = IAM_IMPLICIT_DENY,
                             .source = IAM_BY_IDENTITY};
    if (policies->root) {
        r->verdict = IAM_ALLOWED;
        r->source = IAM_BY_ROOT;
        return 0;
    }
    return iam_ask_policies(r, policies, request, true, true);
}
