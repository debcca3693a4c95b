/* SPDX-License-Identifier: Apache-2.0 */
/* test_proxy.c - connections and requests through HTTP proxies, which tinyproxy
 * plays, and which proxy is used, if any. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "net_rig.h"
#include "proxy_rig.h"
#include "test_http.h"
#include "test_process.h"
#include "test_server.h"

/* A server behind the proxy. */
static void answer(const struct test_http_request *req)
{
    test_http_answer(req, 200, "", "ok");
}

/* --- http proxies -------------------------------------------------------- */

static void test_through_an_http_proxy(void **state)
{
    struct scene s;

    (void)state;
    scene_init(&s);
    scene_tinyproxy(&s, "");
    scene_net(&s, "https_proxy", "http://", "", s.proxy_port);
    pass_well(&s.rig, "https", "127.0.0.1", s.port);
    pass_well(&s.rig, "https", "localhost", s.port);
    scene_close(&s);
}

static void test_through_a_proxy_named_without_a_scheme(void **state)
{
    struct scene s;

    (void)state;
    scene_init(&s);
    scene_tinyproxy(&s, "");
    scene_net(&s, "ALL_PROXY", "", "", s.proxy_port);
    pass_well(&s.rig, "https", "127.0.0.1", s.port);
    scene_close(&s);
}

static void test_requests_through_an_http_proxy(void **state)
{
    struct scene s;
    struct test_http *plain;
    struct test_http *tls;
    struct pass p;
    SSL_CTX *ctx;

    (void)state;
    scene_init(&s);
    ctx = test_pki_context(&s.rig.pki, TEST_CERT_GOOD);
    plain = test_http_start(&s.rig.t.loop, NULL, answer, NULL);
    tls = test_http_start(&s.rig.t.loop, ctx, answer, NULL);
    SSL_CTX_free(ctx);
    scene_tinyproxy(&s, "");
    scene_net(&s, "ALL_PROXY", "http://", "", s.proxy_port);
    pass_ask(&p, &s.rig, "http", "127.0.0.1", test_http_port(plain), false);
    assert_int_equal(p.status, 200);
    pass_ask(&p, &s.rig, "https", "127.0.0.1", test_http_port(tls), false);
    assert_int_equal(p.status, 200);
    /* Without the proxy, those who must go without still can. */
    test_process_stop(&s.proxy);
    pass_ask(&p, &s.rig, "http", "127.0.0.1", test_http_port(plain), true);
    assert_int_equal(p.status, 200);
    pass_ask(&p, &s.rig, "http", "localhost", test_http_port(plain), false);
    assert_int_equal(p.err.code, ERR_PROXY);
    assert_non_null(
        strstr(p.err.msg, "Failed to connect to proxy URL: \"http://127."));
    test_http_close(plain);
    test_http_close(tls);
    scene_close(&s);
}

static void test_a_proxy_that_wants_a_password(void **state)
{
    static const char auth[] = "BasicAuth " PLAIN_USER " " PLAIN_PASSWORD "\n";
    struct scene s;

    (void)state;
    scene_init(&s);
    scene_tinyproxy(&s, auth);
    scene_net(&s, "HTTPS_PROXY", "http://", PLAIN_USER_INFO, s.proxy_port);
    pass_well(&s.rig, "https", "127.0.0.1", s.port);
    scene_close(&s);

    scene_init(&s);
    scene_tinyproxy(&s, auth);
    scene_net(&s, "HTTPS_PROXY", "http://", PLAIN_USER ":" NET_RIG_SECRET "@",
              s.proxy_port);
    pass_badly(&s.rig, "127.0.0.1", s.port, ERR_PROXY,
               "did not accept the user name and password (status 4");
    scene_close(&s);

    scene_init(&s);
    scene_tinyproxy(&s, auth);
    scene_net(&s, "HTTPS_PROXY", "http://", "", s.proxy_port);
    pass_badly(&s.rig, "127.0.0.1", s.port, ERR_PROXY,
               "wants a user name and password (status 407)");
    scene_close(&s);
}

static void test_a_proxy_that_refuses(void **state)
{
    struct scene s;

    (void)state;
    scene_init(&s);
    scene_tinyproxy(&s, "ConnectPort 1\n");
    scene_net(&s, "HTTPS_PROXY", "http://", "", s.proxy_port);
    pass_badly(&s.rig, "127.0.0.1", s.port, ERR_PROXY,
               "does not allow connections to 127.0.0.1 (status 403)");
    scene_close(&s);

    scene_init(&s);
    scene_tinyproxy(&s, "");
    scene_net(&s, "HTTPS_PROXY", "http://", "", s.proxy_port);
    pass_badly(&s.rig, "127.0.0.1", test_free_port(), ERR_PROXY,
               "answered with status 5");
    scene_close(&s);
}

/* A company's proxy: many ways to say who one is, and only one is expected. */
static void offer_ways(const struct test_http_request *req)
{
    char *said = test_http_header(req, "Proxy-Authorization");

    assert_string_equal(req->method, "CONNECT");
    if (said == NULL) {
        test_http_answer(req, 407,
                         "Proxy-Authenticate: Negotiate\r\n"
                         "Proxy-Authenticate: Basic realm=\"x\"\r\n",
                         "");
    } else {
        snprintf(req->data, 64, "%.63s", said);
        test_http_answer(req, 403, "", "");
    }
    free(said);
}

