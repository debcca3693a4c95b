/* SPDX-License-Identifier: Apache-2.0 */
/* rsa_key.c - PEM by OpenSSL, OpenSSH's form by rsa_openssh.h.
 *
 * Every failure says the AWS CLI's sentence, and then why and what to do. */
#include "rsa_key.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "base64.h"
#include "buf.h"
#include "err.h"
#include "mem.h"
#include "rsa_openssh.h"
#include "values.h"
#include "wipe.h"

enum { DATA_LIMIT = 8192, TRIES = 3, PASSPHRASE_SIZE = 1024 };

static const char cannot[] =
    "Unable to decrypt password data using provided private key file.";

struct rsa_key {
    EVP_PKEY *pkey;
    char *name; /* Of the file */
};

/* Say the AWS CLI's sentence before the hint of @e. */
static int cannot_decrypt(struct err *e)
{
    snprintf(e->msg, sizeof e->msg, "%s", cannot);
    e->code = ERR_PARSE;
    return ERR_PARSE;
}

/* OpenSSL would ask by itself. */
static int ask_nobody(char *out, int size, int writes, void *data)
{
    (void)out;
    (void)size;
    (void)writes;
    (void)data;
    return -1;
}

/* A PEM file's key; @passphrase may be NULL. */
static EVP_PKEY *read_pem(const char *text, char *passphrase)
{
    BIO *bio = BIO_new_mem_buf(text, -1);
    EVP_PKEY *pkey = NULL;

    if (bio != NULL) {
        pkey = PEM_read_bio_PrivateKey(
            bio, NULL, passphrase == NULL ? ask_nobody : NULL, passphrase);
    }
    BIO_free(bio);
    ERR_clear_error();
    return pkey;
}

/* An encrypted one: ask for the passphrase a few times. */
static EVP_PKEY *read_locked(const char *text, const char *name,
                             rsa_key_ask ask, struct err *e)
{
    char passphrase[PASSPHRASE_SIZE];
    char question[512];
    EVP_PKEY *pkey = NULL;
    int tries;
    int rv;

    for (tries = 0; pkey == NULL && tries < TRIES; tries++) {
        snprintf(question, sizeof question, "%sPassphrase for %.400s: ",
                 tries > 0 ? "That is not it. " : "", name);
        rv = ask(question, passphrase, sizeof passphrase, e);
        if (rv == 0) {
            pkey = read_pem(text, passphrase);
        }
        wipe(passphrase, sizeof passphrase);
        if (rv != 0) {
            return NULL;
        }
    }
    if (pkey == NULL) {
        err_set(e, ERR_PARSE, "%s", cannot);
        err_hint(e, "the passphrase does not open %s", name);
    }
    return pkey;
}

/* What is in a file in which no key is. */
static void explain(const char *text, const char *name, struct err *e)
{
    err_set(e, ERR_PARSE, "%s", cannot);
    if (strstr(text, "PUBLIC KEY-----") != NULL ||
        strncmp(text, "ssh-", 4) == 0 || strncmp(text, "ecdsa-", 6) == 0) {
        err_hint(e, "%s is a public key; give the file with the private one",
                 name);
    } else if (strncmp(text, "PuTTY-User-Key-File", 19) == 0) {
        err_hint(e,
                 "%s is a key of PuTTY's; `puttygen %s -O private-openssh "
                 "-o key.pem` makes a PEM file of it",
                 name, name);
    } else if (strstr(text, "PRIVATE KEY-----") != NULL) {
        err_hint(e, "%s is damaged", name);
    } else {
        err_hint(e, "%s holds no private key in PEM form", name);
    }
}

/* Whatever kind of key the text holds. */
static EVP_PKEY *read_any(const char *text, const char *name, rsa_key_ask ask,
                          struct err *e)
{
    EVP_PKEY *pkey;

    if (strstr(text, "-----BEGIN OPENSSH PRIVATE KEY-----") != NULL) {
        pkey = rsa_openssh_read(text, name, e);
        if (pkey == NULL) {
            cannot_decrypt(e);
        }
        return pkey;
    }
    if (strstr(text, "-----BEGIN ENCRYPTED PRIVATE KEY-----") != NULL ||
        strstr(text, "Proc-Type: 4,ENCRYPTED") != NULL) {
        return read_locked(text, name, ask, e);
    }
    pkey = read_pem(text, NULL);
    if (pkey == NULL) {
        explain(text, name, e);
    }
    return pkey;
}

/* What kind of key it is, for people. */
static const char *kind_of(const EVP_PKEY *pkey)
{
    switch (EVP_PKEY_get_base_id(pkey)) {
    case EVP_PKEY_ED25519:
        return "an Ed25519";
    case EVP_PKEY_EC:
        return "an ECDSA";
    case EVP_PKEY_DSA:
        return "a DSA";
    default:
        return "another kind of";
    }
}

