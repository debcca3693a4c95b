/* SPDX-License-Identifier: Apache-2.0 */
/* test_eice_tunnel.c - the public library, one tunnel at a time: what it asks
 * for, what it carries, and whose credentials it waits for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <uv.h>

#include "eice_bed.h"
#include "test_http.h"
#include "test_server.h"
#include "tunnel_trial.h"

/* The value of query parameter @name in the last request, decoded as little as
 * the test needs. */
static bool has_pair(const struct trial *t, const char *pair)
{
    const char *at = strstr(t->bed.far.target, pair);

    return at != NULL && (at[-1] == '?' || at[-1] == '&') &&
           (at[strlen(pair)] == '&' || at[strlen(pair)] == '\0');
}

static void test_carries_both_ways(void **state)
{
    struct trial t;
    struct eice_stats stats;

    (void)state;
    trial_init(&t);
    trial_open(&t);
    bed_echo(&t.bed, t.fd, "hello");
    bed_echo(&t.bed, t.fd, "again");
    assert_int_equal(t.bed.seen.events[EICE_EVENT_RESOLVED], 1);
    assert_int_equal(t.bed.seen.events[EICE_EVENT_OPENED], 1);
    assert_string_equal(t.bed.seen.request_id, "rid-1");
    assert_string_equal(t.bed.seen.resolved_address, BED_IP);
    assert_string_equal(eice_tunnel_request_id(t.tunnel), "rid-1");
    eice_tunnel_stats(t.tunnel, &stats);
    assert_int_equal(stats.bytes_up, 10);
    assert_int_equal(stats.bytes_down, 10);
    assert_true(stats.total_ms >= stats.open_ms);
    assert_int_equal(test_http_requests(t.bed.api), 0);

    close(t.fd); /* The local side ends, so everything does. */
    t.fd = -1;
    t.bed.tunnel.linger_ms = 1;
    bed_until(&t.bed, &t.bed.seen.done);
    assert_true(t.bed.seen.end.code == 0 ||
                t.bed.seen.end.code == EICE_ERR_LOCAL_LOST);
    trial_close(&t);
    assert_int_equal(t.bed.seen.n_closed, 1);
    trial_free(&t);
}

/* What is said waits for eice_tunnel_release(), the tunnel does not. */
static void test_held_input(void **state)
{
    struct eice_stats stats;
    struct trial t;

    (void)state;
    trial_init(&t);
    t.bed.tunnel.hold_input = true;
    trial_open(&t);
    assert_int_equal(write(t.fd, "early", 5), 5);
    bed_until(&t.bed, &t.bed.seen.opened);
    test_loop_turns(&t.bed.loop, 20);
    eice_tunnel_stats(t.tunnel, &stats);
    assert_int_equal(stats.bytes_up, 0);
    eice_tunnel_release(t.tunnel);
    while (stats.bytes_down < 5) {
        assert_false(t.bed.loop.expired);
        test_loop_turns(&t.bed.loop, 1);
        eice_tunnel_stats(t.tunnel, &stats);
    }
    trial_close(&t);
    trial_free(&t);
}

static void test_asks_as_the_service_wants(void **state)
{
    struct trial t;
    char host[64];

    (void)state;
    trial_init(&t);
    t.bed.target.private_ip = "2001:db8::5";
    t.bed.target.remote_port = EICE_PORT_RDP;
    t.bed.target.max_tunnel_duration_s = 600;
    t.bed.options.user_agent = "test/1";
    trial_open(&t);
    bed_until(&t.bed, &t.bed.seen.opened);
    print_message("%s\n", t.bed.far.target);
    assert_int_equal(strncmp(t.bed.far.target,
                             "/openTunnel?instanceConnectEndpointId=" BED_EP
                             "&remotePort=3389&privateIpAddress="
                             "2001%3Adb8%3A%3A5&maxTunnelDuration=600&"
                             "X-Amz-Algorithm=AWS4-HMAC-SHA256&",
                             150),
                     0);
    assert_true(has_pair(&t, "X-Amz-Expires=60"));
    assert_true(has_pair(&t, "X-Amz-SignedHeaders=host"));
    assert_true(has_pair(&t, "X-Amz-Security-Token=token-word"));
    assert_non_null(
        strstr(t.bed.far.target, "%2Feu-central-1%2Fec2-instance-connect%2F"));
    snprintf(host, sizeof host, "\r\nHost: %s\r\n", t.bed.far.dns_name);
    assert_non_null(strstr(t.bed.far.head, host));
    assert_non_null(
        strstr(t.bed.far.head, "\r\nUser-Agent: eice/" EICE_VERSION " "));
    assert_non_null(strstr(t.bed.far.head, " test/1\r\n"));
    trial_close(&t);
    assert_int_equal(t.bed.far.last_close, 1000);
    trial_free(&t);
}

