/* SPDX-License-Identifier: Apache-2.0 */
/* trust.h - whose certificates are believed.
 *
 * A file or directory the user named; else what CURL_CA_BUNDLE or OpenSSL's
 * SSL_CERT_FILE and SSL_CERT_DIR name; else the system's store, as a hashed
 * directory where there is one.  See docs/decisions/trust.md. */
#ifndef TRUST_H
#define TRUST_H

#include <stdbool.h>

struct ca_file;
struct err;
struct trust;

struct trust {
    bool no_verify;     /* Believe anything */
    char *dir;          /* Hashed directory, or NULL */
    char *file;         /* Bundle, or NULL */
    struct ca_file *ca; /* What is in @file, or NULL: left to libcurl */
};

/* Decide; @ca is the user's own choice or NULL.  0, UV_ENOMEM, or ERR_SETTING
 * with the path and what is wrong with it.  trust_free() either way. */
int trust_init(struct trust *t, const char *ca, bool no_verify, struct err *e);

void trust_free(struct trust *t);

/* Whether @dir (or a colon-separated list of them) has at least one
 * certificate filed under its hash, as c_rehash does. */
bool trust_dir_usable(const char *dir);

/* What was chosen, for the log. */
const char *trust_shown(const struct trust *t);

#endif /* TRUST_H */
