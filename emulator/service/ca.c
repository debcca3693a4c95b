/* SPDX-License-Identifier: Apache-2.0 */
/* ca.c - our own certificate authority, and a server certificate per name.
 *
 * The happy path: ca_open() reads ca.pem and ca.key, ca_context() goes to the
 * listeners, and OpenSSL asks on_certificate() in each handshake, which finds
 * the name's certificate or mints it.
 *
 * What can go wrong: the files are missing, broken, do not belong together or
 * end within a month (made anew, which clients notice as a new authority); the
 * name is none we may vouch for (the certificate of localhost is shown); a
 * flaw was asked for (it is shown). */
#include "ca.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

#include "err.h"
#include "ip.h"
#include "log.h"
#include "mem.h"
#include "mint.h"
#include "state_dir.h"

enum {
    CA_DAY = 24 * 60 * 60,
    CA_LIFE = 3650 * CA_DAY,
    CA_RENEW = 30 * CA_DAY, /* Replace the authority this long before its end */
    LEAF_LIFE = 90 * CA_DAY,
    MAX_LEAVES = 64,
    MAX_NAME = 253,
    PEM_LIMIT = 64 * 1024
};

/* What the authority may vouch for: its name constraints, and what a client
 * may ask for. */
static const char *const domains[] = {
    "localhost",
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "api.aws",
    "aws.amazon.com",
    "signin.amazonaws.cn",
    "signin.amazonaws-us-gov.com",
    "internal",
    "test",
};

/* The same for addresses: as ranges, and as OpenSSL wants them. */
static const struct {
    const char *range, *mask;
} networks[] = {
    {"127.0.0.0/8", "127.0.0.0/255.0.0.0"},
    {"10.0.0.0/8", "10.0.0.0/255.0.0.0"},
    {"172.16.0.0/12", "172.16.0.0/255.240.0.0"},
    {"192.168.0.0/16", "192.168.0.0/255.255.0.0"},
    {"169.254.0.0/16", "169.254.0.0/255.255.0.0"},
    {"::1/128", "0:0:0:0:0:0:0:1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    {"fc00::/7", "fc00:0:0:0:0:0:0:0/fe00:0:0:0:0:0:0:0"},
};

/* A certificate made for one name, with or without a flaw. */
struct leaf {
    char name[MAX_NAME + 1];
    enum ca_flaw flaw;
    time_t made;
    X509 *cert;
};

struct ca {
    const struct log *log;
    char *file;                 /* Path of ca.pem */
    char address[IP_TEXT_SIZE]; /* In the certificate of localhost; or "" */
    X509 *cert;
    EVP_PKEY *key;
    EVP_PKEY *leaf_key; /* One key for all leaves, this run only */
    SSL_CTX *ctx;
    struct leaf leaves[MAX_LEAVES];
    unsigned n_leaves; /* Ever made; the oldest makes room */
    int flaw_index;    /* Where an SSL keeps the flaw it shall see */
};

/* Whether @name is one of our domains or below one. */
static bool ca_may_vouch(const char *name)
{
    size_t len = strlen(name), n;

    for (size_t i = 0; i < sizeof domains / sizeof domains[0]; i++) {
        n = strlen(domains[i]);
        if (len >= n && strcasecmp(name + len - n, domains[i]) == 0 &&
            (len == n || name[len - n - 1] == '.')) {
            return true;
        }
    }
    return false;
}

/* The same for an address. */
static bool ca_may_vouch_for(const struct ip *ip)
{
    struct cidr range;

    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        if (cidr_parse(&range, networks[i].range) &&
            cidr_contains(&range, ip)) {
            return true;
        }
    }
    return false;
}

/* Letters, digits, dots and hyphens: nothing OpenSSL's syntax would notice. */
static bool is_plain_name(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz"
                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");

    return n > 0 && n <= MAX_NAME && name[n] == '\0';
}

/* Make a leaf for @name. */
static X509 *mint_leaf(struct ca *ca, const char *name, enum ca_flaw flaw)
{
    bool own = strcasecmp(name, "localhost") == 0;
    char alt[MAX_NAME + 128];
    time_t now = time(NULL);
    struct mint m = {.common_name = "eice-emulator",
                     .alt_names = alt,
                     .not_before = now - CA_DAY,
                     .not_after = now + LEAF_LIFE,
                     .key = ca->leaf_key,
                     .issuer = ca->cert,
                     .issuer_key = ca->key};

    own = own && flaw != CA_WRONG_HOST;
    snprintf(alt, sizeof alt, "DNS:%s%s%s%s",
             flaw == CA_WRONG_HOST ? "elsewhere.test" : name,
             own ? ",IP:127.0.0.1,IP:::1" : "",
             own && ca->address[0] != '\0' ? ",IP:" : "",
             own ? ca->address : "");
    if (flaw == CA_EXPIRED) {
        m.not_before = now - 2 * CA_DAY;
        m.not_after = now - CA_DAY;
    } else if (flaw == CA_UNTRUSTED) {
        m.issuer = NULL;
        m.issuer_key = NULL;
    }
    return mint_certificate(&m);
}

