/* SPDX-License-Identifier: Apache-2.0 */
/* sshkey.h - SSH public keys as Instance Connect accepts them. */
#ifndef EMU_SSHKEY_H
#define EMU_SSHKEY_H

#include "buf.h"

enum sshkey_kind { SSHKEY_RSA, SSHKEY_ED25519 };

/* One key, taken apart. */
struct sshkey {
    enum sshkey_kind kind;
    unsigned bits;
    struct buf blob; /* The key as SSH sends it (RFC 4253, 6.6) */
    char *line;      /* "ssh-rsa AAAA... comment", one line, no newline */
};

/* Read @text: an OpenSSH line or an RFC 4716 block ("---- BEGIN SSH2 ...").
 * NULL, or why it will not do (a static string) with @key empty.  What follows
 * a first line other than white space is refused: it would end up in
 * somebody's authorized_keys. */
const char *sshkey_parse(struct sshkey *key, const char *text);
void sshkey_free(struct sshkey *key);

/* Append "SHA256:..." without padding. */
void sshkey_fingerprint(const struct sshkey *key, struct buf *out);

/* The numbers of an RSA key, inside its blob. */
struct sshkey_rsa {
    const unsigned char *e;
    size_t e_len;
    const unsigned char *n;
    size_t n_len;
};
void sshkey_rsa(const struct sshkey *key, struct sshkey_rsa *out);

#endif /* EMU_SSHKEY_H */
