/* SPDX-License-Identifier: Apache-2.0 */
/* sshkey.c - reading key lines, key blocks and the blob inside. */
#include "sshkey.h"

#include <openssl/sha.h>
#include <stdint.h>
#include <string.h>

#include "base64.h"
#include "mem.h"

enum { MAX_BLOB = 8192, MAX_LINE = 16384 };

/* --- the blob ----------------------------------------------------------- */

/* A place in a blob. */
struct cursor {
    const unsigned char *at;
    size_t left;
};

/* Step over one length-prefixed string. */
static bool take(struct cursor *c, const unsigned char **data, size_t *len)
{
    if (c->left < 4) {
        return false;
    }
    *len = (size_t)c->at[0] << 24 | (size_t)c->at[1] << 16 |
           (size_t)c->at[2] << 8 | c->at[3];
    if (c->left - 4 < *len) {
        return false;
    }
    *data = c->at + 4;
    c->at += 4 + *len;
    c->left -= 4 + *len;
    return true;
}

/* How many bits the number has; 0 when it is negative or badly written. */
static unsigned bits_of(const unsigned char *n, size_t len)
{
    unsigned bits;
    unsigned top;

    if (len == 0 || (n[0] & 0x80) != 0 ||
        (len > 1 && n[0] == 0 && (n[1] & 0x80) == 0)) {
        return 0;
    }
    if (n[0] == 0) {
        n++;
        len--;
    }
    if (len == 0 || len > 2048) {
        return 0;
    }
    bits = (unsigned)len * 8;
    for (top = 0x80; top != 0 && (n[0] & top) == 0; top >>= 1) {
        bits--;
    }
    return bits;
}

static const char *check_rsa(struct sshkey *key, struct cursor *c)
{
    static const char bad[] = "RSA - SSH Public key is invalid";
    const unsigned char *e;
    const unsigned char *n;
    size_t e_len;
    size_t n_len;

    if (!take(c, &e, &e_len) || !take(c, &n, &n_len) || c->left != 0 ||
        bits_of(e, e_len) < 2 || (e[e_len - 1] & 1) == 0 ||
        (n_len > 0 && (n[n_len - 1] & 1) == 0)) {
        return bad;
    }
    key->kind = SSHKEY_RSA;
    key->bits = bits_of(n, n_len);
    if (key->bits == 0) {
        return bad;
    }
    return NULL;
}

static const char *check_ed25519(struct sshkey *key, struct cursor *c)
{
    const unsigned char *point;
    size_t len;

    if (!take(c, &point, &len) || len != 32 || c->left != 0) {
        return "ED25519 - SSH Public key is invalid";
    }
    key->kind = SSHKEY_ED25519;
    key->bits = 256;
    return NULL;
}

/* Look into the blob; @type is what the line says it is, or NULL. */
static const char *check_blob(struct sshkey *key, const char *type,
                              size_t type_len)
{
    struct cursor c = {(const unsigned char *)key->blob.data, key->blob.len};
    const unsigned char *name;
    size_t len;

    if (!take(&c, &name, &len)) {
        return "SSH Public key is invalid";
    }
    if (type != NULL && (len != type_len || memcmp(name, type, len) != 0)) {
        return "SSH Public key is invalid";
    }
    if (len == 7 && memcmp(name, "ssh-rsa", 7) == 0) {
        return check_rsa(key, &c);
    }
    if (len == 11 && memcmp(name, "ssh-ed25519", 11) == 0) {
        return check_ed25519(key, &c);
    }
    return "SSH Public key type is not supported";
}

/* --- the two forms of text ---------------------------------------------- */

