/* SPDX-License-Identifier: Apache-2.0 */
/* refusal.c - the facts of a tunnel for hint.c, and its verdict acted on. */
#include "refusal.h"

#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "chain.h"
#include "context.h"
#include "creds.h"
#include "err.h"
#include "hint.h"
#include "route.h"
#include "skew.h"

bool refusal_learn(struct route *route, const struct facts *facts,
                   struct creds *creds, struct err *e, const char *server_date)
{
    struct eice *eice = route->eice;
    const struct resolution *r = &facts->r;
    int64_t now = (int64_t)time(NULL);
    int64_t skew_s;
    const struct hint_facts known = {
        .remote_port = route->target.remote_port,
        .duration_given = route->target.max_tunnel_duration_s != 0,
        .region = eice->region,
        .dns_name = r->dns_name,
        .instance_state = r->instance.state,
        .preserve_client_ip = r->endpoint.preserve_client_ip,
        .creds_source = creds != NULL ? creds->source : NULL,
        .server_date = server_date,
        .now = now + eice->api.clock_skew_s,
    };

    if (e->operation[0] == '\0') {
        snprintf(e->operation, sizeof e->operation, "OpenTunnel");
    }
    switch (hint_refused(e, &known)) {
    case HINT_CREDS_REFUSED:
        if (creds != NULL) {
            chain_reject(eice->chain, creds);
        }
        return false;
    case HINT_FACTS_STALE:
        route_forget(route); /* The next connection looks again. */
        break;
    case HINT_CLOCK_WRONG:
        if (skew_read(server_date, now, &skew_s)) {
            eice->api.clock_skew_s = skew_s; /* The next one is dated by it. */
        }
        return false;
    case HINT_NOTHING:
        break;
    }
    return facts->kept && route_doubt(route, facts);
}