/* Find or make the certificate of @name.  NULL when making failed. */
static X509 *leaf_of(struct ca *ca, const char *name, enum ca_flaw flaw)
{
    time_t now = time(NULL);
    struct leaf *leaf;
    X509 *cert;

    for (unsigned i = 0; i < MAX_LEAVES; i++) {
        leaf = &ca->leaves[i];
        if (leaf->cert != NULL && leaf->flaw == flaw &&
            strcasecmp(leaf->name, name) == 0 &&
            now - leaf->made < LEAF_LIFE / 2 && now >= leaf->made) {
            return leaf->cert;
        }
    }
    cert = mint_leaf(ca, name, flaw);
    if (cert == NULL) {
        return NULL;
    }
    leaf = &ca->leaves[ca->n_leaves++ % MAX_LEAVES];
    X509_free(leaf->cert);
    snprintf(leaf->name, sizeof leaf->name, "%s", name);
    leaf->flaw = flaw;
    leaf->made = now;
    leaf->cert = cert;
    return cert;
}

/* OpenSSL wants the certificate for this handshake. */
static int on_certificate(SSL *ssl, void *arg)
{
    struct ca *ca = arg;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    enum ca_flaw flaw =
        (enum ca_flaw)(intptr_t)SSL_get_ex_data(ssl, ca->flaw_index);
    X509 *cert;

    if (name == NULL || !is_plain_name(name) || !ca_may_vouch(name)) {
        name = "localhost";
    }
    cert = leaf_of(ca, name, flaw);
    if (cert == NULL) {
        ERR_clear_error();
        log_warn(ca->log, TLS, 0, "no certificate for %s", name);
        return 0;
    }
    return SSL_use_certificate(ssl, cert) == 1 &&
           SSL_use_PrivateKey(ssl, ca->leaf_key) == 1;
}

/* HTTP/1.1 and nothing else: a WebSocket needs it. */
static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *outlen,
                   const unsigned char *in, unsigned inlen, void *arg)
{
    static const unsigned char http11[] = "\x08http/1.1";

    (void)ssl;
    (void)arg;
    return SSL_select_next_proto((unsigned char **)(uintptr_t)out, outlen,
                                 http11, sizeof http11 - 1, in,
                                 inlen) == OPENSSL_NPN_NEGOTIATED
               ? SSL_TLSEXT_ERR_OK
               : SSL_TLSEXT_ERR_NOACK;
}

