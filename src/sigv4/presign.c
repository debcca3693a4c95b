/* SPDX-License-Identifier: Apache-2.0 */
/* presign.c - the signature as query parameters, and the tunnel's URL. */
#include <stdio.h>

#include "err.h"
#include "percent.h"
#include "result.h"

/* Append the parameters that signing adds, all but the signature. */
static int write_query(struct sigv4_result *r, const struct sigv4_key *key,
                       const struct sigv4_scope *scope,
                       const struct sigv4_request *req, unsigned expires_s)
{
    struct buf *out = &r->output;
    struct buf text;
    struct buf lines;
    char seconds[16];
    int rv;

    buf_init(&text, out->limit);
    buf_init(&lines, out->limit);
    if (req->query != NULL) {
        buf_adds(out, req->query);
    }
    percent_query_pair(out, "X-Amz-Algorithm", "AWS4-HMAC-SHA256");
    buf_addf(&text, "%s/", key->access_key_id);
    sigv4_credential_scope(&text, scope);
    percent_query_pair(out, "X-Amz-Credential", buf_str(&text));
    percent_query_pair(out, "X-Amz-Date", r->date);
    snprintf(seconds, sizeof seconds, "%u", expires_s);
    percent_query_pair(out, "X-Amz-Expires", seconds);
    rv = buf_error(&text);
    buf_clear(&text);
    if (rv == 0) {
        rv = sigv4_canonical_headers(&lines, &text, req->headers,
                                     req->n_headers);
    }
    percent_query_pair(out, "X-Amz-SignedHeaders", buf_str(&text));
    if (sigv4_has_token(key)) {
        percent_query_pair(out, "X-Amz-Security-Token", key->session_token);
    }
    buf_free(&text);
    buf_free(&lines);
    return rv != 0 ? rv : buf_error(out);
}

int sigv4_presign(struct sigv4_result *r, const struct sigv4_key *key,
                  const struct sigv4_scope *scope,
                  const struct sigv4_request *req, unsigned expires_s,
                  struct err *e)
{
    struct sigv4_request full = *req;
    int rv;

    rv = sigv4_begin(r, key, scope, e);
    if (rv != 0) {
        return rv;
    }
    rv = write_query(r, key, scope, req, expires_s);
    if (rv == 0) {
        full.query = buf_str(&r->output);
        rv = sigv4_run(r, key, scope, &full);
    }
    if (rv == 0) {
        buf_addf(&r->output, "&X-Amz-Signature=%s", r->signature);
        rv = buf_error(&r->output);
    }
    return rv == 0 ? 0 : sigv4_failed(r, rv, e);
}

void sigv4_tunnel_query(struct buf *out, const struct sigv4_tunnel *tunnel)
{
    char number[16];

    percent_query_pair(out, "instanceConnectEndpointId", tunnel->endpoint_id);
    snprintf(number, sizeof number, "%u", tunnel->remote_port);
    percent_query_pair(out, "remotePort", number);
    percent_query_pair(out, "privateIpAddress", tunnel->address);
    if (tunnel->max_duration_s > 0) {
        snprintf(number, sizeof number, "%u", tunnel->max_duration_s);
        percent_query_pair(out, "maxTunnelDuration", number);
    }
}

int sigv4_open_tunnel(struct buf *url, const struct sigv4_key *key,
                      const struct sigv4_scope *scope,
                      const struct sigv4_tunnel *tunnel, struct err *e)
{
    struct sigv4_scope tunnel_scope = *scope;
    struct sigv4_header host = {"Host", tunnel->host};
    struct sigv4_request req = {.method = "GET",
                                .path = "/openTunnel",
                                .headers = &host,
                                .n_headers = 1};
    struct sigv4_result r;
    struct buf query;
    int rv;

    tunnel_scope.service = "ec2-instance-connect";
    sigv4_result_init(&r);
    buf_init(&query, r.output.limit);
    sigv4_tunnel_query(&query, tunnel);
    req.query = buf_str(&query);
    if (buf_error(&query) != 0) {
        rv = sigv4_failed(&r, buf_error(&query), e);
    } else {
        rv = sigv4_presign(&r, key, &tunnel_scope, &req, SIGV4_TUNNEL_EXPIRES_S,
                           e);
    }
    if (rv == 0) {
        buf_adds(url, "wss://");
        sigv4_add_lower(url, tunnel->host);
        buf_addf(url, "/openTunnel?%s", buf_str(&r.output));
        rv = buf_error(url);
        if (rv != 0) {
            rv = sigv4_failed(&r, rv, e);
        }
    }
    buf_free(&query);
    sigv4_result_free(&r);
    return rv;
}
