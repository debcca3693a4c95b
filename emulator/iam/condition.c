/* SPDX-License-Identifier: Apache-2.0 */
/* condition.c - a statement's conditions against a request's context. */
#include <strings.h>

#include "iam_impl.h"

/* One condition under evaluation. */
struct question {
    const struct iam_condition *condition;
    bool variables;
    const struct iam_context *context;
};

/* Whether the operator is satisfied by one request value: some policy value
 * compares, or for a negated operator none does. */
static int value_satisfies(const struct question *q, const char *value)
{
    const struct iam_condition *c = q->condition;
    bool found = false;
    size_t i;
    int rv;

    for (i = 0; i < c->values.n && !found; i++) {
        rv = iam_compare(c->op, c->values.at[i], value, q->variables,
                         q->context);
        if (rv < 0) {
            return rv;
        }
        found = rv == IAM_YES;
    }
    return found != c->op->negated;
}

/* Whether enough of @values satisfy the operator: all of them, or one. */
static int values_satisfy(const struct question *q,
                          const struct iam_strings *values, bool all)
{
    size_t i;
    int rv;

    for (i = 0; i < values->n; i++) {
        rv = value_satisfies(q, values->at[i]);
        if (rv < 0 || (rv == IAM_YES) != all) {
            return rv;
        }
    }
    return all;
}

/* {"Null": {key: "true"}}: the key must be absent. */
static int null_holds(const struct iam_condition *c, bool absent)
{
    size_t i;

    for (i = 0; i < c->values.n; i++) {
        if (strcasecmp(c->values.at[i], absent ? "true" : "false") == 0) {
            return IAM_YES;
        }
    }
    return IAM_NO;
}

/* What a condition says about a key the request does not have. */
static int absent_holds(const struct iam_condition *c)
{
    if (c->if_exists || c->quantifier == IAM_FOR_ALL) {
        return IAM_YES;
    }
    return c->quantifier == IAM_FOR_ANY ? IAM_NO : c->op->negated;
}

int iam_condition_holds(const struct iam_policy *p,
                        const struct iam_condition *c,
                        const struct iam_context *context)
{
    const struct question question = {c, p->variables, context};
    const struct question *q = &question;
    const struct iam_strings *values = iam_context_values(context, c->key);

    if (c->op->family == IAM_F_NULL) {
        return null_holds(c, values == NULL);
    }
    if (values == NULL) {
        return absent_holds(c);
    }
    switch (c->quantifier) {
    case IAM_FOR_ALL:
        return values_satisfy(q, values, true);
    case IAM_FOR_ANY:
        return values_satisfy(q, values, false);
    case IAM_SINGLE:
    default:
        /* Should the key have several values after all: one may match, but
         * for a negated operator none may. */
        return values_satisfy(q, values, c->op->negated);
    }
}

int iam_conditions_hold(const struct iam_policy *p,
                        const struct iam_statement *s,
                        const struct iam_context *context)
{
    size_t i;
    int rv;

    for (i = 0; i < s->n_conditions; i++) {
        rv = iam_condition_holds(p, &s->conditions[i], context);
        if (rv != IAM_YES) {
            return rv;
        }
    }
    return IAM_YES;
}
