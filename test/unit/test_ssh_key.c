/* SPDX-License-Identifier: Apache-2.0 */
/* test_ssh_key.c - the key, its agent, host keys on a console, users, picks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <uv.h>

#include <cmocka.h>
#include <eice/eice.h>

#include "agent_answer.h"
#include "buf.h"
#include "err.h"
#include "host_keys.h"
#include "os_user.h"
#include "pick.h"
#include "ssh_key.h"

#define HEAD "AAAAC3NzaC1lZDI1NTE5AAAAI"
#define KEY_A HEAD "AABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
#define KEY_B HEAD "P8BAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
#define BEGIN "-----BEGIN SSH HOST KEY KEYS-----\r\n"
#define END "-----END SSH HOST KEY KEYS-----\r\n"

static void test_key(void **state)
{
    static const char begin[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
                                "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU";
    struct ssh_key key;
    struct buf out;
    struct err e;

    (void)state;
    assert_int_equal(ssh_key_make(&key, &e), 0);
    buf_init(&out, 10000);
    ssh_key_line(&out, &key);
    /* The shortest key the service accepts is exactly this long. */
    assert_int_equal(out.len, 80);
    assert_memory_equal(out.data, "ssh-ed25519 " HEAD, 12 + sizeof HEAD - 1);
    buf_clear(&out);
    ssh_key_file(&out, &key, "eice");
    assert_memory_equal(out.data, begin, sizeof begin - 1);
    buf_wipe(&out);
    ssh_key_wipe(&key);
}

/* Ask @key to sign with the key whose blob is @blob; the answer's type. */
static int sign_type(const struct ssh_key *key, const struct buf *blob)
{
    struct buf ask;
    struct buf out;
    int type;

    buf_init(&ask, 1000);
    buf_init(&out, 1000);
    ssh_put_u32(&ask, 1 + 4 + (unsigned long)blob->len + 4 + 2 + 4);
    buf_addc(&ask, 13);
    ssh_put_string(&ask, blob->data, blob->len);
    ssh_put_string(&ask, "hi", 2);
    ssh_put_u32(&ask, 0);
    assert_int_equal(agent_answer(&out, key, ask.data, ask.len), ask.len);
    type = out.data[4];
    buf_free(&ask);
    buf_free(&out);
    return type;
}

static void test_agent(void **state)
{
    static const unsigned char list[] = {0, 0, 0, 1, 11};
    static const unsigned char other[] = {0, 0, 0, 1, 27};
    static const unsigned char cut[] = {0, 0, 0, 6, 13, 0, 0, 0, 9, 0};
    static const unsigned char huge[] = {0xff, 0, 0, 1, 11};
    struct ssh_key key;
    struct buf out;
    struct buf blob;
    size_t i;

    (void)state;
    assert_int_equal(ssh_key_make(&key, NULL), 0);
    buf_init(&out, 10000);
    buf_init(&blob, 1000);
    for (i = 0; i < sizeof list; i++) {
        assert_int_equal(agent_answer(&out, &key, list, i), 0);
    }
    assert_int_equal(agent_answer(&out, &key, list, sizeof list), 5);
    assert_int_equal(out.data[4], 12);
    assert_true(agent_answer_lists(out.data, out.len));
    assert_false(agent_answer_lists(out.data, 4));
    assert_false(agent_answer_signs(out.data, out.len));
    ssh_key_blob(&blob, &key);
    assert_memory_equal(out.data + 13, blob.data, blob.len);
    buf_clear(&out);
    assert_int_equal(agent_answer(&out, &key, other, sizeof other), 5);
    assert_memory_equal(out.data, "\0\0\0\1\5", 5);
    buf_clear(&out);
    assert_int_equal(agent_answer(&out, &key, cut, sizeof cut), sizeof cut);
    assert_memory_equal(out.data, "\0\0\0\1\5", 5);
    assert_true(agent_answer(&out, &key, huge, sizeof huge) >
                AGENT_REQUEST_MAX);
    assert_int_equal(sign_type(&key, &blob), 14);
    blob.data[blob.len - 1] ^= 1;
    assert_int_equal(sign_type(&key, &blob), 5);
    ssh_key_wipe(&key);
    buf_free(&out);
    buf_free(&blob);
}

