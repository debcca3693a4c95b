/* SPDX-License-Identifier: Apache-2.0 */
/* open_url.h - the URL that opens a tunnel. */
#ifndef OPEN_URL_H
#define OPEN_URL_H

struct buf;
struct creds;
struct err;
struct facts;
struct route;

/* Append to @out, whose limit holds, the URL that opens a tunnel on @route, of
 * which @facts are known, to the endpoint @host (endpoint_host.h): signed by
 * @creds, from now on (by the service's clock) good for a minute, and so a
 * secret; or as it is when @creds is NULL.  0, or a code with @e. */
int open_url(struct buf *out, const struct route *route,
             const struct facts *facts, const char *host,
             const struct creds *creds, struct err *e);

#endif /* OPEN_URL_H */
