/* SPDX-License-Identifier: Apache-2.0 */
/* test_proxy.c - connections and requests through proxies: tinyproxy, stunnel
 * in front of it, squid, and a SOCKS5 proxy of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "conn.h"
#include "err.h"
#include "net_rig.h"
#include "request.h"
#include "test_http.h"
#include "test_process.h"
#include "test_server.h"
#include "test_socks.h"
#include "transport.h"

/* For tinyproxy, which takes letters only; encoded all the same. */
#define PLAIN_USER "us.er"
#define PLAIN_PASSWORD "p-" NET_RIG_SECRET
#define PLAIN_USER_INFO "us%2Eer:%70-" NET_RIG_SECRET "@"

/* A name and a password that need percent-encoding, and encoded. */
#define USER "us@er"
#define PASSWORD "p:/" NET_RIG_SECRET
#define USER_INFO "us%40er:p%3A%2F" NET_RIG_SECRET "@"

/* One attempt to come through. */
struct pass {
    struct net_rig *rig;
    struct conn *conn;
    struct transport *t;
    struct request *req;
    char url[128];
    struct err err;
    bool over;
    bool closed;
    int status;
    char got[64];
    size_t sent;
    size_t len;
};

static const char ping[] = "are you there?";

static void on_closed(void *data)
{
    struct pass *p = data;

    p->closed = true;
}

/* The echo comes back, in whatever pieces. */
static void on_ready(struct transport *t, bool readable, bool writable)
{
    struct pass *p = t->data;
    ssize_t n;

    if (writable && p->sent < sizeof ping) {
        n = t->ops->send(t, ping + p->sent, sizeof ping - p->sent);
        assert_true(n > 0 || n == UV_EAGAIN);
        p->sent += n > 0 ? (size_t)n : 0;
    }
    while (readable && p->len < sizeof ping) {
        n = t->ops->recv(t, p->got + p->len, sizeof p->got - p->len);
        if (n == UV_EAGAIN) {
            break;
        }
        if (n <= 0) {
            t->ops->explain(t, (int)n, &p->err);
            p->over = true;
            t->ops->watch(t, false, false);
            return;
        }
        p->len += (size_t)n;
    }
    p->over = p->len == sizeof ping;
    t->ops->watch(t, !p->over, p->sent < sizeof ping);
}

static void on_conn_done(struct conn *c, struct transport *t,
                         const struct err *err)
{
    struct pass *p = conn_data(c);

    if (err != NULL) {
        p->err = *err;
        p->over = true;
        return;
    }
    p->t = t;
    t->data = p;
    t->ready_cb = on_ready;
    t->ops->watch(t, true, true);
}

/* Begin to connect. */
static void pass_start(struct pass *p, struct net_rig *rig, const char *scheme,
                       const char *host, unsigned port, uint64_t timeout_ms)
{
    struct conn_config config = {.url = p->url,
                                 .connect_timeout_ms = timeout_ms};

    *p = (struct pass){.rig = rig};
    snprintf(p->url, sizeof p->url, "%s://%s:%u", scheme, host, port);
    p->conn = conn_new(rig->net, &config, p);
    conn_start(p->conn, on_conn_done);
}

/* Have bytes echoed by the server at @host:@port; the error, if any, is in @p.
 */
static void pass(struct pass *p, struct net_rig *rig, const char *scheme,
                 const char *host, unsigned port, uint64_t timeout_ms)
{
    pass_start(p, rig, scheme, host, port, timeout_ms);
    test_loop_until(&rig->t, &p->over);
    net_rig_check_secret(p->err.msg);
    net_rig_check_secret(p->err.hint);
    conn_close(p->conn, on_closed, p);
    test_loop_until(&rig->t, &p->closed);
}

/* The same, and it must work. */
static void pass_well(struct net_rig *rig, const char *scheme, const char *host,
                      unsigned port)
{
    struct pass p;

    pass(&p, rig, scheme, host, port, 5000);
    if (p.err.code != 0) {
        fail_msg("%s: %s (%s)", err_name(p.err.code), p.err.msg, p.err.hint);
    }
    assert_memory_equal(p.got, ping, sizeof ping);
}

/* The same, and it must fail with @code and @words. */
static void pass_badly(struct net_rig *rig, const char *host, unsigned port,
                       int code, const char *words)
{
    struct pass p;

    pass(&p, rig, "https", host, port, 300);
    if (p.err.code != code || strstr(p.err.msg, words) == NULL ||
        p.err.hint[0] == '\0') {
        fail_msg("%s: \"%s\" (%s), wanted %s: \"%s\"", err_name(p.err.code),
                 p.err.msg, p.err.hint, err_name(code), words);
    }
}

static int on_prepare(struct request *r, unsigned n, struct attempt *a,
                      struct err *e)
{
    struct pass *p = request_data(r);

    (void)n;
    (void)e;
    a->url = p->url;
    return 0;
}

static void on_request_done(struct request *r, const struct response *resp,
                            const struct err *err)
{
    struct pass *p = request_data(r);

    if (err != NULL) {
        p->err = *err;
    } else {
        p->status = resp->status;
    }
    p->over = true;
    request_close(r);
}

