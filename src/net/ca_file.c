/* SPDX-License-Identifier: Apache-2.0 */
/* ca_file.c - finding certificates in PEM text, and the line of a bad one.
 *
 * OpenSSL would read the file too, but decodes everything, and says nothing
 * about where it failed. */
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
#include "mem.h"

/* Far more than all the world's authorities need. */
enum { CA_FILE_MAX = 32 * 1024 * 1024 };

/* One certificate. */
struct entry {
    X509_NAME *subject;
    unsigned char *der; /* OpenSSL's memory */
    long len;
    bool trusted; /* "TRUSTED CERTIFICATE": more follows after it */
};

struct ca_file {
    X509_STORE *store;
    X509_LOOKUP_METHOD *method;
    struct entry *entries;
    unsigned n_entries;
    unsigned n_room;
};

/* Where the reader stands. */
struct reader {
    struct ca_file *f;
    const char *path;
    const char *at; /* The rest of the text */
    unsigned line;  /* Number of the line at @at */
};

/* --- looking up ---------------------------------------------------------- */

/* Decode an entry; NULL when that fails. */
static X509 *decode(const struct entry *entry)
{
    const unsigned char *der = entry->der;

    return entry->trusted ? d2i_X509_AUX(NULL, &der, entry->len)
                          : d2i_X509(NULL, &der, entry->len);
}

/* OpenSSL looks for a certificate of @name: move all there are to the store,
 * and give it the first. */
static int on_lookup(X509_LOOKUP *lookup, X509_LOOKUP_TYPE type,
                     const X509_NAME *name, X509_OBJECT *found)
{
    const struct ca_file *f = X509_LOOKUP_get_method_data(lookup);
    int n = 0;
    unsigned i;

    if (type != X509_LU_X509) {
        return 0;
    }
    for (i = 0; i < f->n_entries; i++) {
        X509 *cert;

        if (X509_NAME_cmp(f->entries[i].subject, name) != 0) {
            continue;
        }
        cert = decode(&f->entries[i]);
        if (cert != NULL && X509_STORE_add_cert(f->store, cert) && n == 0 &&
            X509_OBJECT_set1_X509(found, cert)) {
            /* The caller takes a reference of its own: @found's is one too
             * many (X509_LOOKUP_meth_new(3)).  The store still has one. */
            X509_free(cert);
            n = 1;
        }
        X509_free(cert);
    }
    return n;
}

/* An empty file with its store, or NULL when memory is short. */
static struct ca_file *ca_file_new(void)
{
    struct ca_file *f = mem_zalloc(sizeof *f);
    X509_LOOKUP *lookup = NULL;

