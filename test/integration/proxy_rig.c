/* SPDX-License-Identifier: Apache-2.0 */
/* proxy_rig.c - an echoing server, a proxy on the way, and who wants to pass.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proxy_rig.h"

static const char ping[] = "are you there?";

void pass_on_closed(void *data)
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

void pass_start(struct pass *p, struct net_rig *rig, const char *scheme,
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
    conn_close(p->conn, pass_on_closed, p);
    test_loop_until(&rig->t, &p->closed);
}

void pass_well(struct net_rig *rig, const char *scheme, const char *host,
               unsigned port)
{
    struct pass p;

    pass(&p, rig, scheme, host, port, 20000);
    if (p.err.code != 0) {
        fail_msg("%s: %s (%s)", err_name(p.err.code), p.err.msg, p.err.hint);
    }
    assert_memory_equal(p.got, ping, sizeof ping);
}

void pass_badly(struct net_rig *rig, const char *host, unsigned port, int code,
                const char *words)
{
    uint64_t limit_ms = code == UV_ETIMEDOUT ? 300 : 20000;
    struct pass p;

    /* What waits in vain needs a machine quick enough to come to waiting. */
    for (;; limit_ms *= 4) {
        pass(&p, rig, "https", host, port, limit_ms);
        if (code != UV_ETIMEDOUT || limit_ms > 10000 ||
            strstr(p.err.msg, words) != NULL) {
            break;
        }
    }
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

void pass_ask(struct pass *p, struct net_rig *rig, const char *scheme,
              const char *host, unsigned port, bool no_proxy)
{
    struct request_config config = {.connect_timeout_ms = 20000,
                                    .timeout_ms = 20000,
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

void scene_init(struct scene *s)
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

void scene_net(struct scene *s, const char *name, const char *scheme,
               const char *user_info, unsigned port)
{
    char url[256];

    snprintf(url, sizeof url, "%s%s127.0.0.1:%u", scheme, user_info, port);
    setenv(name, url, 1);
    net_rig_net(&s->rig, s->rig.pki.ca_file, false);
}

void scene_close(struct scene *s)
{
    test_server_close(s->server);
    net_rig_close(&s->rig);
    test_process_stop(&s->proxy);
}

void scene_file(struct scene *s, const char *name, const char *text, char *path,
                size_t size)
{
    FILE *f;

    snprintf(path, size, "%s/%s", s->rig.pki.dir, name);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

void scene_tinyproxy(struct scene *s, const char *more)
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
