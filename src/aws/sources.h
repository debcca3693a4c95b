/* SPDX-License-Identifier: Apache-2.0 */
/* sources.h - a setting asked for by its two names: a variable of the
 * environment, else a key of the profile. */
#ifndef SOURCES_H
#define SOURCES_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "paths.h"

struct profiles;

/* Where settings stand.  Whoever fills it owns what it points to. */
struct sources {
    struct env env;
    struct profiles *profiles;
    const char *profile; /* The name of the one whose keys count */
};

/* The setting that is the variable @env or else the key @key of the profile;
 * either name may be NULL.  A variable that is set but empty counts.  NULL:
 * not set.  The string is lent by the environment or the profiles. */
const char *sources_text(const struct sources *s, const char *env,
                         const char *key);

/* Whether that is "true", in any case; nothing else is true. */
bool sources_bool(const struct sources *s, const char *env, const char *key);

/* Put that as a number, or @fallback when it is not set, in *@out.
 * ERR_SETTING: it is no number, in the AWS CLI's words. */
int sources_int(const struct sources *s, const char *env, const char *key,
                int64_t fallback, int64_t *out, struct err *e);

#endif /* SOURCES_H */
