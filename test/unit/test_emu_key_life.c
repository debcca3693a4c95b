/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_key_life.c - pushed SSH keys: how long they live, and the files in
 * which an sshd finds them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "emu_rig.h"
#include "key_rig.h"
#include "keys.h"
#include "mem.h"

static void test_a_key_lives_a_minute_for_its_user_and_instance(void **state)
{
    struct rig *r = *state;
    const struct world_instance *web = world_instance(r->w, WEB);
    const struct world_instance *desk =
        world_instance(r->w, "i-0123456789abcdef2");
    struct pushed_key *key;

    assert_int_equal(keys_next_ms(r->api.keys), INT64_MAX);
    key_push(r, WEB, "ec2-user", ED25519 " first", NULL);
    r->now_ms += 10000;
    key_push(r, WEB, "ec2-user", RSA_2048, NULL);
    key_push(r, WEB, "ubuntu", ED25519, NULL);
    key = keys_first(r->api.keys, web, "ec2-user");
    assert_string_equal(key->line, ED25519 " first");
    assert_string_equal(key->caller, "arn:aws:iam::111122223333:user/admin");
    assert_int_equal(key->expires_ms, RIG_START_MS + 60000);
    key = keys_after(key, "ec2-user");
    assert_string_equal(key->line, RSA_2048);
    assert_null(keys_after(key, "ec2-user"));
    assert_null(keys_first(r->api.keys, desk, "ec2-user"));
    assert_null(keys_first(r->api.keys, web, "root"));
    assert_int_equal(keys_next_ms(r->api.keys), RIG_START_MS + 60000);
    r->now_ms = RIG_START_MS + 59999;
    assert_string_equal(keys_first(r->api.keys, web, "ec2-user")->line,
                        ED25519 " first");
    r->now_ms++;
    assert_string_equal(keys_first(r->api.keys, web, "ec2-user")->line,
                        RSA_2048);
    r->now_ms += 10000;
    assert_null(keys_first(r->api.keys, web, NULL));
}

static void test_keys_are_bounded(void **state)
{
    struct rig *r = *state;
    const struct world_instance *web = world_instance(r->w, WEB);
    int i;

    for (i = 0; i < 1000; i++) {
        assert_int_equal(keys_push(r->api.keys, web, "u", ED25519, "me", "id"),
                         0);
    }
    key_push(r, WEB, "ec2-user", ED25519, NULL);
    assert_string_equal(rig_error(r), "ThrottlingException");
    r->now_ms += 60000;
    key_push(r, WEB, "ec2-user", ED25519, NULL);
    assert_int_equal(r->status, 200);
}

/* The whole file, or "-" when there is none. */
static const char *contents(const char *path)
{
    static char text[4096];
    FILE *f = fopen(path, "r");
    size_t n;

    if (f == NULL) {
        return "-";
    }
    n = fread(text, 1, sizeof text - 1, f);
    text[n] = '\0';
    fclose(f);
    return text;
}

/* A rig whose instance keeps its keys in @file. */
static struct rig *with_file(const char *file)
{
    char instance[512];

    snprintf(instance, sizeof instance,
             "\"instances\":[{\"id\":\"i-00000000\",\"subnet\":\"subnet-1\","
             "\"private_ip\":\"10.0.1.5\",\"authorized_keys\":\"%s\"}]",
             file);
    return rig_with_instance(instance);
}

static void test_the_file_of_an_instance_follows(void **state)
{
    char dir[] = "/tmp/eice-keys-XXXXXX";
    char path[64];
    struct stat st;
    struct rig *r;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/keys", dir);
    r = with_file(path);
    key_push(r, "i-00000000", "a", ED25519 " one", NULL);
    assert_string_equal(contents(path), ED25519 " one\n");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    r->now_ms += 30000;
    key_push(r, "i-00000000", "b", ED25519 " two", NULL);
    assert_string_equal(contents(path), ED25519 " one\n" ED25519 " two\n");
    r->now_ms += 30000;
    keys_settle(r->api.keys);
    assert_string_equal(contents(path), ED25519 " two\n");
    rig_free(r); /* Whoever stops the emulator leaves no key behind. */
    assert_string_equal(contents(path), "");
    unlink(path);
    rmdir(dir);
}

static void test_a_file_for_each_user(void **state)
{
    char dir[] = "/tmp/eice-keys-XXXXXX";
    char pattern[64];
    char a[64];
    char b[64];
    struct rig *r;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(pattern, sizeof pattern, "%s/%%u", dir);
    snprintf(a, sizeof a, "%s/alice", dir);
    snprintf(b, sizeof b, "%s/bob", dir);
    r = with_file(pattern);
    key_push(r, "i-00000000", "alice", ED25519 " one", NULL);
    key_push(r, "i-00000000", "bob", ED25519 " two", NULL);
    assert_string_equal(contents(a), ED25519 " one\n");
    assert_string_equal(contents(b), ED25519 " two\n");
    rig_free(r);
    unlink(a);
    unlink(b);
    rmdir(dir);
}

static void test_a_file_that_cannot_be_written_is_no_error(void **state)
{
    struct rig *r = with_file("/dev/null/keys");

    (void)state;
    key_push(r, "i-00000000", "a", ED25519, NULL);
    assert_int_equal(r->status, 200);
    rig_free(r);
}

static int left;

static bool count_down(void *data, size_t size)
{
    (void)data;
    (void)size;
    return left-- > 0;
}

static void test_pushing_survives_lack_of_memory(void **state)
{
    struct rig *r = *state;
    const struct world_instance *web = world_instance(r->w, WEB);
    int n;
    int rv = 1;

    for (n = 0; rv != 0; n++) {
        left = n;
        mem_set_hook(count_down, NULL);
        rv = keys_push(r->api.keys, web, "u", ED25519, "me", "id");
        mem_set_hook(NULL, NULL);
        assert_true(rv == 0 || keys_first(r->api.keys, web, "u") == NULL);
    }
    assert_int_equal(n, 5);
}

#define RIGGED(test)                                                           \
    cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIGGED(test_a_key_lives_a_minute_for_its_user_and_instance),
        RIGGED(test_keys_are_bounded),
        cmocka_unit_test(test_the_file_of_an_instance_follows),
        cmocka_unit_test(test_a_file_for_each_user),
        cmocka_unit_test(test_a_file_that_cannot_be_written_is_no_error),
        RIGGED(test_pushing_survives_lack_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
