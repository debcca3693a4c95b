/* SPDX-License-Identifier: Apache-2.0 */
/* test_request_tls.c - which certificates requests believe, and whose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/pem.h>

#include "ask_rig.h"
#include "err.h"
#include "test_http.h"

static void test_https_with_certificates_of_every_kind(void **state)
{
    static const struct {
        enum test_cert cert;
        const char *host;
        bool no_verify;
        int code; /* 0: works */
        const char *words;
    } cases[] = {
        {TEST_CERT_GOOD, "localhost", false, 0, ""},
        {TEST_CERT_GOOD, "127.0.0.1", false, 0, ""},
        {TEST_CERT_GOOD, "127.0.0.1", true, 0, ""},
        {TEST_CERT_EXPIRED, "127.0.0.1", true, 0, ""},
        {TEST_CERT_WRONG_HOST, "127.0.0.1", true, 0, ""},
        {TEST_CERT_SELF_SIGNED, "127.0.0.1", true, 0, ""},
        {TEST_CERT_EXPIRED, "127.0.0.1", false, ERR_CERTIFICATE,
         "certificate has expired"},
        {TEST_CERT_FUTURE, "127.0.0.1", false, ERR_CERTIFICATE,
         "not yet valid"},
        {TEST_CERT_WRONG_HOST, "localhost", false, ERR_CERTIFICATE,
         "not for localhost"},
        {TEST_CERT_WRONG_HOST, "127.0.0.1", false, ERR_CERTIFICATE,
         "not for 127.0.0.1"},
        {TEST_CERT_SELF_SIGNED, "127.0.0.1", false, ERR_CERTIFICATE,
         "self-signed certificate"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct net_rig rig;
        struct test_http *h;
        struct ask ask = {0};
        SSL_CTX *tls;

        net_rig_init(&rig);
        net_rig_net(&rig, cases[i].no_verify ? NULL : rig.pki.ca_file,
                    cases[i].no_verify);
        tls = test_pki_context(&rig.pki, cases[i].cert);
        h = test_http_start(&rig.t.loop, tls, ask_echo, NULL);
        ask_start(&ask, &rig, &ask_quick, "https", cases[i].host,
                  test_http_port(h), "/");
        test_loop_until(&rig.t, &ask.done);
        if (ask.err.code != cases[i].code ||
            strstr(ask.err.msg, cases[i].words) == NULL) {
            fail_msg("case %zu: %s: %s", i, err_name(ask.err.code),
                     ask.err.msg);
        }
        assert_int_equal(ask.status, cases[i].code == 0 ? 200 : 0);
        assert_int_equal(ask.n_prepared, 1); /* Not worth another try */
        SSL_CTX_free(tls);
        ask_end(&rig, h);
    }
}

static void test_authorities_from_every_source(void **state)
{
    static const struct {
        const char *variable; /* Set to the directory or file, or NULL */
        bool dir;
        bool given; /* To net_new() */
        int code;
    } cases[] = {
        {NULL, false, false, ERR_CERTIFICATE}, /* The system knows us not */
        {NULL, false, true, 0},
        {NULL, true, true, 0},
        {"SSL_CERT_FILE", false, false, 0},
        {"SSL_CERT_DIR", true, false, 0},
        {"CURL_CA_BUNDLE", false, false, 0},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct net_rig rig;
        struct test_http *h;
        const char *path;
        SSL_CTX *tls;
        int n;

        net_rig_init(&rig);
        path = cases[i].dir ? rig.pki.ca_dir : rig.pki.ca_file;
        if (cases[i].variable != NULL) {
            setenv(cases[i].variable, path, 1);
        }
        net_rig_net(&rig, cases[i].given ? path : NULL, false);
        tls = test_pki_context(&rig.pki, TEST_CERT_GOOD);
        h = test_http_start(&rig.t.loop, tls, ask_close_after, NULL);
        for (n = 0; n < 2; n++) {
            struct ask ask = {0};

            ask_start(&ask, &rig, &ask_quick, "https", "127.0.0.1",
                      test_http_port(h), "/");
            test_loop_until(&rig.t, &ask.done);
            if (ask.err.code != cases[i].code) {
                fail_msg("case %zu: %s: %s", i, err_name(ask.err.code),
                         ask.err.msg);
            }
        }
        SSL_CTX_free(tls);
        ask_end(&rig, h);
    }
}

/* Expect net_new() to refuse the CA file at @path with @words. */
static void refuse_ca(struct net_rig *rig, const char *path, const char *words)
{
    struct net_config config = {.ca_bundle = path};
    struct net *net = NULL;
    struct err err = {0};

    assert_int_equal(net_new(&net, &rig->t.loop, &rig->log, &config, &err),
                     ERR_SETTING);
    assert_null(net);
    assert_int_equal(err.code, ERR_SETTING);
    if (strstr(err.msg, path) == NULL || strstr(err.msg, words) == NULL) {
        fail_msg("\"%s\", wanted \"%s\"", err.msg, words);
    }
}

