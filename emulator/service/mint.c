/* SPDX-License-Identifier: Apache-2.0 */
/* mint.c - making P-256 keys and X.509 certificates. */
#include "mint.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdbool.h>

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

/* A positive random number of 127 bits. */
static bool set_serial(X509 *x)
{
    BIGNUM *n = BN_new();
    bool ok = n != NULL &&
              BN_rand(n, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
              BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) != NULL;

    BN_free(n);
    return ok;
}

static bool add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *ext;
    bool ok;

    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    ext = X509V3_EXT_nconf_nid(NULL, &ctx, nid, value);
    ok = ext != NULL && X509_add_ext(x, ext, -1) == 1;
    X509_EXTENSION_free(ext);
    return ok;
}

/* What X.509 strict checking wants of an authority and of a server. */
static bool add_extensions(X509 *x, X509 *issuer, const struct mint *m)
{
    bool ca = m->permitted != NULL;

    return add_extension(x, issuer, NID_basic_constraints,
                         ca ? "critical,CA:TRUE,pathlen:0"
                            : "critical,CA:FALSE") &&
           add_extension(x, issuer, NID_key_usage,
                         ca ? "critical,keyCertSign,cRLSign"
                            : "critical,digitalSignature") &&
           (ca || add_extension(x, issuer, NID_ext_key_usage, "serverAuth")) &&
           add_extension(x, issuer, NID_subject_key_identifier, "hash") &&
           add_extension(x, issuer, NID_authority_key_identifier, "keyid") &&
           (m->alt_names == NULL ||
            add_extension(x, issuer, NID_subject_alt_name, m->alt_names)) &&
           (!ca ||
            add_extension(x, issuer, NID_name_constraints, m->permitted));
}

static bool fill(X509 *x, const struct mint *m)
{
    X509_NAME *name = X509_get_subject_name(x);
    X509 *issuer = m->issuer != NULL ? m->issuer : x;

    return X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x) &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                      (const unsigned char *)m->common_name, -1,
                                      -1, 0) == 1 &&
           X509_set_issuer_name(x, X509_get_subject_name(issuer)) == 1 &&
           ASN1_TIME_set(X509_getm_notBefore(x), m->not_before) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(x), m->not_after) != NULL &&
           X509_set_pubkey(x, m->key) == 1 && add_extensions(x, issuer, m);
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
