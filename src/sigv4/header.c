/* SPDX-License-Identifier: Apache-2.0 */
/* header.c - the signature as an Authorization header. */
#include <string.h>
#include <uv.h>

#include "mem.h"
#include "result.h"

/* @req with the headers that signing adds; @headers is the new list. */
static struct sigv4_request with_headers(const struct sigv4_request *req,
                                         struct sigv4_header *headers,
                                         const struct sigv4_key *key,
                                         const char *date)
{
    struct sigv4_request full = *req;
    size_t n = req->n_headers;

    memcpy(headers, req->headers, n * sizeof *headers);
    headers[n++] = (struct sigv4_header){"X-Amz-Date", date};
    if (sigv4_has_token(key)) {
        headers[n++] =
            (struct sigv4_header){"X-Amz-Security-Token", key->session_token};
    }
    full.headers = headers;
    full.n_headers = n;
    return full;
}

/* Write the Authorization value once the signature is there. */
static int write_authorization(struct sigv4_result *r,
                               const struct sigv4_key *key,
                               const struct sigv4_scope *scope,
                               const struct sigv4_request *req)
{
    struct buf lines;
    int rv;

    buf_init(&lines, r->output.limit);
    buf_addf(&r->output, "AWS4-HMAC-SHA256 Credential=%s/", key->access_key_id);
    sigv4_credential_scope(&r->output, scope);
    buf_adds(&r->output, ", SignedHeaders=");
    rv = sigv4_canonical_headers(&lines, &r->output, req->headers,
                                 req->n_headers);
    buf_addf(&r->output, ", Signature=%s", r->signature);
    buf_wipe(&lines);
    return rv != 0 ? rv : buf_error(&r->output);
}

int sigv4_sign(struct sigv4_result *r, const struct sigv4_key *key,
               const struct sigv4_scope *scope, const struct sigv4_request *req,
               struct err *e)
{
    struct sigv4_header *headers;
    struct sigv4_request full;
    int rv;

    rv = sigv4_begin(r, key, scope, e);
    if (rv != 0) {
        return rv;
    }
    headers = mem_alloc((req->n_headers + 2) * sizeof *headers);
    if (headers == NULL) {
        return sigv4_failed(r, UV_ENOMEM, e);
    }
    full = with_headers(req, headers, key, r->date);
    rv = sigv4_run(r, key, scope, &full);
    if (rv == 0) {
        rv = write_authorization(r, key, scope, &full);
    }
    mem_free(headers);
    return rv == 0 ? 0 : sigv4_failed(r, rv, e);
}
