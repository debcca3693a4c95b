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
extern const struct operation ec2_describe_images;
extern const struct operation ec2_get_console_output;
extern const struct operation ec2_get_password_data;

/* One filter: values are OR-ed, filters AND-ed. */
struct ec2_filter {
    const char *name;
    const char *const *values;
    size_t n_values;
};

/* What a Describe operation may say. */
struct ec2_query {
    const char *const *ids; /* Instance, endpoint or image ids */
    size_t n_ids;
    const struct ec2_filter *filters;
    size_t n_filters;
    unsigned max_results;   /* 0: the service's own */
    const char *next_token; /* NULL: the first page */
};

/* Write the body of @kind, one of the Describe operations above, to the empty
 * @body.  Check buf_error(). */
void ec2_describe_body(struct buf *body, const struct operation *kind,
                       const struct ec2_query *q);

/* Append @f as the request's @n-th filter, counted from 1. */
void ec2_filter_body(struct buf *body, size_t n, const struct ec2_filter *f);

/* Write the body of @kind, GetConsoleOutput or GetPasswordData, to the empty
 * @body. */
void ec2_output_body(struct buf *body, const struct operation *kind,
                     const char *instance_id);

#endif /* EC2_H */
