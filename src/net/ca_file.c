/* SPDX-License-Identifier: Apache-2.0 */
/* ca_file.c - finding the certificates of a PEM file and the line of a bad one.
 *
 * OpenSSL would read the file too, but says nothing about where it failed. */
#include "ca_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <uv.h>

#include "buf.h"
#include "err.h"

/* Far more than all the world's authorities need. */
enum { CA_FILE_MAX = 32 * 1024 * 1024 };

/* Where the reader stands. */
struct reader {
    const char *path;
    const char *at;   /* The rest of the text */
    unsigned line;    /* Number of the line at @at */
    unsigned n_found; /* Certificates so far */
    X509_STORE *store;
};

/* The whole file into @text. */
static int read_all(const char *path, struct buf *text, struct err *e)
{
    FILE *f = fopen(path, "rbe");
    char part[16384];
    size_t n;
    int rv;

    if (f == NULL) {
        return err_set(e, ERR_SETTING, "CA file %s: %s", path,
                       uv_strerror(uv_translate_sys_error(errno)));
    }
    while ((n = fread(part, 1, sizeof part, f)) > 0) {
        buf_add(text, part, n);
    }
    rv = ferror(f) ? errno : 0;
    fclose(f);
    if (rv != 0) {
        return err_set(e, ERR_SETTING, "CA file %s: %s", path,
                       uv_strerror(uv_translate_sys_error(rv)));
    }
    if (buf_error(text) == UV_ENOMEM) {
        return err_set_uv(e, UV_ENOMEM, "CA file");
    }
    if (buf_error(text) != 0) {
        return err_set(e, ERR_SETTING, "CA file %s: larger than %d MiB", path,
                       CA_FILE_MAX / 1024 / 1024);
    }
    if (text->len == 0) {
        return err_set(e, ERR_SETTING, "CA file %s: the file is empty", path);
    }
    return 0;
}

/* The length of the line at @p, without its end. */
static size_t line_len(const char *p)
{
    return strcspn(p, "\r\n");
}

/* Go to the next line; an empty rest means the end. */
static void next_line(struct reader *r)
{
    r->at += strcspn(r->at, "\n");
    if (*r->at == '\n') {
        r->at++;
        r->line++;
    }
}

/* Whether the line at @p is "-----<word> <label>-----"; @label may be NULL for
 * any of the certificate kinds. */
static bool is_mark(const char *p, const char *word)
{
    static const char *const labels[] = {"CERTIFICATE-----",
                                         "X509 CERTIFICATE-----",
                                         "TRUSTED CERTIFICATE-----"};
    size_t n = strlen(word);
    size_t i;

    if (strncmp(p, "-----", 5) != 0 || strncmp(p + 5, word, n) != 0) {
        return false;
    }
    p += 5 + n;
    for (i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        if (strncmp(p, labels[i], strlen(labels[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether the line at @p holds only what base64 is made of. */
static bool is_base64(const char *p)
{
    size_t n = line_len(p);

    while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t')) {
        n--;
    }
    for (; n > 0; n--) {
        if (!isalnum((unsigned char)p[n - 1]) &&
            strchr("+/=", p[n - 1]) == NULL) {
            return false;
        }
    }
    return true;
}

/* OpenSSL's last word on what is wrong; empties its queue. */
static const char *last_reason(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    ERR_clear_error();
    return reason != NULL ? reason : "not a certificate";
}

/* Read the block whose BEGIN line is at hand, and step over it. */
static int read_block(struct reader *r, struct err *e)
{
    const char *begin = r->at;
    unsigned line = r->line;
    unsigned bad_line = 0;
    X509 *cert;
    BIO *bio;
    int ok;

    for (next_line(r); *r->at != '\0' && strncmp(r->at, "-----", 5) != 0;
         next_line(r)) {
        if (bad_line == 0 && !is_base64(r->at)) {
            bad_line = r->line;
        }
    }
    if (!is_mark(r->at, "END ")) {
        return err_set(e, ERR_SETTING,
                       "CA file %s line %u: the certificate has no END line",
                       r->path, line);
    }
    next_line(r);

    bio = BIO_new_mem_buf(begin, (int)(r->at - begin));
    if (bio == NULL) {
        return err_set_uv(e, UV_ENOMEM, "CA file");
    }
    cert = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL);
    BIO_free(bio);
    if (cert == NULL) {
        return err_set(e, ERR_SETTING,
                       "CA file %s line %u: unreadable certificate: %s",
                       r->path, bad_line > 0 ? bad_line : line, last_reason());
    }
    ok = X509_STORE_add_cert(r->store, cert);
    X509_free(cert);
    if (!ok) {
        return err_set(e, ERR_SETTING,
                       "CA file %s line %u: unusable certificate: %s", r->path,
                       line, last_reason());
    }
    r->n_found++;
    return 0;
}

int ca_file_parse(const char *path, const char *text, X509_STORE *store,
                  struct err *e)
{
    struct reader r = {.path = path, .at = text, .line = 1, .store = store};
    int rv = 0;

    while (rv == 0 && *r.at != '\0') {
        if (is_mark(r.at, "BEGIN ")) {
            rv = read_block(&r, e);
        } else {
            next_line(&r);
        }
    }
    if (rv == 0 && r.n_found == 0) {
        rv = err_set(e, ERR_SETTING,
                     "CA file %s: holds no certificate in PEM form", path);
    }
    return rv;
}

int ca_file_load(const char *path, X509_STORE *store, struct err *e)
{
    struct buf text;
    int rv;

    buf_init(&text, CA_FILE_MAX);
    rv = read_all(path, &text, e);
    if (rv == 0) {
        rv = ca_file_parse(path, buf_str(&text), store, e);
    }
    buf_free(&text);
    return rv;
}
