/* SPDX-License-Identifier: Apache-2.0 */
/* resolve.h - from what the user said to an address and an endpoint's name.
 *
 * Address: the one given, else the instance's private IPv4, else its IPv6.
 * Endpoint: the one given, else the first usable one in the instance's
 * subnet, else the first usable one in its VPC.  What is given is not asked
 * for; what must be asked is asked at the same time. */
#ifndef RESOLVE_H
#define RESOLVE_H

#include <stdbool.h>

#include "ec2_model.h"

struct api;
struct err;
struct resolve;

/* What the user said; checked before, NULL where not given.  Either
 * instance_id, or private_ip with endpoint_id. */
struct resolve_query {
    const char *instance_id;
    const char *private_ip; /* Wins over instance_id */
    const char *endpoint_id;
    const char *endpoint_dns_name; /* Only with endpoint_id */
};

/* The answer.  The three strings are set; the rest is what was learnt on the
 * way. */
struct resolution {
    char *address;
    char *endpoint_id;
    char *dns_name; /* As given, or the service's (FIPS if configured) */
    bool has_instance;
    struct ec2_instance instance;
    bool has_endpoint;
    struct ec2_endpoint endpoint;
};

/* Whether @q says all there is to know. */
bool resolve_is_known(const struct resolve_query *q);

/* The answer to a known @q.  UV_ENOMEM leaves @r empty. */
int resolve_known(struct resolution *r, const struct resolve_query *q);

/* Free what @r holds and zero it. */
void resolution_clear(struct resolution *r);

/* The answer (which the receiver may move out, leaving zeroes), or why there
 * is none.  Once, from the loop.  The receiver may call resolve_close(). */
typedef void (*resolve_cb)(void *data, struct resolution *result,
                           const struct err *err);

/* Begin to ask what @q, which is not known, leaves open; @q is copied.
 * Returns 0, or a code with @e, and @cb will not be called then. */
int resolve_start(struct resolve **out, struct api *api,
                  const struct resolve_query *q, resolve_cb cb, void *data,
                  struct err *e);

/* Cancel what runs and free @r; nothing fires afterwards.  Any state, any
 * callback; NULL is fine. */
void resolve_close(struct resolve *r);

#endif /* RESOLVE_H */
