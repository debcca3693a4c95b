/* SPDX-License-Identifier: Apache-2.0 */
/* test_emu_life.c - an emulator's beginning and end, and the authority that
 * outlives it.
 *
 * Ways for it to go wrong, one test each: a port that is taken, a directory
 * others can reach, a key that is spoiled, memory that is short, an owner who
 * closes at any time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "err.h"
#include "live_rig.h"
#include "mem.h"
#include "state_dir.h"

static void test_a_taken_port_is_an_error(void **state)
{
    struct rig r, second;
    struct err e = {0};

    (void)state;
    rig_init(&r, NULL);
    rig_start(&r);
    rig_init(&second, NULL);
    second.config.https_port = r.https_port;
    assert_int_equal(
        emulator_new(&second.emu, &second.loop, &second.config, &e), 0);
    assert_int_equal(emulator_start(second.emu, &e), UV_EADDRINUSE);
    assert_non_null(strstr(e.msg, "HTTPS port"));
    rig_stop(&second);
    rig_stop(&r);
}

static void test_an_open_state_directory_is_refused(void **state)
{
    struct err e = {0};
    char *dir = state_dir_temporary(&e);
    struct rig r;

    (void)state;
    assert_non_null(dir);
    assert_int_equal(chmod(dir, 0755), 0);
    rig_init(&r, NULL);
    r.config.state_dir = dir;
    assert_int_equal(emulator_new(&r.emu, &r.loop, &r.config, &e), ERR_CONFIG);
    assert_null(r.emu);
    assert_non_null(strstr(e.msg, "others can reach"));
    rig_stop(&r);
    state_dir_remove(dir);
    mem_free(dir);
}

/* The file's text; freed by the caller. */
static char *read_ca(const char *path)
{
    FILE *f = fopen(path, "r");
    char *text = calloc(1, 8192);

    assert_non_null(f);
    assert_non_null(text);
    assert_true(fread(text, 1, 8191, f) > 0);
    fclose(f);
    return text;
}

static void test_the_authority_outlives_a_run(void **state)
{
    struct err e = {0};
    char *dir = state_dir_temporary(&e), *key, *first = NULL, *again;
    struct stat st;
    struct rig r;

    (void)state;
    assert_non_null(dir);
    key = mem_printf("%s/ca.key", dir);
    for (int i = 0; i < 2; i++) {
        rig_init(&r, NULL);
        r.config.state_dir = dir;
        rig_start(&r);
        rig_run(&r, rig_both_ports);
        again = read_ca(r.ca_file);
        if (first != NULL) {
            assert_string_equal(first, again);
            free(again);
        } else {
            first = again;
        }
        rig_stop(&r);
    }
    assert_int_equal(stat(key, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    /* A spoiled key means a new authority. */
    assert_int_equal(truncate(key, 10), 0);
    rig_init(&r, NULL);
    r.config.state_dir = dir;
    rig_start(&r);
    rig_run(&r, rig_both_ports);
    again = read_ca(r.ca_file);
    assert_string_not_equal(first, again);
    rig_stop(&r);
    free(first);
    free(again);
    mem_free(key);
    state_dir_remove(dir);
    mem_free(dir);
}

static void any_aws_name(struct rig *r)
{
    static const char *const names[] = {
        "localhost",
        "eice-0123456789abcdef0.localhost",
        ("eice-0abc.0123abcd.ec2-instance-connect-endpoint."
         "eu-central-1.amazonaws.com"),
        "ec2.cn-north-1.amazonaws.com.cn",
    };
    struct caller c;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        CHECK(r, caller_open(&c, r->https_port, r->ca_file, names[i]));
        caller_close(&c);
    }
    CHECK(r, !caller_open(&c, r->https_port, r->ca_file, "www.example.com"));
    caller_close(&c);
}

static void test_every_name_of_aws_has_a_certificate(void **state)
{
    (void)state;
    rig_once(NULL, any_aws_name, NULL);
}

/* Close after some turns, whatever is going on. */
static void test_close_after_n_turns(void **state)
{
    (void)state;
    for (int turns = 0; turns < 12; turns++) {
        struct caller c;
        struct rig r;

        rig_init(&r, NULL);
        rig_start(&r);
        assert_true(caller_open(&c, r.http_port, NULL, NULL));
        assert_true(caller_says(&c, "GET / HTTP/1.1\r\n\r\nGET / HT"));
        for (int i = 0; i < turns; i++) {
            uv_run(&r.loop, UV_RUN_NOWAIT);
        }
        rig_stop(&r);
        caller_close(&c);
    }
}

/* Refuse the allocation number *data counts down to. */
static bool on_allocation(void *data, size_t size)
{
    int *left = data;

    (void)size;
    return --*left != 0;
}

/* Whichever allocation fails, an error comes back and nothing is left. */
static void test_start_survives_short_memory(void **state)
{
    bool made = false;

    (void)state;
    for (int n = 1; !made; n++) {
        struct err e = {0};
        struct rig r;
        int left = n;

        assert_true(n < 500);
        rig_init(&r, NULL);
        mem_set_hook(on_allocation, &left);
        made = emulator_new(&r.emu, &r.loop, &r.config, &e) == 0 &&
               emulator_start(r.emu, &e) == 0 && left > 0;
        mem_set_hook(NULL, NULL);
        rig_stop(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_taken_port_is_an_error),
        cmocka_unit_test(test_an_open_state_directory_is_refused),
        cmocka_unit_test(test_the_authority_outlives_a_run),
        cmocka_unit_test(test_every_name_of_aws_has_a_certificate),
        cmocka_unit_test(test_close_after_n_turns),
        cmocka_unit_test(test_start_survives_short_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