/* Write @text to <dir>/@name and return its path in @path. */
static void write_file(const struct net_rig *rig, const char *name,
                       const char *text, char *path, size_t size)
{
    FILE *f;

    snprintf(path, size, "%s/%s", rig->pki.dir, name);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void test_a_bad_ca_file_is_named_with_its_line(void **state)
{
    struct net_rig rig;
    char path[128];
    char text[8192];
    char good[4096] = "";
    FILE *f;
    size_t n;

    (void)state;
    net_rig_init(&rig);
    f = fopen(rig.pki.ca_file, "r");
    assert_non_null(f);
    n = fread(good, 1, sizeof good - 1, f);
    fclose(f);
    good[n] = '\0';

    refuse_ca(&rig, "/nonexistent/ca.pem", "no such file or directory");
    write_file(&rig, "empty.pem", "", path, sizeof path);
    refuse_ca(&rig, path, "the file is empty");
    write_file(&rig, "text.pem", "hello\n", path, sizeof path);
    refuse_ca(&rig, path, "holds no certificate");
    snprintf(text, sizeof text,
             "# a comment\n%s-----BEGIN CERTIFICATE-----\nMIIB\n", good);
    write_file(&rig, "cut.pem", text, path, sizeof path);
    refuse_ca(&rig, path, "has no END line");
    snprintf(text, sizeof text,
             "-----BEGIN CERTIFICATE-----\nAAAA\nBB!B\n"
             "-----END CERTIFICATE-----\n%s",
             good);
    write_file(&rig, "bad.pem", text, path, sizeof path);
    refuse_ca(&rig, path, "line 3: unreadable certificate");
    snprintf(text, sizeof text,
             "%s-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
             good);
    write_file(&rig, "zero.pem", text, path, sizeof path);
    refuse_ca(&rig, path, "unreadable certificate");
    snprintf(path, sizeof path, "%s/nothing", rig.pki.dir);
    refuse_ca(&rig, rig.pki.dir, "holds no certificate under its hash");
    net_rig_close(&rig);
}

/* Append the file @from to the file @to. */
static void append(const char *to, const char *from)
{
    char text[8192];
    FILE *in = fopen(from, "r");
    FILE *out = fopen(to, "a");
    size_t n;

    assert_non_null(in);
    assert_non_null(out);
    n = fread(text, 1, sizeof text, in);
    assert_int_equal(fwrite(text, 1, n, out), n);
    fclose(in);
    fclose(out);
}

/* Ask a server with @tls, believing the CA file @path; returns the code. */
static int ask_trusting(struct net_rig *rig, SSL_CTX *tls, const char *path)
{
    struct ask ask = {0};
    struct test_http *h;

    net_rig_net(rig, path, false);
    h = test_http_start(&rig->t.loop, tls, ask_close_after, NULL);
    ask_start(&ask, rig, &ask_quick, "https", "127.0.0.1", test_http_port(h),
              "/");
    test_loop_until(&rig->t, &ask.done);
    test_http_close(h);
    return ask.err.code;
}

static void test_bundles_of_every_shape(void **state)
{
    struct test_pki other[3];
    struct net_rig rig;
    char path[128];
    SSL_CTX *tls;
    FILE *f;
    int i;

    (void)state;
    /* Authorities of one name: the right one is found among them. */
    net_rig_init(&rig);
    write_file(&rig, "many.pem", "# many\r\n\n", path, sizeof path);
    for (i = 0; i < 3; i++) {
        test_pki_init(&other[i]);
        append(path, other[i].ca_file);
    }
    append(path, rig.pki.ca_file);
    append(path, other[0].ca_file);
    tls = test_pki_context(&rig.pki, TEST_CERT_GOOD);
    assert_int_equal(ask_trusting(&rig, tls, path), 0);
    net_rig_close(&rig);

    /* ... and missed where it is not. */
    net_rig_init(&rig);
    write_file(&rig, "many.pem", "", path, sizeof path);
    append(path, other[0].ca_file);
    append(path, other[1].ca_file);
    assert_int_equal(ask_trusting(&rig, tls, path), ERR_CERTIFICATE);
    net_rig_close(&rig);
    SSL_CTX_free(tls);

    /* In OpenSSL's own form, with a remark that follows the certificate. */
    net_rig_init(&rig);
    snprintf(path, sizeof path, "%s/trusted.pem", rig.pki.dir);
    f = fopen(path, "w");
    assert_non_null(f);
    X509_alias_set1(rig.pki.ca, (const unsigned char *)"ours", 4);
    assert_int_equal(PEM_write_X509_AUX(f, rig.pki.ca), 1);
    fclose(f);
    tls = test_pki_context(&rig.pki, TEST_CERT_GOOD);
    assert_int_equal(ask_trusting(&rig, tls, path), 0);
    SSL_CTX_free(tls);
    net_rig_close(&rig);

    /* A server's own certificate, beside its key. */
    net_rig_init(&rig);
    test_pki_write(&rig.pki, TEST_CERT_SELF_SIGNED, "self.pem", path,
                   sizeof path);
    tls = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate_file(tls, path, SSL_FILETYPE_PEM),
                     1);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(tls, path, SSL_FILETYPE_PEM),
                     1);
    assert_int_equal(ask_trusting(&rig, tls, path), 0);
    SSL_CTX_free(tls);
    net_rig_close(&rig);
    for (i = 0; i < 3; i++) {
        test_pki_free(&other[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_https_with_certificates_of_every_kind),
        cmocka_unit_test(test_authorities_from_every_source),
        cmocka_unit_test(test_a_bad_ca_file_is_named_with_its_line),
        cmocka_unit_test(test_bundles_of_every_shape),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
