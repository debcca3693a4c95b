/* SPDX-License-Identifier: Apache-2.0 */
/* test_url.c - what is accepted as a URL, host, port, address or range. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "ip.h"
#include "url.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static void test_url_is_split(void **state)
{
    static const struct {
        const char *text;
        const char *scheme;
        const char *host;
        unsigned port;
        bool has_port;
        const char *path;
        const char *query;
    } rows[] = {
        {"https://ec2.eu-central-1.amazonaws.com", "https",
         "ec2.eu-central-1.amazonaws.com", 443, false, "", NULL},
        {"HTTP://LocalHost:4566/", "http", "localhost", 4566, true, "/", NULL},
        {"wss://h/openTunnel?a=b?c", "wss", "h", 443, false, "/openTunnel",
         "a=b?c"},
        {"ws://127.0.0.1?", "ws", "127.0.0.1", 80, false, "", ""},
        {"http://[FD00:ec2::254]/latest", "http", "fd00:ec2::254", 80, false,
         "/latest", NULL},
        {"https://[::1]:8443", "https", "::1", 8443, true, "", NULL},
        {"socks5h://proxy:1080", "socks5h", "proxy", 1080, true, "", NULL},
        {"foo+bar://x", "foo+bar", "x", 0, false, "", NULL},
    };
    struct err e;
    struct url url;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        assert_int_equal(url_split(&url, rows[i].text, &e), 0);
        assert_string_equal(url.scheme, rows[i].scheme);
        assert_string_equal(url.host, rows[i].host);
        assert_int_equal(url.port, rows[i].port);
        assert_int_equal(url.has_port, rows[i].has_port);
        assert_int_equal(url.path_len, strlen(rows[i].path));
        assert_memory_equal(url.path, rows[i].path, url.path_len);
        if (rows[i].query == NULL) {
            assert_null(url.query);
        } else {
            assert_string_equal(url.query, rows[i].query);
        }
    }
}

static void test_odd_urls_are_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "foo",
        "//host/",
        "://host",
        "1http://host",
        "averylongschemename://host",
        "http://",
        "http:///path",
        "http://user@host/",
        "http://user:secret@host/",
        "http://host/#frag",
        "http://host name/",
        "http://host/\n",
        "http://host:",
        "http://host:0",
        "http://host:65536",
        "http://host:+80",
        "http://host:8o",
        "http://::1/",
        "http://[::1",
        "http://[::1]80",
        "http://[127.0.0.1]/",
        "http://[fe80::1%25eth0]/",
        "http://-host/",
        "http://host-/",
        "http://a..b/",
        "http://a_b!/",
        "http://1.2.3.256/",
        "http://h\xc3\xb6st/",
        "http:/host",
    };
    struct err e;
    struct url url;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        assert_int_equal(url_split(&url, rows[i], &e), ERR_USAGE);
        assert_null(strstr(e.msg, "secret"));
    }
}

static void test_host_names(void **state)
{
    static const char *const good[] = {
        "h",       "a.b", "a.b.",     "xn--hst-sna.de",
        "my_host", "1a",  "1.2.3.4a", "A-1.example",
    };
    static const char *const bad[] = {
        "",        ".",    "a..b", ".a",  "-a",  "a-",
        "1.2.3.4", "1234", "a b",  "a/b", "a:1", "*.a",
    };
    char label[66];
    char long_name[256];
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(good); i++) {
        assert_true(host_name_valid(good[i]));
    }
    for (i = 0; i < COUNT(bad); i++) {
        assert_false(host_name_valid(bad[i]));
    }
    memset(label, 'a', sizeof label);
    label[64] = '\0';
    assert_false(host_name_valid(label));
    label[63] = '\0';
    assert_true(host_name_valid(label));
    for (i = 0; i < sizeof long_name; i++) {
        long_name[i] = i % 2 == 0 ? 'a' : '.';
    }
    long_name[255] = '\0';
    assert_false(host_name_valid(long_name));
    long_name[253] = '\0';
    assert_true(host_name_valid(long_name));
    assert_true(host_valid("10.0.0.1"));
    assert_true(host_valid("::1"));
    assert_false(host_valid("[::1]"));
}

static void test_host_and_port(void **state)
{
    static const struct {
        const char *text;
        const char *host;
        unsigned port;
    } good[] = {
        {"h", "h", 0},        {"H:22", "h", 22},
        {"[::1]", "::1", 0},  {"[::1]:443", "::1", 443},
        {"::1", "::1", 0},    {"10.0.0.1:3389", "10.0.0.1", 3389},
        {"h:00022", "h", 22}, {"a.b:65535", "a.b", 65535},
    };
    static const char *const bad[] = {"",     ":22",   "h:",     "h:x",
                                      "[::1", "[h]",   "[::1]x", "h:1:2",
                                      "h:0",  "h: 22", "h:65536"};
    char host[URL_HOST_SIZE];
    unsigned port;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(good); i++) {
        assert_true(host_port_split(host, &port, good[i].text));
        assert_string_equal(host, good[i].host);
        assert_int_equal(port, good[i].port);
    }
    for (i = 0; i < COUNT(bad); i++) {
        assert_false(host_port_split(host, &port, bad[i]));
    }
}

static void test_addresses(void **state)
{
    static const struct {
        const char *text;
        const char *normal;
    } good[] = {
        {"10.0.1.5", "10.0.1.5"},
        {"255.255.255.255", "255.255.255.255"},
        {"2001:DB8:0:0:0:0:0:5", "2001:db8::5"},
        {"::", "::"},
        {"::ffff:10.0.0.1", "::ffff:10.0.0.1"},
    };
    static const char *const bad[] = {
        "",        "10.0.1",       "10.0.1.256", "10.0.1.05", "10.0.1.5 ",
        "1::2::3", "fe80::1%eth0", "[::1]",      "0x7f.1",    "1.2.3.4.5",
    };
    char text[IP_TEXT_SIZE];
    struct ip ip;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(good); i++) {
        assert_true(ip_parse(&ip, good[i].text));
        ip_format(text, &ip);
        assert_string_equal(text, good[i].normal);
    }
    for (i = 0; i < COUNT(bad); i++) {
        assert_false(ip_parse(&ip, bad[i]));
    }
    assert_true(ip_parse(&ip, "127.9.9.9") && ip_is_loopback(&ip));
    assert_true(ip_parse(&ip, "::1") && ip_is_loopback(&ip));
    assert_true(ip_parse(&ip, "::ffff:127.0.0.1") && ip_is_loopback(&ip));
    assert_true(ip_parse(&ip, "128.0.0.1") && !ip_is_loopback(&ip));
    assert_true(ip_parse(&ip, "::2") && !ip_is_loopback(&ip));
}

static void test_ranges(void **state)
{
    static const struct {
        const char *range;
        const char *in;
        const char *out;
    } rows[] = {
        {"10.0.1.0/28", "10.0.1.15", "10.0.1.16"},
        {"10.0.1.9/28", "10.0.1.0", "10.0.0.255"},
        {"10.0.1.5", "10.0.1.5", "10.0.1.4"},
        {"0.0.0.0/0", "255.1.2.3", "::1"},
        {"::/0", "2001:db8::1", "10.0.0.1"},
        {"2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"},
        {"2001:db8::5", "2001:db8::5", "2001:db8::6"},
        {"128.0.0.0/1", "128.0.0.0", "127.255.255.255"},
        {"10.0.0.0/31", "10.0.0.1", "10.0.0.2"},
    };
    static const char *const bad[] = {
        "",
        "/8",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0/8",
        "10.0.0.0/-1",
        "10.0.0.0/08",
        "::/129",
        "10.0.0.0/8/8",
        "x/8",
        "10.0.0.0/8 ",
        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/8",
    };
    struct cidr cidr;
    struct ip ip;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        assert_true(cidr_parse(&cidr, rows[i].range));
        assert_true(ip_parse(&ip, rows[i].in));
        assert_true(cidr_contains(&cidr, &ip));
        assert_true(ip_parse(&ip, rows[i].out));
        assert_false(cidr_contains(&cidr, &ip));
    }
    for (i = 0; i < COUNT(bad); i++) {
        assert_false(cidr_parse(&cidr, bad[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_url_is_split),
        cmocka_unit_test(test_odd_urls_are_refused),
        cmocka_unit_test(test_host_names),
        cmocka_unit_test(test_host_and_port),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_ranges),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
