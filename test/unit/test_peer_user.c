/* SPDX-License-Identifier: Apache-2.0 */
/* test_peer_user.c - finding a socket's owner in the kernel's tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <uv.h>

#include "peer_user.h"

/* As read from a little-endian machine; the tests are skipped on others. */
static const char table_four[] =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when "
    "retrnsmt   uid  timeout inode\n"
    "   0: 0100007F:A0D3 00000000:0000 0A 00000000:00000000 00:00000000 "
    "00000000     0        0 18600 1 00000000b26c888f 100 0 0 10 0\n"
    "   1: 0100007F:22B8 0100007F:D2F0 01 00000000:00000000 00:00000000 "
    "00000000  1000        0 20001 1 0000000070e52c65 20 4 30 10 -1\n"
    "   2: 0100007F:D2F0 0100007F:22B8 01 00000000:00000000 00:00000000 "
    "00000000  1001        0 20002 1 0000000070e52c66 20 4 30 10 -1\n"
    "   3: 0100007F:E732 0100007F:22B8 06 00000000:00000000 03:00000AAD "
    "00000000     0        0 0 3 00000000e946bbb7\n";

static const char table_six[] =
    "  sl  local_address                         remote_address              "
    "          st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 00000000000000000000000001000000:D431 "
    "00000000000000000000000001000000:22B8 01 00000000:00000000 00:00000000 "
    "00000000  1002        0 20003 1 0000000070e52c67 20 4 30 10 -1\n"
    "   1: 0000000000000000FFFF00000100007F:D432 "
    "0000000000000000FFFF00000100007F:22B8 01 00000000:00000000 00:00000000 "
    "00000000  1003        0 20004 1 0000000070e52c68 20 4 30 10 -1\n";

static bool is_little_endian(void)
{
    const uint16_t one = 1;

    return *(const unsigned char *)&one == 1;
}

/* Look for address:port -> address:8888. */
static enum peer_user look(const char *table, const char *address, int port,
                           uid_t *uid)
{
    struct sockaddr_storage own = {0};
    struct sockaddr_storage other = {0};

    if (uv_ip4_addr(address, port, (struct sockaddr_in *)&own) == 0) {
        uv_ip4_addr(address, 8888, (struct sockaddr_in *)&other);
    } else {
        uv_ip6_addr(address, port, (struct sockaddr_in6 *)&own);
        uv_ip6_addr(address, 8888, (struct sockaddr_in6 *)&other);
    }
    *uid = 77;
    return peer_user_search(table, (struct sockaddr *)&own,
                            (struct sockaddr *)&other, uid);
}

static void test_finds_the_other_end(void **state)
{
    uid_t uid;

    (void)state;
    if (!is_little_endian()) {
        skip();
    }
    assert_int_equal(look(table_four, "127.0.0.1", 0xD2F0, &uid),
                     PEER_USER_KNOWN);
    assert_int_equal(uid, 1001);
    assert_int_equal(look(table_six, "::1", 0xD431, &uid), PEER_USER_KNOWN);
    assert_int_equal(uid, 1002);
    /* An IPv6 socket that talks IPv4. */
    assert_int_equal(look(table_six, "127.0.0.1", 0xD432, &uid),
                     PEER_USER_KNOWN);
    assert_int_equal(uid, 1003);
}

static void test_does_not_guess(void **state)
{
    uid_t uid;

    (void)state;
    if (!is_little_endian()) {
        skip();
    }
    assert_int_equal(look(table_four, "127.0.0.1", 0x1234, &uid),
                     PEER_USER_UNKNOWN);
    assert_int_equal(look(table_four, "127.0.0.2", 0xD2F0, &uid),
                     PEER_USER_UNKNOWN);
    /* Nobody's any more: that "0" is not the superuser. */
    assert_int_equal(look(table_four, "127.0.0.1", 0xE732, &uid),
                     PEER_USER_GONE);
    assert_int_equal(look("", "127.0.0.1", 0xD2F0, &uid), PEER_USER_UNKNOWN);
    assert_int_equal(look(" 0100007F:D2F0 0100007F:22B8 01 garbage",
                          "127.0.0.1", 0xD2F0, &uid),
                     PEER_USER_UNKNOWN);
    assert_int_equal(uid, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_the_other_end),
        cmocka_unit_test(test_does_not_guess),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
