/* SPDX-License-Identifier: Apache-2.0 */
/* signer_chain.h - the certificates behind signer.h, made once and kept. */
#ifndef EMU_SIGNER_CHAIN_H
#define EMU_SIGNER_CHAIN_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdint.h>

struct err;

/* Root and intermediate on P-256, the leaf RSA-2048; owned. */
struct signer_set {
    EVP_PKEY *root_key;
    EVP_PKEY *middle_key;
    EVP_PKEY *leaf_key;
    X509 *root;
    X509 *middle;
    X509 *leaf;
};

/* Read the set from @path, or make one whose leaf has the common name @name
 * and write it there (NULL: keep it in memory).  One that is for another name
 * or has expired at @now (seconds) is replaced, but for its root while that
 * lasts.  0, or a code with @e filled; signer_set_free() is needed either
 * way. */
int signer_set_load(struct signer_set *set, const char *path, const char *name,
                    int64_t now, struct err *e);

void signer_set_free(struct signer_set *set);

#endif /* EMU_SIGNER_CHAIN_H */
