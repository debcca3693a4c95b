/* SPDX-License-Identifier: Apache-2.0 */
/* test_rsa_key.c - the key of a launch in every form there is, made by openssl
 * and ssh-keygen when the test runs, and what a wrong one is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base64.h"
#include "buf.h"
#include "err.h"
#include "mem.h"
#include "rsa_key.h"
#include "scarce.h"

#define PASSWORD                                                               \
    "Gr\xc3\xbc\xc3\x9f"                                                       \
    "e;)-%s&*=AbC!"
#define SENTENCE                                                               \
    "Unable to decrypt password data using provided private key file."

/* Every file, as a shell makes it. */
static const char recipe[] =
    "set -e; cd \"$0\"; umask 077\n"
    "openssl genrsa -traditional -out pkcs1 2048\n"
    "openssl pkcs8 -topk8 -nocrypt -in pkcs1 -out pkcs8\n"
    "openssl rsa -traditional -aes256 -passout pass:open -in pkcs1 "
    "-out pkcs1-aes\n"
    "openssl rsa -traditional -des3 -passout pass:open -in pkcs1 "
    "-out pkcs1-des3\n"
    "openssl pkcs8 -topk8 -v2 aes-256-cbc -iter 1000 -passout pass:open "
    "-in pkcs1 -out pkcs8-aes\n"
    "cp pkcs1 openssh; ssh-keygen -q -p -P '' -N '' -f openssh\n"
    "cp pkcs1 openssh-locked\n"
    "ssh-keygen -q -p -P '' -N open -a 1 -f openssh-locked\n"
    "openssl rsa -in pkcs1 -pubout -out public\n"
    "ssh-keygen -y -f openssh > ssh.pub\n"
    "openssl genrsa -out other 2048\n"
    "openssl genrsa -out larger 3072\n"
    "openssl genpkey -algorithm ed25519 -out ed25519\n"
    "ssh-keygen -q -t ed25519 -N '' -f ssh-ed25519\n"
    "ssh-keygen -q -t ecdsa -N '' -f ssh-ecdsa\n"
    "openssl ecparam -genkey -name prime256v1 -noout -out ecdsa\n"
    "head -c 600 pkcs1 > cut\n"
    "sed '2s/^..../AAAA/' openssh > broken\n"
    "printf 'PuTTY-User-Key-File-3: ssh-rsa\\n' > putty\n"
    ": > empty\n"
    "printf 'hello\\n' > hello\n";

static char dir[] = "/tmp/eice-rsa-XXXXXX";

static int make_files(void **state)
{
    char command[4096];

    (void)state;
    assert_non_null(mkdtemp(dir));
    setenv("RECIPE", recipe, 1);
    snprintf(command, sizeof command, "sh -c \"$RECIPE\" %s 2>%s/log", dir,
             dir);
    return system(command) == 0 ? 0 : -1;
}

static int remove_files(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command) == 0 ? 0 : -1;
}

/* What the person types, one after the other. */
static const char *answers[4];
static unsigned n_asked;
static char asked[600];

static int ask(const char *text, char *out, size_t size, struct err *e)
{
    snprintf(asked, sizeof asked, "%s", text);
    if (n_asked == 4 || answers[n_asked] == NULL) {
        n_asked++;
        return err_set(e, ERR_USAGE, "no terminal");
    }
    snprintf(out, size, "%s", answers[n_asked++]);
    return 0;
}

static int load(struct rsa_key **key, const char *name, struct err *e)
{
    char path[128];
    int rv;

    n_asked = 0;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    rv = rsa_key_load(key, path, ask, e);
    assert_true((rv == 0) == (*key != NULL));
    return rv;
}

/* What EC2 sends: @text, encrypted for the key @name. */
static void encrypt(struct buf *out, const char *name, const char *text)
{
    unsigned char secret[1024];
    size_t len = sizeof secret;
    char path[128];
    EVP_PKEY *pkey;
    EVP_PKEY_CTX *ctx;
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    f = fopen(path, "r");
    assert_non_null(f);
    pkey = PEM_read_PUBKEY(f, NULL, NULL, NULL);
    fclose(f);
    assert_non_null(pkey);
    ctx = EVP_PKEY_CTX_new(pkey, NULL);
    assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING);
    assert_int_equal(EVP_PKEY_encrypt(ctx, secret, &len,
                                      (const unsigned char *)text,
                                      strlen(text)),
                     1);
    buf_adds(out, "\r\n");
    base64_encode(out, secret, len);
    buf_adds(out, "\r\n");
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
}

static void test_every_form(void **state)
{
    static const struct {
        const char *file;
        unsigned passphrases; /* How often one is asked for */
    } forms[] = {
        {"pkcs1", 0},      {"pkcs8", 0},     {"pkcs1-aes", 1},
        {"pkcs1-des3", 1}, {"pkcs8-aes", 1}, {"openssh", 0},
    };
    struct buf data;
    size_t i;

    (void)state;
    buf_init(&data, 4096);
    encrypt(&data, "public", PASSWORD);
    answers[0] = "open";
    for (i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct rsa_key *key;
        struct buf text;
        struct err e = {0};

        print_message("%s\n", forms[i].file);
        buf_init(&text, 4096);
        assert_int_equal(load(&key, forms[i].file, &e), 0);
        assert_int_equal(n_asked, forms[i].passphrases);
        assert_int_equal(rsa_key_decrypt(key, &text, buf_str(&data), &e), 0);
        assert_string_equal(buf_str(&text), PASSWORD);
        buf_wipe(&text);
        rsa_key_free(key);
    }
    buf_free(&data);
}

