/* SPDX-License-Identifier: Apache-2.0 */
/* sources.c - the environment first, then the profile. */
#include "sources.h"

#include <strings.h>

#include "numbers.h"
#include "profiles.h"

const char *sources_text(const struct sources *s, const char *env,
                         const char *key)
{
    const char *value = env != NULL ? env_get(&s->env, env) : NULL;

    if (value == NULL && key != NULL) {
        value = profiles_get(s->profiles, s->profile, key);
    }
    return value;
}

bool sources_bool(const struct sources *s, const char *env, const char *key)
{
    const char *value = sources_text(s, env, key);

    return value != NULL && strcasecmp(value, "true") == 0;
}

int sources_int(const struct sources *s, const char *env, const char *key,
                int64_t fallback, int64_t *out, struct err *e)
{
    const char *value = sources_text(s, env, key);

    *out = fallback;
    if (value != NULL && !number_parse(value, out)) {
        return err_set(e, ERR_SETTING,
                       "invalid literal for int() with base 10: '%s'", value);
    }
    return 0;
}
