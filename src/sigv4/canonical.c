/* SPDX-License-Identifier: Apache-2.0 */
/* canonical.c - stage 1: the one way to write a request down.
 *
 *     METHOD
 *     /encoded/path
 *     sorted=query&string=
 *     name:value            one line a signed header, sorted by name
 *                           an empty line
 *     name;name
 *     hex(sha256(body))
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

#include "mem.h"
#include "percent.h"
#include "result.h"

/* Headers that change on the way or that libraries add after signing. */
static const char *const unsigned_headers[] = {
    "authorization",
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-amzn-trace-id",
};

/* A run of bytes inside some other string. */
struct slice {
    const char *at;
    size_t len;
};

/* A query parameter, still encoded. */
struct param {
    struct slice name;
    struct slice value;
};

/* Append @path to the empty @out without dot segments and repeated slashes;
 * a slash at its end stays. */
static void normalise(struct buf *out, const char *path)
{
    bool slash = false;

    while (*path != '\0') {
        size_t len = strcspn(path, "/");

        if (len == 2 && memcmp(path, "..", 2) == 0) {
            while (out->len > 0 && out->data[--out->len] != '/') {
            }
        } else if (len > 0 && !(len == 1 && path[0] == '.')) {
            buf_addc(out, '/');
            buf_add(out, path, len);
        }
        slash = path[len] == '/';
        path += slash ? len + 1 : len;
    }
    if (slash || out->len == 0) {
        buf_addc(out, '/');
    }
    buf_add(out, "", 0); /* Terminate what ".." may have cut */
}

int sigv4_canonical_path(struct buf *out, const char *path, bool verbatim)
{
    struct buf plain;
    int rv;

    buf_init(&plain, out->limit);
    if (*path == '\0') {
        path = "/";
    }
    if (verbatim) {
        buf_adds(&plain, path);
    } else {
        normalise(&plain, path);
    }
    rv = buf_error(&plain);
    if (rv == 0) {
        percent_encode_path(out, buf_str(&plain), plain.len);
        rv = buf_error(out);
    }
    buf_wipe(&plain);
    return rv;
}

/* Order by bytes, a prefix first. */
static int slice_compare(const struct slice *a, const struct slice *b)
{
    size_t len = a->len < b->len ? a->len : b->len;
    int rv = memcmp(a->at, b->at, len);

    if (rv != 0 || a->len == b->len) {
        return rv;
    }
    return a->len < b->len ? -1 : 1;
}

/* For qsort(): by name, then by value. */
static int param_compare(const void *a, const void *b)
{
    const struct param *x = a;
    const struct param *y = b;
    int rv = slice_compare(&x->name, &y->name);

    return rv != 0 ? rv : slice_compare(&x->value, &y->value);
}

/* Split @query into @params, or only count when that is NULL. */
static size_t split_query(struct param *params, const char *query)
{
    size_t n = 0;

    while (*query != '\0') {
        size_t len = strcspn(query, "&");
        size_t name = strcspn(query, "=&");
        size_t skip = name < len ? name + 1 : len;

        if (len > 0 && params != NULL) {
            params[n].name = (struct slice){query, name};
            params[n].value = (struct slice){query + skip, len - skip};
        }
        n += len > 0;
        query += len + (query[len] == '&');
    }
    return n;
}

int sigv4_canonical_query(struct buf *out, const char *query)
{
    size_t n = split_query(NULL, query);
    struct param *params;
    size_t i;

    if (n == 0) {
        return buf_error(out);
    }
    params = mem_alloc(n * sizeof *params);
    if (params == NULL) {
        return UV_ENOMEM;
    }
    split_query(params, query);
    qsort(params, n, sizeof *params, param_compare);
    for (i = 0; i < n; i++) {
        if (i > 0) {
            buf_addc(out, '&');
        }
        buf_add(out, params[i].name.at, params[i].name.len);
        buf_addc(out, '=');
        buf_add(out, params[i].value.at, params[i].value.len);
    }
    mem_free(params);
    return buf_error(out);
}

