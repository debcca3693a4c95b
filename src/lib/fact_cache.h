/* SPDX-License-Identifier: Apache-2.0 */
/* fact_cache.h - what was learnt about targets, kept in files.
 *
 * One file for each question, in $XDG_CACHE_HOME/eice (else ~/.cache/eice),
 * 0600, named by a digest of who asks (profile or key), where (region, endpoint
 * URL) and what.  Files are small and local and are read and written at once,
 * without the pool; a cache that cannot be used is no error, only slower.
 *
 * Facts in it may be wrong: whoever uses them must be ready to drop them and
 * ask.  Nothing in it is secret. */
#ifndef FACT_CACHE_H
#define FACT_CACHE_H

#include <stdbool.h>
#include <stdint.h>

struct eice;
struct resolution;
struct resolve_query;

enum {
    FACT_FRESH_S = 300,          /* So long nobody is asked */
    FACT_KEPT_S = 30 * 24 * 3600 /* So long they are better than nothing */
};

/* Where the answer to @q is kept; eice->region is known.  NULL: nowhere.  The
 * caller frees it with mem_free(). */
char *fact_cache_path(const struct eice *eice, const struct resolve_query *q);

/* Read the file.  True: @r is filled and @age_s says how old it is. */
bool fact_cache_load(const struct eice *eice, const char *path,
                     struct resolution *r, int64_t *age_s);

/* Replace the file, whole or not at all. */
void fact_cache_save(const struct eice *eice, const char *path,
                     const struct resolution *r);

/* Remove the file. */
void fact_cache_drop(const struct eice *eice, const char *path);

#endif /* FACT_CACHE_H */
