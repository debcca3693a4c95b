/* SPDX-License-Identifier: Apache-2.0 */
/* test_tunnel_stall.c - many tunnels over real connections and sockets, some of
 * which stall, or are as busy as can be: what the others notice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <signal.h>
#include <string.h>

#include <cmocka.h>

#include "line_rig.h"
#include "mem.h"
#include "test_loop.h"
#include "test_server.h"
#include "ws_peer.h"

/* Count allocations as large as a chunk. */
static bool count_chunks(void *data, size_t size)
{
    *(int *)data += size == CHUNK_SIZE;
    return true;
}

/* A client that does not read, an endpoint that does not read: a second
 * tunnel is not slowed, and no memory is taken for them. */
static void test_stalls_cost_nothing(void **state)
{
    struct world *w = *state;
    struct line *deaf_client = line_open(w, 0);
    struct line *deaf_endpoint = line_open(w, 1);
    struct line *lively = line_open(w, 2);
    int chunks = 0;
    int i;

    mem_set_hook(count_chunks, &chunks);
    deaf_client->down_left = 40000000;
    test_peer_pause(deaf_endpoint->ws.peer);
    deaf_endpoint->to_send = 40000000;
    client_watch(deaf_endpoint, false);
    for (i = 0; i < 300; i++) {
        line_push_down(deaf_client);
        test_loop_turns(&w->rig.t, 1);
    }
    assert_true(deaf_client->down_left > 20000000);
    assert_true(deaf_endpoint->sent < 20000000);
    lively->ws.echo = true;
    for (i = 1; i <= 50; i++) {
        lively->to_send = (uint64_t)i;
        client_watch(lively, true);
        UNTIL(w, lively->received == (uint64_t)i);
    }
    assert_true(chunks <= 6);

    /* Both wake up, and everything arrives. */
    deaf_client->down_left = 0;
    client_watch(deaf_client, true);
    deaf_endpoint->to_send = deaf_endpoint->sent;
    test_peer_resume(deaf_endpoint->ws.peer);
    UNTIL(w, deaf_client->received == deaf_client->down_sent &&
                 deaf_endpoint->up_seen == deaf_endpoint->sent);
    mem_set_hook(NULL, NULL);
    assert_true(chunks <= 6);
    line_close(deaf_client);
    line_close(deaf_endpoint);
    line_close(lively);
}

/* An endpoint that reads nothing cannot keep us from leaving. */
static void test_leaving_a_deaf_endpoint(void **state)
{
    struct world *w = *state;
    struct line *l;
    uint64_t begun;
    int i;

    w->config.close_timeout_ms = 500;
    l = line_open(w, 0);
    test_peer_pause(l->ws.peer);
    l->to_send = 40000000;
    client_watch(l, false);
    for (i = 0; i < 200; i++) {
        test_loop_turns(&w->rig.t, 1);
    }
    begun = uv_hrtime();
    line_close(l);
    assert_true(uv_hrtime() - begun < 5000000000u);
}

/* One tunnel is as busy as can be; another one's keystrokes get through. */
static void test_busy_tunnel_starves_nobody(void **state)
{
    struct world *w = *state;
    struct line *busy = line_open(w, 0);
    struct line *quick = line_open(w, 1);
    uint64_t worst = 0;
    int i;

    quick->ws.echo = true;
    client_watch(quick, true);
    busy->down_left = UINT64_MAX / 2;
    client_watch(busy, true);
    for (i = 1; i <= 50; i++) {
        uint64_t begun = uv_hrtime();

        quick->to_send = (uint64_t)i;
        client_watch(quick, true);
        while (quick->received < (uint64_t)i && !w->rig.t.expired) {
            line_push_down(busy);
            test_loop_turns(&w->rig.t, 1);
        }
        begun = uv_hrtime() - begun;
        worst = begun > worst ? begun : worst;
    }
    assert_true(worst < 10000000000u);
    assert_true(busy->received > 1000000);
    busy->down_left = 0;
    line_close(busy);
    line_close(quick);
}

/* Many at once, all ways to end mixed; every descriptor comes back. */
static void test_many_tunnels(void **state)
{
    struct world *w = *state;
    unsigned fds;
    int round;
    int i;

    line_close(line_open(w, 0));
    fds = test_count_fds();
    for (round = 0; round < 3; round++) {
        test_loop_turns(&w->rig.t, 3); /* The last handles close. */
        memset(w->lines, 0, sizeof w->lines);
        for (i = 0; i < LINES; i++) {
            struct line *l = line_open(w, i);

            l->to_send = 1000;
            client_watch(l, true);
        }
        for (i = 0; i < LINES; i++) {
            struct line *l = &w->lines[i];

            UNTIL(w, l->up_seen == 1000);
            if (i % 3 == 0) {
                client_close(l, i % 2 == 0);
            } else if (i % 3 == 1) {
                ws_peer_close(&l->ws, 1000, "");
            } else {
                line_close(l);
            }
        }
        for (i = 0; i < LINES; i++) {
            test_loop_until(&w->rig.t, &w->lines[i].closed);
            client_close(&w->lines[i], false);
        }
        UNTIL(w, test_server_alive(w->server) == 0);
    }
    assert_int_equal(test_count_fds(), fds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LINE_TEST(test_stalls_cost_nothing),
        LINE_TEST(test_leaving_a_deaf_endpoint),
        LINE_TEST(test_busy_tunnel_starves_nobody),
        LINE_TEST(test_many_tunnels),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
