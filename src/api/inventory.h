/* SPDX-License-Identifier: Apache-2.0 */
/* inventory.h - which instances there are, or which one a word means, and the
 * endpoints that may reach them.
 *
 * All pages are read.  A word is looked for where its form says it can be
 * found (find_words.h), one place after the other until something is found;
 * an instance id that EC2 does not know is EC2's own error. */
#ifndef INVENTORY_H
#define INVENTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "ec2.h"
#include "ec2_model.h"

struct api;
struct err;
struct inventory;

/* What is wanted; what is not given is anything. */
struct inventory_query {
    const char *word;                 /* Or NULL: all instances */
    bool is_id;                       /* It is an id, though it may not look
                                         like one */
    const struct ec2_filter *filters; /* Of DescribeInstances */
    size_t n_filters;
    bool endpoints; /* All endpoints of the region as well */
};

/* What there is; may be nothing. */
struct inventory_found {
    struct ec2_instances instances;
    struct ec2_endpoints endpoints;
};

/* The answer, or why there is none.  Once, from the loop.  The receiver may
 * call inventory_close(). */
typedef void (*inventory_cb)(void *data, const struct inventory_found *found,
                             const struct err *err);

/* Begin; @q is copied.  Returns 0, or a code with @e, and @cb will not be
 * called then. */
int inventory_start(struct inventory **out, struct api *api,
                    const struct inventory_query *q, inventory_cb cb,
                    void *data, struct err *e);

/* Cancel what runs and free @v; nothing fires afterwards.  Any state, any
 * callback; NULL is fine. */
void inventory_close(struct inventory *v);

#endif /* INVENTORY_H */
