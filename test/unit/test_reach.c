/* SPDX-License-Identifier: Apache-2.0 */
/* test_reach.c - where a listener is reached, and by whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "reach.h"

/* The address and the URL's host for every kind of --listen. */
static void test_where(void **state)
{
    static const struct {
        const char *listen, *address, *url;
    } rows[] = {
        {NULL, "127.0.0.1", "https://localhost:443"},
        {"127.0.0.1", "127.0.0.1", "https://localhost:443"},
        {"::1", "::1", "https://localhost:443"},
        {"0.0.0.0", "127.0.0.1", "https://localhost:443"},
        {"::", "::1", "https://localhost:443"},
        {"127.0.0.2", "127.0.0.2", "https://127.0.0.2:443"},
        {"10.77.0.1", "10.77.0.1", "https://10.77.0.1:443"},
        {"fd00::5", "fd00::5", "https://[fd00::5]:443"},
    };
    struct buf url;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        buf_init(&url, 256);
        reach_add_url(&url, "https", rows[i].listen, 443);
        assert_string_equal(reach_address(rows[i].listen), rows[i].address);
        assert_string_equal(buf_str(&url), rows[i].url);
        buf_free(&url);
    }
}

/* Who is on this machine. */
static void test_ours(void **state)
{
    static const struct {
        const char *listen, *peer;
        bool ours;
    } rows[] = {
        {NULL, "127.0.0.1", true},
        {NULL, "127.9.9.9", true},
        {NULL, "::1", true},
        {NULL, "10.77.0.1", false},
        {NULL, "127.evil.example", false},
        {"0.0.0.0", "0.0.0.0", false},
        {"0.0.0.0", "10.77.0.1", false},
        {"::", "::", false},
        {"10.77.0.1", "10.77.0.1", true},
        {"10.77.0.1", "10.77.0.2", false},
        {"10.77.0.1", "127.0.0.1", true},
        {"fd00:0::5", "fd00::5", true},
        {"fd00::5", "fd00::6", false},
        {"fd00::5", "", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(reach_is_ours(rows[i].listen, rows[i].peer),
                         rows[i].ours);
    }
}

/* Which Host headers name this machine. */
static void test_own_host(void **state)
{
    static const struct {
        const char *listen, *host;
        bool own;
    } rows[] = {
        {NULL, "localhost", true},
        {NULL, "LOCALHOST:8080", true},
        {NULL, "127.0.0.1:8080", true},
        {NULL, "[::1]:8080", true},
        {NULL, "[::1]", true},
        {NULL, "", false},
        {NULL, "[", false},
        {NULL, "localhost.evil.example", false},
        {NULL, "127.0.0.1.evil.example", false},
        {NULL, "10.77.0.1", false},
        {"10.77.0.1", "10.77.0.1:8080", true},
        {"10.77.0.1", "10.77.0.2:8080", false},
        {"10.77.0.1", "localhost", true},
        {"fd00::5", "[fd00::5]:80", true},
        {"fd00::5", "a-name-that-is-longer-than-any-address-may-be.example.com",
         false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(reach_is_own_host(rows[i].listen, rows[i].host),
                         rows[i].own);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where),
        cmocka_unit_test(test_ours),
        cmocka_unit_test(test_own_host),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
