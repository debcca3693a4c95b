/* SPDX-License-Identifier: Apache-2.0 */
/* test_pki.c - certificates through OpenSSL's own functions. */
#include "test_pki.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

enum { HOUR = 3600, DAY = 24 * HOUR };

/* Give @cert the extension @nid with OpenSSL's text @value. */
static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *ext;

    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(ext);
    assert_int_equal(X509_add_ext(cert, ext, -1), 1);
    X509_EXTENSION_free(ext);
}

/* A certificate for @key named @name, valid between two offsets from now. */
static X509 *new_cert(EVP_PKEY *key, const char *name, long from, long until)
{
    X509 *cert = X509_new();
    X509_NAME *subject;
    int64_t serial = 0;

    assert_non_null(cert);
    RAND_bytes((unsigned char *)&serial, 7);
    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set_int64(X509_get_serialNumber(cert), serial);
    X509_gmtime_adj(X509_getm_notBefore(cert), from);
    X509_gmtime_adj(X509_getm_notAfter(cert), until);
    X509_set_pubkey(cert, key);
    subject = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    return cert;
}

/* Sign @cert in the name of @issuer, whose key is @key. */
static void sign(X509 *cert, X509 *issuer, EVP_PKEY *key)
{
    X509_set_issuer_name(cert, X509_get_subject_name(issuer));
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
}

/* Write @cert, and @key if there is one, to @path. */
static void write_pem(const char *path, X509 *cert, EVP_PKEY *key)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    if (key != NULL) {
        assert_int_equal(
            PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
    }
    assert_int_equal(PEM_write_X509(f, cert), 1);
    assert_int_equal(fclose(f), 0);
}

void test_pki_init(struct test_pki *pki)
{
    char link[160];

    memset(pki, 0, sizeof *pki);
    snprintf(pki->dir, sizeof pki->dir, "/tmp/eice-test-XXXXXX");
    assert_non_null(mkdtemp(pki->dir));
    snprintf(pki->ca_file, sizeof pki->ca_file, "%s/ca.pem", pki->dir);
    snprintf(pki->ca_dir, sizeof pki->ca_dir, "%s/hashed", pki->dir);

    pki->ca_key = EVP_EC_gen("P-256");
    assert_non_null(pki->ca_key);
    pki->ca = new_cert(pki->ca_key, "eice test authority", -HOUR, DAY);
    X509_set_issuer_name(pki->ca, X509_get_subject_name(pki->ca));
    add_extension(pki->ca, pki->ca, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(pki->ca, pki->ca, NID_key_usage, "critical,keyCertSign");
    add_extension(pki->ca, pki->ca, NID_subject_key_identifier, "hash");
    sign(pki->ca, pki->ca, pki->ca_key);

    write_pem(pki->ca_file, pki->ca, NULL);
    assert_int_equal(mkdir(pki->ca_dir, 0700), 0);
    snprintf(link, sizeof link, "%s/%08lx.0", pki->ca_dir,
             X509_subject_name_hash(pki->ca));
    write_pem(link, pki->ca, NULL);
}

void test_pki_free(struct test_pki *pki)
{
    char command[128];

    X509_free(pki->ca);
    EVP_PKEY_free(pki->ca_key);
    snprintf(command, sizeof command, "rm -rf '%s'", pki->dir);
    assert_int_equal(system(command), 0);
}

/* Key and certificate of kind @kind; the caller frees both. */
static void make(const struct test_pki *pki, enum test_cert kind,
                 EVP_PKEY **key, X509 **cert)
{
    const char *names = "DNS:localhost,DNS:some.test,IP:127.0.0.1,IP:::1";
    long from = -DAY;
    long until = DAY;

    if (kind == TEST_CERT_EXPIRED) {
        until = -HOUR;
    } else if (kind == TEST_CERT_FUTURE) {
        from = DAY / 2;
    } else if (kind == TEST_CERT_WRONG_HOST) {
        names = "DNS:elsewhere.test";
    }
    *key = EVP_EC_gen("P-256");
    assert_non_null(*key);
    *cert = new_cert(*key, "eice test server", from, until);
    if (kind == TEST_CERT_SELF_SIGNED) {
        X509_set_issuer_name(*cert, X509_get_subject_name(*cert));
        add_extension(*cert, *cert, NID_subject_alt_name, names);
        sign(*cert, *cert, *key);
    } else {
        add_extension(*cert, pki->ca, NID_subject_alt_name, names);
        add_extension(*cert, pki->ca, NID_authority_key_identifier, "keyid");
        sign(*cert, pki->ca, pki->ca_key);
    }
}

SSL_CTX *test_pki_context(const struct test_pki *pki, enum test_cert kind)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key;
    X509 *cert;

    assert_non_null(ctx);
    make(pki, kind, &key, &cert);
    assert_int_equal(SSL_CTX_use_certificate(ctx, cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
    X509_free(cert);
    EVP_PKEY_free(key);
    return ctx;
}

void test_pki_write(const struct test_pki *pki, enum test_cert kind,
                    const char *name, char *path, size_t size)
{
    EVP_PKEY *key;
    X509 *cert;

    make(pki, kind, &key, &cert);
    snprintf(path, size, "%s/%s", pki->dir, name);
    write_pem(path, cert, key);
    assert_int_equal(chmod(path, 0600), 0);
    X509_free(cert);
    EVP_PKEY_free(key);
}
