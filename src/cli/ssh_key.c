/* SPDX-License-Identifier: Apache-2.0 */
/* ssh_key.c - Ed25519 keys by OpenSSL, written as OpenSSH's PROTOCOL.key
 * describes. */
#include "ssh_key.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include "base64.h"
#include "buf.h"
#include "err.h"
#include "wipe.h"

enum { FILE_LIMIT = 4096, LINE_WIDTH = 70, BLOCK = 8 };

static const char type[] = "ssh-ed25519";
static const char magic[] = "openssh-key-v1"; /* With its NUL */

void ssh_put_u32(struct buf *out, unsigned long n)
{
    buf_addc(out, (char)(n >> 24 & 0xff));
    buf_addc(out, (char)(n >> 16 & 0xff));
    buf_addc(out, (char)(n >> 8 & 0xff));
    buf_addc(out, (char)(n & 0xff));
}

void ssh_put_string(struct buf *out, const void *data, size_t len)
{
    ssh_put_u32(out, len);
    buf_add(out, data, len);
}

int ssh_key_make(struct ssh_key *key, struct err *e)
{
    EVP_PKEY *made = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    size_t secret = sizeof key->secret;
    size_t public = sizeof key->public;
    bool done;

    done = made != NULL &&
           EVP_PKEY_get_raw_private_key(made, key->secret, &secret) == 1 &&
           EVP_PKEY_get_raw_public_key(made, key->public, &public) == 1;
    EVP_PKEY_free(made);
    return done ? 0 : err_set(e, ERR_TLS, "OpenSSL cannot make an Ed25519 key");
}

void ssh_key_wipe(struct ssh_key *key)
{
    wipe(key, sizeof *key);
}

void ssh_key_blob(struct buf *out, const struct ssh_key *key)
{
    ssh_put_string(out, type, strlen(type));
    ssh_put_string(out, key->public, sizeof key->public);
}

void ssh_key_line(struct buf *out, const struct ssh_key *key)
{
    struct buf blob;

    buf_init(&blob, FILE_LIMIT);
    ssh_key_blob(&blob, key);
    buf_addf(out, "%s ", type);
    base64_encode(out, blob.data, blob.len);
    buf_free(&blob);
}

/* The part of the file that would be encrypted if there were a passphrase. */
static void put_secret(struct buf *out, const struct ssh_key *key,
                       const char *comment)
{
    unsigned char check[4] = {0};
    char pad = 1;

    /* Twice the same number tells a right passphrase from a wrong one. */
    (void)RAND_bytes(check, sizeof check);
    buf_add(out, check, sizeof check);
    buf_add(out, check, sizeof check);
    ssh_put_string(out, type, strlen(type));
    ssh_put_string(out, key->public, sizeof key->public);
    ssh_put_u32(out, SSH_KEY_SECRET + SSH_KEY_PUBLIC);
    buf_add(out, key->secret, sizeof key->secret);
    buf_add(out, key->public, sizeof key->public);
    ssh_put_string(out, comment, strlen(comment));
    while (out->len % BLOCK != 0 && buf_error(out) == 0) {
        buf_addc(out, pad++);
    }
}

void ssh_key_file(struct buf *out, const struct ssh_key *key,
                  const char *comment)
{
    struct buf secret;
    struct buf blob;
    struct buf all;
    struct buf text;
    size_t i;

    buf_init(&secret, FILE_LIMIT);
    buf_init(&blob, FILE_LIMIT);
    buf_init(&all, FILE_LIMIT);
    buf_init(&text, 2 * FILE_LIMIT);
    put_secret(&secret, key, comment);
    ssh_key_blob(&blob, key);
    buf_add(&all, magic, sizeof magic);
    ssh_put_string(&all, "none", 4); /* Cipher */
    ssh_put_string(&all, "none", 4); /* Key derivation */
    ssh_put_string(&all, "", 0);     /* Its options */
    ssh_put_u32(&all, 1);            /* Keys */
    ssh_put_string(&all, blob.data, blob.len);
    ssh_put_string(&all, secret.data, secret.len);
    base64_encode(&text, all.data, all.len);
    buf_adds(out, "-----BEGIN OPENSSH PRIVATE KEY-----\n");
    for (i = 0; i < text.len; i += LINE_WIDTH) {
        size_t left = text.len - i;

        buf_add(out, text.data + i, left < LINE_WIDTH ? left : LINE_WIDTH);
        buf_addc(out, '\n');
    }
    buf_adds(out, "-----END OPENSSH PRIVATE KEY-----\n");
    buf_wipe(&secret);
    buf_free(&blob);
    buf_wipe(&all);
    buf_wipe(&text);
}

int ssh_key_sign(const struct ssh_key *key, const void *data, size_t len,
                 unsigned char signature[static SSH_KEY_SIGNATURE],
                 struct err *e)
{
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(
        EVP_PKEY_ED25519, NULL, key->secret, sizeof key->secret);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t n = SSH_KEY_SIGNATURE;
    bool done;

    done = pkey != NULL && ctx != NULL &&
           EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
           EVP_DigestSign(ctx, signature, &n, data, len) == 1 &&
           n == SSH_KEY_SIGNATURE;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return done ? 0 : err_set(e, ERR_TLS, "OpenSSL cannot sign");
}