/* One request to @host:@port. */
static void ask(struct pass *p, struct net_rig *rig, const char *scheme,
                const char *host, unsigned port, bool no_proxy)
{
    struct request_config config = {.connect_timeout_ms = 3000,
                                    .timeout_ms = 3000,
                                    .max_attempts = 1,
                                    .no_proxy = no_proxy,
                                    .prepare = on_prepare};

    *p = (struct pass){.rig = rig};
    snprintf(p->url, sizeof p->url, "%s://%s:%u/", scheme, host, port);
    p->req = request_new(rig->net, &config, p);
    request_start(p->req, on_request_done);
    test_loop_until(&rig->t, &p->over);
    net_rig_check_secret(p->err.msg);
    net_rig_check_secret(p->err.hint);
}

static void echo(struct test_peer *p, const char *data, size_t len)
{
    test_peer_write(p, data, len);
}

static void answer(const struct test_http_request *req)
{
    test_http_answer(req, 200, "", "ok");
}

/* --- what every test has ------------------------------------------------ */

struct scene {
    struct net_rig rig;
    struct test_server *server; /* Echoes, by TLS */
    unsigned port;              /* Its port */
    struct test_process proxy;
    unsigned proxy_port;
    char log[128]; /* What proxies say */
};

/* Everything but the proxy and the net. */
static void scene_init(struct scene *s)
{
    struct test_server_config config = {.on_data = echo};

    memset(s, 0, sizeof *s);
    net_rig_init(&s->rig);
    config.tls = test_pki_context(&s->rig.pki, TEST_CERT_GOOD);
    s->server = test_server_start(&s->rig.t.loop, &config);
    SSL_CTX_free(config.tls);
    s->port = test_server_port(s->server);
    snprintf(s->log, sizeof s->log, "%s/log", s->rig.pki.dir);
}

/* The net, with the environment variable @name naming a proxy. */
static void scene_net(struct scene *s, const char *name, const char *scheme,
                      const char *user_info, unsigned port)
{
    char url[256];

    snprintf(url, sizeof url, "%s%s127.0.0.1:%u", scheme, user_info, port);
    setenv(name, url, 1);
    net_rig_net(&s->rig, s->rig.pki.ca_file, false);
}

static void scene_close(struct scene *s)
{
    test_server_close(s->server);
    net_rig_close(&s->rig);
    test_process_stop(&s->proxy);
}

/* Write @text to the file @name in the scene's directory. */
static void scene_file(struct scene *s, const char *name, const char *text,
                       char *path, size_t size)
{
    FILE *f;

    snprintf(path, size, "%s/%s", s->rig.pki.dir, name);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

/* Start tinyproxy with @more lines in its configuration; skips the test when
 * it is not installed. */
static void scene_tinyproxy(struct scene *s, const char *more)
{
    char program[256];
    char text[1024];
    char path[128];
    const char *argv[] = {program, "-d", "-c", path, NULL};

    if (!test_process_find("tinyproxy", program, sizeof program)) {
        scene_close(s);
        skip();
    }
    s->proxy_port = test_free_port();
    snprintf(text, sizeof text,
             "Port %u\nListen 127.0.0.1\nTimeout 60\nMaxClients 50\n"
             "LogLevel Error\n%s",
             s->proxy_port, more);
    scene_file(s, "tinyproxy.conf", text, path, sizeof path);
    test_process_start(&s->proxy, argv, s->log);
    test_process_await(&s->proxy, s->proxy_port, s->log);
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
    ask(&p, &s.rig, "http", "127.0.0.1", test_http_port(plain), false);
    assert_int_equal(p.status, 200);
    ask(&p, &s.rig, "https", "127.0.0.1", test_http_port(tls), false);
    assert_int_equal(p.status, 200);
    /* Without the proxy, those who must go without still can. */
    test_process_stop(&s.proxy);
    ask(&p, &s.rig, "http", "127.0.0.1", test_http_port(plain), true);
    assert_int_equal(p.status, 200);
    ask(&p, &s.rig, "http", "localhost", test_http_port(plain), false);
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
    ask(&p, &s.rig, "http", "127.0.0.1", test_http_port(h), false);
    assert_int_equal(p.status, 200);
    test_http_close(h);
    scene_close(&s);
}

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
            pass_start(&p, &s.rig, "https", "127.0.0.1", s.port, 5000);
            test_loop_turns(&s.rig.t, turns);
            over = p.over;
            assert_int_equal(p.err.code, 0);
            conn_close(p.conn, on_closed, &p);
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
        cmocka_unit_test(test_through_an_https_proxy),
        cmocka_unit_test(test_an_https_proxy_that_does_not_convince),
        cmocka_unit_test(test_through_a_socks_proxy),
        cmocka_unit_test(test_a_socks_proxy_that_refuses),
        cmocka_unit_test(test_a_proxy_that_wants_a_digest),
        cmocka_unit_test(test_closing_after_every_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
