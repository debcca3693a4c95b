/* SPDX-License-Identifier: Apache-2.0 */
/* test_sigv4.c - our own vectors, every stage; odd input; lack of memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "files.h"
#include "iso8601.h"
#include "json.h"
#include "mem.h"
#include "scarce.h"
#include "sigv4.h"

enum { MAX_HEADERS = 16 };

/* The lines of a stage as one text. */
static char *joined(const json_t *lines)
{
    struct buf b;
    size_t i;

    buf_init(&b, 100000);
    for (i = 0; i < json_array_size(lines); i++) {
        buf_addf(&b, "%s%s", i > 0 ? "\n" : "",
                 json_string_value(json_array_get(lines, i)));
    }
    return buf_detach(&b);
}

/* One case's key, scope and request, borrowed from its JSON. */
struct vector {
    json_t *json;
    struct sigv4_key key;
    struct sigv4_scope scope;
    struct sigv4_header headers[MAX_HEADERS];
    struct sigv4_request req;
    struct sigv4_tunnel tunnel;
};

/* Where our cases are. */
static void vectors_dir(char *dir, size_t size)
{
    snprintf(dir, size, "%s/sigv4", test_vectors_dir());
}

static void vector_load(struct vector *v, const char *name)
{
    char dir[2048];
    json_t *headers;
    int64_t number;
    struct err e;
    char *text;
    size_t len;
    size_t i;

    vectors_dir(dir, sizeof dir);
    *v = (struct vector){0};
    text = test_read_file(dir, name, &len);
    assert_non_null(text);
    v->json = js_parse(text, len, &e);
    assert_non_null(v->json);
    free(text);
    v->key.access_key_id = js_str(v->json, "access_key_id");
    v->key.secret_access_key = js_str(v->json, "secret_access_key");
    v->key.session_token = js_str(v->json, "session_token");
    v->scope.region = js_str(v->json, "region");
    v->scope.service = js_str(v->json, "service");
    assert_int_equal(
        iso8601_parse(js_str(v->json, "time"), &v->scope.time, NULL), 0);

    v->req.method = js_str(v->json, "method");
    v->req.path = js_str(v->json, "path");
    v->req.query = js_str(v->json, "query");
    v->req.body = js_str(v->json, "body");
    v->req.body_len = v->req.body != NULL ? strlen(v->req.body) : 0;
    headers = js_arr(v->json, "headers");
    assert_true(json_array_size(headers) <= MAX_HEADERS);
    for (i = 0; i < json_array_size(headers); i++) {
        json_t *pair = json_array_get(headers, i);

        v->headers[i].name = json_string_value(json_array_get(pair, 0));
        v->headers[i].value = json_string_value(json_array_get(pair, 1));
    }
    v->req.headers = v->headers;
    v->req.n_headers = i;

    v->tunnel.host = js_str(v->json, "host");
    v->tunnel.endpoint_id = js_str(v->json, "endpoint_id");
    v->tunnel.address = js_str(v->json, "address");
    if (js_int(v->json, "remote_port", &number)) {
        v->tunnel.remote_port = (unsigned)number;
    }
    if (js_int(v->json, "max_duration", &number)) {
        v->tunnel.max_duration_s = (unsigned)number;
    }
}

/* Compare one stage, naming it and the case. */
static void assert_stage(const char *name, const char *stage, const char *got,
                         const char *want)
{
    assert_non_null(want);
    if (strcmp(got, want) != 0) {
        fail_msg("%s: %s differs\n--- got\n%s\n--- want\n%s", name, stage, got,
                 want);
    }
}

static void run_header_vector(const char *name, struct vector *v)
{
    char *canonical = joined(js_arr(v->json, "canonical_request"));
    char *to_sign = joined(js_arr(v->json, "string_to_sign"));
    char digest[SIGV4_HEX_SIZE];
    struct sigv4_result r;
    struct err e;

    sigv4_result_init(&r);
    assert_int_equal(sigv4_sign(&r, &v->key, &v->scope, &v->req, &e), 0);
    assert_stage(name, "canonical request", buf_str(&r.canonical), canonical);
    sigv4_sha256_hex(digest, r.canonical.data, r.canonical.len);
    assert_stage(name, "its sha256", digest,
                 js_str(v->json, "canonical_sha256"));
    assert_stage(name, "string to sign", buf_str(&r.string_to_sign), to_sign);
    assert_stage(name, "signature", r.signature, js_str(v->json, "signature"));
    assert_stage(name, "authorization", buf_str(&r.output),
                 js_str(v->json, "output"));
    sigv4_result_free(&r);
    mem_free(canonical);
    mem_free(to_sign);
}

