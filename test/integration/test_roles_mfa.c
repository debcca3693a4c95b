/* SPDX-License-Identifier: Apache-2.0 */
/* test_roles_mfa.c - roles that want a code: it is asked for on the
 * terminal, if there is one that is ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __APPLE__
#include <util.h>
#else
#include <pty.h>
#endif

#include <cmocka.h>
#include <uv.h>

#include "aws_home.h"
#include "chain.h"
#include "err.h"
#include "fake_http.h"
#include "sts_rig.h"

#define MFA_ROLE                                                               \
    "[default]\nregion = eu-central-1\nrole_arn = arn:aws:iam::1:role/r\n"     \
    "source_profile = base\nmfa_serial = arn:aws:iam::1:mfa/me\n" BASE

/* Run @what in a process with a terminal of its own; what comes on the
 * terminal is collected in @seen, and @typed is typed when the question has
 * come.  Returns its exit status. */
static int on_a_terminal(int (*what)(void), const char *typed, char *seen,
                         size_t size)
{
    struct pollfd p = {.events = POLLIN};
    bool answered = false, over = false;
    int slave, status;
    ssize_t got;
    size_t n = 0;
    pid_t pid = forkpty(&p.fd, NULL, NULL, NULL);

    assert_true(pid >= 0);
    if (pid == 0) {
        _exit(what());
    }
    /* Held open, for the child closes its own ends. */
    slave = open(ptsname(p.fd), O_RDWR | O_NOCTTY);
    assert_true(slave >= 0);
    seen[0] = '\0';
    while (!over) {
        over = waitpid(pid, &status, WNOHANG) == pid;
        while (n + 1 < size && poll(&p, 1, 50) > 0) {
            got = read(p.fd, seen + n, size - 1 - n);
            assert_true(got > 0);
            n += (size_t)got;
            seen[n] = '\0';
        }
        if (!answered && strstr(seen, "Enter MFA code") != NULL) {
            answered = true;
            assert_int_equal(write(p.fd, typed, strlen(typed)), strlen(typed));
        }
    }
    close(slave);
    close(p.fd);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* Assume a role with MFA, with stdin, stdout and stderr elsewhere. */
static int mfa_child(void)
{
    struct sts s;
    int rv;

    if (freopen("/dev/null", "r", stdin) == NULL ||
        freopen("/dev/null", "w", stdout) == NULL ||
        freopen("/dev/null", "w", stderr) == NULL) {
        return 90;
    }
    sts_setup(&s, MFA_ROLE);
    rv = aws_home_once(&s.home);
    if (rv == 0) {
        rv = s.http.n == 1 &&
                     strstr(s.http.kept[0].body,
                            "SerialNumber=arn%3Aaws%3Aiam%3A%3A1%3Amfa%2Fme&"
                            "TokenCode=123456") != NULL
                 ? 0
                 : 91;
    } else {
        rv = strcmp(s.home.err.msg, "no MFA code was given: end of input") == 0
                 ? 92
                 : 93;
    }
    sts_teardown(&s);
    return rv;
}

static void test_the_code_is_asked_for_on_the_terminal(void **state)
{
    char seen[1024];

    (void)state;
    assert_int_equal(on_a_terminal(mfa_child, "123456\n", seen, sizeof seen),
                     0);
    assert_non_null(strstr(seen, "Enter MFA code for arn:aws:iam::1:mfa/me: "));
    assert_null(strstr(seen, "123456")); /* No echo */
    assert_int_equal(on_a_terminal(mfa_child, "\004", seen, sizeof seen), 92);
}

/* Have credentials expire that needed a code. */
static int mfa_twice_child(void)
{
    struct sts s;
    int rv = 95;

    sts_setup(&s, MFA_ROLE);
    s.lifetime_s = 20;
    if (aws_home_open(&s.home) && aws_home_get(&s.home) == 0) {
        aws_home_age(&s.home, 30);
        aws_home_get(&s.home);
        rv = strcmp(s.home.err.msg,
                    "Cannot refresh credentials: MFA token required.") == 0 &&
                     s.http.n == 1
                 ? 0
                 : 96;
    }
    aws_home_shut(&s.home);
    sts_teardown(&s);
    return rv;
}

static void test_the_code_is_asked_for_once(void **state)
{
    char seen[4096];

    (void)state;
    assert_int_equal(
        on_a_terminal(mfa_twice_child, "123456\n", seen, sizeof seen), 0);
}

/* Close while the question stands. */
static int mfa_close_child(void)
{
    struct sts s;
    int turns;

    sts_setup(&s, MFA_ROLE);
    if (!aws_home_open(&s.home) ||
        chain_get(s.home.chain, aws_home_on_never, NULL) == NULL) {
        return 97;
    }
    for (turns = 0; turns < 200; turns++) {
        uv_run(&s.home.loop, UV_RUN_NOWAIT);
        usleep(1000);
    }
    aws_home_shut(&s.home);
    sts_teardown(&s);
    return 0;
}

static void test_close_while_the_question_stands(void **state)
{
    char seen[4096];

    (void)state;
    assert_int_equal(on_a_terminal(mfa_close_child, "12", seen, sizeof seen),
                     0);
    assert_non_null(strstr(seen, "Enter MFA code"));
}

/* Have no terminal at all. */
static int mfa_nowhere_child(void)
{
    struct sts s;
    int rv;

    if (setsid() < 0) {
        return 98;
    }
    sts_setup(&s, MFA_ROLE);
    rv = aws_home_once(&s.home) == ERR_CREDENTIALS &&
                 strcmp(s.home.err.msg,
                        "an MFA code of arn:aws:iam::1:mfa/me is needed, but "
                        "there is no terminal to ask on") == 0 &&
                 strstr(s.home.err.hint, "eice whoami") != NULL
             ? 0
             : 99;
    sts_teardown(&s);
    return rv;
}

/* Be in the background of a terminal, where reading it would stop us. */
static int mfa_background_child(void)
{
    struct sts s;
    int status, rv;
    pid_t pid = fork();

    if (pid > 0) {
        return waitpid(pid, &status, 0) == pid && WIFEXITED(status)
                   ? WEXITSTATUS(status)
                   : 101;
    }
    if (pid < 0 || setpgid(0, 0) != 0) {
        return 102;
    }
    sts_setup(&s, MFA_ROLE);
    rv = aws_home_once(&s.home) == ERR_CREDENTIALS &&
                 strstr(s.home.err.msg, "in the background") != NULL
             ? 0
             : 103;
    sts_teardown(&s);
    return rv;
}

static void test_a_background_job_does_not_stop(void **state)
{
    char seen[4096];

    (void)state;
    assert_int_equal(
        on_a_terminal(mfa_background_child, "x\n", seen, sizeof seen), 0);
    assert_null(strstr(seen, "Enter MFA code"));
}

static void test_no_terminal_is_said_clearly(void **state)
{
    int status;
    pid_t pid = fork();

    (void)state;
    assert_true(pid >= 0);
    if (pid == 0) {
        _exit(mfa_nowhere_child());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_code_is_asked_for_on_the_terminal),
        cmocka_unit_test(test_the_code_is_asked_for_once),
        cmocka_unit_test(test_close_while_the_question_stands),
        cmocka_unit_test(test_a_background_job_does_not_stop),
        cmocka_unit_test(test_no_terminal_is_said_clearly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
