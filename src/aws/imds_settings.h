/* SPDX-License-Identifier: Apache-2.0 */
/* imds_settings.h - how the instance metadata service is reached, and
 * whether. */
#ifndef IMDS_SETTINGS_H
#define IMDS_SETTINGS_H

#include <stdbool.h>

#include "err.h"

struct sources;

enum { IMDS_URL_SIZE = 512 };

struct imds_settings {
    char base_url[IMDS_URL_SIZE]; /* With a trailing slash */
    unsigned timeout_s;           /* Each try */
    unsigned attempts;
    bool v1_disabled;
    bool disabled;
};

/* Fill @out with what @from says, else with the AWS CLI's defaults.
 * ERR_SETTING: a number, the mode or the URL is none; @out is of no use
 * then. */
int imds_settings_read(struct imds_settings *out, const struct sources *from,
                       struct err *e);

#endif /* IMDS_SETTINGS_H */
