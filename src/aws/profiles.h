/* SPDX-License-Identifier: Apache-2.0 */
/* profiles.h - the two configuration files as profiles, SSO sessions and
 * services, merged as the AWS CLI merges them.
 *
 * Strings belong to the profiles and live as long as they do. */
#ifndef PROFILES_H
#define PROFILES_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

struct ini_section;
struct profiles;

/* Make profiles of the texts of the config and the credentials file (either
 * may be NULL: no such file).  The paths are for messages.  Returns 0 and sets
 * *@out, or UV_ENOMEM, or ERR_PARSE with @e naming file and line. */
int profiles_parse(struct profiles **out, const char *config, size_t config_len,
                   const char *config_path, const char *credentials,
                   size_t credentials_len, const char *credentials_path,
                   struct err *e);

/* The same, reading the files that exist. */
int profiles_load(struct profiles **out, const char *config_path,
                  const char *credentials_path, struct err *e);

void profiles_free(struct profiles *p);

/* Whether either file has the profile @name. */
bool profiles_has(const struct profiles *p, const char *name);

/* A key of a profile: from the credentials file, else from the config file,
 * else NULL.  A key that holds an indented block counts as absent. */
const char *profiles_get(const struct profiles *p, const char *name,
                         const char *key);

/* One file's own idea of a profile, or NULL: the providers of static keys look
 * at the files one by one. */
const struct ini_section *profiles_in_config(const struct profiles *p,
                                             const char *name);
const struct ini_section *profiles_in_credentials(const struct profiles *p,
                                                  const char *name);

/* [sso-session NAME] and [services NAME], or NULL. */
const struct ini_section *profiles_sso_session(const struct profiles *p,
                                               const char *name);
const struct ini_section *profiles_services(const struct profiles *p,
                                            const char *name);

#endif /* PROFILES_H */
