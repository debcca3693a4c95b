/* SPDX-License-Identifier: Apache-2.0 */
/* test_request_life.c - requests closed at any moment, many, and with little
 * memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ask_rig.h"
#include "err.h"
#include "mem.h"
#include "retry.h"
#include "scarce.h"
#include "test_http.h"

static void test_closing_after_every_turn(void **state)
{
    struct request_config config = ask_quick;
    unsigned turns;
    bool finished = false;

    (void)state;
    for (turns = 0; !finished; turns++) {
        struct net_rig rig;
        struct test_http *h;
        struct ask ask = {.keep = true, .method = "POST", .body = "x"};
        unsigned good = 3;
        SSL_CTX *tls;

        ask_setup(&rig);
        tls = test_pki_context(&rig.pki, TEST_CERT_GOOD);
        h = test_http_start(&rig.t.loop, tls, ask_fail_at_first, &good);
        ask_start(&ask, &rig, &config, "https", "localhost", test_http_port(h),
                  "/");
        test_loop_turns(&rig.t, turns);
        finished = ask.done;
        request_close(ask.req);
        SSL_CTX_free(tls);
        ask_end(&rig, h);
        assert_int_equal(ask.n_done, finished ? 1 : 0);
    }
    assert_true(turns > 10);
}

static void test_closing_inside_each_callback(void **state)
{
    struct request_config config = ask_quick;
    struct net_rig rig;
    struct test_http *h;
    struct ask in_prepare = {.close_in_prepare = true};
    struct ask in_judge = {.close_in_judge = true, .verdict = VERDICT_RETRY};
    struct ask in_done = {0};

    (void)state;
    ask_setup(&rig);
    config.judge = ask_on_judge;
    h = test_http_start(&rig.t.loop, NULL, ask_echo, NULL);
    ask_start(&in_prepare, &rig, &config, "http", "127.0.0.1",
              test_http_port(h), "/");
    ask_start(&in_judge, &rig, &config, "http", "127.0.0.1", test_http_port(h),
              "/");
    ask_start(&in_done, &rig, &config, "http", "127.0.0.1", test_http_port(h),
              "/");
    test_loop_until(&rig.t, &in_done.done);
    while (in_judge.n_judged == 0) {
        test_loop_turns(&rig.t, 1);
    }
    test_loop_turns(&rig.t, 3);
    assert_int_equal(in_prepare.n_done, 0);
    assert_int_equal(in_judge.n_done, 0);
    assert_int_equal(in_judge.n_judged, 1);
    assert_null(in_prepare.req);
    ask_end(&rig, h);
}

static void set_flag(void *data)
{
    *(bool *)data = true;
}

/* Close the request and then the net, all inside the report. */
static void close_all(struct request *r, const struct response *resp,
                      const struct err *err)
{
    struct ask *ask = request_data(r);
    struct net_rig *rig = ask->rig;

    (void)resp;
    (void)err;
    ask->done = true;
    request_close(r);
    net_close(rig->net, set_flag, &ask->net_closed);
    rig->net = NULL;
}

static void test_closing_the_net_inside_a_report(void **state)
{
    struct net_rig rig;
    struct test_http *h;
    struct ask ask = {0};

    (void)state;
    h = ask_server(&rig, ask_echo, NULL);
    ask.rig = &rig;
    snprintf(ask.url, sizeof ask.url, "http://127.0.0.1:%u/",
             test_http_port(h));
    ask.req = request_new(rig.net, &ask_quick, &ask);
    request_start(ask.req, close_all);
    test_loop_until(&rig.t, &ask.done);
    ask_end(&rig, h);
}

static void test_many_at_once(void **state)
{
    enum { N = 60 };
    struct net_rig rig;
    struct test_http *h;
    static struct ask asks[N];
    SSL_CTX *tls;
    int i;

    (void)state;
    ask_setup(&rig);
    memset(asks, 0, sizeof asks);
    tls = test_pki_context(&rig.pki, TEST_CERT_GOOD);
    h = test_http_start(&rig.t.loop, tls, ask_echo, NULL);
    for (i = 0; i < N; i++) {
        ask_start(&asks[i], &rig, &ask_quick, "https", "127.0.0.1",
                  test_http_port(h), "/");
    }
    for (i = 0; i < N; i++) {
        test_loop_until(&rig.t, &asks[i].done);
        assert_int_equal(asks[i].status, 200);
    }
    SSL_CTX_free(tls);
    ask_end(&rig, h);
}

static void test_lack_of_memory_anywhere(void **state)
{
    static const struct header headers[] = {{"X-A", "b"}};
    struct net_config config = {.user_agent = "eice-test/1"};
    struct net_rig rig;
    struct test_http *h;
    int n;
    bool passed = false;

    (void)state;
    net_rig_init(&rig);
    config.ca_bundle = rig.pki.ca_file;
    setenv("HTTP_PROXY", "http://u:" NET_RIG_SECRET "@unused", 1);
    h = test_http_start(&rig.t.loop, NULL, ask_echo, NULL);
    for (n = 0; !passed; n++) {
        struct ask ask = {.headers = headers,
                          .n_headers = 1,
                          .method = "POST",
                          .body = "x",
                          .rig = &rig};
        struct err err = {0};
        struct scarce scarce = {.left = n};
        bool closed = false;
        int rv;

        snprintf(ask.url, sizeof ask.url, "http://127.0.0.1:%u/",
                 test_http_port(h));
        mem_set_hook(scarce_one, &scarce);
        rv = net_new(&rig.net, &rig.t.loop, &rig.log, &config, &err);
        if (rv == 0) {
            struct request_config once = ask_quick;

            once.max_attempts = 1;
            ask.req = request_new(rig.net, &once, &ask);
            if (ask.req != NULL) {
                request_start(ask.req, ask_on_done);
                test_loop_until(&rig.t, &ask.done);
            }
            mem_set_hook(NULL, NULL);
            net_close(rig.net, set_flag, &closed);
            test_loop_until(&rig.t, &closed);
        } else {
            mem_set_hook(NULL, NULL);
            assert_int_equal(rv, UV_ENOMEM);
        }
        passed = ask.status == 200;
        if (ask.done && !passed) {
            assert_int_equal(ask.err.code, UV_ENOMEM);
        }
    }
    assert_true(n > 15);
    rig.net = NULL;
    ask_end(&rig, h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_closing_after_every_turn),
        cmocka_unit_test(test_closing_inside_each_callback),
        cmocka_unit_test(test_closing_the_net_inside_a_report),
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_lack_of_memory_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
