/* SPDX-License-Identifier: Apache-2.0 */
/* rsa_key.h - the private key an instance was launched with, and what it
 * decrypts. */
#ifndef RSA_KEY_H
#define RSA_KEY_H

#include <stddef.h>

struct buf;
struct err;
struct rsa_key;

/* Ask a person for the secret of the key; as passphrase_ask(). */
typedef int (*rsa_key_ask)(const char *text, char *out, size_t size,
                           struct err *e);

/* Read a key from the text of a file: PEM as PKCS#1 or PKCS#8, either maybe
 * encrypted, or OpenSSH's own form without a passphrase.  @name is the file's,
 * for sentences.  0, or a code with @e. */
int rsa_key_read(struct rsa_key **out, const char *text, const char *name,
                 rsa_key_ask ask, struct err *e);

/* The same from the file @path ('~' and $VARIABLES are expanded). */
int rsa_key_load(struct rsa_key **out, const char *path, rsa_key_ask ask,
                 struct err *e);

/* Append what @data, base64 with any white space, means (RSA, PKCS#1 v1.5): a
 * text.  0, or a code with @e. */
int rsa_key_decrypt(const struct rsa_key *key, struct buf *out,
                    const char *data, struct err *e);

/* Forget it; NULL is fine. */
void rsa_key_free(struct rsa_key *key);

#endif /* RSA_KEY_H */
