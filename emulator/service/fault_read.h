/* SPDX-License-Identifier: Apache-2.0 */
/* fault_read.h - a fault plan out of its JSON. */
#ifndef FAULT_READ_H
#define FAULT_READ_H

#include <jansson.h>
#include <stdbool.h>

struct err;
struct fault_plan;

/* Read @list, an array of steps or one step; NULL or an empty array makes
 * *@out NULL.  @any: it is for every endpoint, so "accept" is allowed.  0 and
 * a plan with one reference, or a code with @e saying "@path[0].do: reason". */
int fault_read_plan(struct fault_plan **out, json_t *list, bool any,
                    const char *path, struct err *e);

/* Give a reference back; NULL is fine. */
void fault_plan_free(struct fault_plan *plan);

#endif /* FAULT_READ_H */
