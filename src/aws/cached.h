/* SPDX-License-Identifier: Apache-2.0 */
/* cached.h - what providers have in common that keep their credentials in
 * ~/.aws/cli/cache: look there, take the lock, look again, and only then make
 * the call, and keep what it gave. */
#ifndef CACHED_H
#define CACHED_H

#include <jansson.h>
#include <stdbool.h>

#include "err.h"
#include "provider.h"
#include "sm.h"

struct cached;
struct shared_file;

/* The credentials are nowhere: get new ones and end with cached_got() or
 * cached_failed().  Either may come before this returns. */
typedef void (*cached_call)(struct cached *c);

/* The first member of such a provider. */
struct cached {
    struct provider base;
    struct sm sm;
    cached_call call;
    struct shared_file *file; /* NULL: nothing is kept on disk */
    json_t *entry;            /* On its way to the disk */
};

/* Prepare @c; @base is set already. */
void cached_init(struct cached *c, cached_call call);

/* Begin a fetch.  @key names the entry; NULL: do not keep it on disk. */
void cached_fetch(struct cached *c, const char *key);

/* New credentials came.  Takes ownership of @entry. */
void cached_got(struct cached *c, json_t *entry);

/* None came. */
void cached_failed(struct cached *c, const struct err *err);

/* Stop what cached_fetch() began, except the call. */
void cached_stop(struct cached *c);

#endif /* CACHED_H */
