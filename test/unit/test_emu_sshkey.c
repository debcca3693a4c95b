/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_sshkey.c - SSH public keys: which are read, and how they are
 * written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "buf.h"
#include "key_rig.h"
#include "sshkey.h"

static void test_keys_are_read_or_refused(void **state)
{
    static const struct {
        const char *text;
        const char *why; /* NULL: accepted */
    } cases[] = {
        {ED25519, NULL},
        {ED25519 " me@host", NULL},
        {ED25519 " me\n", NULL},
        {"  " ED25519, NULL},
        {RSA_2048, NULL},
        {RSA_3072, NULL}, /* The length is the service's affair */
        {ECDSA, "SSH Public key type is not supported"},
        {"", "SSH Public key is invalid"},
        {"ssh-rsa", "SSH Public key is invalid"},
        {"ssh-rsa !!!!", "RSA - SSH Public key is invalid"},
        {"ssh-rsa AAAA", "SSH Public key is invalid"},
        {"ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB", "RSA - SSH Public key is invalid"},
        /* The line says another type than the blob. */
        {"ssh-rsa "
         "AAAAC3NzaC1lZDI1NTE5AAAAIFlV91SW8mo4auDShUcqoDhI7quWatKIy9E9bJBoD+jD",
         "SSH Public key is invalid"},
        /* 31 bytes of point. */
        {"ssh-ed25519 "
         "AAAAC3NzaC1lZDI1NTE5AAAAH1lV91SW8mo4auDShUcqoDhI7quWatKIy9E9bJBoD+g=",
         "ED25519 - SSH Public key is invalid"},
        /* A second line would become a key of its own. */
        {ED25519 " a\n" RSA_2048, "SSH Public key is invalid"},
        {ED25519 " a\x01", "SSH Public key is invalid"},
        {"command=\"x\" " ED25519, "SSH Public key is invalid"},
        {"---- BEGIN SSH2 PUBLIC KEY ----\nComment: \"a\"\nSubject: long \\\n"
         "line\n" RSA_2048_B64 "\n---- END SSH2 PUBLIC KEY ----\n",
         NULL},
        {"---- BEGIN SSH2 PUBLIC KEY ----\r\nComment: \"a\"\r\n" RSA_2048_B64
         "\r\n---- END SSH2 PUBLIC KEY ----\r\n",
         NULL},
        {"---- BEGIN SSH2 PUBLIC KEY ----\n" RSA_2048_B64,
         "SSH2 - SSH Public key is invalid"},
        {"---- BEGIN SSH2 PUBLIC KEY ----\n????\n"
         "---- END SSH2 PUBLIC KEY ----\n",
         "SSH2 - SSH Public key is invalid"},
        {"---- BEGIN SSH2 PUBLIC KEY ----\n" RSA_2048_B64
         "\n---- END SSH2 PUBLIC KEY ----\nmore",
         "SSH2 - SSH Public key is invalid"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sshkey key;
        const char *why = sshkey_parse(&key, cases[i].text);

        if ((why == NULL) != (cases[i].why == NULL)) {
            fail_msg("case %zu: %s", i, why);
        }
        if (why != NULL) {
            assert_string_equal(why, cases[i].why);
        }
        sshkey_free(&key);
    }
}

static void test_an_ssh2_block_becomes_a_line(void **state)
{
    struct sshkey key;
    struct buf print;

    (void)state;
    assert_null(sshkey_parse(&key, "---- BEGIN SSH2 PUBLIC KEY ----\n"
                                   "Comment: \"a\"\n" RSA_2048_B64
                                   "\n---- END SSH2 PUBLIC KEY ----\n"));
    assert_string_equal(key.line, RSA_2048);
    assert_int_equal(key.bits, 2048);
    buf_init(&print, 100);
    sshkey_fingerprint(&key, &print);
    /* As ssh-keygen -l prints it. */
    assert_string_equal(buf_str(&print),
                        "SHA256:Gb8QJ1EQWVs45+NI6NTfFx8es82RhAj/uB4uafhgKxk");
    buf_free(&print);
    sshkey_free(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_are_read_or_refused),
        cmocka_unit_test(test_an_ssh2_block_becomes_a_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
