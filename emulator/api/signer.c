/* SPDX-License-Identifier: Apache-2.0 */
/* signer.c - key records, signed; OCSP responses; the chain as text.
 *
 * What the scripts check (AWS-REFERENCE E3, E4) is what is made here: RSA-PSS
 * with SHA-256 and a salt of 32 bytes over the record's lines; responses
 * signed by the issuer itself, without a nonce, valid now. */
#include "signer.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "base64.h"
#include "buf.h"
#include "err.h"
#include "file.h"
#include "keys.h"
#include "mem.h"
#include "signer_chain.h"
#include "world.h"

enum { NAME_SIZE = 41, RECORD_MAX = 16 * 1024 };

struct signer {
    struct world *world;
    struct signer_set set;
};

void signer_name(const struct world *w, char out[static SIGNER_NAME_SIZE])
{
    const struct world_settings *settings = world_settings(w);

    snprintf(out, SIGNER_NAME_SIZE, "managed-ssh-signer.%s.%s",
             settings->region, settings->dns_suffix);
}

struct signer *signer_of(struct world *w, struct signer_set *set)
{
    struct signer *s = mem_zalloc(sizeof *s);

    if (s == NULL) {
        signer_set_free(set);
        return NULL;
    }
    s->world = w;
    s->set = *set;
    *set = (struct signer_set){0};
    return s;
}

int signer_new(struct signer **out, struct world *w, const char *path,
               struct err *e)
{
    struct signer_set set;
    char name[SIGNER_NAME_SIZE];
    int rv;

    *out = NULL;
    signer_name(w, name);
    rv = signer_set_load(&set, path, name, world_now_ms(w) / 1000, e);
    if (rv != 0) {
        signer_set_free(&set);
        return rv;
    }
    *out = signer_of(w, &set);
    return *out != NULL ? 0 : err_set_uv(e, UV_ENOMEM, "key signer");
}

void signer_free(struct signer *s)
{
    if (s != NULL) {
        signer_set_free(&s->set);
        mem_free(s);
    }
}

/* --- records ------------------------------------------------------------ */

/* Append the base64 signature of @text. */
static bool sign(EVP_PKEY *key, const struct buf *text, struct buf *out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how = NULL; /* Belongs to ctx */
    unsigned char sig[512];
    size_t len = sizeof sig;
    bool ok;

    ok = ctx != NULL &&
         EVP_DigestSignInit(ctx, &how, EVP_sha256(), NULL, key) == 1 &&
         EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(how, 32) == 1 &&
         EVP_DigestSign(ctx, sig, &len, (const unsigned char *)text->data,
                        text->len) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    if (ok) {
        base64_encode(out, sig, len);
    }
    return ok;
}

char *signer_record(struct signer *s, const struct pushed_key *key)
{
    struct buf text;
    struct buf sig;
    char *record = NULL;

    buf_init(&text, RECORD_MAX);
    buf_init(&sig, RECORD_MAX);
    buf_addf(&text,
             "#Timestamp=%lld\n#Instance=%s\n#Caller=%s\n#Request=%s\n%s\n",
             (long long)(key->expires_ms / 1000), key->instance->id,
             key->caller, key->request_id, key->line);
    if (buf_error(&text) == 0 && sign(s->set.leaf_key, &text, &sig)) {
        buf_addf(&text, "%s\n", buf_str(&sig));
        record = buf_detach(&text);
    }
    buf_free(&text);
    buf_free(&sig);
    return record;
}

/* --- certificates ------------------------------------------------------- */

/* Append one certificate as PEM. */
static void add_pem(struct buf *out, X509 *cert)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    long len;

    if (bio != NULL && PEM_write_bio_X509(bio, cert) == 1) {
        len = BIO_get_mem_data(bio, &text);
        buf_add(out, text, (size_t)len);
    }
    BIO_free(bio);
}

void signer_chain(struct signer *s, struct buf *out)
{
    add_pem(out, s->set.leaf);
    add_pem(out, s->set.middle);
    add_pem(out, s->set.root);
}

void signer_root(struct signer *s, struct buf *out)
{
    add_pem(out, s->set.root);
}

/* Upper-case hex of the SHA-1 of a certificate. */
static void name_of(X509 *cert, char out[static NAME_SIZE])
{
    unsigned char hash[EVP_MAX_MD_SIZE] = {0};
    unsigned len = 0;
    unsigned i;

    X509_digest(cert, EVP_sha1(), hash, &len);
    for (i = 0; i < 20; i++) {
        snprintf(out + (size_t)2 * i, 3, "%02X", hash[i]);
    }
}

void signer_ocsp_names(struct signer *s, struct buf *out)
{
    char leaf[NAME_SIZE];
    char middle[NAME_SIZE];

    name_of(s->set.leaf, leaf);
    name_of(s->set.middle, middle);
    buf_addf(out, "%s\n%s", leaf, middle);
}

/* --- OCSP --------------------------------------------------------------- */

/* A "good" for @cert by its issuer, valid for two days around @now. */
static OCSP_BASICRESP *make_good(X509 *cert, X509 *issuer, EVP_PKEY *key,
                                 int64_t now)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), cert, issuer);
    ASN1_TIME *from = ASN1_TIME_adj(NULL, (time_t)now, 0, -3600);
    ASN1_TIME *to = ASN1_TIME_adj(NULL, (time_t)now, 2, 0);
    bool ok;

    ok = basic != NULL && id != NULL && from != NULL && to != NULL &&
         OCSP_basic_add1_status(basic, id, V_OCSP_CERTSTATUS_GOOD, 0, NULL,
                                from, to) != NULL &&
         OCSP_basic_sign(basic, issuer, key, EVP_sha256(), NULL, 0) == 1;
    OCSP_CERTID_free(id);
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
    if (!ok) {
        OCSP_BASICRESP_free(basic);
        return NULL;
    }
    return basic;
}

void signer_ocsp(struct signer *s, const char *name, struct buf *out)
{
    int64_t now = world_now_ms(s->world) / 1000;
    OCSP_BASICRESP *basic = NULL;
    OCSP_RESPONSE *response = NULL;
    unsigned char *der = NULL;
    char leaf[NAME_SIZE];
    char middle[NAME_SIZE];
    int len = 0;

    name_of(s->set.leaf, leaf);
    name_of(s->set.middle, middle);
    if (strcmp(name, leaf) == 0) {
        basic = make_good(s->set.leaf, s->set.middle, s->set.middle_key, now);
    } else if (strcmp(name, middle) == 0) {
        basic = make_good(s->set.middle, s->set.root, s->set.root_key, now);
    }
    if (basic != NULL) {
        response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    }
    if (response != NULL) {
        len = i2d_OCSP_RESPONSE(response, &der);
    }
    if (len > 0) {
        base64_encode(out, der, (size_t)len);
    }
    OPENSSL_free(der);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    ERR_clear_error();
}