    if (f == NULL) {
        return NULL;
    }
    f->store = X509_STORE_new();
    f->method = X509_LOOKUP_meth_new("eice CA file");
    if (f->store != NULL && f->method != NULL) {
        X509_LOOKUP_meth_set_get_by_subject(f->method, on_lookup);
        lookup = X509_STORE_add_lookup(f->store, f->method);
    }
    if (lookup == NULL) {
        ca_file_free(f); /* UNTESTED: OpenSSL's memory, not ours. */
        return NULL;
    }
    X509_LOOKUP_set_method_data(lookup, f);
    /* As libcurl does: an intermediate in the file may be an anchor. */
    X509_STORE_set_flags(f->store,
                         X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
    return f;
}

/* --- reading ------------------------------------------------------------- */

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

/* Go to the next line; an empty rest means the end. */
static void next_line(struct reader *r)
{
    r->at += strcspn(r->at, "\n");
    if (*r->at == '\n') {
        r->at++;
        r->line++;
    }
}

/* Whether the line at @p is "-----<word> CERTIFICATE-----", or the same with
 * one of the other names for it. */
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
    size_t n = strcspn(p, "\r\n");

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

/* Step into (or over) the DER element at *@p, which must carry @tag.  Returns
 * its end, or NULL. */
static const unsigned char *der_open(const unsigned char **p,
                                     const unsigned char *end, int tag)
{
    long len;
    int found;
    int class;

    if (ASN1_get_object(p, &len, &found, &class, end - *p) & 0x80 ||
        found != tag || len > end - *p) {
        return NULL;
    }
    return *p + len;
}

static bool der_skip(const unsigned char **p, const unsigned char *end, int tag)
{
    const unsigned char *next = der_open(p, end, tag);

    *p = next != NULL ? next : *p;
    return next != NULL;
}

/* The subject of the certificate @der (RFC 5280, 4.1), or NULL when it is no
 * certificate. */
static X509_NAME *read_subject(const unsigned char *der, long len, bool trusted)
{
    const unsigned char *p = der;
    const unsigned char *end = der_open(&p, der + len, V_ASN1_SEQUENCE);

    if (end == NULL || (!trusted && end != der + len)) {
        return NULL;
    }
    end = der_open(&p, end, V_ASN1_SEQUENCE); /* tbsCertificate */
    if (end == NULL) {
        return NULL;
    }
    if (p < end && *p == (V_ASN1_CONTEXT_SPECIFIC | V_ASN1_CONSTRUCTED) &&
        !der_skip(&p, end, 0)) { /* version */
        return NULL;
    }
    if (!der_skip(&p, end, V_ASN1_INTEGER) ||  /* serialNumber */
        !der_skip(&p, end, V_ASN1_SEQUENCE) || /* signature */
        !der_skip(&p, end, V_ASN1_SEQUENCE) || /* issuer */
        !der_skip(&p, end, V_ASN1_SEQUENCE)) { /* validity */
        return NULL;
    }
    return d2i_X509_NAME(NULL, &p, end - p);
}

/* Make room for one entry more; NULL: no memory. */
static struct entry *add_entry(struct ca_file *f)
{
    if (f->n_entries == f->n_room) {
        unsigned room = f->n_room > 0 ? 2 * f->n_room : 16;
        struct entry *entries = mem_realloc(f->entries, room * sizeof *entries);

        if (entries == NULL) {
            return NULL;
        }
        f->entries = entries;
        f->n_room = room;
    }
    f->entries[f->n_entries] = (struct entry){.der = NULL};
    return &f->entries[f->n_entries++];
}

/* Unwrap the @size bytes of PEM at @text into a new entry.  0, UV_ENOMEM, or
 * ERR_SETTING when it is no certificate. */
static int unwrap(struct ca_file *f, const char *text, size_t size)
{
    struct entry *entry = add_entry(f);
    BIO *bio = BIO_new_mem_buf(text, (int)size);
    char *label = NULL;
    char *head = NULL;
    int ok;

    if (entry == NULL || bio == NULL) {
        BIO_free(bio);
        return UV_ENOMEM;
    }
    ok = PEM_read_bio(bio, &label, &head, &entry->der, &entry->len);
    if (ok) {
        entry->trusted = strncmp(label, "TRUSTED", 7) == 0;
        entry->subject = read_subject(entry->der, entry->len, entry->trusted);
    }
    OPENSSL_free(label);
    OPENSSL_free(head);
    BIO_free(bio);
    ERR_clear_error();
    return entry->subject != NULL ? 0 : ERR_SETTING;
}

/* Read the block whose BEGIN line is at hand, and step over it. */
static int read_block(struct reader *r, struct err *e)
{
    const char *begin = r->at;
    unsigned line = r->line;
    unsigned bad_line = 0;
    int rv;

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
    rv = unwrap(r->f, begin, (size_t)(r->at - begin));
    if (rv == UV_ENOMEM) {
        return err_set_uv(e, rv, "CA file");
    }
    if (rv != 0) {
        return err_set(e, ERR_SETTING,
                       "CA file %s line %u: unreadable certificate", r->path,
                       bad_line > 0 ? bad_line : line);
    }
    return 0;
}

int ca_file_parse(struct ca_file **out, const char *path, const char *text,
                  struct err *e)
{
    struct reader r = {.f = ca_file_new(), .path = path, .at = text, .line = 1};
    int rv = 0;

    if (r.f == NULL) {
        return err_set_uv(e, UV_ENOMEM, "CA file");
    }
    while (rv == 0 && *r.at != '\0') {
        if (is_mark(r.at, "BEGIN ")) {
            rv = read_block(&r, e);
        } else {
            next_line(&r);
        }
    }
    if (rv == 0 && r.f->n_entries == 0) {
        rv = err_set(e, ERR_SETTING,
                     "CA file %s: holds no certificate in PEM form", path);
    }
    if (rv != 0) {
        ca_file_free(r.f);
        return rv;
    }
    *out = r.f;
    return 0;
}

int ca_file_load(struct ca_file **out, const char *path, struct err *e)
{
    struct buf text;
    int rv;

    buf_init(&text, CA_FILE_MAX);
    rv = read_all(path, &text, e);
    if (rv == 0) {
        rv = ca_file_parse(out, path, buf_str(&text), e);
    }
    buf_free(&text);
    return rv;
}

X509_STORE *ca_file_store(struct ca_file *f)
{
    return f->store;
}

unsigned ca_file_count(const struct ca_file *f)
{
    return f->n_entries;
}

void ca_file_free(struct ca_file *f)
{
    unsigned i;

    if (f == NULL) {
        return;
    }
    X509_STORE_free(f->store);
    X509_LOOKUP_meth_free(f->method);
    for (i = 0; i < f->n_entries; i++) {
        X509_NAME_free(f->entries[i].subject);
        OPENSSL_free(f->entries[i].der);
    }
    mem_free(f->entries);
    mem_free(f);
}
