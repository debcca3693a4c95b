/* SPDX-License-Identifier: Apache-2.0 */
/* test_socks.h - a SOCKS5 proxy on the test's own loop (RFC 1928, 1929). */
#ifndef TEST_SOCKS_H
#define TEST_SOCKS_H

#include <uv.h>

struct test_socks;

struct test_socks_config {
    const char *user; /* Asked for with @password, or NULL for none */
    const char *password;
    unsigned char reply; /* 0: connect; else refuse with this code */
};

/* Listen on a free port of @loop.  The strings stay the caller's. */
struct test_socks *test_socks_start(uv_loop_t *loop,
                                    const struct test_socks_config *config);

unsigned test_socks_port(const struct test_socks *s);

/* How often somebody asked for a connection, and to what the last time: a name
 * or address as it was sent.  Names all lead to 127.0.0.1. */
unsigned test_socks_requests(const struct test_socks *s);
const char *test_socks_target(const struct test_socks *s);

/* Close; frees itself while the loop runs on. */
void test_socks_close(struct test_socks *s);

#endif /* TEST_SOCKS_H */
