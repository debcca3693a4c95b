/* SPDX-License-Identifier: Apache-2.0 */
/* role_config.h - what a profile says about a role to assume, and whose
 * credentials to assume it with.  Pure. */
#ifndef ROLE_CONFIG_H
#define ROLE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "role_entry.h"

struct profiles;

enum { ROLE_CHAIN_MAX = 64 }; /* Profiles in one chain of source_profile */

/* How the source of a role is found. */
enum role_source {
    ROLE_FROM_ROLE,        /* Another profile's role: go on there */
    ROLE_FROM_PROFILE,     /* Another profile's own credentials */
    ROLE_FROM_ENVIRONMENT, /* credential_source = ... */
    ROLE_FROM_IMDS,
    ROLE_FROM_CONTAINER
};

/* One link of the chain; strings belong to the profiles. */
struct role_config {
    const char *profile;
    struct role_request request;
    enum role_source source;
    const char *source_name; /* Of the profile or of the credential_source */
};

/* Whether @profile is for assuming a role at all. */
bool role_config_present(const struct profiles *p, const char *profile);

/* Read the chain that begins with @profile: links[0] is its own role, each
 * next one the role of the source_profile before it.  Returns 0 and the number
 * of links in *@n, or ERR_CREDENTIALS with the AWS CLI's words. */
int role_config_read(const struct profiles *p, const char *profile,
                     struct role_config links[static ROLE_CHAIN_MAX], size_t *n,
                     struct err *e);

#endif /* ROLE_CONFIG_H */
