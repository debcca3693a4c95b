/* SPDX-License-Identifier: Apache-2.0 */
/* test_tunnel_sockets.c - tunnels over real connections and sockets: what they
 * carry, and how either side ends them.
 *
 * What only real sockets do: half-close, resets, TLS records that hold bytes
 * back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <signal.h>

#include <cmocka.h>

#include "line_rig.h"
#include "test_server.h"
#include "tunnel.h"
#include "ws_peer.h"

static void test_keystrokes(void **state)
{
    struct world *w = *state;
    struct line *l = line_open(w, 0);
    int i;

    l->ws.echo = true;
    client_watch(l, true);
    for (i = 1; i <= 200; i++) {
        l->to_send = (uint64_t)i;
        client_watch(l, true);
        UNTIL(w, l->received == (uint64_t)i);
        assert_int_equal(l->ws.n_frames, i); /* Each left at once. */
    }
    line_close(l);
    assert_int_equal(l->ws.close_code, 1001);
}

static void test_bulk_both_ways(void **state)
{
    enum { TOTAL = 12000000 };
    struct world *w = *state;
    struct line *l = line_open(w, 0);

    l->to_send = TOTAL;
    l->down_left = TOTAL;
    client_watch(l, true);
    do {
        line_push_down(l);
        test_loop_turns(&w->rig.t, 1);
    } while ((l->received < TOTAL || l->up_seen < TOTAL) && !w->rig.t.expired);
    assert_int_equal(l->received, TOTAL);
    assert_int_equal(l->up_seen, TOTAL);
    assert_int_equal(tunnel_stats(l->tunnel).bytes_up, TOTAL);
    assert_int_equal(tunnel_stats(l->tunnel).bytes_down, TOTAL);
    line_close(l);
}

/* The client says all it has to say and half-closes; the endpoint, which
 * cannot see that, goes on; then the tunnel ends it with CLOSE 1000.  False if
 * the machine was too slow for the endpoint to go on in time. */
static bool client_half_closes(struct world *w, int i, uint64_t linger_ms)
{
    struct line *l;
    bool ok;

    w->config.linger_ms = linger_ms;
    l = line_open(w, i);
    l->to_send = 300000;
    l->shut_when_sent = true;
    client_watch(l, true);
    UNTIL(w, l->up_seen == 300000);
    l->down_left = 300000;
    line_push_down(l);
    test_loop_until(&w->rig.t, &l->closed);
    UNTIL(w, l->peer_gone && l->client_eof);
    ok = l->received == 300000;
    if (ok) {
        assert_false(l->client_reset);
    }
    assert_int_equal(l->err.code, 0);
    assert_true(l->ws.got_close);
    assert_int_equal(l->ws.close_code, 1000);
    client_close(l, false);
    l->peer_gone = false;
    return ok;
}

static void test_client_half_closes(void **state)
{
    uint64_t linger_ms = 100;
    int tries = 0;

    while (!client_half_closes(*state, tries, linger_ms)) {
        linger_ms *= 4;
        assert_true(++tries < 4);
    }
}

/* The endpoint sends its last words and ends, each way an end can come. */
static void endpoint_ends(struct world *w, int i, int how, int code)
{
    struct line *l = line_open(w, i);

    l->down_left = 200000;
    line_push_down(l);
    assert_int_equal(l->down_left, 0);
    switch (how) {
    case 0:
        ws_peer_close(&l->ws, 1000, "");
        break;
    case 1: /* CLOSE and hang up without waiting */
        ws_peer_close(&l->ws, 1000, "");
        test_peer_end(l->ws.peer);
        break;
    case 2: /* TLS's farewell alone */
        test_peer_end(l->ws.peer);
        break;
    case 3: /* Not even that */
        UNTIL(w, test_peer_queued(l->ws.peer) == 0);
        test_peer_drop(l->ws.peer);
        break;
    default:
        ws_peer_close(&l->ws, 1011, "Unable to connect to target");
        test_peer_end(l->ws.peer);
    }
    /* The client begins to read only now: nothing may be lost. */
    test_loop_turns(&w->rig.t, 20);
    client_watch(l, true);
    test_loop_until(&w->rig.t, &l->closed);
    UNTIL(w, l->client_eof);
    assert_int_equal(l->received, 200000);
    assert_int_equal(l->err.code, code);
    client_close(l, false);
    l->peer_gone = false;
}

static void test_endpoint_ends(void **state)
{
    endpoint_ends(*state, 0, 0, 0);
    endpoint_ends(*state, 1, 1, 0);
    endpoint_ends(*state, 2, 2, 0);
    endpoint_ends(*state, 3, 3, 0);
    endpoint_ends(*state, 4, 4, ERR_PEER_CLOSED);
}

static void test_endpoint_resets(void **state)
{
    struct world *w = *state;
    struct line *l = line_open(w, 0);

    test_peer_reset(l->ws.peer);
    test_loop_until(&w->rig.t, &l->closed);
    assert_int_equal(l->err.code, UV_ECONNRESET);
    assert_string_equal(l->err.hint, "asked"); /* Before any byte */
    client_close(l, false);
}

/* The client vanishes while bytes are on their way to it. */
static void client_vanishes(struct world *w, int i, bool reset)
{
    struct line *l = line_open(w, i);

    l->down_left = 3000000;
    line_push_down(l);
    test_loop_turns(&w->rig.t, 5);
    client_close(l, reset);
    do {
        line_push_down(l);
        test_loop_turns(&w->rig.t, 1);
    } while (!l->closed && !w->rig.t.expired);
    assert_int_equal(l->err.code, ERR_LOCAL_LOST);
    UNTIL(w, l->peer_gone);
    l->down_left = 0;
}

static void test_client_vanishes(void **state)
{
    client_vanishes(*state, 0, false);
    client_vanishes(*state, 1, true);
}

/* Keys are renewed under way, so that reading needs writing for a moment. */
static void test_tls_key_update(void **state)
{
    struct world *w = *state;
    struct line *l = line_open(w, 0);
    int i;

    l->to_send = 3000000;
    l->down_left = 3000000;
    client_watch(l, true);
    for (i = 0;
         (l->received < 3000000 || l->up_seen < 3000000) && !w->rig.t.expired;
         i++) {
        line_push_down(l);
        if (i % 10 == 5) {
            test_peer_update_keys(l->ws.peer);
        }
        test_loop_turns(&w->rig.t, 1);
    }
    assert_int_equal(l->received, 3000000);
    line_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LINE_TEST(test_keystrokes),         LINE_TEST(test_bulk_both_ways),
        LINE_TEST(test_client_half_closes), LINE_TEST(test_endpoint_ends),
        LINE_TEST(test_endpoint_resets),    LINE_TEST(test_client_vanishes),
        LINE_TEST(test_tls_key_update),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