/* Whether a header takes part in the signature. */
static bool is_signed(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof unsigned_headers / sizeof unsigned_headers[0]; i++) {
        if (strcasecmp(name, unsigned_headers[i]) == 0) {
            return false;
        }
    }
    return true;
}

/* For qsort(): by name in any case; equal names stay in the order sent. */
static int header_compare(const void *a, const void *b)
{
    const struct sigv4_header *const *x = a;
    const struct sigv4_header *const *y = b;
    int rv = strcasecmp((*x)->name, (*y)->name);

    if (rv != 0) {
        return rv;
    }
    return *x < *y ? -1 : *x > *y;
}

void sigv4_add_lower(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        bool upper = *text >= 'A' && *text <= 'Z';

        buf_addc(out, upper ? (char)(*text - 'A' + 'a') : *text);
    }
}

/* Whether @c is what a header value may be folded or padded with. */
static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Append a value trimmed, its inner runs of white space as one space. */
static void add_value(struct buf *out, const char *text)
{
    bool gap = false;
    bool first = true;

    for (; *text != '\0'; text++) {
        if (is_space(*text)) {
            gap = true;
            continue;
        }
        if (gap && !first) {
            buf_addc(out, ' ');
        }
        gap = false;
        first = false;
        buf_addc(out, *text);
    }
}

/* Append the sorted @list, repeats joined. */
static void add_headers(struct buf *lines, struct buf *names,
                        const struct sigv4_header *const *list, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        bool repeat =
            i > 0 && strcasecmp(list[i]->name, list[i - 1]->name) == 0;

        if (repeat) {
            buf_addc(lines, ',');
        } else {
            if (i > 0) {
                buf_addc(lines, '\n');
                buf_addc(names, ';');
            }
            sigv4_add_lower(names, list[i]->name);
            sigv4_add_lower(lines, list[i]->name);
            buf_addc(lines, ':');
        }
        if (strcasecmp(list[i]->name, "host") == 0) {
            sigv4_add_lower(lines, list[i]->value);
        } else {
            add_value(lines, list[i]->value);
        }
    }
    if (n > 0) {
        buf_addc(lines, '\n');
    }
}

int sigv4_canonical_headers(struct buf *lines, struct buf *names,
                            const struct sigv4_header *headers, size_t n)
{
    const struct sigv4_header **list = mem_alloc(n * sizeof *list);
    size_t used = 0;
    size_t i;

    if (list == NULL) {
        return UV_ENOMEM;
    }
    for (i = 0; i < n; i++) {
        if (is_signed(headers[i].name)) {
            list[used++] = &headers[i];
        }
    }
    qsort(list, used, sizeof *list, header_compare);
    add_headers(lines, names, list, used);
    mem_free(list);
    return buf_error(lines) != 0 ? buf_error(lines) : buf_error(names);
}

/* Whether the one header that is never optional is there. */
static bool has_host(const struct sigv4_request *req)
{
    size_t i;

    for (i = 0; i < req->n_headers; i++) {
        if (strcasecmp(req->headers[i].name, "host") == 0) {
            return true;
        }
    }
    return false;
}

int sigv4_canonical_request(struct buf *out, const struct sigv4_request *req)
{
    char payload[SIGV4_HEX_SIZE];
    struct buf names;
    int rv;

    assert(has_host(req));
    buf_init(&names, out->limit);
    buf_adds(out, req->method);
    buf_addc(out, '\n');
    rv = sigv4_canonical_path(out, req->path, req->verbatim_path);
    buf_addc(out, '\n');
    if (rv == 0 && req->query != NULL) {
        rv = sigv4_canonical_query(out, req->query);
    }
    buf_addc(out, '\n');
    if (rv == 0) {
        rv = sigv4_canonical_headers(out, &names, req->headers, req->n_headers);
    }
    if (rv == 0) {
        rv = sigv4_sha256_hex(payload, req->body, req->body_len);
    }
    if (rv == 0) {
        buf_addf(out, "\n%s\n%s", buf_str(&names), payload);
        rv = buf_error(out);
    }
    buf_free(&names);
    return rv;
}
