/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint.h - where a service is reached, and what is configured about
 * that. */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include <stdbool.h>

#include "err.h"

struct sources;

enum service {
    SERVICE_EC2,
    SERVICE_EC2_INSTANCE_CONNECT,
    SERVICE_STS,
    SERVICE_SSO,
    SERVICE_SSO_OIDC,
    SERVICE_SIGNIN,
    SERVICE_COUNT
};

/* Where a service is reached and how requests to it are signed. */
struct endpoint {
    char url[512]; /* Scheme, host, port and path prefix; no
                      trailing slash */
    char signing_region[64];
    const char *signing_name; /* Static */
};

/* What holds for all services. */
struct endpoint_rules {
    char *flag_url;   /* --endpoint-url, or NULL; the owner of the rules frees
                         it */
    bool ignore_urls; /* Only that one counts, none that is configured */
    bool fips;
    bool dual_stack;
};

/* Fill the switches of @rules with what @from says; flag_url is left alone. */
void endpoint_rules_read(struct endpoint_rules *rules,
                         const struct sources *from);

/* The endpoint of @service in @region (NULL: ERR_NO_REGION).  @use_flag says
 * whether flag_url applies to this client; after it count the service's own
 * variable and the common one, the profile's services section, the profile,
 * and at last the partition's host name.  ERR_SETTING: a region, a services
 * section or a URL that cannot be, or a variant the partition does not
 * have. */
int endpoint_find(const struct endpoint_rules *rules,
                  const struct sources *from, enum service service,
                  const char *region, bool use_flag, struct endpoint *out,
                  struct err *e);

#endif /* ENDPOINT_H */