static void test_a_password_is_not_lost_to_negotiate(void **state)
{
    struct test_http *proxy;
    struct scene s;
    char said[64] = "";

    (void)state;
    scene_init(&s);
    proxy = test_http_start(&s.rig.t.loop, NULL, offer_ways, said);
    scene_net(&s, "HTTPS_PROXY", "http://", "u:p@", test_http_port(proxy));
    pass_badly(&s.rig, "127.0.0.1", s.port, ERR_PROXY, "status 403");
    assert_string_equal(said, "Basic dTpw");
    test_http_close(proxy);
    scene_close(&s);
}

static void hang_up(struct test_peer *p, const char *data, size_t len)
{
    (void)data;
    (void)len;
    test_peer_drop(p);
}

static void test_proxies_that_fail(void **state)
{
    struct test_server_config deaf = {.deaf = true};
    struct test_server_config curt = {.on_data = hang_up};
    struct test_server *other;
    struct scene s;

    (void)state;
    scene_init(&s);
    scene_net(&s, "HTTPS_PROXY", "http://", "", test_free_port());
    pass_badly(&s.rig, "127.0.0.1", s.port, ERR_PROXY,
               "cannot be reached: connection refused");
    scene_close(&s);

    if (net_rig_fakes_names()) {
        scene_init(&s);
        setenv("HTTPS_PROXY", "http://nosuch.test", 1);
        net_rig_net(&s.rig, s.rig.pki.ca_file, false);
        pass_badly(&s.rig, "127.0.0.1", s.port, ERR_PROXY,
                   "the name of the proxy http://nosuch.test was not found");
        scene_close(&s);
    }

    scene_init(&s);
    other = test_server_start(&s.rig.t.loop, &deaf);
    scene_net(&s, "HTTPS_PROXY", "http://", "", test_server_port(other));
    pass_badly(&s.rig, "127.0.0.1", s.port, UV_ETIMEDOUT,
               "timed out waiting for the proxy that leads to 127.0.0.1");
    test_server_close(other);
    scene_close(&s);

    scene_init(&s);
    other = test_server_start(&s.rig.t.loop, &curt);
    scene_net(&s, "HTTPS_PROXY", "http://", "", test_server_port(other));
    pass_badly(&s.rig, "127.0.0.1", s.port, ERR_PROXY, "the proxy http://");
    test_server_close(other);
    scene_close(&s);
}

static void test_settings_that_are_no_proxy(void **state)
{
    static const char *const settings[] = {
        "ftp://u:" NET_RIG_SECRET "@127.0.0.1:1",
        "http://u:" NET_RIG_SECRET "@127.0.0.1:123456",
        "http://u:" NET_RIG_SECRET "@[::1",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        struct scene s;

        scene_init(&s);
        setenv("HTTPS_PROXY", settings[i], 1);
        net_rig_net(&s.rig, s.rig.pki.ca_file, false);
        pass_badly(&s.rig, "127.0.0.1", s.port, ERR_PROXY,
                   "Failed to connect to proxy URL:");
        scene_close(&s);
    }
}

/* --- which proxy, if any -------------------------------------------------- */

static void test_no_proxy_forms(void **state)
{
    static const struct {
        const char *list;
        const char *host;
        bool direct;
    } cases[] = {{"*", "127.0.0.1", true},
                 {"127.0.0.1", "127.0.0.1", true},
                 {"10.0.0.0/8,127.0.0.0/8", "127.0.0.1", true},
                 {"10.0.0.0/8", "127.0.0.1", false},
                 {"localhost", "localhost", true},
                 {".test", "some.test", true},
                 {"me.test", "some.test", false},
                 {"", "127.0.0.1", false}};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene s;

        scene_init(&s);
        setenv("NO_PROXY", cases[i].list, 1);
        scene_net(&s, "HTTPS_PROXY", "http://", "", test_free_port());
        if (cases[i].direct) {
            if (strcmp(cases[i].host, "some.test") != 0 ||
                net_rig_fakes_names()) {
                pass_well(&s.rig, "https", cases[i].host, s.port);
            }
        } else {
            pass_badly(&s.rig, cases[i].host, s.port, ERR_PROXY,
                       "cannot be reached");
        }
        scene_close(&s);
    }
}

/* The AWS CLI's tunnel follows HTTP_PROXY; its requests do not. */
static void test_http_proxy_is_for_tunnels(void **state)
{
    struct test_http *h;
    struct scene s;
    struct pass p;

    (void)state;
    scene_init(&s);
    h = test_http_start(&s.rig.t.loop, NULL, answer, NULL);
    scene_net(&s, "HTTP_PROXY", "http://", "", test_free_port());
    pass_badly(&s.rig, "127.0.0.1", s.port, ERR_PROXY, "cannot be reached");
    pass_ask(&p, &s.rig, "http", "127.0.0.1", test_http_port(h), false);
    assert_int_equal(p.status, 200);
    test_http_close(h);
    scene_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_through_an_http_proxy),
        cmocka_unit_test(test_through_a_proxy_named_without_a_scheme),
        cmocka_unit_test(test_requests_through_an_http_proxy),
        cmocka_unit_test(test_a_proxy_that_wants_a_password),
        cmocka_unit_test(test_a_password_is_not_lost_to_negotiate),
        cmocka_unit_test(test_a_proxy_that_refuses),
        cmocka_unit_test(test_proxies_that_fail),
        cmocka_unit_test(test_settings_that_are_no_proxy),
        cmocka_unit_test(test_no_proxy_forms),
        cmocka_unit_test(test_http_proxy_is_for_tunnels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
