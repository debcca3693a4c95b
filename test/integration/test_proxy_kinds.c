/* SPDX-License-Identifier: Apache-2.0 */
/* test_proxy_kinds.c - proxies of other kinds: behind TLS (stunnel), SOCKS5
 * (the test's own), with digests (squid); and closing on the way through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "conn.h"
#include "err.h"
#include "net_rig.h"
#include "proxy_rig.h"
#include "test_process.h"
#include "test_server.h"
#include "test_socks.h"

/* --- https proxies -------------------------------------------------------- */

/* Put stunnel, showing a certificate of kind @cert, before the proxy; skips the
 * test when it is not installed. */
static unsigned scene_stunnel(struct scene *s, struct test_process *stunnel,
                              enum test_cert cert)
{
    unsigned port = test_free_port();
    char program[256];
    char text[1024];
    char pem[128];
    char path[128];
    const char *argv[] = {program, path, NULL};

    if (!test_process_find("stunnel", program, sizeof program)) {
        scene_close(s);
        skip();
    }
    test_pki_write(&s->rig.pki, cert, "stunnel.pem", pem, sizeof pem);
    snprintf(text, sizeof text,
             "foreground = yes\npid =\ndebug = 3\n"
             "[proxy]\naccept = 127.0.0.1:%u\nconnect = 127.0.0.1:%u\n"
             "cert = %s\n",
             port, s->proxy_port, pem);
    scene_file(s, "stunnel.conf", text, path, sizeof path);
    test_process_start(stunnel, argv, s->log);
    test_process_await(stunnel, port, s->log);
    return port;
}

static void test_through_an_https_proxy(void **state)
{
    struct test_process stunnel = {0};
    struct scene s;
    unsigned port;

    (void)state;
    scene_init(&s);
    scene_tinyproxy(&s, "BasicAuth " PLAIN_USER " " PLAIN_PASSWORD "\n");
    port = scene_stunnel(&s, &stunnel, TEST_CERT_GOOD);
    scene_net(&s, "HTTPS_PROXY", "https://", PLAIN_USER_INFO, port);
    pass_well(&s.rig, "https", "127.0.0.1", s.port);
    assert_non_null(strstr(s.rig.lines, "through libcurl"));
    test_process_stop(&stunnel);
    scene_close(&s);
}

/* What an HTTP server says to a TLS greeting. */
static void be_rude(struct test_peer *p, const char *data, size_t len)
{
    (void)data;
    (void)len;
    test_peer_write(p, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
}

static void test_an_https_proxy_that_does_not_convince(void **state)
{
    struct test_server_config rude = {.on_data = be_rude};
    struct test_process stunnel = {0};
    struct test_server *other;
    struct scene s;
    unsigned port;

    (void)state;
    scene_init(&s);
    scene_tinyproxy(&s, "");
    port = scene_stunnel(&s, &stunnel, TEST_CERT_EXPIRED);
    scene_net(&s, "HTTPS_PROXY", "https://", "", port);
    pass_badly(&s.rig, "127.0.0.1", s.port, ERR_CERTIFICATE,
               "certificate has expired: proxy https://127.0.0.1:");
    test_process_stop(&stunnel);
    scene_close(&s);

    scene_init(&s);
    other = test_server_start(&s.rig.t.loop, &rude);
    scene_net(&s, "HTTPS_PROXY", "https://", "", test_server_port(other));
    pass_badly(&s.rig, "127.0.0.1", s.port, ERR_PROXY, "does not speak TLS");
    test_server_close(other);
    scene_close(&s);
}

/* --- socks ---------------------------------------------------------------- */

/* A name and a password that need percent-encoding, and encoded. */
#define USER "us@er"
#define PASSWORD "p:/" NET_RIG_SECRET
#define USER_INFO "us%40er:p%3A%2F" NET_RIG_SECRET "@"

static void test_through_a_socks_proxy(void **state)
{
    static const struct {
        const char *scheme;
        const char *host;
        const char *target; /* What the proxy is asked for */
    } cases[] = {{"socks5://", "127.0.0.1", "127.0.0.1"},
                 {"socks5h://", "127.0.0.1", "127.0.0.1"},
                 {"socks5h://", "some.test", "some.test"},
                 {"socks5://", "some.test", "127.0.0.1"}};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct test_socks_config config = {.user = i == 0 ? NULL : USER,
                                           .password = PASSWORD};
        struct test_socks *socks;
        struct scene s;

        scene_init(&s);
        socks = test_socks_start(&s.rig.t.loop, &config);
        scene_net(&s, "ALL_PROXY", cases[i].scheme, i == 0 ? "" : USER_INFO,
                  test_socks_port(socks));
        if (strcmp(cases[i].host, cases[i].target) == 0 ||
            net_rig_fakes_names()) {
            pass_well(&s.rig, "https", cases[i].host, s.port);
            assert_int_equal(test_socks_requests(socks), 1);
            assert_string_equal(test_socks_target(socks), cases[i].target);
        }
        test_socks_close(socks);
        scene_close(&s);
    }
}

