/* SPDX-License-Identifier: Apache-2.0 */
/* test_net.c - the parts of net that need no loop: proxies, retries, answers,
 * CA files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <uv.h>

#include "answer.h"
#include "err.h"
#include "mem.h"
#include "proxy.h"
#include "retry.h"
#include "scarce.h"

/* An environment in a table. */
struct var {
    const char *name;
    const char *value;
};

static const char *table_env(void *data, const char *name)
{
    const struct var *v;

    for (v = data; v->name != NULL; v++) {
        if (strcmp(v->name, name) == 0) {
            return v->value;
        }
    }
    return NULL;
}

struct pick_case {
    struct var env[5];
    const char *scheme;
    bool tunnel;
    const char *want;
};

static void test_proxy_variables_in_their_order(void **state)
{
    struct pick_case cases[] = {
        {{{"https_proxy", "a"}, {"HTTPS_PROXY", "b"}}, "https", false, "a"},
        {{{"https_proxy", ""}, {"HTTPS_PROXY", "b"}}, "https", false, "b"},
        {{{"all_proxy", "c"}, {"HTTPS_PROXY", "b"}}, "https", false, "b"},
        {{{"all_proxy", "c"}, {"ALL_PROXY", "d"}}, "https", false, "c"},
        {{{"ALL_PROXY", "d"}}, "http", false, "d"},
        {{{"http_proxy", "e"}}, "http", false, "e"},
        {{{"http_proxy", "e"}}, "https", false, NULL},
        {{{"http_proxy", "e"}}, "https", true, NULL},
        {{{"HTTP_PROXY", "f"}}, "http", false, NULL},
        {{{"HTTP_PROXY", "f"}}, "https", false, NULL},
        {{{"HTTP_PROXY", "f"}}, "https", true, "f"},
        {{{"HTTP_PROXY", "f"}, {"ALL_PROXY", "d"}}, "https", true, "d"},
        {{{"HTTP_PROXY", "f"}, {"HTTPS_PROXY", "b"}}, "https", true, "b"},
        {{{"HTTP_PROXY", "f"}, {"REQUEST_METHOD", "GET"}}, "https", true, NULL},
        {{{"HTTPS_PROXY", "b"}, {"no_proxy", "host"}}, "https", false, NULL},
        {{{"HTTPS_PROXY", "b"}, {"NO_PROXY", "host"}}, "https", true, NULL},
        {{{"HTTPS_PROXY", "b"}, {"NO_PROXY", "host"}, {"no_proxy", "x"}},
         "https",
         false,
         "b"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct proxies p;
        const char *got;

        assert_int_equal(proxies_load(&p, table_env, cases[i].env), 0);
        got = proxies_pick(&p, cases[i].scheme, "host", 443, cases[i].tunnel);
        if (got == NULL || cases[i].want == NULL) {
            assert_ptr_equal(got, cases[i].want);
        } else {
            assert_string_equal(got, cases[i].want);
        }
        proxies_free(&p);
    }
}

static void test_no_proxy_words(void **state)
{
    static const struct {
        const char *list;
        const char *host;
        bool want;
    } cases[] = {
        {"*", "example.com", true},
        {"a, *", "example.com", true},
        {"", "example.com", false},
        {NULL, "example.com", false},
        {"example.com", "example.com", true},
        {"EXAMPLE.com", "example.COM", true},
        {"example.com", "www.example.com", true},
        {".example.com", "www.example.com", true},
        {".example.com", "example.com", true},
        {"*.example.com", "www.example.com", true},
        {"example.com.", "www.example.com", true},
        {"example.com", "www.example.com.", true},
        {"example.com", "nonexample.com", false},
        {"www.example.com", "example.com", false},
        {"example", "example.com", false},
        {".", "example.com", false},
        {"a b\texample.com", "example.com", true},
        {" , ,example.com,", "example.com", true},
        {"example.com:443", "example.com", true},
        {"example.com:80", "example.com", false},
        {"10.1.2.3", "10.1.2.3", true},
        {"10.1.2.3:443", "10.1.2.3", true},
        {"10.1.2.3:444", "10.1.2.3", false},
        {"10.1.2.3", "10.1.2.30", false},
        {"2.3", "10.1.2.3", false},
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"10.0.0.0/9", "10.128.0.1", false},
        {"10.0.0.0/9", "10.127.0.1", true},
        {"0.0.0.0/0", "192.0.2.1", true},
        {"10.1.2.3/32", "10.1.2.3", true},
        {"10.1.2.3/33", "10.1.2.3", false},
        {"10.1.2.3/x", "10.1.2.3", false},
        {"10.0.0.0/8", "example.com", false},
        {"10.0.0.0/8", "::1", false},
        {"::1", "[::1]", true},
        {"[::1]", "::1", true},
        {"[::1]:443", "[::1]", true},
        {"[::1]:444", "[::1]", false},
        {"fd00::/8", "[fd12:3456::1]", true},
        {"[fd00::]/8", "[fd12:3456::1]", true},
        {"fd00::/8", "[fe80::1]", false},
        {"fe80::/10", "[fe80::1%25eth0]", true},
        {"2001:db8::/33", "[2001:db8:8000::1]", false},
        {"2001:db8::/33", "[2001:db8:7fff::1]", true},
        {"0:0:0:0:0:0:0:1", "[::1]", true},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool got = proxy_bypassed(cases[i].list, cases[i].host, 443);

        if (got != cases[i].want) {
            fail_msg("\"%s\" and %s: %d", cases[i].list, cases[i].host, got);
        }
    }
}

