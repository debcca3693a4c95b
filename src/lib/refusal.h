/* SPDX-License-Identifier: Apache-2.0 */
/* refusal.h - what a refused tunnel teaches: a hint for the user, and what we
 * do otherwise the next time. */
#ifndef REFUSAL_H
#define REFUSAL_H

#include <stdbool.h>

struct creds;
struct err;
struct facts;
struct route;

/* The upgrade on @route by @facts and @creds (NULL: unsigned) has failed with
 * @e; @server_date is the answer's Date header, or "".  Completes @e, and
 * notes with the chain, the route or the clock what turned out to be wrong.
 * True: only facts kept from before were tried, so that another attempt is
 * worth it. */
bool refusal_learn(struct route *route, const struct facts *facts,
                   struct creds *creds, struct err *e, const char *server_date);

#endif /* REFUSAL_H */
