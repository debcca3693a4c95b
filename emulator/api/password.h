/* SPDX-License-Identifier: Apache-2.0 */
/* password.h - a Windows password, readable only with the key pair. */
#ifndef EMU_PASSWORD_H
#define EMU_PASSWORD_H

struct buf;
struct world_instance;

/* Append, as base64, the instance's password encrypted with the RSA public key
 * of its key pair (PKCS #1 v1.5).  Nothing when it has no password (yet).  0,
 * or ERR_CONFIG when there is no usable RSA key. */
int password_encrypt(const struct world_instance *in, struct buf *out);

#endif /* EMU_PASSWORD_H */
