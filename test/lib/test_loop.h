/* SPDX-License-Identifier: Apache-2.0 */
/* test_loop.h - a loop that never hangs a test and leaves nothing behind.
 *
 * Everything here fails by cmocka's assertions. */
#ifndef TEST_LOOP_H
#define TEST_LOOP_H

#include <stdbool.h>
#include <uv.h>

/* Owned and embedded by the test; only @loop is for it. */
struct test_loop {
    uv_loop_t loop;
    uv_timer_t watchdog; /* Neither keeps the loop alive */
    uv_timer_t tick;
    unsigned n_fds; /* Open before */
    bool expired;
};

/* A fresh loop.  A test that runs it for more than 30 s fails. */
void test_loop_init(struct test_loop *t);

/* Run until *@flag is true. */
void test_loop_until(struct test_loop *t, const bool *flag);

/* Run @n turns.  Each waits for an event, at most for a millisecond. */
void test_loop_turns(struct test_loop *t, unsigned n);

/* Run until every handle is closed; then the loop must close, and as many
 * descriptors be open as before. */
void test_loop_close(struct test_loop *t);

/* How many descriptors this process has open. */
unsigned test_count_fds(void);

/* For tests that have no test_loop.  As the setup of a group: note how many are
 * open, libuv's own among them, and let writing to who is gone kill nobody.  As
 * the teardown of a test: as many are open again. */
int test_fds_note(void **state);
int test_fds_check(void **state);

/* How many threads it has; 0 where that cannot be told. */
unsigned test_count_threads(void);

/* Wait until there are no more than @n, at most 5 s. */
void test_wait_for_threads(unsigned n);

/* A port on 127.0.0.1 where nobody listens (any more). */
unsigned test_free_port(void);

/* A port on 127.0.0.1 where connections stay unanswered, until @fds are closed
 * by test_black_hole_close(). */
enum { TEST_BLACK_HOLE_FDS = 8 };
unsigned test_black_hole(int fds[TEST_BLACK_HOLE_FDS]);
void test_black_hole_close(int fds[TEST_BLACK_HOLE_FDS]);

#endif /* TEST_LOOP_H */
