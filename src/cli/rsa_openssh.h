/* SPDX-License-Identifier: Apache-2.0 */
/* rsa_openssh.h - RSA keys in OpenSSH's own file format. */
#ifndef RSA_OPENSSH_H
#define RSA_OPENSSH_H

#include <openssl/evp.h>

struct err;

/* What a line of "-----BEGIN OPENSSH PRIVATE KEY-----" is followed by: @text
 * is the whole file.  NULL with @e when it is no RSA key, or encrypted. */
EVP_PKEY *rsa_openssh_read(const char *text, const char *name, struct err *e);

#endif /* RSA_OPENSSH_H */
