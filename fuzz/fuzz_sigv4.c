/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_sigv4.c - any path, query, header and body; lines of the input. */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "fuzz.h"
#include "sigv4.h"

static const struct sigv4_scope scope = {"eu-central-1", "ec2", 1767323045};

/* Canonical forms are their own canonical forms. */
static void canonical_is_stable(const char *path, const char *query)
{
    struct buf once;
    struct buf twice;

    buf_init(&once, 1 << 20);
    buf_init(&twice, 1 << 20);
    FUZZ_ASSERT(sigv4_canonical_query(&once, query) == 0);
    FUZZ_ASSERT(sigv4_canonical_query(&twice, buf_str(&once)) == 0);
    FUZZ_ASSERT(strcmp(buf_str(&once), buf_str(&twice)) == 0);
    buf_clear(&once);
    FUZZ_ASSERT(sigv4_canonical_path(&once, path, false) == 0);
    FUZZ_ASSERT(once.data[0] == '/');
    FUZZ_ASSERT(strstr(once.data, "//") == NULL);
    FUZZ_ASSERT(strstr(once.data, "/../") == NULL);
    buf_free(&once);
    buf_free(&twice);
}

/* Sign both ways; the same input signs the same. */
static void sign(const struct sigv4_key *key, const struct sigv4_request *req)
{
    char signature[SIGV4_HEX_SIZE];
    struct sigv4_result r;
    struct err e;
    int rv;

    sigv4_result_init(&r);
    rv = sigv4_sign(&r, key, &scope, req, &e);
    if (rv == 0) {
        FUZZ_ASSERT(strlen(r.signature) == 64);
        FUZZ_ASSERT(strpbrk(buf_str(&r.output), "\r\n") == NULL ||
                    strpbrk(req->headers[1].name, "\r\n") != NULL);
        memcpy(signature, r.signature, sizeof signature);
        FUZZ_ASSERT(sigv4_sign(&r, key, &scope, req, &e) == 0);
        FUZZ_ASSERT(strcmp(signature, r.signature) == 0);
    } else {
        FUZZ_ASSERT(rv == ERR_CREDENTIALS && r.output.len == 0);
    }
    rv = sigv4_presign(&r, key, &scope, req, 60, &e);
    FUZZ_ASSERT(rv == 0 || rv == ERR_CREDENTIALS);
    sigv4_result_free(&r);
}

/* The tunnel's URL never holds a character that is not encoded. */
static void open_tunnel(const struct sigv4_key *key, const char *address,
                        const char *id)
{
    const struct sigv4_tunnel tunnel = {"h:1", id, address, 22, 60};
    struct buf url;

    buf_init(&url, 1 << 20);
    if (sigv4_open_tunnel(&url, key, &scope, &tunnel, NULL) == 0) {
        FUZZ_ASSERT(strspn(buf_str(&url) + strlen("wss://h:1"),
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvw"
                           "xyz0123456789-._~%/?&=") ==
                    url.len - strlen("wss://h:1"));
    }
    buf_wipe(&url);
}

/* Cut the next line off *@p. */
static char *take_line(char **p)
{
    char *line = *p;
    size_t len = strcspn(line, "\n");

    *p += len + (line[len] != '\0');
    line[len] = '\0';
    return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size);
    char *p = text;
    const char *path = take_line(&p);
    const char *query = take_line(&p);
    const char *name = take_line(&p);
    const char *value = take_line(&p);
    const char *token = take_line(&p);
    const struct sigv4_header headers[] = {
        {"Host", "h"}, {name, value}, {"x-fixed", value}};
    const struct sigv4_key key = {"AK", "secret", token};
    const struct sigv4_request req = {.method = "POST",
                                      .path = path,
                                      .query = query,
                                      .headers = headers,
                                      .n_headers = 3,
                                      .body = p,
                                      .body_len = strlen(p)};

    canonical_is_stable(path, query);
    sign(&key, &req);
    open_tunnel(&key, value, name);
    free(text);
    return 0;
}