static void test_passphrases(void **state)
{
    struct rsa_key *key;
    struct err e;

    (void)state;
    answers[0] = "wrong";
    answers[1] = "open";
    answers[2] = NULL;
    assert_int_equal(load(&key, "pkcs8-aes", &e), 0);
    assert_int_equal(n_asked, 2);
    assert_non_null(strstr(asked, "That is not it. Passphrase for "));
    rsa_key_free(key);

    answers[1] = "wrong";
    answers[2] = "wrong too";
    assert_int_equal(load(&key, "pkcs1-aes", &e), ERR_PARSE);
    assert_int_equal(n_asked, 3);
    assert_string_equal(e.msg, SENTENCE);
    assert_non_null(strstr(e.hint, "the passphrase does not open"));

    answers[0] = NULL; /* Nobody to ask. */
    assert_int_equal(load(&key, "pkcs1-aes", &e), ERR_USAGE);
    assert_string_equal(e.msg, "no terminal");
}

static void test_no_keys(void **state)
{
    static const struct {
        const char *file, *hint;
    } cases[] = {
        {"ed25519", "is an Ed25519 key, and passwords are encrypted with RSA"},
        {"ssh-ed25519", "is an Ed25519 key, and passwords are encrypted with"},
        {"ssh-ecdsa", "is a key of the type ecdsa-sha2-nistp256, and"},
        {"ecdsa", "is an ECDSA key, and passwords are encrypted with RSA"},
        {"openssh-locked", "`ssh-keygen -p -m PEM -f /tmp/eice-rsa-"},
        {"public", "is a public key"},
        {"ssh.pub", "is a public key"},
        {"cut", "is damaged"},
        {"broken", "is damaged"},
        {"putty", "puttygen"},
        {"empty", "holds no private key in PEM form"},
        {"hello", "holds no private key in PEM form"},
    };
    struct rsa_key *key;
    struct err e;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(load(&key, cases[i].file, &e), ERR_PARSE);
        print_message("%s: %s\n", cases[i].file, e.hint);
        assert_int_equal(e.code, ERR_PARSE);
        assert_string_equal(e.msg, SENTENCE);
        assert_non_null(strstr(e.hint, cases[i].hint));
        assert_int_equal(n_asked, 0);
    }
    assert_int_equal(load(&key, "not-there", &e), ERR_SETTING);
    assert_string_equal(e.msg, "priv-launch-key should be a path to the local "
                               "SSH private key file used to launch the "
                               "instance.");
    assert_non_null(strstr(e.hint, "No such file or directory"));
}

static void test_wrong_keys(void **state)
{
    static const struct {
        const char *file, *hint;
    } cases[] = {
        {"other", "is not the key pair the instance was launched with"},
        {"larger", "is a key of 3072 bits, and the password was encrypted for "
                   "one of 2048"},
    };
    struct rsa_key *key;
    struct buf data;
    struct buf text;
    struct err e;
    size_t i;

    (void)state;
    buf_init(&data, 4096);
    buf_init(&text, 4096);
    encrypt(&data, "public", PASSWORD);
    for (i = 0; i < 2; i++) {
        assert_int_equal(load(&key, cases[i].file, &e), 0);
        assert_int_equal(rsa_key_decrypt(key, &text, buf_str(&data), &e),
                         ERR_PARSE);
        assert_string_equal(e.msg, SENTENCE);
        assert_non_null(strstr(e.hint, cases[i].hint));
        assert_int_equal(text.len, 0);
        rsa_key_free(key);
    }
    assert_int_equal(load(&key, "pkcs1", &e), 0);
    assert_int_equal(rsa_key_decrypt(key, &text, "no*base64", &e), ERR_PARSE);
    assert_int_equal(rsa_key_decrypt(key, &text, "", &e), ERR_PARSE);
    buf_clear(&data); /* No text that anybody could type. */
    encrypt(&data, "public", "\x01\x02\xff");
    assert_int_equal(rsa_key_decrypt(key, &text, buf_str(&data), &e),
                     ERR_PARSE);
    assert_int_equal(text.len, 0);
    rsa_key_free(key);
    buf_free(&data);
    buf_free(&text);
}

static void test_short_of_memory(void **state)
{
    static const char *const files[] = {"pkcs1", "openssh"};
    struct buf data;
    size_t i;
    unsigned n;

    (void)state;
    buf_init(&data, 4096);
    encrypt(&data, "public", PASSWORD);
    for (i = 0; i < 2; i++) {
        for (n = 0;; n++) {
            struct scarce c = {.left = n};
            struct rsa_key *key;
            struct buf text;
            struct err e;
            int rv;

            buf_init(&text, 4096);
            mem_set_hook(scarce_one, &c);
            rv = load(&key, files[i], &e);
            if (rv == 0) {
                rv = rsa_key_decrypt(key, &text, buf_str(&data), &e);
            }
            mem_set_hook(NULL, NULL);
            rsa_key_free(key);
            buf_free(&text);
            assert_int_equal(rv != 0, c.fired);
            if (!c.fired) {
                break;
            }
        }
        print_message("%s: %u allocations\n", files[i], n);
        assert_true(n >= 5);
    }
    buf_free(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_form),
        cmocka_unit_test(test_passphrases),
        cmocka_unit_test(test_no_keys),
        cmocka_unit_test(test_wrong_keys),
        cmocka_unit_test(test_short_of_memory),
    };

    return cmocka_run_group_tests(tests, make_files, remove_files);
}
