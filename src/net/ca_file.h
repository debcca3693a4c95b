/* SPDX-License-Identifier: Apache-2.0 */
/* ca_file.h - reading a file of trusted certificates, with line numbers. */
#ifndef CA_FILE_H
#define CA_FILE_H

struct err;
struct x509_store_st;

/* Add every certificate of the PEM file @path to @store (an X509_STORE).
 * Returns 0, or ERR_SETTING with the path, the line and the reason in @e: not
 * readable, empty, without a certificate, or one that cannot be parsed.
 * Reads the file at once; not for use while the loop has work. */
int ca_file_load(const char *path, struct x509_store_st *store, struct err *e);

/* The same with the NUL-terminated @text of a file that errors call @path. */
int ca_file_parse(const char *path, const char *text,
                  struct x509_store_st *store, struct err *e);

#endif /* CA_FILE_H */
