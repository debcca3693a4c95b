/* SPDX-License-Identifier: Apache-2.0 */
/* open_url.c - what the service is asked for, signed or not. */
#include "open_url.h"

#include <time.h>

#include "buf.h"
#include "context.h"
#include "creds.h"
#include "err.h"
#include "route.h"
#include "sigv4.h"

/* What the tunnel is for, in the words of sigv4.h. */
static struct sigv4_tunnel tunnel_of(const struct route *route,
                                     const struct facts *facts,
                                     const char *host)
{
    const struct target *t = &route->target;

    return (struct sigv4_tunnel){
        .host = host,
        .endpoint_id = facts->r.endpoint_id,
        .address = facts->r.address,
        .remote_port = (unsigned)t->remote_port,
        .max_duration_s = (unsigned)t->max_tunnel_duration_s,
    };
}

/* The URL as nobody signs it. */
static int plain_url(struct buf *url, const struct sigv4_tunnel *t)
{
    struct buf query;
    int rv;

    buf_init(&query, url->limit);
    sigv4_tunnel_query(&query, t);
    buf_addf(url, "wss://%s/openTunnel?%s", t->host, buf_str(&query));
    rv = buf_error(&query) != 0 ? buf_error(&query) : buf_error(url);
    buf_free(&query);
    return rv;
}

/* The URL as the credentials sign it, good from now on for a minute. */
static int signed_url(struct buf *url, const struct eice *eice,
                      const struct creds *creds,
                      const struct sigv4_tunnel *tunnel, struct err *e)
{
    const struct sigv4_scope scope = {
        .region = eice->region,
        .time = (int64_t)time(NULL) + eice->api.clock_skew_s,
    };
    const struct sigv4_key key = {
        .access_key_id = creds->access_key_id,
        .secret_access_key = creds->secret_access_key,
        .session_token = creds->session_token,
    };

    return sigv4_open_tunnel(url, &key, &scope, tunnel, e);
}

int open_url(struct buf *out, const struct route *route,
             const struct facts *facts, const char *host,
             const struct creds *creds, struct err *e)
{
    const struct sigv4_tunnel tunnel = tunnel_of(route, facts, host);
    int rv;

    if (creds != NULL) {
        return signed_url(out, route->eice, creds, &tunnel, e);
    }
    rv = plain_url(out, &tunnel);
    return rv == 0 ? 0 : err_set_uv(e, rv, "URL");
}