static bool make_context(struct ca *ca)
{
    ca->ctx = SSL_CTX_new(TLS_server_method());
    ca->flaw_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    if (ca->ctx == NULL || ca->flaw_index < 0 ||
        SSL_CTX_set_min_proto_version(ca->ctx, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_session_id_context(ca->ctx, (const unsigned char *)"eice",
                                       4) != 1) {
        return false;
    }
    SSL_CTX_set_options(ca->ctx, SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(ca->ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_cert_cb(ca->ctx, on_certificate, ca);
    SSL_CTX_set_alpn_select_cb(ca->ctx, on_alpn, NULL);
    return true;
}

/* ---- the authority itself ---- */

/* Read one PEM thing out of a file's text. */
static BIO *open_pem(const char *dir, const char *name, char **text)
{
    struct err ignored;

    *text = state_file_read(dir, name, PEM_LIMIT, &ignored);
    return *text != NULL ? BIO_new_mem_buf(*text, -1) : NULL;
}

/* Load the authority.  False when it has to be made. */
static bool load(struct ca *ca, const char *dir)
{
    char *cert_text, *key_text;
    BIO *cert = open_pem(dir, "ca.pem", &cert_text);
    BIO *key = open_pem(dir, "ca.key", &key_text);
    time_t horizon = time(NULL) + CA_RENEW;
    bool ok = false;

    if (cert != NULL && key != NULL) {
        ca->cert = PEM_read_bio_X509(cert, NULL, NULL, NULL);
        ca->key = PEM_read_bio_PrivateKey(key, NULL, NULL, NULL);
        ok = ca->cert != NULL && ca->key != NULL &&
             X509_check_private_key(ca->cert, ca->key) == 1 &&
             X509_cmp_time(X509_get0_notAfter(ca->cert), &horizon) > 0;
    }
    if (!ok) {
        X509_free(ca->cert);
        EVP_PKEY_free(ca->key);
        ca->cert = NULL;
        ca->key = NULL;
    }
    BIO_free(cert);
    BIO_free(key);
    mem_free(cert_text);
    if (key_text != NULL) {
        OPENSSL_cleanse(key_text, strlen(key_text));
    }
    mem_free(key_text);
    ERR_clear_error();
    return ok;
}

/* Write what @bio holds. */
static int save_bio(BIO *bio, const char *dir, const char *name, bool secret,
                    struct err *e)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);
    int rv = state_file_write(dir, name, data, (size_t)len, secret, e);

    OPENSSL_cleanse(data, (size_t)len);
    return rv;
}

static int save(struct ca *ca, const char *dir, struct err *e)
{
    BIO *cert = BIO_new(BIO_s_mem());
    BIO *key = BIO_new(BIO_s_mem());
    int rv;

    if (cert == NULL || key == NULL ||
        PEM_write_bio_X509(cert, ca->cert) != 1 ||
        PEM_write_bio_PrivateKey(key, ca->key, NULL, NULL, 0, NULL, NULL) !=
            1) {
        rv = err_set(e, ERR_TLS, "cannot write the authority as PEM");
    } else {
        rv = save_bio(key, dir, "ca.key", true, e);
        rv = rv != 0 ? rv : save_bio(cert, dir, "ca.pem", false, e);
    }
    BIO_free(cert);
    BIO_free(key);
    return rv;
}

/* Make the authority and keep it. */
static int make(struct ca *ca, const char *dir, struct err *e)
{
    time_t now = time(NULL);
    char permitted[1024], reason[256], name[64];
    size_t used = 0;
    struct mint m = {.common_name = name,
                     .permitted = permitted,
                     .not_before = now - CA_DAY,
                     .not_after = now + CA_LIFE};

    snprintf(name, sizeof name, "eice-emulator test authority %llx",
             (unsigned long long)now);
    for (size_t i = 0; i < sizeof domains / sizeof domains[0]; i++) {
        used += (size_t)snprintf(permitted + used, sizeof permitted - used,
                                 "permitted;DNS:%s,", domains[i]);
    }
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        used += (size_t)snprintf(permitted + used, sizeof permitted - used,
                                 "%spermitted;IP:%s", i > 0 ? "," : "",
                                 networks[i].mask);
    }
    ca->key = mint_key();
    m.key = ca->key;
    ca->cert = ca->key != NULL ? mint_certificate(&m) : NULL;
    if (ca->cert == NULL) {
        return err_set(e, ERR_TLS, "cannot make the test authority: %s",
                       mint_reason(reason, sizeof reason));
    }
    log_info(ca->log, TLS, 0, "new test authority in %s", dir);
    return save(ca, dir, e);
}

int ca_open(struct ca **out, const char *dir, const char *address,
            const struct log *log, struct err *e)
{
    struct ca *ca = mem_zalloc(sizeof *ca);
    struct ip ip;
    int rv = 0;

    *out = NULL;
    if (ca == NULL) {
        return err_set_uv(e, UV_ENOMEM, "test authority");
    }
    ca->log = log;
    if (address != NULL && ip_parse(&ip, address) && ca_may_vouch_for(&ip)) {
        ip_format(ca->address, &ip);
    }
    ca->file = mem_printf("%s/ca.pem", dir);
    if (ca->file == NULL) {
        rv = err_set_uv(e, UV_ENOMEM, "test authority");
    } else if (!load(ca, dir)) {
        rv = make(ca, dir, e);
    }
    if (rv == 0) {
        ca->leaf_key = mint_key();
        if (ca->leaf_key == NULL || !make_context(ca)) {
            rv = err_set(e, ERR_TLS, "cannot prepare TLS");
            ERR_clear_error();
        }
    }
    if (rv != 0) {
        ca_free(ca);
        return rv;
    }
    *out = ca;
    return 0;
}

void ca_free(struct ca *ca)
{
    if (ca == NULL) {
        return;
    }
    for (unsigned i = 0; i < MAX_LEAVES; i++) {
        X509_free(ca->leaves[i].cert);
    }
    SSL_CTX_free(ca->ctx);
    if (ca->flaw_index > 0) {
        CRYPTO_free_ex_index(CRYPTO_EX_INDEX_SSL, ca->flaw_index);
    }
    EVP_PKEY_free(ca->leaf_key);
    EVP_PKEY_free(ca->key);
    X509_free(ca->cert);
    mem_free(ca->file);
    mem_free(ca);
}

const char *ca_file(const struct ca *ca)
{
    return ca->file;
}

SSL_CTX *ca_context(struct ca *ca)
{
    return ca->ctx;
}

void ca_set_flaw(struct ca *ca, SSL *ssl, enum ca_flaw flaw)
{
    (void)SSL_set_ex_data(ssl, ca->flaw_index, (void *)(intptr_t)flaw);
}
