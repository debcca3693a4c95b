/* SPDX-License-Identifier: Apache-2.0 */
/* password.c - RSA encryption by a key pair's public half. */
#include "password.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

#include "base64.h"
#include "buf.h"
#include "err.h"
#include "file.h"
#include "sshkey.h"
#include "world.h"

enum { MAX_RSA_BYTES = 2048 };

/* A public key from the two numbers of an SSH key. */
static EVP_PKEY *key_from_ssh(const char *text)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM *params = NULL;
    EVP_PKEY *pkey = NULL;
    BIGNUM *n = NULL;
    BIGNUM *e = NULL;
    struct sshkey_rsa rsa;
    struct sshkey key;

    if (sshkey_parse(&key, text) == NULL) {
        if (key.kind == SSHKEY_RSA) {
            sshkey_rsa(&key, &rsa);
            n = BN_bin2bn(rsa.n, (int)rsa.n_len, NULL);
            e = BN_bin2bn(rsa.e, (int)rsa.e_len, NULL);
        }
        sshkey_free(&key);
    }
    if (build != NULL && ctx != NULL && n != NULL && e != NULL &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1) {
        params = OSSL_PARAM_BLD_to_param(build);
    }
    if (params == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        pkey = NULL;
    }
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    BN_free(n);
    BN_free(e);
    return pkey;
}

static EVP_PKEY *key_from_pem(const char *text)
{
    BIO *bio = BIO_new_mem_buf(text, -1);
    EVP_PKEY *pkey =
        bio != NULL ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;

    BIO_free(bio);
    return pkey;
}

/* The public key in either form; NULL when it is not RSA. */
static EVP_PKEY *read_key(const char *text)
{
    EVP_PKEY *pkey = strstr(text, "-----BEGIN ") != NULL ? key_from_pem(text)
                                                         : key_from_ssh(text);

    if (pkey != NULL && EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    return pkey;
}

static EVP_PKEY *key_of(const struct world_key_pair *pair)
{
    EVP_PKEY *pkey = NULL;
    char *text;
    size_t len;

    if (pair == NULL) {
        return NULL;
    }
    if (pair->public_key != NULL) {
        return read_key(pair->public_key);
    }
    if (pair->public_key_file != NULL &&
        file_read(pair->public_key_file, &text, &len, NULL) == 0) {
        pkey = read_key(text);
        file_free(text, len);
    }
    return pkey;
}

int password_encrypt(const struct world_instance *in, struct buf *out)
{
    unsigned char secret[MAX_RSA_BYTES];
    size_t len = sizeof secret;
    EVP_PKEY_CTX *ctx;
    EVP_PKEY *pkey;
    int ok;

    if (in->password == NULL) {
        return 0;
    }
    pkey = key_of(in->key_pair);
    ctx = pkey != NULL ? EVP_PKEY_CTX_new(pkey, NULL) : NULL;
    ok =
        ctx != NULL && EVP_PKEY_encrypt_init(ctx) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
        EVP_PKEY_encrypt(ctx, secret, &len, (const unsigned char *)in->password,
                         strlen(in->password)) == 1;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    if (!ok) {
        return ERR_CONFIG;
    }
    base64_encode(out, secret, len);
    return buf_error(out);
}
