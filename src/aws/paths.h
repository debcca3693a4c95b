/* SPDX-License-Identifier: Apache-2.0 */
/* paths.h - names of configuration files, and their bytes at start-up. */
#ifndef PATHS_H
#define PATHS_H

#include "err.h"

struct buf;

/* The environment, as getenv(). */
struct env {
    const char *(*get)(void *data, const char *name);
    void *data;
};

/* The value of @name, or NULL when it is not set. */
const char *env_get(const struct env *env, const char *name);

/* @path with $VAR and ${VAR} replaced (unknown ones stay) and then a leading
 * "~" or "~user" replaced.  NULL: out of memory. */
char *path_expand(const struct env *env, const char *path);

/* As path_expand(), for "~" only. */
char *path_expand_home(const struct env *env, const char *path);

/* Read the whole regular file @path into @out, which carries the limit.  Blocks
 * and so is for start-up only.  A file that is missing, is not a regular file
 * or may not be read gives UV_ENOENT without a word; other codes fill @e. */
int path_read(const char *path, struct buf *out, struct err *e);

#endif /* PATHS_H */
