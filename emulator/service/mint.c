/* SPDX-License-Identifier: Apache-2.0 */
/* mint.c - making P-256 keys and X.509 certificates. */
#include "mint.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdbool.h>

#include "cert.h"

EVP_PKEY *mint_key(void)
{
    return EVP_EC_gen("P-256");
}

const char *mint_reason(char *out, size_t size)
{
    unsigned long code = ERR_get_error();

    if (code == 0) {
        code = ERR_PACK(ERR_LIB_CRYPTO, 0, ERR_R_MALLOC_FAILURE);
    }
    ERR_error_string_n(code, out, size);
    ERR_clear_error();
    return out;
}

/* What X.509 strict checking wants of an authority and of a server. */
static bool add_extensions(X509 *x, X509 *issuer, const struct mint *m)
{
    bool ca = m->permitted != NULL;

    return cert_extend(x, issuer, NID_basic_constraints,
                       ca ? "critical,CA:TRUE,pathlen:0"
                          : "critical,CA:FALSE") &&
           cert_extend(x, issuer, NID_key_usage,
                       ca ? "critical,keyCertSign,cRLSign"
                          : "critical,digitalSignature") &&
           (ca || cert_extend(x, issuer, NID_ext_key_usage, "serverAuth")) &&
           cert_extend(x, issuer, NID_subject_key_identifier, "hash") &&
           cert_extend(x, issuer, NID_authority_key_identifier, "keyid") &&
           (m->alt_names == NULL ||
            cert_extend(x, issuer, NID_subject_alt_name, m->alt_names)) &&
           (!ca || cert_extend(x, issuer, NID_name_constraints, m->permitted));
}

/* Everything but the signature. */
static bool fill(X509 *x, const struct mint *m)
{
    X509 *issuer = m->issuer != NULL ? m->issuer : x;

    return cert_begin(x, m->common_name, m->key, issuer) &&
           ASN1_TIME_set(X509_getm_notBefore(x), m->not_before) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(x), m->not_after) != NULL &&
           add_extensions(x, issuer, m);
}

X509 *mint_certificate(const struct mint *m)
{
    X509 *x = X509_new();
    EVP_PKEY *signer = m->issuer_key != NULL ? m->issuer_key : m->key;

    if (x == NULL || !fill(x, m) || X509_sign(x, signer, EVP_sha256()) == 0) {
        X509_free(x);
        return NULL;
    }
    return x;
}