/* sigv4_open_tunnel() shows no stages: sign the same query again for them. */
static void run_tunnel_vector(const char *name, struct vector *v)
{
    char *canonical = joined(js_arr(v->json, "canonical_request"));
    char *to_sign = joined(js_arr(v->json, "string_to_sign"));
    struct sigv4_header host = {"Host", v->tunnel.host};
    struct sigv4_request req = {.method = "GET",
                                .path = "/openTunnel",
                                .headers = &host,
                                .n_headers = 1};
    struct sigv4_result r;
    struct buf url;
    struct err e;
    char *query;

    buf_init(&url, 100000);
    assert_int_equal(
        sigv4_open_tunnel(&url, &v->key, &v->scope, &v->tunnel, &e), 0);
    assert_stage(name, "URL", buf_str(&url), js_str(v->json, "output"));

    query = mem_strdup(strchr(buf_str(&url), '?') + 1);
    *strstr(query, "&X-Amz-Algorithm") = '\0';
    req.query = query;
    sigv4_result_init(&r);
    assert_int_equal(
        sigv4_presign(&r, &v->key, &v->scope, &req, SIGV4_TUNNEL_EXPIRES_S, &e),
        0);
    assert_stage(name, "canonical request", buf_str(&r.canonical), canonical);
    assert_stage(name, "string to sign", buf_str(&r.string_to_sign), to_sign);
    assert_stage(name, "signature", r.signature, js_str(v->json, "signature"));
    assert_stage(name, "query", buf_str(&r.output),
                 strchr(buf_str(&url), '?') + 1);
    sigv4_result_free(&r);
    mem_free(query);
    mem_free(canonical);
    mem_free(to_sign);
    buf_wipe(&url);
}

static void test_vectors(void **state)
{
    char dir[2048];
    char **names;
    size_t i;

    (void)state;
    vectors_dir(dir, sizeof dir);
    names = test_list_dir(dir, ".json");
    assert_non_null(names);
    for (i = 0; names[i] != NULL; i++) {
        struct vector v;

        vector_load(&v, names[i]);
        if (strcmp(js_str(v.json, "kind"), "tunnel") == 0) {
            run_tunnel_vector(names[i], &v);
        } else {
            run_header_vector(names[i], &v);
        }
        json_decref(v.json);
    }
    assert_true(i >= 6);
    test_free_names(names);
}

static void test_paths(void **state)
{
    static const struct {
        const char *path;
        const char *normal;
        const char *verbatim;
    } rows[] = {
        {"", "/", "/"},
        {"/", "/", "/"},
        {"//", "/", "//"},
        {"/a/./b//c/", "/a/b/c/", "/a/./b//c/"},
        {"/a/b/..", "/a", "/a/b/.."},
        {"/a/b/../", "/a/", "/a/b/../"},
        {"/../../a", "/a", "/../../a"},
        {"/a/../..", "/", "/a/../.."},
        {"/...", "/...", "/..."},
        {"/a b/%2F", "/a%20b/%252F", "/a%20b/%252F"},
        {"/\xc3\xa9~", "/%C3%A9~", "/%C3%A9~"},
    };
    struct buf b;
    size_t i;

    (void)state;
    buf_init(&b, 1000);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        buf_clear(&b);
        assert_int_equal(sigv4_canonical_path(&b, rows[i].path, false), 0);
        assert_string_equal(buf_str(&b), rows[i].normal);
        buf_clear(&b);
        assert_int_equal(sigv4_canonical_path(&b, rows[i].path, true), 0);
        assert_string_equal(buf_str(&b), rows[i].verbatim);
    }
    buf_free(&b);
}

static void test_queries(void **state)
{
    static const struct {
        const char *query;
        const char *canonical;
    } rows[] = {
        {"", ""},
        {"a", "a="},
        {"b=1&a=2", "a=2&b=1"},
        {"a=2&a=1&a=", "a=&a=1&a=2"},
        {"a-=1&a=2", "a=2&a-=1"}, /* by name, though '-' sorts before '=' */
        {"a=b=c", "a=b=c"},
        {"&&a=1&", "a=1"},
        {"a=%2F&B=%41", "B=%41&a=%2F"},
        {"=x&a", "=x&a="},
    };
    struct buf b;
    size_t i;

    (void)state;
    buf_init(&b, 1000);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        buf_clear(&b);
        assert_int_equal(sigv4_canonical_query(&b, rows[i].query), 0);
        assert_string_equal(buf_str(&b), rows[i].canonical);
    }
    buf_free(&b);
}

