/* SPDX-License-Identifier: Apache-2.0 */
/* test_run_dir.c - a run's directory is there as long as the run, no longer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "err.h"
#include "run_dir.h"

static char base[] = "/tmp/eice-test-run-XXXXXX";

static int group_setup(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(base));
    assert_int_equal(setenv("XDG_RUNTIME_DIR", base, 1), 0);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    return rmdir(base); /* Nothing is left. */
}

static bool there(const struct run_dir *dir, const char *name)
{
    char path[RUN_DIR_SIZE + 100];
    struct stat st;

    snprintf(path, sizeof path, "%s/%s", dir->path, name);
    return stat(path, &st) == 0;
}

static void test_private_and_gone(void **state)
{
    struct run_dir dir;
    struct stat st;
    struct err e;
    char path[RUN_DIR_SIZE];

    (void)state;
    assert_int_equal(run_dir_make(&dir, &e), 0);
    assert_int_equal(stat(dir.path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(run_dir_write(&dir, "key", "secret", &e), 0);
    assert_true(there(&dir, "key"));
    assert_int_not_equal(run_dir_write(&dir, "key", "twice", &e), 0);
    strcpy(path, dir.path);
    run_dir_remove(&dir);
    assert_int_not_equal(stat(path, &st), 0);
    run_dir_remove(&dir); /* Does nothing. */
}

/* Runs that begin, sweep and end at the same time leave each other alone. */
static void test_many_at_once(void **state)
{
    enum { RUNS = 8, TURNS = 200 };
    pid_t pids[RUNS];
    int i, status;

    (void)state;
    for (i = 0; i < RUNS; i++) {
        pids[i] = fork();
        assert_int_not_equal(pids[i], -1);
        if (pids[i] == 0) {
            int turn, bad = 0;

            for (turn = 0; turn < TURNS; turn++) {
                struct run_dir dir;
                struct err e;

                if (run_dir_make(&dir, &e) != 0 ||
                    run_dir_write(&dir, "key", "secret", &e) != 0 ||
                    !there(&dir, "key") || !there(&dir, "lock")) {
                    bad = 1;
                }
                run_dir_remove(&dir);
            }
            _exit(bad);
        }
    }
    for (i = 0; i < RUNS; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
}

/* What a killed run has left goes with the next one; so does what it had only
 * begun to make, but not before that must be a dead run's. */
static void test_the_dead_are_swept(void **state)
{
    struct timeval past[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    char old[] = "eice-new-abcdef", young[] = "eice-new-ghijkl";
    struct run_dir dead = {.lock = -1}, dir;
    struct stat st;
    struct err e;
    int to[2], status;
    pid_t pid;

    (void)state;
    assert_int_equal(chdir(base), 0);
    assert_int_equal(mkdir(old, 0700), 0);
    assert_int_equal(utimes(old, past), 0);
    assert_int_equal(mkdir(young, 0700), 0);
    assert_int_equal(pipe(to), 0);
    pid = fork();
    if (pid == 0) {
        if (run_dir_make(&dead, &e) != 0 ||
            run_dir_write(&dead, "key", "secret", &e) != 0 ||
            write(to[1], dead.path, sizeof dead.path) == -1) {
            _exit(1);
        }
        _exit(0);
    }
    assert_int_equal(read(to[0], dead.path, sizeof dead.path),
                     sizeof dead.path);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_true(there(&dead, "key"));
    assert_int_equal(run_dir_make(&dir, &e), 0);
    assert_int_not_equal(stat(dead.path, &st), 0);
    assert_int_not_equal(stat(old, &st), 0);
    assert_int_equal(rmdir(young), 0);
    run_dir_remove(&dir);
    close(to[0]);
    close(to[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_private_and_gone),
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_the_dead_are_swept),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
