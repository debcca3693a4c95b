/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_signer.c - key records, certificates and OCSP responses, looked at
 * by the openssl program the way the on-instance scripts do (AWS-REFERENCE
 * E3, E4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base64.h"
#include "emu_rig.h"
#include "err.h"
#include "file.h"
#include "keys.h"
#include "signer.h"

#define WEB "i-0123456789abcdef0"
#define ED25519                                                                \
    "ssh-ed25519 "                                                             \
    "AAAAC3NzaC1lZDI1NTE5AAAAIFlV91SW8mo4auDShUcqoDhI7quWatKIy9E9bJBoD+jD"

/* A rig at the real time, its signer, and a directory for openssl. */
struct bed {
    struct rig *rig;
    char dir[32];
};

static int set_up(void **state)
{
    struct bed *b = calloc(1, sizeof *b);
    struct err e;

    strcpy(b->dir, "/tmp/eice-signer-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    b->rig = rig_new(NULL);
    b->rig->now_ms = (int64_t)time(NULL) * 1000;
    if (signer_new(&b->rig->api.signer, b->rig->w, NULL, &e) != 0) {
        fail_msg("%s", e.msg);
    }
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bed *b = *state;
    char command[64];

    snprintf(command, sizeof command, "rm -rf %s", b->dir);
    assert_int_equal(system(command), 0);
    signer_free(b->rig->api.signer);
    rig_free(b->rig);
    free(b);
    return 0;
}

/* Write a file into the directory. */
static void put(struct bed *b, const char *name, const void *data, size_t len)
{
    char path[128];

    snprintf(path, sizeof path, "%s/%s", b->dir, name);
    assert_int_equal(file_replace(path, data, len, NULL), 0);
}

/* Run a command in the directory; its first line of output. */
static const char *run(struct bed *b, const char *command)
{
    static char line[1024];
    char whole[1024];
    FILE *p;

    snprintf(whole, sizeof whole, "cd %s && %s", b->dir, command);
    p = popen(whole, "r");
    assert_non_null(p);
    line[0] = '\0';
    if (fgets(line, sizeof line, p) != NULL) {
        line[strcspn(line, "\n")] = '\0';
    }
    while (fgetc(p) != EOF) {
    }
    pclose(p);
    return line;
}

/* A page of the metadata service. */
static const char *page(struct bed *b, const char *path)
{
    static const char *const ttl[] = {"x-aws-ec2-metadata-token-ttl-seconds: 5",
                                      NULL};
    char header[300];
    char target[256];
    const char *headers[] = {header, NULL};

    rig_send(b->rig, "PUT", "/latest/api/token", ttl, "");
    snprintf(header, sizeof header, "x-aws-ec2-metadata-token: %s",
             b->rig->body);
    snprintf(target, sizeof target, "/latest/meta-data/managed-ssh-keys/%s",
             path);
    rig_send(b->rig, "GET", target, headers, "");
    return b->rig->body;
}

/* The chain as three files: leaf, middle, root. */
static void split_chain(struct bed *b)
{
    static const char *const names[] = {"leaf.pem", "middle.pem", "root.pem"};
    const char *at = page(b, "signer-cert/");
    size_t i;

    assert_int_equal(b->rig->status, 200);
    for (i = 0; i < 3; i++) {
        const char *end = strstr(at, "-----END CERTIFICATE-----\n");

        assert_non_null(end);
        end += 26;
        put(b, names[i], at, (size_t)(end - at));
        at = end;
    }
    assert_string_equal(at, "");
}

static void test_the_chain_is_strictly_right(void **state)
{
    struct bed *b = *state;

    split_chain(b);
    assert_string_equal(
        run(b, "openssl x509 -in leaf.pem -noout -subject -nameopt RFC2253"),
        "subject=CN=managed-ssh-signer.eu-central-1.amazonaws.com");
    assert_string_equal(
        run(b, "mkdir certs; cat middle.pem root.pem > trust.pem; openssl "
               "verify -x509_strict -CApath certs -CAfile trust.pem leaf.pem "
               "2>&1"),
        "leaf.pem: OK");
    /* And only by its own root. */
    assert_string_not_equal(
        run(b, "openssl verify -x509_strict -CApath certs -CAfile middle.pem "
               "leaf.pem 2>/dev/null"),
        "leaf.pem: OK");
}

/* One OCSP staple through openssl ocsp. */
static void check_staple(struct bed *b, const char *cert, const char *issuer)
{
    char command[256];
    char name[64];
    char path[96];
    struct buf der;
    const char *coded;

    snprintf(command, sizeof command,
             "openssl x509 -in %s -noout -fingerprint -sha1 | "
             "sed 's/.*=//;s/://g'",
             cert);
    snprintf(name, sizeof name, "%s", run(b, command));
    assert_int_equal(strlen(name), 40);
    assert_non_null(strstr(page(b, "signer-ocsp/"), name));
    snprintf(path, sizeof path, "signer-ocsp/%s", name);
    coded = page(b, path);
    assert_int_equal(b->rig->status, 200);
    buf_init(&der, 65536);
    assert_int_equal(base64_decode_spaced(&der, coded, strlen(coded)), 0);
    put(b, "staple", der.data, der.len);
    buf_free(&der);
    snprintf(command, sizeof command,
             "openssl ocsp -no_nonce -issuer %s -cert %s -VAfile %s "
             "-respin staple 2>/dev/null",
             issuer, cert, issuer);
    snprintf(path, sizeof path, "%s: good", cert);
    assert_string_equal(run(b, command), path);
}

static void test_the_staples_say_good(void **state)
{
    struct bed *b = *state;

    split_chain(b);
    check_staple(b, "leaf.pem", "middle.pem");
    check_staple(b, "middle.pem", "root.pem");
    page(b, "signer-ocsp/0000");
    assert_int_equal(b->rig->status, 404);
}

static void test_records_verify_line_for_line(void **state)
{
    struct bed *b = *state;
    const struct world_instance *web = world_instance(b->rig->w, WEB);
    const char *text;
    const char *key;
    const char *sig;
    struct buf raw;
    char want[64];

    assert_int_equal(keys_push(b->rig->api.keys, web, "ec2-user", ED25519 " c",
                               "arn:aws:iam::111122223333:user/admin", "req-1"),
                     0);
    split_chain(b);
    text = page(b, "active-keys/ec2-user/");
    assert_int_equal(b->rig->status, 200);
    snprintf(want, sizeof want, "#Timestamp=%lld\n#Instance=" WEB "\n",
             (long long)(b->rig->now_ms / 1000 + 60));
    assert_int_equal(strncmp(text, want, strlen(want)), 0);
    assert_non_null(
        strstr(text, "#Caller=arn:aws:iam::111122223333:user/admin\n"));
    assert_non_null(strstr(text, "#Request=req-1\n"));
    assert_null(strchr(text, '\r'));
    key = strstr(text, ED25519 " c\n");
    assert_non_null(key);
    sig = strchr(key, '\n') + 1;
    put(b, "data", text, (size_t)(sig - text));
    buf_init(&raw, 4096);
    assert_int_equal(base64_decode(&raw, sig, strcspn(sig, "\n")), 0);
    put(b, "sig", raw.data, raw.len);
    buf_free(&raw);
    assert_string_equal(sig + strcspn(sig, "\n"), "\n\n"); /* A blank line */
    assert_string_equal(
        run(b, "openssl x509 -in leaf.pem -noout -pubkey > pub.pem; openssl "
               "dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt "
               "rsa_pss_saltlen:32 -verify pub.pem -signature sig data"),
        "Verified OK");
    assert_string_equal(
        run(b, "echo >> data; openssl dgst -sha256 -sigopt "
               "rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -verify "
               "pub.pem -signature sig data 2>/dev/null"),
        "Verification failure");
}

static void test_records_disappear_with_their_key(void **state)
{
    struct bed *b = *state;
    const struct world_instance *web = world_instance(b->rig->w, WEB);
    char *first;

    keys_push(b->rig->api.keys, web, "u", ED25519 " one", "me", "r1");
    b->rig->now_ms += 1000;
    keys_push(b->rig->api.keys, web, "u", ED25519 " two", "me", "r2");
    first = strdup(page(b, "active-keys/u/"));
    assert_non_null(strstr(first, " one\n"));
    assert_non_null(strstr(first, "\n\n#Timestamp="));
    assert_string_equal(page(b, "active-keys/u"), first); /* Signed once */
    free(first);
    b->rig->now_ms += 59000;
    assert_null(strstr(page(b, "active-keys/u/"), " one\n"));
    assert_int_equal(b->rig->status, 200);
    b->rig->now_ms += 1000;
    page(b, "active-keys/u/");
    assert_int_equal(b->rig->status, 404);
    page(b, "active-keys/other/");
    assert_int_equal(b->rig->status, 404);
}

static void test_a_root_once_installed_stays(void **state)
{
    struct bed *b = *state;
    char path[64];
    struct signer *s;
    struct buf one;
    struct buf two;
    struct stat st;
    struct err e;

    snprintf(path, sizeof path, "%s/signer.pem", b->dir);
    buf_init(&one, 8192);
    buf_init(&two, 8192);
    assert_int_equal(signer_new(&s, b->rig->w, path, &e), 0);
    signer_chain(s, &one);
    signer_free(s);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(signer_new(&s, b->rig->w, path, &e), 0);
    signer_chain(s, &two);
    assert_string_equal(buf_str(&one), buf_str(&two));
    signer_free(s);
    /* A year on the leaf is renewed, the root is not. */
    b->rig->now_ms += (int64_t)366 * 86400 * 1000;
    buf_clear(&two);
    assert_int_equal(signer_new(&s, b->rig->w, path, &e), 0);
    signer_chain(s, &two);
    assert_string_not_equal(buf_str(&one), buf_str(&two));
    buf_clear(&two);
    signer_root(s, &two);
    assert_non_null(strstr(buf_str(&one), buf_str(&two)));
    signer_free(s);
    /* Nonsense in the file is as good as no file. */
    put(b, "signer.pem", "nonsense", 8);
    assert_int_equal(signer_new(&s, b->rig->w, path, &e), 0);
    signer_free(s);
    assert_int_not_equal(signer_new(&s, b->rig->w, "/dev/null/signer.pem", &e),
                         0);
    assert_null(s);
    buf_free(&one);
    buf_free(&two);
}

#define ON_BED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BED(test_the_chain_is_strictly_right),
        ON_BED(test_the_staples_say_good),
        ON_BED(test_records_verify_line_for_line),
        ON_BED(test_records_disappear_with_their_key),
        ON_BED(test_a_root_once_installed_stays),
    };

    if (system("openssl version >/dev/null 2>&1") != 0) {
        print_message("no openssl program: skipped\n");
        return 77; /* meson: skipped */
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
