/* SPDX-License-Identifier: Apache-2.0 */
/* ec2.h - what EC2 is asked: request bodies and their operations.
 *
 * Answers are read by ec2_model.h.  A new operation is a const below, a writer
 * of its body here, and a reader there. */
#ifndef EC2_H
#define EC2_H

#include <stddef.h>

#include "op.h"

struct buf;

extern const struct operation ec2_describe_instances;
extern const struct operation ec2_describe_endpoints;

/* One filter: values are OR-ed, filters AND-ed. */
struct ec2_filter {
    const char *name;
    const char *const *values;
    size_t n_values;
};

/* What a Describe operation may say. */
struct ec2_query {
    const char *const *ids; /* Instance ids, or endpoint ids */
    size_t n_ids;
    const struct ec2_filter *filters;
    size_t n_filters;
    unsigned max_results;   /* 0: the service's own */
    const char *next_token; /* NULL: the first page */
};

/* Write the body of @kind, one of the two above, to the empty @body.  Check
 * buf_error(). */
void ec2_describe_body(struct buf *body, const struct operation *kind,
                       const struct ec2_query *q);

#endif /* EC2_H */