static void test_headers(void **state)
{
    static const struct sigv4_header headers[] = {
        {"User-Agent", "eice"}, {"HOST", "Example.COM:8443"},
        {"X-B", "  2 \t 2 "},   {"x-b", "1"},
        {"TE", "trailers"},     {"X-A", ""},
        {"X-B-C", "z"},         {"Connection", "close"},
        {"X-b", "a\r\n  b"},
    };
    struct buf lines;
    struct buf names;

    (void)state;
    buf_init(&lines, 1000);
    buf_init(&names, 1000);
    assert_int_equal(
        sigv4_canonical_headers(&lines, &names, headers,
                                sizeof headers / sizeof headers[0]),
        0);
    assert_string_equal(buf_str(&lines), "host:example.com:8443\nx-a:\n"
                                         "x-b:2 2,1,a b\nx-b-c:z\n");
    assert_string_equal(buf_str(&names), "host;x-a;x-b;x-b-c");
    buf_free(&lines);
    buf_free(&names);
}

static const struct sigv4_scope scope = {"eu-central-1", "ec2", 1767323045};
static const struct sigv4_header host = {"Host", "h"};
static const struct sigv4_request request = {.method = "POST",
                                             .path = "/",
                                             .headers = &host,
                                             .n_headers = 1,
                                             .body = "x",
                                             .body_len = 1};

static void test_keys_that_cannot_be_sent(void **state)
{
    static const struct sigv4_key bad[] = {
        {"AK\nX-Evil: 1", "s", NULL},
        {"AK ID", "s", NULL},
        {"AK", "s", "token\n"},
        {"AK", "s", "t\xc3\xa9"},
    };
    static const struct sigv4_key good = {"AK", "s\n\xff", ""};
    struct sigv4_result r;
    struct err e;
    size_t i;

    (void)state;
    sigv4_result_init(&r);
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(sigv4_sign(&r, &bad[i], &scope, &request, &e),
                         ERR_CREDENTIALS);
        assert_null(strstr(e.msg, "Evil"));
        assert_null(strstr(e.msg, "token\n"));
        assert_int_equal(sigv4_presign(&r, &bad[i], &scope, &request, 60, &e),
                         ERR_CREDENTIALS);
        assert_int_equal(r.output.len, 0);
    }
    assert_int_equal(sigv4_sign(&r, &good, &scope, &request, &e), 0);
    assert_null(strstr(buf_str(&r.canonical), "security-token"));
    sigv4_result_free(&r);
}

static void test_too_large_a_request(void **state)
{
    static const struct sigv4_key key = {"AK", "s", NULL};
    struct sigv4_request big = request;
    struct sigv4_result r;
    char *path = mem_alloc(2 << 20);
    struct err e;

    (void)state;
    memset(path, 'a', 2 << 20);
    path[(2 << 20) - 1] = '\0';
    big.path = path;
    sigv4_result_init(&r);
    assert_int_equal(sigv4_sign(&r, &key, &scope, &big, &e), ERR_TOO_BIG);
    big.path = "/";
    big.query = path;
    assert_int_equal(sigv4_presign(&r, &key, &scope, &big, 60, &e),
                     ERR_TOO_BIG);
    sigv4_result_free(&r);
    mem_free(path);
}

static void test_lack_of_memory_at_every_step(void **state)
{
    static const struct sigv4_key key = {"AK", "s", "t"};
    static const struct sigv4_tunnel tunnel = {"h", "eice-0", "10.0.0.1", 22,
                                               600};
    struct sigv4_result r;
    struct buf url;
    struct err e;
    int signs = UV_ENOMEM;
    int opens = UV_ENOMEM;
    int n;

    (void)state;
    sigv4_result_init(&r);
    for (n = 0; signs != 0 || opens != 0; n++) {
        struct scarce scarce = {.left = n};

        assert_true(n < 200);
        mem_set_hook(scarce_one, &scarce);
        signs = sigv4_sign(&r, &key, &scope, &request, &e);
        mem_set_hook(NULL, NULL);
        assert_true(signs == 0 || signs == UV_ENOMEM);
        assert_true(signs == 0 || r.output.len == 0);

        buf_init(&url, 10000);
        scarce = (struct scarce){.left = n};
        mem_set_hook(scarce_one, &scarce);
        opens = sigv4_open_tunnel(&url, &key, &scope, &tunnel, &e);
        mem_set_hook(NULL, NULL);
        assert_true(opens == 0 || opens == UV_ENOMEM);
        buf_wipe(&url);
    }
    assert_true(n > 10);
    sigv4_result_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_queries),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_keys_that_cannot_be_sent),
        cmocka_unit_test(test_too_large_a_request),
        cmocka_unit_test(test_lack_of_memory_at_every_step),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