static void test_nobody_signs(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    t.bed.options.no_sign_request = true;
    bed_env(&t.bed, "AWS_ACCESS_KEY_ID", NULL);
    trial_open(&t);
    bed_echo(&t.bed, t.fd, "x");
    assert_string_equal(t.bed.far.target,
                        "/openTunnel?instanceConnectEndpointId=" BED_EP
                        "&remotePort=22&privateIpAddress=" BED_IP);
    trial_close(&t);
    trial_free(&t);
}

static void test_over_a_stream(void **state)
{
    struct trial t;
    struct eice_error error;
    uv_pipe_t pipe;
    int fds[2];

    (void)state;
    trial_init(&t);
    bed_open(&t.bed);
    bed_pair(fds);
    uv_pipe_init(&t.bed.loop.loop, &pipe, 0);
    assert_int_equal(uv_pipe_open(&pipe, fds[0]), 0);
    t.fd = fds[1];
    assert_int_equal(eice_tunnel_open_stream(&t.tunnel, t.bed.eice,
                                             &t.bed.target, &t.bed.tunnel,
                                             (uv_stream_t *)&pipe, &error),
                     0);
    bed_echo(&t.bed, t.fd, "over a stream");
    trial_close(&t);
    assert_true(uv_is_closing((uv_handle_t *)&pipe));
    trial_free(&t);
}

static void test_resolves_first(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    bed_ask_api(&t.bed);
    trial_open(&t);
    bed_echo(&t.bed, t.fd, "x");
    assert_string_equal(t.bed.seen.resolved_address, BED_IP);
    assert_string_equal(t.bed.seen.resolved_name, "web");
    assert_int_equal(t.bed.seen.events[EICE_EVENT_RESOLVED], 1);
    assert_true(has_pair(&t, "instanceConnectEndpointId=" BED_EP));
    trial_close(&t);
    trial_free(&t);
}

/* Credentials that come after more than five seconds.  False if a slow machine
 * has had the connection for less, or did without credentials. */
static bool waits_too_long(void)
{
    struct trial t;
    bool ok;

    trial_init(&t);
    bed_changing_keys(&t.bed);
    t.bed.creds_ignore = 2; /* The provider waits for 2 s, three times. */
    t.bed.creds_delay_ms = 1500;
    trial_open(&t);
    while (!t.bed.seen.opened && !t.bed.seen.done) {
        assert_false(t.bed.loop.expired);
        test_loop_turns(&t.bed.loop, 1);
    }
    ok = t.bed.seen.opened && test_server_accepted(t.bed.far.server) == 2;
    if (t.bed.seen.opened) {
        bed_echo(&t.bed, t.fd, "x");
        assert_true(ok ==
                    bed_logged(&t.bed, "waited too long for credentials"));
    }
    trial_close(&t);
    trial_free(&t);
    return ok;
}

/* Somebody had to sign in first: the connection made meanwhile is not trusted
 * any more, and another one is made. */
static void test_credentials_come_late(void **state)
{
    struct trial t;
    int tries = 0;

    (void)state;
    trial_init(&t);
    bed_changing_keys(&t.bed);
    t.bed.creds_delay_ms = 50;
    trial_open(&t);
    bed_echo(&t.bed, t.fd, "x");
    assert_int_equal(test_server_accepted(t.bed.far.server), 1);
    trial_close(&t);
    trial_free(&t);

    while (!waits_too_long()) {
        assert_true(++tries < 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_carries_both_ways),
        cmocka_unit_test(test_held_input),
        cmocka_unit_test(test_asks_as_the_service_wants),
        cmocka_unit_test(test_nobody_signs),
        cmocka_unit_test(test_over_a_stream),
        cmocka_unit_test(test_resolves_first),
        cmocka_unit_test(test_credentials_come_late),
    };

    bed_prepare();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
