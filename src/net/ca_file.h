/* SPDX-License-Identifier: Apache-2.0 */
/* ca_file.h - the certificates of a PEM file, decoded when they are asked for.
 *
 * OpenSSL 3 takes 19 ms to decode the usual bundle, most of it for public keys
 * that nobody will ask for.  Here each certificate is only unwrapped and its
 * subject read; the rest is decoded when a chain leads to it. */
#ifndef CA_FILE_H
#define CA_FILE_H

struct ca_file;
struct err;
struct x509_store_st;

/* Read the PEM file @path.  Returns 0, or ERR_SETTING with the path, the line
 * and the reason in @e (not readable, empty, without a certificate, one that
 * cannot be parsed), or UV_ENOMEM; *out is set on 0 only.  Reads the file at
 * once; not for use while the loop has work. */
int ca_file_load(struct ca_file **out, const char *path, struct err *e);

/* The same with the NUL-terminated @text of a file that errors call @path. */
int ca_file_parse(struct ca_file **out, const char *path, const char *text,
                  struct err *e);

/* A store that trusts these certificates.  Belongs to @f; whoever keeps a
 * reference to it must be gone before ca_file_free(). */
struct x509_store_st *ca_file_store(struct ca_file *f);

/* How many certificates there are. */
unsigned ca_file_count(const struct ca_file *f);

/* Forget them; NULL is fine. */
void ca_file_free(struct ca_file *f);

#endif /* CA_FILE_H */
