/* SPDX-License-Identifier: Apache-2.0 */
/* signer_chain.c - making three certificates that `openssl verify
 * -x509_strict` has nothing to say against. */
#include "signer_chain.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "buf.h"
#include "cert.h"
#include "err.h"
#include "file.h"
#include "mem.h"

#define ROOT_NAME "eice-emulator signer root"
#define MIDDLE_NAME "eice-emulator signer intermediate"

enum { ROOT_DAYS = 3650, LEAF_DAYS = 365, DAY_S = 86400 };

void signer_set_free(struct signer_set *set)
{
    EVP_PKEY_free(set->root_key);
    EVP_PKEY_free(set->middle_key);
    EVP_PKEY_free(set->leaf_key);
    X509_free(set->root);
    X509_free(set->middle);
    X509_free(set->leaf);
    *set = (struct signer_set){0};
}

/* --- making ------------------------------------------------------------- */

/* What one certificate shall be. */
struct plan {
    const char *name;
    const char *constraints;
    const char *usage;
    int days;
    EVP_PKEY *key;
    X509 *issuer; /* NULL: itself */
    EVP_PKEY *issuer_key;
    int64_t now;
};

static X509 *make_cert(const struct plan *p)
{
    X509 *cert = X509_new();
    X509 *issuer = p->issuer != NULL ? p->issuer : cert;

    if (cert == NULL) {
        return NULL;
    }
    if (cert_begin(cert, p->name, p->key, issuer) &&
        ASN1_TIME_adj(X509_getm_notBefore(cert), (time_t)p->now, -1, 0) !=
            NULL &&
        ASN1_TIME_adj(X509_getm_notAfter(cert), (time_t)p->now, p->days, 0) !=
            NULL &&
        cert_extend(cert, issuer, NID_basic_constraints, p->constraints) &&
        cert_extend(cert, issuer, NID_key_usage, p->usage) &&
        cert_extend(cert, issuer, NID_subject_key_identifier, "hash") &&
        cert_extend(cert, issuer, NID_authority_key_identifier,
                    "keyid:always") &&
        X509_sign(cert, p->issuer_key, EVP_sha256()) > 0) {
        return cert;
    }
    X509_free(cert);
    return NULL;
}

#define CA_USAGE "critical,digitalSignature,keyCertSign,cRLSign"

static bool make_root(struct signer_set *set, int64_t now)
{
    struct plan p = {.name = ROOT_NAME,
                     .constraints = "critical,CA:TRUE",
                     .usage = CA_USAGE,
                     .days = ROOT_DAYS,
                     .now = now};

    set->root_key = EVP_EC_gen("P-256");
    p.key = set->root_key;
    p.issuer_key = set->root_key;
    set->root = set->root_key != NULL ? make_cert(&p) : NULL;
    return set->root != NULL;
}

static bool make_middle(struct signer_set *set, int64_t now)
{
    struct plan p = {.name = MIDDLE_NAME,
                     .constraints = "critical,CA:TRUE,pathlen:0",
                     .usage = CA_USAGE,
                     .days = LEAF_DAYS,
                     .issuer = set->root,
                     .issuer_key = set->root_key,
                     .now = now};

    set->middle_key = EVP_EC_gen("P-256");
    p.key = set->middle_key;
    set->middle = set->middle_key != NULL ? make_cert(&p) : NULL;
    return set->middle != NULL;
}

/* The key records are signed with RSA-PSS: this one must be RSA. */
static bool make_leaf(struct signer_set *set, const char *name, int64_t now)
{
    struct plan p = {.name = name,
                     .constraints = "critical,CA:FALSE",
                     .usage = "critical,digitalSignature",
                     .days = LEAF_DAYS,
                     .issuer = set->middle,
                     .issuer_key = set->middle_key,
                     .now = now};

    set->leaf_key = EVP_RSA_gen(2048);
    p.key = set->leaf_key;
    set->leaf = set->leaf_key != NULL ? make_cert(&p) : NULL;
    return set->leaf != NULL;
}

/* --- keeping ------------------------------------------------------------ */

/* Everything in one PEM text. */
static bool to_pem(const struct signer_set *set, BIO *bio)
{
    EVP_PKEY *keys[] = {set->root_key, set->middle_key, set->leaf_key};
    X509 *certs[] = {set->root, set->middle, set->leaf};
    size_t i;

    for (i = 0; i < 3; i++) {
        if (PEM_write_bio_PrivateKey(bio, keys[i], NULL, NULL, 0, NULL, NULL) !=
                1 ||
            PEM_write_bio_X509(bio, certs[i]) != 1) {
            return false;
        }
    }
    return true;
}

static int save(const struct signer_set *set, const char *path, struct err *e)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    char *text;
    long len;
    int rv;

    if (bio == NULL || !to_pem(set, bio)) {
        BIO_free(bio);
        return err_set_uv(e, UV_ENOMEM, path);
    }
    len = BIO_get_mem_data(bio, &text);
    rv = file_replace(path, text, (size_t)len, e);
    BIO_free(bio);
    return rv;
}

/* Read what save() wrote; an unreadable file is as good as none. */
static void load(struct signer_set *set, const char *path)
{
    char *text;
    size_t len;
    BIO *bio;

    if (file_read(path, &text, &len, NULL) != 0) {
        return;
    }
    bio = BIO_new_mem_buf(text, (int)len);
    if (bio != NULL) {
        set->root_key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
        set->root = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        set->middle_key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
        set->middle = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        set->leaf_key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
        set->leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        BIO_free(bio);
    }
    file_free(text, len);
    ERR_clear_error();
}

/* Whether @cert, with its key, is good for another day at @now. */
static bool is_good(X509 *cert, EVP_PKEY *key, int64_t now)
{
    time_t from = (time_t)now;
    time_t to = (time_t)(now + DAY_S);

    return cert != NULL && key != NULL &&
           X509_check_private_key(cert, key) == 1 &&
           X509_cmp_time(X509_get0_notBefore(cert), &from) < 0 &&
           X509_cmp_time(X509_get0_notAfter(cert), &to) > 0;
}

static bool has_name(X509 *cert, const char *name)
{
    char text[256] = "";

    X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, text,
                              sizeof text);
    return strcmp(text, name) == 0;
}

/* Forget the certificates below the root, or all. */
static void drop_below_root(struct signer_set *set)
{
    EVP_PKEY_free(set->middle_key);
    EVP_PKEY_free(set->leaf_key);
    X509_free(set->middle);
    X509_free(set->leaf);
    set->middle_key = NULL;
    set->leaf_key = NULL;
    set->middle = NULL;
    set->leaf = NULL;
}

int signer_set_load(struct signer_set *set, const char *path, const char *name,
                    int64_t now, struct err *e)
{
    bool ok = true;

    *set = (struct signer_set){0};
    if (path != NULL) {
        load(set, path);
    }
    if (!is_good(set->root, set->root_key, now)) {
        signer_set_free(set);
        ok = make_root(set, now);
    }
    if (ok && is_good(set->middle, set->middle_key, now) &&
        is_good(set->leaf, set->leaf_key, now) && has_name(set->leaf, name)) {
        return 0;
    }
    drop_below_root(set);
    ok = ok && make_middle(set, now) && make_leaf(set, name, now);
    ERR_clear_error();
    if (!ok) {
        return err_set_uv(e, UV_ENOMEM, "make the key signer's certificates");
    }
    return path != NULL ? save(set, path, e) : 0;
}