static void test_no_proxy_survives_long_words(void **state)
{
    char list[2000];
    char host[1000];

    (void)state;
    memset(list, 'a', sizeof list - 1);
    list[sizeof list - 1] = '\0';
    memcpy(list + sizeof list - 6, ",host", 6);
    assert_true(proxy_bypassed(list, "host", 443));
    memset(host, 'h', sizeof host - 1);
    host[sizeof host - 1] = '\0';
    assert_false(proxy_bypassed(host, host, 443));
}

static void test_proxies_survive_lack_of_memory(void **state)
{
    struct var env[] = {{"http_proxy", "http://u:p@h"},
                        {"HTTPS_PROXY", "b"},
                        {"ALL_PROXY", "c"},
                        {"HTTP_PROXY", "d"},
                        {"NO_PROXY", "e"},
                        {NULL, NULL}};
    int n;

    (void)state;
    for (n = 1;; n++) {
        struct proxies p;
        struct scarce scarce = {.left = n - 1};
        int rv;

        mem_set_hook(scarce_one, &scarce);
        rv = proxies_load(&p, table_env, env);
        mem_set_hook(NULL, NULL);
        proxies_free(&p);
        if (rv == 0) {
            break;
        }
        assert_int_equal(rv, UV_ENOMEM);
    }
    assert_int_equal(n, 6);
}

static void test_proxy_default_ports(void **state)
{
    (void)state;
    assert_int_equal(proxy_default_port("proxy"), 80);
    assert_int_equal(proxy_default_port("HTTP://proxy"), 80);
    assert_int_equal(proxy_default_port("https://proxy"), 0);
    assert_int_equal(proxy_default_port("socks5h://proxy"), 0);
}

static void test_retry_delays(void **state)
{
    (void)state;
    /* rand * min(2^(n-1), 20) seconds */
    assert_int_equal(retry_delay_ms(1, RETRY_TRANSIENT, 0.5, -1, false), 500);
    assert_int_equal(retry_delay_ms(2, RETRY_TRANSIENT, 0.5, -1, false), 1000);
    assert_int_equal(retry_delay_ms(5, RETRY_TIMEOUT, 0.5, -1, false), 8000);
    assert_int_equal(retry_delay_ms(6, RETRY_TRANSIENT, 0.5, -1, false), 10000);
    assert_int_equal(retry_delay_ms(999, RETRY_THROTTLED, 0.5, -1, false),
                     10000);
    assert_int_equal(retry_delay_ms(1, RETRY_TRANSIENT, 0.0, -1, false), 0);
    /* The service's wish counts only under the new rules. */
    assert_int_equal(retry_delay_ms(1, RETRY_TRANSIENT, 0.5, 9000, false), 500);
    assert_int_equal(retry_delay_ms(1, RETRY_TRANSIENT, 0.5, -1, true), 25);
    assert_int_equal(retry_delay_ms(1, RETRY_THROTTLED, 0.5, -1, true), 500);
    assert_int_equal(retry_delay_ms(1, RETRY_THROTTLED, 0.5, 2000, true), 2000);
    assert_int_equal(retry_delay_ms(1, RETRY_THROTTLED, 0.5, 9000, true), 5500);
    assert_int_equal(retry_delay_ms(1, RETRY_THROTTLED, 0.5, 100, true), 500);
    assert_int_equal(retry_delay_ms(12, RETRY_TRANSIENT, 0.5, -1, true), 10000);
}

