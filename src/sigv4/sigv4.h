/* SPDX-License-Identifier: Apache-2.0 */
/* sigv4.h - AWS Signature Version 4, as bytes in and bytes out.
 *
 * Pure: the request, the key and the time are arguments; nothing is read,
 * kept or logged.  Every stage of a signature (canonical request, string to
 * sign, signature) can be looked at afterwards, so that a mismatch can be
 * pinned to the stage that caused it.
 *
 * A signature may be sent in a header (sigv4_sign) or in the URL's query
 * (sigv4_presign, and sigv4_open_tunnel which makes the whole URL). */
#ifndef SIGV4_H
#define SIGV4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

struct err;

enum {
    SIGV4_KEY_SIZE = 32,  /* A signing key; a SHA-256 */
    SIGV4_HEX_SIZE = 65,  /* A SHA-256 as hex digits, with NUL */
    SIGV4_DATE_SIZE = 17, /* 20260102T030405Z, with NUL */
    SIGV4_TUNNEL_EXPIRES_S = 60
};

/* Who signs.  Borrowed; nothing is copied that is not wiped again. */
struct sigv4_key {
    const char *access_key_id;
    const char *secret_access_key;
    const char *session_token; /* NULL or "" for none */
};

/* What the signature is good for. */
struct sigv4_scope {
    const char *region;
    const char *service; /* The signing name: "ec2", "sts", ... */
    int64_t time;        /* Seconds since 1970, UTC */
};

/* One header as it will be sent. */
struct sigv4_header {
    const char *name;
    const char *value;
};

/* The request as it will be sent, apart from what signing adds. */
struct sigv4_request {
    const char *method;
    const char *path;  /* Not percent-encoded; "" is "/" */
    const char *query; /* Percent-encoded, without '?'; NULL or "" for none */
    const struct sigv4_header *headers; /* "Host" must be among them; those
                                         * that proxies and libraries change
                                         * (Connection, User-Agent, ...) are
                                         * passed over */
    size_t n_headers;
    const void *body; /* NULL when @body_len is 0 */
    size_t body_len;
    bool verbatim_path; /* Keep dot segments and repeated slashes */
};

/* A signature and how it came about. */
struct sigv4_result {
    struct buf canonical;           /* Stage 1; holds the session token */
    struct buf string_to_sign;      /* Stage 2 */
    char signature[SIGV4_HEX_SIZE]; /* Stage 3 */
    char date[SIGV4_DATE_SIZE];     /* Value of X-Amz-Date */
    struct buf output;              /* sigv4_sign(): the value of Authorization;
                                     * sigv4_presign(): the whole query */
};

/* Prepare @r.  Cannot fail.  sigv4_result_free() is due afterwards. */
void sigv4_result_init(struct sigv4_result *r);

/* Wipe and free what @r holds. */
void sigv4_result_free(struct sigv4_result *r);

/* Sign @req for sending with these headers added: X-Amz-Date (@r->date),
 * Authorization (@r->output) and, when the key has a token,
 * X-Amz-Security-Token.  They must not be in @req.  Returns 0, UV_ENOMEM,
 * ERR_TOO_BIG, or ERR_CREDENTIALS when key id or token could not stand in a
 * header; @e says more.  @r may be used again without freeing. */
int sigv4_sign(struct sigv4_result *r, const struct sigv4_key *key,
               const struct sigv4_scope *scope, const struct sigv4_request *req,
               struct err *e);

/* Sign @req for sending with @r->output as its query: the parameters of
 * @req->query in their order, then Algorithm, Credential, Date, Expires,
 * SignedHeaders, the token if there is one, and Signature.  All headers of
 * @req are signed.  Returns as sigv4_sign(). */
int sigv4_presign(struct sigv4_result *r, const struct sigv4_key *key,
                  const struct sigv4_scope *scope,
                  const struct sigv4_request *req, unsigned expires_s,
                  struct err *e);

/* What one tunnel is for. */
struct sigv4_tunnel {
    const char *host;        /* The endpoint's DNS name; "name:port" when the
                              * port is not 443 */
    const char *endpoint_id; /* eice-... */
    const char *address;     /* Of the instance, v4 or v6, no brackets */
    unsigned remote_port;
    unsigned max_duration_s; /* 0: not given */
};

/* Append the parameters that say what @tunnel is for, as anybody sends them,
 * signed or not.  Check buf_error(@out). */
void sigv4_tunnel_query(struct buf *out, const struct sigv4_tunnel *tunnel);

/* Append "wss://host/openTunnel?..." signed for @tunnel to @url, whose memory
 * the caller wipes (buf_wipe): the URL is a secret for a minute.  The Host
 * header to send is the URL's authority, lower-case.  @scope->service is not
 * looked at.  Returns as sigv4_sign(). */
int sigv4_open_tunnel(struct buf *url, const struct sigv4_key *key,
                      const struct sigv4_scope *scope,
                      const struct sigv4_tunnel *tunnel, struct err *e);

/* --- the stages, for tests and for whoever must look closer --- */

/* Append the canonical form of a path, a query, the headers (one line each)
 * and their names (joined with ';').  0 or UV_ENOMEM/ERR_TOO_BIG. */
int sigv4_canonical_path(struct buf *out, const char *path, bool verbatim);
int sigv4_canonical_query(struct buf *out, const char *query);
int sigv4_canonical_headers(struct buf *lines, struct buf *names,
                            const struct sigv4_header *headers, size_t n);

/* Append the canonical request of @req as it stands. */
int sigv4_canonical_request(struct buf *out, const struct sigv4_request *req);

/* Append "DATE/REGION/SERVICE/aws4_request". */
void sigv4_credential_scope(struct buf *out, const struct sigv4_scope *scope);

/* Append the string to sign for a canonical request. */
int sigv4_string_to_sign(struct buf *out, const struct sigv4_scope *scope,
                         const struct buf *canonical);

/* Derive the signing key; the caller wipes it.  0, UV_ENOMEM. */
int sigv4_signing_key(unsigned char out[static SIGV4_KEY_SIZE],
                      const char *secret, const struct sigv4_scope *scope);

/* The signature of @text under the signing key @key. */
int sigv4_signature(char out[static SIGV4_HEX_SIZE],
                    const unsigned char key[static SIGV4_KEY_SIZE],
                    const struct buf *text);

/* The SHA-256 of @len bytes, in hex.  0 or UV_ENOMEM. */
int sigv4_sha256_hex(char out[static SIGV4_HEX_SIZE], const void *data,
                     size_t len);

#endif /* SIGV4_H */
