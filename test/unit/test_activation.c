/* SPDX-License-Identifier: Apache-2.0 */
/* test_activation.c - reading LISTEN_PID and LISTEN_FDS. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "activation.h"
#include "err.h"

static void test_counts_only_what_is_meant_for_us(void **state)
{
    static const struct {
        const char *pid;
        const char *fds;
        int rv;
        size_t count;
    } rows[] = {
        {NULL, NULL, 0, 0},
        {"42", NULL, 0, 0},
        {NULL, "1", 0, 0},
        {"42", "0", 0, 0},
        {"42", "1", 0, 1},
        {"42", "64", 0, 64},
        {"43", "1", 0, 0},
        {"43", "nonsense", 0, 0},
        {"42", "65", ERR_CONFIG, 0},
        {"42", "-1", ERR_CONFIG, 0},
        {"42", "1x", ERR_CONFIG, 0},
        {"42", "", ERR_CONFIG, 0},
        {"", "1", ERR_CONFIG, 0},
        {"42 ", "1", ERR_CONFIG, 0},
        {"99999999999999999999999", "1", ERR_CONFIG, 0},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err e = {0};
        size_t count = 99;

        assert_int_equal(
            activation_count(rows[i].pid, rows[i].fds, 42, &count, &e),
            rows[i].rv);
        assert_int_equal(count, rows[i].count);
        assert_int_equal(e.msg[0] != '\0', rows[i].rv != 0);
    }
}

static void test_takes_them_once(void **state)
{
    int fds[ACTIVATION_MAX_FDS];
    struct err e;
    char pid[32];
    size_t count;
    int was_open;

    (void)state;
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", "1", 1);
    setenv("LISTEN_FDNAMES", "eice.socket", 1);
    was_open = fcntl(ACTIVATION_FIRST_FD, F_GETFD) != -1;
    if (!was_open) {
        assert_int_equal(dup2(STDIN_FILENO, ACTIVATION_FIRST_FD),
                         ACTIVATION_FIRST_FD);
    }
    assert_int_equal(activation_take(fds, &count, &e), 0);
    assert_int_equal(count, 1);
    assert_int_equal(fds[0], ACTIVATION_FIRST_FD);
    assert_int_equal(fcntl(fds[0], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_null(getenv("LISTEN_PID"));
    assert_null(getenv("LISTEN_FDS"));
    assert_null(getenv("LISTEN_FDNAMES"));
    assert_int_equal(activation_take(fds, &count, &e), 0);
    assert_int_equal(count, 0);
    if (!was_open) {
        close(ACTIVATION_FIRST_FD);
    }
}

static void test_promised_but_closed_is_an_error(void **state)
{
    int fds[ACTIVATION_MAX_FDS];
    struct err e;
    char pid[32];
    size_t count;

    (void)state;
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", "64", 1);
    close(ACTIVATION_FIRST_FD + 63);
    assert_int_equal(activation_take(fds, &count, &e), ERR_CONFIG);
    assert_int_equal(count, 0);
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_only_what_is_meant_for_us),
        cmocka_unit_test(test_takes_them_once),
        cmocka_unit_test(test_promised_but_closed_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