static void test_retry_quota(void **state)
{
    struct retry_quota q;
    int n;

    (void)state;
    retry_quota_init(&q);
    for (n = 0; retry_quota_take(&q, RETRY_TRANSIENT, false) == 5; n++) {
    }
    assert_int_equal(n, 100);
    assert_int_equal(q.tokens, 0);
    retry_quota_refund(&q, 0);
    assert_int_equal(q.tokens, 1);
    retry_quota_refund(&q, 5);
    assert_int_equal(retry_quota_take(&q, RETRY_TIMEOUT, false), 0);
    assert_int_equal(retry_quota_take(&q, RETRY_TRANSIENT, true), 0);
    assert_int_equal(retry_quota_take(&q, RETRY_THROTTLED, true), 5);

    retry_quota_init(&q);
    assert_int_equal(retry_quota_take(&q, RETRY_TIMEOUT, false), 10);
    assert_int_equal(retry_quota_take(&q, RETRY_TRANSIENT, true), 14);
    retry_quota_refund(&q, 14);
    retry_quota_refund(&q, 14);
    assert_int_equal(q.tokens, RETRY_QUOTA_FULL);
}

static void add_line(struct answer *a, const char *line)
{
    assert_true(answer_add_line(a, line, strlen(line)));
}

static void test_answer_keeps_the_last_head(void **state)
{
    struct answer a;

    (void)state;
    answer_init(&a, 5);
    add_line(&a, "HTTP/1.1 100 Continue\r\n");
    add_line(&a, "X-Early: yes\r\n");
    add_line(&a, "\r\n");
    add_line(&a, "HTTP/1.1 200 OK\r\n");
    add_line(&a, "Content-TYPE:  text/xml; a:b \r\n");
    add_line(&a, "no colon here\r\n");
    add_line(&a, "Empty:\r\n");
    add_line(&a, "x-a: 1\r\n");
    add_line(&a, "X-A: 2\r\n");
    add_line(&a, "\r\n");
    assert_true(answer_add_body(&a, "12345", 5));
    assert_int_equal(answer_finish(&a, 200), 0);
    assert_int_equal(a.resp.n_headers, 4);
    assert_string_equal(response_header(&a.resp, "content-type"),
                        "text/xml; a:b");
    assert_string_equal(response_header(&a.resp, "empty"), "");
    assert_string_equal(response_header(&a.resp, "x-a"), "1");
    assert_null(response_header(&a.resp, "x-early"));
    assert_string_equal(a.resp.body, "12345");
    answer_reset(&a);

    assert_true(answer_add_body(&a, "12345", 5));
    assert_false(answer_add_body(&a, "6", 1));
    assert_int_equal(answer_error(&a), ERR_TOO_BIG);
    answer_reset(&a);
}

static void test_answer_bounds_its_head(void **state)
{
    struct answer a;
    char line[1024];
    int n;

    (void)state;
    memset(line, 'x', sizeof line);
    line[3] = ':';
    answer_init(&a, 0);
    for (n = 0; answer_add_line(&a, line, sizeof line); n++) {
        assert_true(n < 1000);
    }
    assert_int_equal(answer_error(&a), ERR_TOO_BIG);
    answer_reset(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proxy_variables_in_their_order),
        cmocka_unit_test(test_no_proxy_words),
        cmocka_unit_test(test_no_proxy_survives_long_words),
        cmocka_unit_test(test_proxies_survive_lack_of_memory),
        cmocka_unit_test(test_proxy_default_ports),
        cmocka_unit_test(test_retry_delays),
        cmocka_unit_test(test_retry_quota),
        cmocka_unit_test(test_answer_keeps_the_last_head),
        cmocka_unit_test(test_answer_bounds_its_head),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
