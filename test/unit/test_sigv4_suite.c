/* SPDX-License-Identifier: Apache-2.0 */
/* test_sigv4_suite.c - the public signing cases, both variants, every stage,
 * when they stand beside the project; says "skipped" when not.
 *
 * One folder a case: context.json, request.txt, and for "header-" and "query-"
 * the text of each stage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "files.h"
#include "iso8601.h"
#include "json.h"
#include "sigv4.h"

enum { MAX_HEADERS = 16 };

/* One case, read. */
struct suite_case {
    const char *name;
    char dir[2048];
    json_t *context;
    char *text; /* request.txt, cut up in place */
    struct sigv4_key key;
    struct sigv4_scope scope;
    struct sigv4_request req;
    struct sigv4_header headers[MAX_HEADERS];
    bool sign_body;
    int64_t expires_s;
};

/* Cut the end of the line at *@p, skipping folded ones, and move past it. */
static char *take_line(char **p, bool fold)
{
    char *line = *p;
    char *end = strchr(line, '\n');

    while (fold && end != NULL && (end[1] == ' ' || end[1] == '\t')) {
        end = strchr(end + 1, '\n');
    }
    if (end == NULL) {
        *p = line + strlen(line);
    } else {
        *end = '\0';
        *p = end + 1;
    }
    return line;
}

/* METHOD /path?query HTTP/1.1, where the path may hold spaces. */
static void read_request_line(struct suite_case *c, char *line)
{
    char *target = strchr(line, ' ');
    char *version = strrchr(line, ' ');
    char *query;

    assert_true(target != NULL && version != target);
    *target++ = '\0';
    *version = '\0';
    query = strchr(target, '?');
    if (query != NULL) {
        *query++ = '\0';
    }
    c->req.method = line;
    c->req.path = target;
    c->req.query = query;
}

static void read_request(struct suite_case *c)
{
    size_t len;
    char *p;

    c->text = test_read_file(c->dir, "request.txt", &len);
    assert_non_null(c->text);
    p = c->text;
    read_request_line(c, take_line(&p, false));
    while (*p != '\0' && *p != '\n') {
        char *line = take_line(&p, true);
        char *colon = strchr(line, ':');

        assert_non_null(colon);
        *colon = '\0';
        assert_true(c->req.n_headers < MAX_HEADERS - 1);
        c->headers[c->req.n_headers++] = (struct sigv4_header){line, colon + 1};
    }
    if (*p == '\n') {
        p++;
    }
    c->req.headers = c->headers;
    c->req.body = p;
    c->req.body_len = strlen(p);
}

static void case_load(struct suite_case *c, const char *root, const char *name)
{
    json_t *keys;
    bool flag = false;
    size_t len;
    char *text;

    *c = (struct suite_case){.name = name};
    snprintf(c->dir, sizeof c->dir, "%s/%s", root, name);
    text = test_read_file(c->dir, "context.json", &len);
    assert_non_null(text);
    c->context = js_parse(text, len, NULL);
    assert_non_null(c->context);
    free(text);
    keys = js_obj(c->context, "credentials");
    c->key.access_key_id = js_str(keys, "access_key_id");
    c->key.secret_access_key = js_str(keys, "secret_access_key");
    c->key.session_token = js_str(keys, "token");
    if (js_bool(c->context, "omit_session_token", &flag) && flag) {
        c->key.session_token = NULL; /* It would be added after signing */
    }
    c->scope.region = js_str(c->context, "region");
    c->scope.service = js_str(c->context, "service");
    assert_int_equal(
        iso8601_parse(js_str(c->context, "timestamp"), &c->scope.time, NULL),
        0);
    assert_true(js_int(c->context, "expiration_in_seconds", &c->expires_s));
    assert_true(js_bool(c->context, "normalize", &flag));
    read_request(c);
    c->req.verbatim_path = !flag;
    assert_true(js_bool(c->context, "sign_body", &c->sign_body));
}

/* Compare one stage with its file. */
static void assert_stage(const struct suite_case *c, const char *variant,
                         const char *stage, const char *got)
{
    char file[128];
    size_t len;
    char *want;

    snprintf(file, sizeof file, "%s-%s.txt", variant, stage);
    want = test_read_file(c->dir, file, &len);
    assert_non_null(want);
    while (len > 0 && want[len - 1] == '\n') {
        want[--len] = '\0';
    }
    if (strcmp(got, want) != 0) {
        fail_msg("%s/%s differs\n--- got\n%s\n--- want\n%s", c->name, file, got,
                 want);
    }
    free(want);
}

/* Check that the signed request of the suite holds @text. */
static void assert_signed_request_has(const struct suite_case *c,
                                      const char *variant, const char *text)
{
    char file[128];
    size_t len;
    char *signed_request;

    snprintf(file, sizeof file, "%s-signed-request.txt", variant);
    signed_request = test_read_file(c->dir, file, &len);
    assert_non_null(signed_request);
    if (strstr(signed_request, text) == NULL) {
        fail_msg("%s/%s lacks %s", c->name, file, text);
    }
    free(signed_request);
}

static void run_header_variant(struct suite_case *c)
{
    char digest[SIGV4_HEX_SIZE];
    struct sigv4_result r;

    sigv4_result_init(&r);
    if (c->sign_body) {
        sigv4_sha256_hex(digest, c->req.body, c->req.body_len);
        c->headers[c->req.n_headers++] =
            (struct sigv4_header){"x-amz-content-sha256", digest};
    }
    assert_int_equal(sigv4_sign(&r, &c->key, &c->scope, &c->req, NULL), 0);
    if (c->sign_body) {
        c->headers[--c->req.n_headers] = (struct sigv4_header){NULL, NULL};
    }
    assert_stage(c, "header", "canonical-request", buf_str(&r.canonical));
    assert_stage(c, "header", "string-to-sign", buf_str(&r.string_to_sign));
    assert_stage(c, "header", "signature", r.signature);
    assert_signed_request_has(c, "header", buf_str(&r.output));
    sigv4_result_free(&r);
}

static void run_query_variant(struct suite_case *c)
{
    struct sigv4_result r;
    char *part;
    char *save;

    sigv4_result_init(&r);
    assert_int_equal(sigv4_presign(&r, &c->key, &c->scope, &c->req,
                                   (unsigned)c->expires_s, NULL),
                     0);
    assert_stage(c, "query", "canonical-request", buf_str(&r.canonical));
    assert_stage(c, "query", "string-to-sign", buf_str(&r.string_to_sign));
    assert_stage(c, "query", "signature", r.signature);
    /* The order of the parameters is free; each must be there. */
    for (part = strtok_r(r.output.data, "&", &save); part != NULL;
         part = strtok_r(NULL, "&", &save)) {
        assert_signed_request_has(c, "query", part);
    }
    sigv4_result_free(&r);
}

static void test_public_cases(void **state)
{
    char dir[2000];
    char **names;
    size_t i;

    (void)state;
    snprintf(dir, sizeof dir, "%s/sigv4", test_shared_vectors_dir());
    names = test_list_dir(dir, "");
    if (names == NULL) {
        print_message("skipped: no public signing cases in %s\n", dir);
        return;
    }
    for (i = 0; names[i] != NULL; i++) {
        struct suite_case c;

        case_load(&c, dir, names[i]);
        run_header_variant(&c);
        run_query_variant(&c);
        json_decref(c.context);
        free(c.text);
    }
    print_message("%zu public cases, both variants\n", i);
    assert_true(i > 0);
    test_free_names(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_public_cases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
