/* SPDX-License-Identifier: Apache-2.0 */
/* sso_config.h - what a profile says about IAM Identity Center, in its older
 * form or through an [sso-session].  Pure. */
#ifndef SSO_CONFIG_H
#define SSO_CONFIG_H

#include <stdbool.h>

#include "err.h"

struct profiles;

/* Strings belong to the profiles. */
struct sso_config {
    const char *role_name;
    const char *account_id;
    const char *start_url;
    const char *region;
    const char *session; /* NULL: the older form */
};

/* Whether @profile is for SSO at all. */
bool sso_config_present(const struct profiles *p, const char *profile);

/* Read it.  Returns 0, or ERR_CREDENTIALS with the AWS CLI's words. */
int sso_config_read(const struct profiles *p, const char *profile,
                    struct sso_config *out, struct err *e);

#endif /* SSO_CONFIG_H */
