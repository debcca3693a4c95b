/* SPDX-License-Identifier: Apache-2.0 */
/* signer.h - who vouches for pushed keys on the instance.
 *
 * The on-instance scripts of EC2 Instance Connect trust a key from the
 * metadata service only when a certificate named managed-ssh-signer.REGION.
 * DOMAIN signed its record, that certificate leads to a root in the
 * instance's store, and each certificate but the root comes with a fresh OCSP
 * response.  This makes all of it: root, intermediate, leaf, responses and
 * signatures. */
#ifndef EMU_SIGNER_H
#define EMU_SIGNER_H

struct buf;
struct err;
struct pushed_key;
struct signer;
struct signer_set;
struct world;

enum { SIGNER_NAME_SIZE = 128 }; /* With its NUL */

/* A signer for the world's region.  With @path the keys and certificates are
 * kept in that file (mode 0600), so that a root once installed stays good;
 * with NULL they are made anew.  0, or a code with @e filled.  Makes an RSA
 * key: takes a tenth of a second or two. */
int signer_new(struct signer **out, struct world *w, const char *path,
               struct err *e);
void signer_free(struct signer *s);

/* The same in two steps, for those who must not wait: what signer_set_load()
 * wants, which any thread may do, and a signer that takes over its result.
 * NULL when out of memory; then @set is freed. */
void signer_name(const struct world *w, char out[static SIGNER_NAME_SIZE]);
struct signer *signer_of(struct world *w, struct signer_set *set);

/* The signed record of a key, as the scripts want it; from mem_*(), NULL when
 * it cannot be made. */
char *signer_record(struct signer *s, const struct pushed_key *key);

/* Append the chain as PEM: leaf, intermediate, root. */
void signer_chain(struct signer *s, struct buf *out);

/* Append the root alone, to be installed as
 * /etc/ssl/certs/eice-emulator_signer_root.pem beside its hash link. */
void signer_root(struct signer *s, struct buf *out);

/* Append the names of the OCSP responses, one a line; and the base64 of one,
 * made for now (nothing when there is no such name). */
void signer_ocsp_names(struct signer *s, struct buf *out);
void signer_ocsp(struct signer *s, const char *name, struct buf *out);

#endif /* EMU_SIGNER_H */
