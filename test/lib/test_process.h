/* SPDX-License-Identifier: Apache-2.0 */
/* test_process.h - real programs as the other side of a test.
 *
 * Everything here fails by cmocka's assertions, but for
 * test_process_find(). */
#ifndef TEST_PROCESS_H
#define TEST_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Owned and embedded by the test. */
struct test_process {
    pid_t pid; /* 0 when none runs */
};

/* Where @program is: in PATH or a directory for daemons.  False, with a line on
 * standard error, when it is not installed. */
bool test_process_find(const char *program, char *path, size_t size);

/* Run @argv (NULL-terminated) with its output in the file @log.  It is killed
 * should this process die. */
void test_process_start(struct test_process *p, const char *const argv[],
                        const char *log);

/* Wait until somebody listens on @port of 127.0.0.1, at most 10 s; on failure
 * shows @log. */
void test_process_await(struct test_process *p, unsigned port, const char *log);

/* End it and wait for its end. */
void test_process_stop(struct test_process *p);

#endif /* TEST_PROCESS_H */