static void test_console(void **state)
{
    static const char text[] =
        "noise\n" BEGIN "ssh-ed25519 " KEY_A " old\r\n" END "more\n" BEGIN
        "ec2: ssh-ed25519 " KEY_B " root@ip\r\n"
        "Jan  1 00:00:00 host cloud-init: ssh-rsa " KEY_A " wrong type\r\n"
        "ssh-ed25519 notakey x\r\n" END BEGIN "ssh-ed25519 " KEY_A " cut";
    struct buf out;

    (void)state;
    buf_init(&out, 4000);
    assert_int_equal(host_keys_read(&out, "i-1", text), 1);
    assert_string_equal(buf_str(&out), "i-1 ssh-ed25519 " KEY_B "\n");
    buf_clear(&out);
    assert_int_equal(host_keys_read(&out, "i-1", "login: "), 0);
    assert_int_equal(host_keys_read(&out, "i-1", END BEGIN), 0);
    assert_int_equal(out.len, 0);
    buf_free(&out);
}

static void test_known(void **state)
{
    static const char known[] = "i-10 ssh-ed25519 " KEY_A "\n"
                                "i-1 broken\n"
                                "i-1 ssh-ed25519 " KEY_B "\n";
    struct buf out;

    (void)state;
    buf_init(&out, 4000);
    host_keys_mismatch(&out, known, "i-1", "ssh-ed25519", KEY_B);
    host_keys_mismatch(&out, known, "i-2", "ssh-ed25519", KEY_A);
    host_keys_mismatch(&out, "", "i-1", "ssh-ed25519", KEY_A);
    assert_int_equal(out.len, 0);
    host_keys_mismatch(&out, known, "i-1", "ssh-ed25519", KEY_A);
    assert_non_null(strstr(buf_str(&out), "it offers ssh-ed25519 SHA256:"));
    assert_non_null(strstr(buf_str(&out), ", known is ssh-ed25519 SHA256:"));
    buf_clear(&out);
    assert_true(host_key_fingerprint(&out, KEY_A, strlen(KEY_A)));
    assert_int_equal(out.len, 7 + 43);
    assert_false(host_key_fingerprint(&out, "NONE=", 5));
    buf_free(&out);
}

static void test_users(void **state)
{
    (void)state;
    assert_string_equal(os_user_default(NULL, NULL), "ec2-user");
    assert_string_equal(
        os_user_default("al2023-ami-2023.5.0-kernel-6.1-x86_64", NULL),
        "ec2-user");
    assert_string_equal(
        os_user_default("ubuntu/images/hvm-ssd/ubuntu-jammy-22.04", NULL),
        "ubuntu");
    assert_string_equal(os_user_default("debian-12-amd64-20240717", NULL),
                        "admin");
    assert_string_equal(os_user_default("CentOS 7 x86", NULL), "centos");
    assert_string_equal(os_user_default("my-image", "Ubuntu Pro"), "ubuntu");
}

static int pick(const char *how, size_t *at, struct err *e)
{
    static const struct eice_instance three[] = {
        {.instance_id = "i-1", .state = "stopped", .launch_time = "2030"},
        {.instance_id = "i-2", .state = "running", .launch_time = "2026"},
        {.instance_id = "i-3", .state = "running", .launch_time = "2025"},
    };
    const struct eice_found f = {.instances = three, .n_instances = 3};

    return pick_one(&f, "web", "eu-central-1", how, 1, at, e);
}

static void test_picks(void **state)
{
    const struct eice_instance off = {.instance_id = "i-1", .state = "stopped"};
    const struct eice_found one = {.instances = &off, .n_instances = 1};
    const struct eice_found none = {0};
    struct err e;
    size_t at = 9;

    (void)state;
    assert_int_equal(pick("newest", &at, &e), 0);
    assert_int_equal(at, 1);
    assert_int_equal(pick("random", &at, &e), 0);
    assert_int_equal(at, 2);
    assert_int_equal(pick("1", &at, &e), 0);
    assert_int_equal(at, 1);
    assert_int_equal(pick("3", &at, &e), ERR_USAGE);
    assert_int_equal(pick(NULL, &at, &e), ERR_USAGE);
    assert_non_null(strstr(e.msg, "1. i-2 (no address), 2. i-3"));
    assert_int_equal(pick_one(&one, "web", "x", NULL, 0, &at, &e), UV_ENOTCONN);
    assert_int_equal(
        pick_one(&none, "web", "eu-central-1 (profile x)", NULL, 0, &at, &e),
        ERR_NOT_FOUND);
    assert_string_equal(e.msg,
                        "No instance fits 'web' in eu-central-1 (profile x).");
    assert_true(pick_check("newest") && pick_check("12"));
    assert_false(pick_check("0") || pick_check("") || pick_check("1x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key),     cmocka_unit_test(test_agent),
        cmocka_unit_test(test_console), cmocka_unit_test(test_known),
        cmocka_unit_test(test_users),   cmocka_unit_test(test_picks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
