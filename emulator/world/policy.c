/* SPDX-License-Identifier: Apache-2.0 */
/* policy.c - between a world's policies and iam. */
#include "policy.h"

#include <uv.h>

#include "err.h"
#include "impl.h"
#include "mem.h"

int policy_read(struct iam_policy **out, json_t *doc, bool trust, struct err *e)
{
    (void)trust;
    *out = NULL;
    if (json_object_get(doc, "Statement") == NULL) {
        return err_set(e, ERR_PARSE, "a policy needs a Statement");
    }
    return 0;
}

void policy_free(struct iam_policy *p)
{
    (void)p;
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
    if (rv != 0) {
        return reader_fail(r, "%s", why.msg);
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
