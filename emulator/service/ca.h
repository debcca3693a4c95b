/* SPDX-License-Identifier: Apache-2.0 */
/* ca.h - our own certificate authority, and a server certificate per name.
 *
 * The authority lives in the state directory (ca.pem, ca.key) and is made on
 * the first run.  Certificates for the names clients ask for (SNI) are made on
 * the spot: P-256, a fraction of a millisecond.  The authority is constrained
 * by name to loopback and AWS's domains, so that a user who puts it into a
 * trust store does not thereby trust it for anything else. */
#ifndef CA_H
#define CA_H

#include <openssl/ssl.h>

struct ca;
struct err;
struct log;

/* What to get wrong, for clients to notice. */
enum ca_flaw {
    CA_GOOD,
    CA_EXPIRED,    /* Ended yesterday */
    CA_WRONG_HOST, /* Made for another name */
    CA_UNTRUSTED   /* Signed by itself, not by the authority */
};

/* Load or make the authority in @dir, which exists.  Clients that call no name
 * see a certificate for localhost, the loopbacks and @address (copied; NULL
 * for none), where that is one we may vouch for: a private one.  @log outlives
 * the authority. */
int ca_open(struct ca **out, const char *dir, const char *address,
            const struct log *log, struct err *e);
void ca_free(struct ca *ca);

/* The path of the authority's certificate, for AWS_CA_BUNDLE. */
const char *ca_file(const struct ca *ca);

/* The TLS setting for listeners: it picks the certificate by SNI.  Belongs to
 * @ca and lives as long. */
SSL_CTX *ca_context(struct ca *ca);

/* Show @ssl, whose handshake has not come to the certificate yet, one with
 * @flaw. */
void ca_set_flaw(struct ca *ca, SSL *ssl, enum ca_flaw flaw);

#endif /* CA_H */
