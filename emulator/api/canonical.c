/* SPDX-License-Identifier: Apache-2.0 */
/* canonical.c - path, query and headers in the one form both sides hash.
 *
 * AWS General Reference, "Create a canonical request". */
#include "canonical.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "err.h"
#include "hex.h"
#include "mem.h"
#include "percent.h"

enum { CANONICAL_MAX = 2 * 1024 * 1024, MAX_PAIRS = 1024 };

/* --- path --------------------------------------------------------------- */

/* Append @path without "." and "..", without empty segments.  A trailing
 * slash stays. */
static void normalize_path(struct buf *out, const char *path)
{
    const char *at = path;
    bool slash = true;

    while (*at != '\0') {
        size_t n = strcspn(at, "/");
        bool dot = n == 1 && at[0] == '.';
        bool dots = n == 2 && at[0] == '.' && at[1] == '.';

        slash = at[n] == '/';
        if (dots) {
            while (out->len > 0 && out->data[out->len - 1] != '/') {
                out->data[--out->len] = '\0';
            }
            if (out->len > 0) {
                out->data[--out->len] = '\0';
            }
        } else if (n > 0 && !dot) {
            buf_addc(out, '/');
            buf_add(out, at, n);
        }
        slash = slash || dot || dots;
        at += n + (at[n] == '/' ? 1 : 0);
    }
    if (out->len == 0 || slash) {
        buf_addc(out, '/');
    }
}

static void add_path(struct buf *out, const char *path, bool normalize)
{
    struct buf plain;

    buf_init(&plain, CANONICAL_MAX);
    if (normalize) {
        normalize_path(&plain, path);
    } else {
        buf_adds(&plain, path[0] != '\0' ? path : "/");
    }
    percent_encode_path(out, buf_str(&plain), plain.len);
    if (buf_error(&plain) != 0 && buf_error(out) == 0) {
        out->error = buf_error(&plain);
    }
    buf_free(&plain);
}

/* --- query -------------------------------------------------------------- */

/* One pair, decoded and encoded again: clients differ in what they encode. */
struct pair {
    char *name;
    char *value;
};

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *x = a;
    const struct pair *y = b;
    int order = strcmp(x->name, y->name);

    return order != 0 ? order : strcmp(x->value, y->value);
}

/* @len bytes of a query in canonical encoding; NULL with *@rv set. */
static char *recode(const char *text, size_t len, int *rv)
{
    struct buf plain;
    struct buf coded;

    buf_init(&plain, CANONICAL_MAX);
    buf_init(&coded, CANONICAL_MAX);
    buf_adds(&coded, "");
    *rv = percent_decode(&plain, text, len);
    if (*rv == 0) {
        percent_encode(&coded, buf_str(&plain), plain.len);
        *rv = buf_error(&coded);
    }
    buf_wipe(&plain);
    if (*rv != 0) {
        buf_free(&coded);
        return NULL;
    }
    if (coded.data == NULL) {
        return mem_strdup("");
    }
    return buf_detach(&coded);
}

static int read_pairs(const char *query, struct pair *pairs, size_t *n)
{
    const char *at = query;
    int rv = 0;

    while (*at != '\0' && rv == 0) {
        size_t len = strcspn(at, "&");
        const char *eq = memchr(at, '=', len);
        size_t name_len = eq != NULL ? (size_t)(eq - at) : len;

        if (len > 0) {
            struct pair *p = &pairs[*n];

            p->name = recode(at, name_len, &rv);
            p->value = rv != 0
                           ? NULL
                           : recode(eq != NULL ? eq + 1 : "",
                                    eq != NULL ? len - name_len - 1 : 0, &rv);
            (*n)++;
            if (rv == 0 && (p->name == NULL || p->value == NULL)) {
                rv = UV_ENOMEM;
            }
        }
        at += len + (at[len] == '&' ? 1 : 0);
    }
    return rv;
}

static int add_query(struct buf *out, const char *query)
{
    size_t most = 1;
    size_t n = 0;
    struct pair *pairs;
    const char *at;
    size_t i;
    bool first = true;
    int rv;

    for (at = query; *at != '\0'; at++) {
        most += *at == '&' ? 1 : 0;
    }
    if (most > MAX_PAIRS) {
        return ERR_TOO_BIG;
    }
    pairs = mem_zalloc(most * sizeof *pairs);
    if (pairs == NULL) {
        return UV_ENOMEM;
    }
    rv = read_pairs(query, pairs, &n);
    if (rv == 0) {
        qsort(pairs, n, sizeof *pairs, compare_pairs);
    }
    for (i = 0; i < n; i++) {
        if (rv == 0 && strcmp(pairs[i].name, "X-Amz-Signature") != 0) {
            buf_addf(out, "%s%s=%s", first ? "" : "&", pairs[i].name,
                     pairs[i].value);
            first = false;
        }
        mem_free(pairs[i].name);
        mem_free(pairs[i].value);
    }
    mem_free(pairs);
    return rv;
}

/* --- headers ------------------------------------------------------------ */

/* Append @value trimmed, with runs of white space as one space. */
static void add_value(struct buf *out, const char *value)
{
    bool gap = false;
    bool begun = false;

    for (; *value != '\0'; value++) {
        if (*value == ' ' || *value == '\t' || *value == '\n' ||
            *value == '\r') {
            gap = begun;
            continue;
        }
        if (gap) {
            buf_addc(out, ' ');
        }
        buf_addc(out, *value);
        gap = false;
        begun = true;
    }
}

/* Append "name:values\n"; false when the request has no such header. */
static bool add_header(struct buf *out, const struct http_request *req,
                       const char *name, size_t len)
{
    bool found = false;
    size_t i;

    buf_add(out, name, len);
    for (i = 0; i < req->n_headers; i++) {
        if (strlen(req->headers[i].name) == len &&
            memcmp(req->headers[i].name, name, len) == 0) {
            buf_addc(out, found ? ',' : ':');
            add_value(out, req->headers[i].value);
            found = true;
        }
    }
    buf_addc(out, '\n');
    return found;
}

static int add_headers(struct buf *out, const struct http_request *req,
                       const char *names)
{
    while (*names != '\0') {
        size_t n = strcspn(names, ";");

        if (!add_header(out, req, names, n)) {
            return ERR_PARSE;
        }
        names += n + (names[n] == ';' ? 1 : 0);
    }
    return 0;
}

int canonical_request(struct buf *out, const struct http_request *req,
                      const char *signed_headers, bool normalize)
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    char hex[2 * SHA256_DIGEST_LENGTH + 1];
    int rv;

    buf_addf(out, "%s\n", req->method);
    add_path(out, req->path, normalize);
    buf_addc(out, '\n');
    rv = add_query(out, req->query);
    if (rv != 0) {
        return rv;
    }
    buf_addc(out, '\n');
    rv = add_headers(out, req, signed_headers);
    if (rv != 0) {
        return rv;
    }
    SHA256((const unsigned char *)req->body, req->body_len, hash);
    hex_encode(hex, hash, sizeof hash);
    buf_addf(out, "\n%s\n%s", signed_headers, hex);
    return buf_error(out);
}
