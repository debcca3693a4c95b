/* SPDX-License-Identifier: Apache-2.0 */
/* mint.h - making P-256 keys and X.509 certificates. */
#ifndef MINT_H
#define MINT_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <time.h>

/* What a certificate should say. */
struct mint {
    const char *common_name;
    const char *alt_names; /* OpenSSL's syntax: "DNS:a,IP:::1"; NULL for none */
    const char *permitted; /* Makes an authority, with these name constraints:
                            * "permitted;DNS:a,..."; NULL for a server */
    time_t not_before;
    time_t not_after;
    EVP_PKEY *key; /* Its own key */
    X509 *issuer;  /* NULL: it signs itself */
    EVP_PKEY *issuer_key;
};

/* A new P-256 key, or NULL. */
EVP_PKEY *mint_key(void);

/* A new certificate, or NULL.  The caller frees it. */
X509 *mint_certificate(const struct mint *m);

/* Why the last of these failed; drains OpenSSL's queue.  Returns @out. */
const char *mint_reason(char *out, size_t size);

#endif /* MINT_H */
