/* SPDX-License-Identifier: Apache-2.0 */
/* host_keys.c - from console to known_hosts. */
#include "host_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base64.h"
#include "buf.h"
#include "err.h"

enum { FILE_LIMIT = 16 << 20, BLOB_LIMIT = 16 << 10, SHA256_SIZE = 32 };

static const char begin_mark[] = "-----BEGIN SSH HOST KEY KEYS-----";
static const char end_mark[] = "-----END SSH HOST KEY KEYS-----";

static const char *const types[] = {
    "ssh-ed25519",         "ssh-rsa",
    "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521", NULL};

/* Length of a word that ends at white space. */
static size_t word_len(const char *text)
{
    return strcspn(text, " \t\r\n");
}

/* Whether the @len bytes at @blob are a key of @type in base64. */
static bool blob_check(const char *type, const char *blob, size_t len)
{
    struct buf raw;
    size_t n = strlen(type);
    bool right;

    buf_init(&raw, BLOB_LIMIT);
    right = base64_decode(&raw, blob, len) == 0 && raw.len > 4 + n &&
            (unsigned char)raw.data[3] == n &&
            memcmp(raw.data + 4, type, n) == 0;
    buf_free(&raw);
    return right;
}

/* The host key in one line, which may have something before it ("ec2: ", a
 * syslog prefix); false when there is none. */
static bool line_read(struct buf *out, const char *alias, const char *line,
                      size_t len)
{
    size_t i;
    size_t k;

    for (i = 0; i < len; i++) {
        if (i > 0 && line[i - 1] != ' ' && line[i - 1] != '\t') {
            continue;
        }
        for (k = 0; types[k] != NULL; k++) {
            size_t n = strlen(types[k]);

            if (len - i > n + 1 && memcmp(line + i, types[k], n) == 0 &&
                line[i + n] == ' ' &&
                blob_check(types[k], line + i + n + 1,
                           word_len(line + i + n + 1))) {
                buf_addf(out, "%s %s %.*s\n", alias, types[k],
                         (int)word_len(line + i + n + 1), line + i + n + 1);
                return true;
            }
        }
    }
    return false;
}

size_t host_keys_read(struct buf *out, const char *alias, const char *text)
{
    const char *begin = NULL;
    const char *end = NULL;
    const char *b;
    const char *e;
    size_t n = 0;

    for (b = strstr(text, begin_mark); b != NULL;
         b = strstr(b + 1, begin_mark)) {
        e = strstr(b, end_mark);
        if (e != NULL) {
            begin = b + strlen(begin_mark);
            end = e;
        }
    }
    while (begin != NULL && begin < end) {
        size_t len = strcspn(begin, "\n");

        n += line_read(out, alias, begin, len);
        begin += len + 1;
    }
    return n;
}

bool host_key_fingerprint(struct buf *out, const char *blob, size_t len)
{
    unsigned char digest[SHA256_SIZE];
    struct buf raw;
    bool done;

    buf_init(&raw, BLOB_LIMIT);
    done = base64_decode(&raw, blob, len) == 0 && raw.len > 0 &&
           EVP_Digest(raw.data, raw.len, digest, NULL, EVP_sha256(), NULL) == 1;
    buf_free(&raw);
    if (!done) {
        return false;
    }
    buf_adds(out, "SHA256:");
    base64_encode(out, digest, sizeof digest);
    if (out->len > 0 && out->data[out->len - 1] == '=') {
        out->data[--out->len] = '\0'; /* As OpenSSH shows it. */
    }
    return true;
}

bool host_keys_next(const char *known_hosts, const char *alias, size_t *at,
                    const char **type, const char **blob)
{
    size_t n = strlen(alias);
    const char *line = known_hosts + *at;

    while (*line != '\0') {
        const char *end = line + strcspn(line, "\n");

        *at = (size_t)(end - known_hosts) + (*end != '\0');
        if (strncmp(line, alias, n) == 0 && line[n] == ' ') {
            *type = line + n + 1;
            *blob = *type + word_len(*type);
            if (**blob == ' ' && word_len(*blob + 1) > 0) {
                (*blob)++;
                return true;
            }
        }
        line = known_hosts + *at;
    }
    return false;
}

void host_keys_mismatch(struct buf *out, const char *known_hosts,
                        const char *alias, const char *type, const char *blob)
{
    const char *t;
    const char *b;
    size_t at = 0;
    size_t n = 0;
    size_t len = word_len(blob);
    struct buf known;

    buf_init(&known, BLOB_LIMIT);
    while (host_keys_next(known_hosts, alias, &at, &t, &b)) {
        if (word_len(b) == len && memcmp(b, blob, len) == 0) {
            buf_free(&known);
            return;
        }
        buf_addf(&known, "%s%.*s ", n++ > 0 ? ", " : "", (int)word_len(t), t);
        host_key_fingerprint(&known, b, word_len(b));
    }
    if (n > 0) {
        buf_addf(out,
                 "The host key of %s is not the one that is known: it "
                 "offers %s ",
                 alias, type);
        host_key_fingerprint(out, blob, len);
        buf_addf(out, ", known is %s", buf_str(&known));
    }
    buf_free(&known);
}

void host_keys_path(struct buf *out)
{
    const char *home = getenv("HOME");

    buf_addf(out, "%s/.ssh/eice_known_hosts", home != NULL ? home : "");
}

int host_keys_load(struct buf *out, struct err *e)
{
    char part[4096];
    struct buf path;
    ssize_t n;
    int fd;

    buf_init(&path, 4096);
    host_keys_path(&path);
    fd = open(buf_str(&path), O_RDONLY | O_CLOEXEC);
    buf_free(&path);
    if (fd == -1) {
        return errno == ENOENT || errno == ENOTDIR
                   ? 0
                   : err_set_uv(e, uv_translate_sys_error(errno),
                                "~/.ssh/eice_known_hosts");
    }
    while ((n = read(fd, part, sizeof part)) > 0 && out->len < FILE_LIMIT) {
        buf_add(out, part, (size_t)n);
    }
    close(fd);
    return n < 0 ? err_set_uv(e, uv_translate_sys_error(errno),
                              "~/.ssh/eice_known_hosts")
                 : 0;
}

void host_keys_prepare(void)
{
    struct buf path;

    buf_init(&path, 4096);
    host_keys_path(&path);
    if (buf_error(&path) == 0) {
        *strrchr(path.data, '/') = '\0';
        (void)mkdir(path.data, 0700); /* It is usually there. */
    }
    buf_free(&path);
}

int host_keys_add(const char *lines, struct err *e)
{
    struct buf path;
    size_t len = strlen(lines);
    ssize_t n = -1;
    int error;
    int fd;

    buf_init(&path, 4096);
    host_keys_path(&path);
    host_keys_prepare();
    fd = open(buf_str(&path), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    error = errno;
    if (fd != -1) {
        (void)flock(fd, LOCK_EX);
        n = write(fd, lines, len);
        error = n == -1 ? errno : EIO;
        close(fd);
    }
    buf_free(&path);
    return n == (ssize_t)len ? 0
                             : err_set_uv(e, uv_translate_sys_error(error),
                                          "~/.ssh/eice_known_hosts");
}
