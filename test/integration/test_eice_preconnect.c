/* SPDX-License-Identifier: Apache-2.0 */
/* test_eice_preconnect.c - the public listener makes connections ahead: who
 * gets them, within which limits, and what if they are dead by then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "eice_bed.h"
#include "listen_trial.h"
#include "test_server.h"
#include "test_socks.h"

/* Connections are there before anybody asks, and again when one is used. */
static void test_preconnects(void **state)
{
    struct trial t;
    int port, fd;

    (void)state;
    trial_init(&t);
    bed_changing_keys(&t.bed);
    t.bed.listen.preconnect = 2;
    port = trial_listen(&t);
    trial_until_accepted(&t, 2);
    assert_int_equal(t.bed.far.n_requests, 0);
    assert_int_equal(t.bed.n_creds, 0); /* Nothing is signed yet. */
    fd = bed_connect(port);
    bed_echo(&t.bed, fd, "at once");
    assert_true(bed_logged(&t.bed, "using a spare connection"));
    trial_until_accepted(&t, 3);
    assert_int_equal(test_server_alive(t.bed.far.server), 3);
    close(fd);
    trial_until_closed(&t, 1);
    trial_until_accepted(&t, 3);
    trial_end(&t);
}

/* They go through the proxy that everything goes through. */
static void test_preconnects_through_a_proxy(void **state)
{
    struct test_socks_config config = {0};
    struct test_socks *socks;
    struct trial t;
    char url[64];

    (void)state;
    trial_init(&t);
    socks = test_socks_start(&t.bed.loop.loop, &config);
    snprintf(url, sizeof url, "socks5h://127.0.0.1:%u", test_socks_port(socks));
    bed_env(&t.bed, "HTTPS_PROXY", url);
    t.bed.listen.preconnect = 1;
    trial_listen(&t);
    trial_until_accepted(&t, 1);
    assert_int_equal(test_socks_requests(socks), 1);
    trial_serve(&t, "by a roundabout way");
    assert_true(bed_logged(&t.bed, "using a spare connection"));
    trial_close(&t, EICE_BYE_DONE);
    test_socks_close(socks);
    bed_free(&t.bed);
}

/* A spare is signed for when it is used, with what is valid then. */
static void test_preconnected_gets_new_credentials(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    bed_changing_keys(&t.bed);
    t.bed.listen.preconnect = 1;
    trial_listen(&t);
    trial_until_accepted(&t, 1);
    bed_refuse(&t.bed, 403, "{\"ErrorCode\":\"ExpiredTokenException\"}");
    t.bed.far.times = 1;
    trial_lose(&t, 1);
    trial_until_accepted(&t, 2);
    trial_serve(&t, "x");
    assert_non_null(strstr(t.bed.far.target, "X-Amz-Credential=AKID2%2F"));
    trial_end(&t);
}

/* Spares and tunnels together keep to the limit. */
static void test_preconnects_within_the_limit(void **state)
{
    struct eice_error error;
    struct trial t;
    int port, a, b;

    (void)state;
    trial_init(&t);
    t.bed.listen.preconnect = EICE_MAX_PRECONNECT + 1;
    assert_int_equal(trial_try(&t, &error), EICE_ERR_USAGE);
    t.bed.listen.preconnect = 3;
    t.bed.listen.max_connections = 2;
    port = trial_listen(&t);
    trial_until_accepted(&t, 2);
    a = bed_connect(port);
    bed_echo(&t.bed, a, "x");
    trial_until_accepted(&t, 2);
    b = bed_connect(port);
    bed_echo(&t.bed, b, "x");
    trial_until_accepted(&t, 2);
    close(a);
    trial_until_closed(&t, 1);
    trial_until_accepted(&t, 3);
    assert_int_equal(test_server_alive(t.bed.far.server), 2);
    close(b);
    trial_close(&t, EICE_BYE_AWAY);
    bed_free(&t.bed);
}

/* What was opened ahead may be dead without our knowing: reset or mute when it
 * is used, or closed meanwhile.  Nobody sees that. */
static void test_dead_spares_go_unnoticed(void **state)
{
    static const enum fake_way ways[] = {FAKE_DROP, FAKE_ECHO};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct trial t;

        trial_init(&t);
        t.bed.listen.preconnect = 2;
        trial_listen(&t);
        trial_until_accepted(&t, 2);
        t.bed.far.way = ways[i];
        t.bed.far.times = 1;
        if (ways[i] == FAKE_ECHO) {
            test_server_hang_up(t.bed.far.server);
        }
        trial_serve(&t, "nothing happened");
        assert_int_equal(t.bed.far.n_requests, ways[i] == FAKE_ECHO ? 1 : 2);
        assert_int_equal(t.bed.seen.n_opened, 1);
        assert_int_equal(t.bed.seen.error.code, 0);
        trial_until_closed(&t, 1);
        assert_int_equal(t.bed.seen.error.code, 0);
        trial_end(&t);
    }
}

/* False if the fresh one that follows was too slow for the limit, too. */
static bool a_mute_spare_goes_unnoticed(uint64_t limit_ms)
{
    struct trial t;
    bool ok;
    int fd;

    trial_init(&t);
    t.bed.listen.preconnect = 2;
    t.bed.tunnel.upgrade_timeout_ms = limit_ms;
    trial_listen(&t);
    trial_until_accepted(&t, 2);
    t.bed.far.way = FAKE_SILENCE;
    t.bed.far.times = 1;
    fd = bed_connect(t.port);
    while (!t.bed.seen.opened && !t.bed.seen.conn_closed) {
        assert_false(t.bed.loop.expired);
        test_loop_turns(&t.bed.loop, 1);
    }
    ok = t.bed.seen.opened;
    if (ok) {
        bed_echo(&t.bed, fd, "nothing happened");
        assert_int_equal(t.bed.far.n_requests, 2);
        assert_int_equal(t.bed.seen.n_opened, 1);
        assert_int_equal(t.bed.seen.error.code, 0);
    } else {
        assert_int_equal(t.bed.seen.error.code, UV_ETIMEDOUT);
    }
    close(fd);
    trial_until_closed(&t, 1);
    trial_end(&t);
    return ok;
}

static void test_a_mute_spare_goes_unnoticed(void **state)
{
    uint64_t limit_ms = 300;

    (void)state;
    while (!a_mute_spare_goes_unnoticed(limit_ms)) {
        limit_ms *= 4;
        assert_true(limit_ms < 20000);
    }
}

/* It is not tried for ever: what befalls a fresh connection is told. */
static void test_a_dead_endpoint_is_noticed(void **state)
{
    struct trial t;

    (void)state;
    trial_init(&t);
    t.bed.listen.preconnect = 2;
    trial_listen(&t);
    trial_until_accepted(&t, 2);
    t.bed.far.way = FAKE_DROP;
    trial_lose(&t, 1);
    assert_int_not_equal(t.bed.seen.error.code, 0);
    assert_int_equal(t.bed.far.n_requests, 2);

    /* A refusal is one, on a spare, too: asked once. */
    bed_unreachable(&t.bed);
    trial_lose(&t, 2);
    assert_int_equal(t.bed.far.n_requests, 3);
    trial_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_preconnects),
        cmocka_unit_test(test_preconnects_through_a_proxy),
        cmocka_unit_test(test_preconnected_gets_new_credentials),
        cmocka_unit_test(test_preconnects_within_the_limit),
        cmocka_unit_test(test_dead_spares_go_unnoticed),
        cmocka_unit_test(test_a_mute_spare_goes_unnoticed),
        cmocka_unit_test(test_a_dead_endpoint_is_noticed),
    };

    bed_prepare();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
