/* SPDX-License-Identifier: Apache-2.0 */
/* cert.h - what all certificates of the emulator are made with: the signer's
 * of pushed keys, and those of the TLS authority.
 *
 * The caller sets the times between and signs last.  False: OpenSSL's queue of
 * errors says why. */
#ifndef CERT_H
#define CERT_H

#include <openssl/x509.h>
#include <stdbool.h>

/* Give a new @cert its version (3), a random serial number of 127 bits, the
 * common name @name, the key @key and the name of @issuer, which may be @cert
 * itself.  Nothing is taken. */
bool cert_begin(X509 *cert, const char *name, EVP_PKEY *key, X509 *issuer);

/* Add the extension @nid, its @value as OpenSSL's configuration files have
 * it. */
bool cert_extend(X509 *cert, X509 *issuer, int nid, const char *value);

#endif /* CERT_H */
