/* SPDX-License-Identifier: Apache-2.0 */
/* test_pki.h - an authority of the test's own and certificates to order.
 *
 * Made afresh for each test in a temporary directory; elliptic keys, so that it
 * takes about a millisecond.  Everything here fails by cmocka's assertions. */
#ifndef TEST_PKI_H
#define TEST_PKI_H

#include <openssl/ssl.h>

enum test_cert {
    TEST_CERT_GOOD,        /* For localhost, some.test, 127.0.0.1 and ::1 */
    TEST_CERT_EXPIRED,     /* The same, until an hour ago */
    TEST_CERT_FUTURE,      /* The same, from tomorrow on */
    TEST_CERT_WRONG_HOST,  /* For elsewhere.test only */
    TEST_CERT_SELF_SIGNED, /* Good, but not from our authority */
    TEST_CERT_COUNT
};

/* Owned and embedded by the test; the paths are for it to read. */
struct test_pki {
    char dir[64];     /* The temporary directory */
    char ca_file[96]; /* The authority's certificate, PEM */
    char ca_dir[96];  /* The same, as a hashed directory */
    X509 *ca;
    EVP_PKEY *ca_key;
};

/* Make the authority and write its certificate. */
void test_pki_init(struct test_pki *pki);

/* Remove the directory with everything in it. */
void test_pki_free(struct test_pki *pki);

/* A context for a server that shows a certificate of kind @kind.  The caller
 * frees it with SSL_CTX_free(). */
SSL_CTX *test_pki_context(const struct test_pki *pki, enum test_cert kind);

/* Write key and certificate of kind @kind, for other programs, into the file
 * <dir>/@name; its path goes to @path. */
void test_pki_write(const struct test_pki *pki, enum test_cert kind,
                    const char *name, char *path, size_t size);

#endif /* TEST_PKI_H */
