/* SPDX-License-Identifier: Apache-2.0 */
/* home.h - a person's home directory and environment, for settings. */
#ifndef HOME_H
#define HOME_H

#include <stddef.h>

#include "settings.h"

enum { HOME_MAX_ENV = 12 };

/* A home directory with two files in it, and an environment. */
struct home {
    char dir[64];
    char config[96];
    char credentials[96];
    const char *env[HOME_MAX_ENV][2]; /* Name and value */
    size_t n_env;
};

/* Make the directory, the files whose text is not NULL, and an environment
 * with HOME alone. */
void home_make(struct home *h, const char *config, const char *credentials);

/* Remove what home_make() made. */
void home_drop(struct home *h);

/* Set a variable; both texts stay the caller's and must last. */
void home_set(struct home *h, const char *name, const char *value);

/* getenv() of a struct home. */
const char *home_env(void *home, const char *name);

/* What settings_load() is told when nothing is on the command line. */
struct settings_input home_no_flags(struct home *h);

/* Load settings that must be good. */
struct settings *home_load(struct home *h);

#endif /* HOME_H */
