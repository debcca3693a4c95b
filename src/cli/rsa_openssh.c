/* SPDX-License-Identifier: Apache-2.0 */
/* rsa_openssh.c - OpenSSH's PROTOCOL.key, read as far as RSA needs it.
 *
 * Inside the base64: a magic word, cipher, key derivation and its options, the
 * number of keys, the public key, and a part that a cipher may cover: twice a
 * number, the type, n, e, d, iqmp, p, q and a comment.  Every string has its
 * length in front. */
#include "rsa_openssh.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base64.h"
#include "buf.h"
#include "err.h"

enum { FILE_LIMIT = 64 << 10, N_NUMBERS = 6 };

static const char begins[] = "-----BEGIN OPENSSH PRIVATE KEY-----";
static const char ends[] = "-----END OPENSSH PRIVATE KEY-----";
static const char magic[] = "openssh-key-v1"; /* With its NUL */

/* What is left to read; bad once it was too short. */
struct reader {
    const unsigned char *at;
    size_t left;
    bool bad;
};

/* A string, lent. */
struct text {
    const unsigned char *data;
    size_t len;
};

static uint32_t read_u32(struct reader *r)
{
    uint32_t n;

    if (r->left < 4) {
        r->bad = true;
        return 0;
    }
    n = (uint32_t)r->at[0] << 24 | (uint32_t)r->at[1] << 16 |
        (uint32_t)r->at[2] << 8 | r->at[3];
    r->at += 4;
    r->left -= 4;
    return n;
}

static struct text read_text(struct reader *r)
{
    uint32_t len = read_u32(r);
    struct text t = {r->at, len};

    if (r->bad || len > r->left) {
        r->bad = true;
        return (struct text){r->at, 0};
    }
    r->at += len;
    r->left -= len;
    return t;
}

static bool is_text(const struct text *t, const char *word)
{
    return t->len == strlen(word) && memcmp(t->data, word, t->len) == 0;
}

/* The names under which OpenSSL takes n, e, d, iqmp, p, q. */
static const char *const names[N_NUMBERS] = {
    OSSL_PKEY_PARAM_RSA_N,       OSSL_PKEY_PARAM_RSA_E,
    OSSL_PKEY_PARAM_RSA_D,       OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
    OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2,
};

/* d mod (p-1) and d mod (q-1), which the file does not have. */
static bool exponents(BIGNUM *dp, BIGNUM *dq, BIGNUM *const *n)
{
    BN_CTX *ctx = BN_CTX_secure_new();
    BIGNUM *less = BN_secure_new();
    bool done;

    done = ctx != NULL && less != NULL && BN_copy(less, n[4]) != NULL &&
           BN_sub_word(less, 1) == 1 && BN_mod(dp, n[2], less, ctx) == 1 &&
           BN_copy(less, n[5]) != NULL && BN_sub_word(less, 1) == 1 &&
           BN_mod(dq, n[2], less, ctx) == 1;
    BN_clear_free(less);
    BN_CTX_free(ctx);
    return done;
}

/* A key of its numbers; NULL when they are none. */
static EVP_PKEY *key_make(BIGNUM *const *n)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *dp = BN_secure_new();
    BIGNUM *dq = BN_secure_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY *key = NULL;
    bool good = ctx != NULL && build != NULL && dp != NULL && dq != NULL &&
                exponents(dp, dq, n);
    size_t i;

    for (i = 0; good && i < N_NUMBERS; i++) {
        good = OSSL_PARAM_BLD_push_BN(build, names[i], n[i]) == 1;
    }
    good =
        good &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_EXPONENT1, dp) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_EXPONENT2, dq) == 1;
    params = good ? OSSL_PARAM_BLD_to_param(build) : NULL;
    if (params == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1) {
        key = NULL;
    }
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    BN_clear_free(dp);
    BN_clear_free(dq);
    return key;
}