static void test_a_socks_proxy_that_refuses(void **state)
{
    static const struct {
        struct test_socks_config config;
        const char *user_info;
        const char *words;
    } cases[] = {
        {{.reply = 2}, "", "does not allow"},
        {{.reply = 3}, "", "network is unreachable"},
        {{.reply = 4}, "", "host is unreachable"},
        {{.reply = 5}, "", "connection was refused"},
        {{.user = USER, .password = PASSWORD}, "", "user name and password"},
        {{.user = USER, .password = "other"},
         USER_INFO,
         "did not accept the user name and password"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct test_socks *socks;
        struct scene s;

        scene_init(&s);
        socks = test_socks_start(&s.rig.t.loop, &cases[i].config);
        scene_net(&s, "ALL_PROXY", "socks5h://", cases[i].user_info,
                  test_socks_port(socks));
        pass_badly(&s.rig, "127.0.0.1", s.port, ERR_PROXY, cases[i].words);
        test_socks_close(socks);
        scene_close(&s);
    }
}

/* --- squid ---------------------------------------------------------------- */

/* Start squid, which asks for a password by the digest scheme; skips the test
 * when it is not installed. */
static void scene_squid(struct scene *s)
{
    static const char helper[] = "/usr/lib/squid/digest_file_auth";
    char program[256];
    char text[2048];
    char users[128];
    char path[128];
    const char *argv[] = {program, "-N", "-f", path, NULL};

    if (!test_process_find("squid", program, sizeof program) ||
        access(helper, X_OK) != 0) {
        scene_close(s);
        skip();
    }
    scene_file(s, "users", "user:" NET_RIG_SECRET "\n", users, sizeof users);
    /* Started by root, squid reads this as another user. */
    assert_int_equal(chmod(s->rig.pki.dir, 0755), 0);
    assert_int_equal(chmod(users, 0644), 0);
    s->proxy_port = test_free_port();
    snprintf(text, sizeof text,
             "http_port 127.0.0.1:%u\n"
             "auth_param digest program %s %s\n"
             "auth_param digest realm test\nauth_param digest children 1\n"
             "acl known proxy_auth REQUIRED\nhttp_access allow known\n"
             "http_access deny all\n"
             "pid_filename none\ncache_log /dev/null\naccess_log none\n"
             "cache deny all\nshutdown_lifetime 0 seconds\n"
             "pinger_enable off\nvisible_hostname localhost\n",
             s->proxy_port, helper, users);
    scene_file(s, "squid.conf", text, path, sizeof path);
    test_process_start(&s->proxy, argv, s->log);
    test_process_await(&s->proxy, s->proxy_port, s->log);
}

static void test_a_proxy_that_wants_a_digest(void **state)
{
    struct scene s;

    (void)state;
    scene_init(&s);
    scene_squid(&s);
    scene_net(&s, "HTTPS_PROXY", "http://", "user:" NET_RIG_SECRET "@",
              s.proxy_port);
    pass_well(&s.rig, "https", "127.0.0.1", s.port);
    scene_close(&s);
}

/* --- life and death ------------------------------------------------------- */

static void test_closing_after_every_turn(void **state)
{
    static const char *const schemes[] = {"http://", "socks5h://"};
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        unsigned turns;
        bool over = false;

        for (turns = 0; !over; turns++) {
            struct test_socks_config config = {.reply = 0};
            struct test_socks *socks = NULL;
            struct scene s;
            struct pass p;

            scene_init(&s);
            if (i == 0) {
                scene_tinyproxy(&s, "");
            } else {
                socks = test_socks_start(&s.rig.t.loop, &config);
                s.proxy_port = test_socks_port(socks);
            }
            scene_net(&s, "ALL_PROXY", schemes[i], "", s.proxy_port);
            pass_start(&p, &s.rig, "https", "127.0.0.1", s.port, 20000);
            test_loop_turns(&s.rig.t, turns);
            over = p.over;
            assert_int_equal(p.err.code, 0);
            conn_close(p.conn, pass_on_closed, &p);
            if (socks != NULL) {
                test_socks_close(socks);
            }
            scene_close(&s);
        }
        assert_true(turns > 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_through_an_https_proxy),
        cmocka_unit_test(test_an_https_proxy_that_does_not_convince),
        cmocka_unit_test(test_through_a_socks_proxy),
        cmocka_unit_test(test_a_socks_proxy_that_refuses),
        cmocka_unit_test(test_a_proxy_that_wants_a_digest),
        cmocka_unit_test(test_closing_after_every_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
