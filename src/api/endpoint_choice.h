/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint_choice.h - which endpoint leads to an instance, and by which name.
 * Pure. */
#ifndef ENDPOINT_CHOICE_H
#define ENDPOINT_CHOICE_H

#include <stdbool.h>

struct ec2_endpoint;
struct ec2_endpoints;
struct ec2_instance;
struct err;

/* Choose among the usable ones of @seen: the one called @id, or, when that is
 * NULL, the first in the subnet of @i, else the first in its VPC.  *out lies in
 * @seen; it is NULL when there is none so far, but a page that is still to come
 * (@complete is false) may hold it.  ERR_USAGE with @e: there is none. */
int endpoint_choose(const struct ec2_endpoints *seen, bool complete,
                    const char *id, const struct ec2_instance *i,
                    struct ec2_endpoint **out, struct err *e);

/* Set *name (lent by @p) to what @p is connected to by.  ERR_CONFIG: it has no
 * FIPS name, and one is wanted; ERR_PARSE: it has none that could be one. */
int endpoint_name(const struct ec2_endpoint *p, bool fips, const char **name,
                  struct err *e);

#endif /* ENDPOINT_CHOICE_H */
