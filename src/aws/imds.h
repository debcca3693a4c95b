/* SPDX-License-Identifier: Apache-2.0 */
/* imds.h - asking the instance metadata service: a session token first
 * (IMDSv2), without one where the service has none (IMDSv1). */
#ifndef IMDS_H
#define IMDS_H

#include <stddef.h>

#include "err.h"

struct imds;
struct log;
struct net;
struct response;
struct settings;

/* The body of a document (NUL-terminated, not empty), lent; or @text NULL:
 * @err says why, where that is an error by itself (IMDSv1 is needed and has
 * been disabled), or is NULL when the service is not there, has been disabled,
 * or has no such document.  From the loop, or from inside imds_get() when
 * nothing has to be asked. */
typedef void (*imds_cb)(void *data, const char *text, size_t len,
                        const struct err *err);

/* Is this document usable?  If not, it is asked for again while tries are
 * left. */
typedef int (*imds_check)(const char *text, size_t len);

/* A session with the service.  NULL: out of memory. */
struct imds *imds_new(struct net *net, const struct log *log,
                      const struct settings *settings);

/* Get "latest/meta-data/...".  @check may be NULL.  One at a time. */
void imds_get(struct imds *i, const char *path, imds_check check, imds_cb cb,
              void *data);

/* Cancel what runs, wipe and free; any callback.  NULL is fine. */
void imds_close(struct imds *i);

#endif /* IMDS_H */