int rsa_key_read(struct rsa_key **out, const char *text, const char *name,
                 rsa_key_ask ask, struct err *e)
{
    EVP_PKEY *pkey = read_any(text, name, ask, e);
    struct rsa_key *key = NULL;

    *out = NULL;
    if (pkey == NULL) {
        return e->code;
    }
    if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA) {
        err_set(e, ERR_PARSE, "%s", cannot);
        err_hint(e,
                 "%s is %s key, and passwords are encrypted with RSA only: "
                 "use the RSA key pair of the launch",
                 name, kind_of(pkey));
        EVP_PKEY_free(pkey);
        return ERR_PARSE;
    }
    key = mem_zalloc(sizeof *key);
    if (key != NULL) {
        key->name = mem_strdup(name);
    }
    if (key == NULL || key->name == NULL) {
        mem_free(key);
        EVP_PKEY_free(pkey);
        return err_set_uv(e, UV_ENOMEM, name);
    }
    key->pkey = pkey;
    *out = key;
    return 0;
}

int rsa_key_load(struct rsa_key **out, const char *path, rsa_key_ask ask,
                 struct err *e)
{
    char *url = mem_printf("file://%s", path);
    char *text = NULL;
    int rv;

    *out = NULL;
    if (url == NULL) {
        return err_set_uv(e, UV_ENOMEM, path);
    }
    rv = value_string(url, "key", true, &text, e);
    if (rv != 0) {
        /* The AWS CLI's sentence; ours says which file and why. */
        const char *why = strstr(e->msg, "] ");
        char kept[ERR_MSG_SIZE];

        snprintf(kept, sizeof kept, "%s", why != NULL ? why + 2 : path);
        err_set(e, ERR_SETTING,
                "priv-launch-key should be a path to the local SSH private "
                "key file used to launch the instance.");
        err_hint(e, "%s", kept);
        rv = ERR_SETTING;
    } else {
        rv = rsa_key_read(out, text, path, ask, e);
    }
    wipe_free(text);
    mem_free(url);
    return rv;
}

/* Whether @text could be a password: printable UTF-8. */
static bool is_password(const unsigned char *text, size_t len)
{
    size_t more = 0;
    size_t i;

    for (i = 0; i < len; i++) {
        unsigned char c = text[i];

        if (more > 0) {
            if ((c & 0xc0) != 0x80) {
                return false;
            }
            more--;
        } else if (c < 0x20 || c == 0x7f || (c >= 0x80 && c < 0xc2) ||
                   c > 0xf4) {
            return false;
        } else if (c >= 0xc2) {
            more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
        }
    }
    return len > 0 && more == 0;
}

/* Decrypt @data; false when this key cannot. */
static bool decrypt(EVP_PKEY *pkey, struct buf *out, const struct buf *data)
{
    unsigned char text[DATA_LIMIT];
    size_t len = sizeof text;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    bool done;

    done = ctx != NULL && EVP_PKEY_decrypt_init(ctx) == 1 &&
           EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
    if (done) {
        /* OpenSSL 3.2 and later answer a wrong key with random bytes, as is
         * right for a server; here the person must be told. */
        (void)EVP_PKEY_CTX_ctrl_str(ctx, "rsa_pkcs1_implicit_rejection", "0");
        done =
            EVP_PKEY_decrypt(ctx, text, &len, (const unsigned char *)data->data,
                             data->len) == 1 &&
            is_password(text, len);
    }
    if (done) {
        buf_add(out, text, len);
    }
    wipe(text, sizeof text);
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    return done;
}

int rsa_key_decrypt(const struct rsa_key *key, struct buf *out,
                    const char *data, struct err *e)
{
    size_t size = (size_t)EVP_PKEY_get_size(key->pkey);
    struct buf raw;
    int rv = 0;

    buf_init(&raw, DATA_LIMIT);
    if (base64_decode_spaced(&raw, data, strlen(data)) != 0) {
        err_set(e, ERR_PARSE, "%s", cannot);
        err_hint(e, "what the service sent is no base64");
        rv = ERR_PARSE;
    } else if (raw.len != size) {
        err_set(e, ERR_PARSE, "%s", cannot);
        err_hint(e,
                 "%s is a key of %zu bits, and the password was encrypted "
                 "for one of %zu: use the key pair of the launch",
                 key->name, size * 8, raw.len * 8);
        rv = ERR_PARSE;
    } else if (!decrypt(key->pkey, out, &raw)) {
        err_set(e, ERR_PARSE, "%s", cannot);
        err_hint(e, "%s is not the key pair the instance was launched with",
                 key->name);
        rv = ERR_PARSE;
    }
    buf_free(&raw);
    return rv != 0 ? rv : buf_error(out);
}

void rsa_key_free(struct rsa_key *key)
{
    if (key != NULL) {
        EVP_PKEY_free(key->pkey); /* OpenSSL wipes the numbers. */
        mem_free(key->name);
        mem_free(key);
    }
}
