/* SPDX-License-Identifier: Apache-2.0 */
/* region.h - the region to work in, asked of the instance metadata service
 * when nobody has configured one. */
#ifndef REGION_H
#define REGION_H

#include <uv.h>

#include "err.h"

struct log;
struct net;
struct region;
struct settings;

/* The region (lives until region_close()) and where it comes from ("--region",
 * "AWS_REGION", "the profile", "IMDS"; static), or why there is none
 * (ERR_NO_REGION, or what IMDS ran into).  Once, never from inside
 * region_start(); not at all after region_close(). */
typedef void (*region_done_cb)(struct region *r, const char *region,
                               const char *source, const struct err *err);

/* A lookup, or NULL when memory is short.  @settings, @net and @log outlive
 * it. */
struct region *region_new(uv_loop_t *loop, struct net *net,
                          const struct log *log,
                          const struct settings *settings, void *data);

/* Begin.  Without a configured region this takes as long as IMDS needs to
 * answer, or its timeout (a second by default) where there is none. */
void region_start(struct region *r, region_done_cb cb);

/* The owner's pointer given to region_new(). */
void *region_data(const struct region *r);

typedef void (*region_close_cb)(void *data);

/* Cancel if running, free @r, then call @cb.  Any state, any callback. */
void region_close(struct region *r, region_close_cb cb, void *data);

#endif /* REGION_H */
