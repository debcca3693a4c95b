/* SPDX-License-Identifier: Apache-2.0 */
/* policy.h - policy documents of a world, read by iam. */
#ifndef EMU_WORLD_POLICY_H
#define EMU_WORLD_POLICY_H

#include <jansson.h>
#include <stdbool.h>

struct err;
struct iam_policy;
struct reader;
struct world;
struct world_policy;

/* Have iam read @doc; the result is freed with policy_free().  0, or a code
 * with the reason in @e.  A trust policy has principals, others must not. */
int policy_read(struct iam_policy **out, json_t *doc, bool trust,
                struct err *e);
void policy_free(struct iam_policy *p);

/* policy_read() of @p->doc into @p->parsed, which @w frees; a fault is told
 * with the path of @r. */
int policy_parse(struct world *w, struct reader *r, struct world_policy *p,
                 bool trust);

/* Free everything policy_parse() made. */
void policies_free(struct world *w);

#endif /* EMU_WORLD_POLICY_H */
