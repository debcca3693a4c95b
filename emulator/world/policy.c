/* SPDX-License-Identifier: Apache-2.0 */
/* policy.c - between a world's policies and iam. */
#include "policy.h"

#include <uv.h>

#include "err.h"
#include "iam.h"
#include "impl.h"
#include "mem.h"

int policy_read(struct iam_policy **out, json_t *doc, bool trust, struct err *e)
{
    return iam_policy_read(out, doc, trust ? IAM_TRUST : IAM_IDENTITY, e);
}

void policy_free(struct iam_policy *p)
{
    iam_policy_free(p);
}

int policy_parse(struct world *w, struct reader *r, struct world_policy *p,
                 bool trust)
{
    struct err why;
    int rv;

    if (w->n_parsed == w->cap_parsed) {
        size_t cap = w->cap_parsed * 2 + 16;
        struct iam_policy **more =
            mem_realloc(w->parsed, cap * sizeof *w->parsed);

        if (more == NULL) {
            return err_set_uv(r->e, UV_ENOMEM, r->file);
        }
        w->parsed = more;
        w->cap_parsed = cap;
    }
    rv = policy_read(&p->parsed, p->doc, trust, &why);
    if (rv == UV_ENOMEM) {
        return err_set_uv(r->e, rv, r->file);
    }
    if (rv != 0) { /* "$.Statement...": its path continues ours */
        return err_set(r->e, rv, "%s: %s%s", r->file, r->path, why.msg + 1);
    }
    w->parsed[w->n_parsed++] = p->parsed;
    return 0;
}

void policies_free(struct world *w)
{
    while (w->n_parsed > 0) {
        policy_free(w->parsed[--w->n_parsed]);
    }
    mem_free(w->parsed);
}
