/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_output.c - what an instance has to say: password and console;
 * and errors on order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base64.h"
#include "emu_rig.h"

#define PASSWORD "Action=GetPasswordData&InstanceId=i-00000000"
#define CONSOLE "Action=GetConsoleOutput&InstanceId=i-00000000"
#define IN                                                                     \
    "\"instances\":[{\"id\":\"i-00000000\",\"subnet\":\"subnet-1\","           \
    "\"private_ip\":\"10.0.1.5\","

static void test_password_opens_with_the_key_pair(void **state)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    BIO *bio = BIO_new(BIO_s_mem());
    unsigned char plain[512];
    size_t len = sizeof plain;
    char world[4096];
    char pem[2048];
    struct buf cipher;
    struct rig *r;
    char *text;
    long n;
    long i;
    size_t at = 0;

    (void)state;
    assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
    n = BIO_get_mem_data(bio, &text);
    for (i = 0; i < n; i++) { /* As a JSON string */
        if (text[i] == '\n') {
            pem[at++] = '\\';
            pem[at++] = 'n';
        } else {
            pem[at++] = text[i];
        }
    }
    pem[at] = '\0';
    snprintf(world, sizeof world,
             "\"key_pairs\":[{\"name\":\"k\",\"public_key\":\"%s\"}]," IN
             "\"platform\":\"windows\",\"key_name\":\"k\","
             "\"password\":\"S3cret!\\u00e4\"}]",
             pem);
    r = rig_with_instance(world);
    rig_ec2(r, PASSWORD);
    assert_int_equal(r->status, 200);
    buf_init(&cipher, 4096);
    text = (char *)(uintptr_t)rig_xml(r, "passwordData");
    assert_int_equal(base64_decode(&cipher, text, strlen(text)), 0);
    assert_int_equal(EVP_PKEY_decrypt_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING), 1);
    assert_int_equal(EVP_PKEY_decrypt(ctx, plain, &len,
                                      (unsigned char *)cipher.data, cipher.len),
                     1);
    assert_int_equal(len, 9);
    assert_memory_equal(plain, "S3cret!\xc3\xa4", 9);
    buf_free(&cipher);
    rig_free(r);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    BIO_free(bio);
}

static void test_password_that_is_not_there(void **state)
{
    struct rig *r = rig_with_instance(IN "\"platform\":\"windows\"}]");

    (void)state;
    rig_ec2(r, PASSWORD);
    assert_int_equal(r->status, 200);
    assert_string_equal(rig_xml(r, "passwordData"), "");
    rig_ec2(r, "Action=GetPasswordData");
    assert_string_equal(rig_error(r), "MissingParameter");
    rig_ec2(r, "Action=GetPasswordData&InstanceId=i-00000001");
    assert_string_equal(rig_error(r), "InvalidInstanceID.NotFound");
    rig_ec2(r, "Action=GetPasswordData&InstanceId=x");
    assert_string_equal(rig_error(r), "InvalidInstanceID.Malformed");
    rig_ec2(r, PASSWORD "&DryRun=true");
    assert_string_equal(rig_error(r), "DryRunOperation");
    rig_free(r);
    r = rig_with_instance("\"key_pairs\":[{\"name\":\"k\"}]," IN
                          "\"key_name\":\"k\",\"password\":\"x\"}]");
    rig_ec2(r, PASSWORD);
    assert_string_equal(rig_error(r), "InvalidParameterValue");
    rig_free(r);
    r = rig_with_instance("\"key_pairs\":[{\"name\":\"k\"}]," IN
                          "\"key_name\":\"k\",\"password\":\"x\","
                          "\"launched\":\"2100-01-02T03:04:05Z\","
                          "\"password_seconds\":60}]");
    rig_ec2(r, PASSWORD); /* Not yet */
    assert_string_equal(rig_xml(r, "passwordData"), "");
    rig_free(r);
}

/* The decoded console output. */
static const char *console(struct rig *r)
{
    static char text[8192];
    struct buf plain;
    const char *coded;

    rig_ec2(r, CONSOLE);
    assert_int_equal(r->status, 200);
    coded = rig_xml(r, "output");
    buf_init(&plain, sizeof text - 1);
    assert_int_equal(base64_decode(&plain, coded, strlen(coded)), 0);
    snprintf(text, sizeof text, "%s", buf_str(&plain));
    buf_free(&plain);
    return text;
}

#define HOSTKEY                                                                \
    "ssh-ed25519 "                                                             \
    "AAAAC3NzaC1lZDI1NTE5AAAAIFlV91SW8mo4auDShUcqoDhI7quWatKIy9E9bJBoD+jD"

static void test_console_shows_host_keys(void **state)
{
    char path[] = "/tmp/eice-hostkey-XXXXXX";
    char world[1024];
    struct rig *r;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, HOSTKEY " me\n", sizeof HOSTKEY + 3),
                     sizeof HOSTKEY + 3);
    close(fd);
    snprintf(world, sizeof world,
             IN "\"host_keys\":[\"" HOSTKEY " x\"],"
                "\"host_key_files\":[\"%s\",\"/dev/null/none\"]}]",
             path);
    r = rig_with_instance(world);
    assert_non_null(strstr(console(r),
                           "-----BEGIN SSH HOST KEY FINGERPRINTS-----\r\n"
                           "256 SHA256:"));
    assert_non_null(strstr(console(r), " root@ip-10-0-1-5 (ED25519)\r\n"));
    assert_non_null(strstr(
        console(r), "-----BEGIN SSH HOST KEY KEYS-----\r\n" HOSTKEY
                    " root@ip-10-0-1-5\r\n" HOSTKEY " root@ip-10-0-1-5\r\n"
                    "-----END SSH HOST KEY KEYS-----\r\n"));
    rig_free(r);
    unlink(path);
    r = rig_with_instance(IN "\"console_output\":\"as it is\"}]");
    assert_string_equal(console(r), "as it is");
    rig_free(r);
}

static void test_throttling_on_order_ends(void **state)
{
    struct rig *r = rig_with_instance(
        "\"faults\":[{\"action\":\"Describe*\",\"skip\":1,\"times\":2,"
        "\"status\":503,\"code\":\"RequestLimitExceeded\","
        "\"message\":\"Request limit exceeded.\",\"delay_ms\":30},"
        "{\"action\":\"GetConsoleOutput\",\"times\":1,\"delay_ms\":70},"
        "{\"action\":\"GetPasswordData\",\"times\":1,\"status\":500,"
        "\"body\":\"<html>\"}]," IN "\"name\":\"x\"}]");

    (void)state;
    rig_ec2(r, "Action=DescribeVpcs");
    assert_int_equal(r->status, 200);
    rig_ec2(r, "Action=DescribeVpcs");
    assert_int_equal(r->status, 503);
    assert_string_equal(rig_error(r), "RequestLimitExceeded");
    assert_int_equal(r->delay_ms, 30);
    rig_ec2(r, "Action=DescribeSubnets");
    assert_int_equal(r->status, 503);
    rig_ec2(r, "Action=DescribeVpcs");
    assert_int_equal(r->status, 200);
    assert_int_equal(r->delay_ms, 0);
    rig_ec2(r, CONSOLE);
    assert_int_equal(r->status, 200);
    assert_int_equal(r->delay_ms, 70);
    rig_ec2(r, PASSWORD);
    assert_int_equal(r->status, 500);
    assert_string_equal(r->body, "<html>");
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_password_opens_with_the_key_pair),
        cmocka_unit_test(test_password_that_is_not_there),
        cmocka_unit_test(test_console_shows_host_keys),
        cmocka_unit_test(test_throttling_on_order_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