/* Everything printable, one line. */
static bool is_one_line(const char *text, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        if ((unsigned char)text[i] < 0x20 ? text[i] != '\t' : text[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

static const char *parse_line(struct sshkey *key, const char *text)
{
    size_t len = strlen(text);
    size_t type;
    size_t gap;
    size_t blob;
    const char *why;

    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL) {
        len--;
    }
    if (!is_one_line(text, len)) {
        return "SSH Public key is invalid";
    }
    type = strcspn(text, " \t");
    if (type >= len) {
        return "SSH Public key is invalid";
    }
    gap = strspn(text + type, " \t");
    blob = strcspn(text + type + gap, " \t\r\n");
    if (base64_decode(&key->blob, text + type + gap, blob) != 0 ||
        key->blob.len == 0) {
        return strncmp(text, "ssh-rsa ", 8) == 0
                   ? "RSA - SSH Public key is invalid"
                   : "SSH Public key is invalid";
    }
    why = check_blob(key, text, type);
    if (why != NULL) {
        return why;
    }
    key->line = mem_strndup(text, len);
    return key->line != NULL ? NULL : "out of memory";
}

/* RFC 4716: headers with a colon, continued by a final backslash; then
 * base64; then the end mark. */
static const char *parse_block(struct sshkey *key, const char *text)
{
    static const char bad[] = "SSH2 - SSH Public key is invalid";
    const char *at = strchr(text, '\n');
    const char *end = strstr(text, "---- END SSH2 PUBLIC KEY ----");
    bool continued = false;
    struct buf line;
    const char *why;

    if (at == NULL || end == NULL ||
        strspn(end + 29, " \t\r\n") != strlen(end + 29)) {
        return bad;
    }
    at++;
    while (at < end) {
        size_t n = strcspn(at, "\n");
        const char *colon = memchr(at, ':', n);
        size_t last = n > 0 && at[n - 1] == '\r' ? n - 1 : n;

        if (colon == NULL && !continued) {
            break;
        }
        continued = last > 0 && at[last - 1] == '\\';
        at += n + (at[n] == '\n' ? 1 : 0);
    }
    if (at >= end ||
        base64_decode_spaced(&key->blob, at, (size_t)(end - at)) != 0) {
        return bad;
    }
    why = check_blob(key, NULL, 0);
    if (why != NULL) {
        return why;
    }
    buf_init(&line, MAX_LINE);
    buf_adds(&line, key->kind == SSHKEY_RSA ? "ssh-rsa " : "ssh-ed25519 ");
    base64_encode(&line, key->blob.data, key->blob.len);
    key->line = buf_detach(&line);
    buf_free(&line);
    return key->line != NULL ? NULL : "out of memory";
}

const char *sshkey_parse(struct sshkey *key, const char *text)
{
    const char *why;

    *key = (struct sshkey){0};
    buf_init(&key->blob, MAX_BLOB);
    text += strspn(text, " \t\r\n");
    why = strncmp(text, "---- BEGIN SSH2 PUBLIC KEY ----", 31) == 0
              ? parse_block(key, text)
              : parse_line(key, text);
    if (why != NULL) {
        sshkey_free(key);
    }
    return why;
}

void sshkey_free(struct sshkey *key)
{
    buf_free(&key->blob);
    mem_free(key->line);
    *key = (struct sshkey){0};
}

void sshkey_fingerprint(const struct sshkey *key, struct buf *out)
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    size_t before;

    SHA256((const unsigned char *)key->blob.data, key->blob.len, hash);
    buf_adds(out, "SHA256:");
    before = out->len;
    base64_encode(out, hash, sizeof hash);
    while (buf_error(out) == 0 && out->len > before &&
           out->data[out->len - 1] == '=') {
        out->data[--out->len] = '\0';
    }
}

void sshkey_rsa(const struct sshkey *key, struct sshkey_rsa *out)
{
    struct cursor c = {(const unsigned char *)key->blob.data, key->blob.len};
    const unsigned char *name;
    size_t len;

    *out = (struct sshkey_rsa){0};
    if (!take(&c, &name, &len) || !take(&c, &out->e, &out->e_len) ||
        !take(&c, &out->n, &out->n_len)) {
        *out = (struct sshkey_rsa){0};
    }
}
