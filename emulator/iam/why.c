/* SPDX-License-Identifier: Apache-2.0 */
/* why.c - what keeps a statement from applying, in words. */
#include <string.h>

#include "buf.h"
#include "iam_impl.h"

/* Append a list of values: one as it is, several in brackets. */
static void add_values(struct buf *out, const struct iam_strings *values)
{
    size_t i;

    for (i = 0; i < values->n; i++) {
        buf_addf(out, "%s%s",
                 i > 0           ? ", "
                 : values->n > 1 ? "["
                                 : "",
                 values->at[i]);
    }
    if (values->n > 1) {
        buf_addc(out, ']');
    }
}

/* Name a condition that does not hold, and what the request has instead. */
static void add_condition(struct buf *out, const struct iam_condition *c,
                          const struct iam_context *context)
{
    static const char *const prefixes[] = {"", "ForAllValues:", "ForAnyValue:"};
    const struct iam_strings *values = iam_context_values(context, c->key);

    buf_addf(out, "%s%s%s wants %s to match ", prefixes[c->quantifier],
             c->op->name, c->if_exists ? "IfExists" : "", c->key);
    add_values(out, &c->values);
    if (values == NULL) {
        buf_adds(out, ", but the request has no such key");
    } else {
        buf_adds(out, ", but it is ");
        add_values(out, values);
    }
}

/* What keeps @s from applying; IAM_YES when nothing does. */
static int add_reason(struct buf *out, const struct iam_policy *p,
                      const struct iam_statement *s,
                      const struct iam_request *request)
{
    size_t i;
    int rv;

    rv = iam_action_matches(s, request->action);
    if (rv == IAM_NO) {
        buf_adds(out, s->not_action ? "the action is an exception"
                                    : "the action is not named");
    }
    if (rv != IAM_YES) {
        return rv;
    }
    rv = iam_resource_matches(p, s, request);
    if (rv == IAM_NO) {
        buf_adds(out, s->not_resource ? "the resource is an exception"
                                      : "the resource is not named");
    }
    for (i = 0; i < s->n_conditions && rv == IAM_YES; i++) {
        rv = iam_condition_holds(p, &s->conditions[i], request->context);
        if (rv == IAM_NO) {
            add_condition(out, &s->conditions[i], request->context);
        }
    }
    return rv;
}

int iam_why_not(struct buf *out, const struct iam_attached *attached,
                const struct iam_request *request)
{
    const struct iam_policy *p = attached->policy;
    struct buf reason;
    int rv = 0;
    size_t i;

    buf_init(&reason, out->limit);
    for (i = 0; i < p->n_statements && rv >= 0; i++) {
        const struct iam_statement *s = &p->statements[i];

        buf_clear(&reason);
        rv = add_reason(&reason, p, s, request);
        if (rv != IAM_NO) {
            continue;
        }
        buf_addf(out, "  statement %zu", i);
        if (s->sid != NULL && *s->sid != '\0') {
            buf_addf(out, " (Sid \"%s\")", s->sid);
        }
        buf_addf(out, " of policy \"%s\": %s\n", attached->name,
                 buf_str(&reason));
    }
    buf_free(&reason);
    return rv < 0 ? rv : 0;
}