/* The private part, which is in the clear. */
static EVP_PKEY *read_private(struct reader *r)
{
    BIGNUM *numbers[N_NUMBERS] = {NULL};
    uint32_t check = read_u32(r);
    EVP_PKEY *key = NULL;
    struct text type;
    struct text t;
    size_t i;

    r->bad = r->bad || read_u32(r) != check;
    type = read_text(r);
    if (!is_text(&type, "ssh-rsa")) {
        return NULL;
    }
    for (i = 0; i < N_NUMBERS; i++) {
        t = read_text(r);
        numbers[i] = BN_secure_new();
        if (numbers[i] == NULL ||
            BN_bin2bn(t.data, (int)t.len, numbers[i]) == NULL) {
            r->bad = true;
        }
    }
    /* Division by p - 1 and q - 1 wants both to be there. */
    if (!r->bad && BN_num_bits(numbers[4]) > 1 && BN_num_bits(numbers[5]) > 1) {
        key = key_make(numbers);
    }
    for (i = 0; i < N_NUMBERS; i++) {
        BN_clear_free(numbers[i]);
    }
    ERR_clear_error();
    return key;
}

/* Refuse what is no RSA key. */
static int check_type(const struct text *public, const char *name,
                      struct err *e)
{
    struct reader r = {public->data, public->len, false};
    struct text type = read_text(&r);
    int rv;

    if (is_text(&type, "ssh-rsa")) {
        return 0;
    }
    rv = err_set(e, ERR_PARSE, "%s", "");
    if (is_text(&type, "ssh-ed25519")) {
        err_hint(e,
                 "%s is an Ed25519 key, and passwords are encrypted with "
                 "RSA only: use the RSA key pair of the launch",
                 name);
    } else {
        err_hint(e,
                 "%s is a key of the type %.*s, and passwords are encrypted "
                 "with RSA only: use the RSA key pair of the launch",
                 name, type.len < 40 ? (int)type.len : 40, type.data);
    }
    return rv;
}

/* The decoded file. */
static EVP_PKEY *read_file(struct reader *r, const char *name, struct err *e)
{
    struct text cipher = read_text(r);
    EVP_PKEY *key = NULL;
    struct text public;
    struct text secret;
    struct reader inner;
    uint32_t n;

    (void)read_text(r); /* Key derivation */
    (void)read_text(r); /* Its options */
    n = read_u32(r);
    public = read_text(r);
    secret = read_text(r);
    if (!r->bad && check_type(&public, name, e) != 0) {
        return NULL;
    }
    if (!r->bad && !is_text(&cipher, "none")) {
        err_set(e, ERR_PARSE, "%s", "");
        err_hint(e,
                 "%s has a passphrase in OpenSSH's own format, which cannot "
                 "be read here: `ssh-keygen -p -m PEM -f %s` rewrites it in "
                 "one that can, with the same passphrase or another",
                 name, name);
        return NULL;
    }
    if (!r->bad && n == 1) {
        inner = (struct reader){secret.data, secret.len, false};
        key = read_private(&inner);
    }
    if (key == NULL) {
        err_set(e, ERR_PARSE, "%s", "");
        err_hint(e, "%s is damaged", name);
    }
    return key;
}

EVP_PKEY *rsa_openssh_read(const char *text, const char *name, struct err *e)
{
    const char *from = strstr(text, begins);
    const char *to = from != NULL ? strstr(from, ends) : NULL;
    struct buf data;
    struct reader r = {.bad = true};
    EVP_PKEY *key;

    buf_init(&data, FILE_LIMIT);
    if (to != NULL) {
        from += sizeof begins - 1;
        if (base64_decode_spaced(&data, from, (size_t)(to - from)) == 0 &&
            data.len > sizeof magic &&
            memcmp(data.data, magic, sizeof magic) == 0) {
            r = (struct reader){(const unsigned char *)data.data + sizeof magic,
                                data.len - sizeof magic, false};
        }
    }
    key = read_file(&r, name, e);
    buf_wipe(&data);
    return key;
}
