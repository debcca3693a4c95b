/* SPDX-License-Identifier: Apache-2.0 */
/* ssh_key.h - an Ed25519 key of our own, in OpenSSH's forms. */
#ifndef SSH_KEY_H
#define SSH_KEY_H

#include <stddef.h>

struct buf;
struct err;

enum { SSH_KEY_PUBLIC = 32, SSH_KEY_SECRET = 32, SSH_KEY_SIGNATURE = 64 };

/* Wipe it after use, with ssh_key_wipe(). */
struct ssh_key {
    unsigned char secret[SSH_KEY_SECRET]; /* The seed */
    unsigned char public[SSH_KEY_PUBLIC];
};

/* Make a new one.  0, or a code with @e. */
int ssh_key_make(struct ssh_key *key, struct err *e);
void ssh_key_wipe(struct ssh_key *key);

/* Append the key's public blob as the SSH protocol has it (RFC 8709). */
void ssh_key_blob(struct buf *out, const struct ssh_key *key);

/* Append "ssh-ed25519 AAAA..." without comment or newline. */
void ssh_key_line(struct buf *out, const struct ssh_key *key);

/* Append the private key as a file "-----BEGIN OPENSSH PRIVATE KEY-----", not
 * encrypted, with @comment.  Wipe @out. */
void ssh_key_file(struct buf *out, const struct ssh_key *key,
                  const char *comment);

/* Sign @data.  0, or a code with @e. */
int ssh_key_sign(const struct ssh_key *key, const void *data, size_t len,
                 unsigned char signature[static SSH_KEY_SIGNATURE],
                 struct err *e);

/* Append a string as the SSH protocol has it: its length in four bytes, then
 * its bytes. */
void ssh_put_string(struct buf *out, const void *data, size_t len);

/* Append a number in four bytes. */
void ssh_put_u32(struct buf *out, unsigned long n);

#endif /* SSH_KEY_H */
