/* SPDX-License-Identifier: Apache-2.0 */
/* test_tunnel_sockets.c - tunnels over real TLS connections and real local
 * sockets, to an endpoint on the same loop that is not ours but the test's.
 *
 * What only real sockets do: half-close, resets, kernel buffers that fill, TLS
 * records that hold bytes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "chunk.h"
#include "conn.h"
#include "dialer.h"
#include "local_stream.h"
#include "mem.h"
#include "net_rig.h"
#include "test_server.h"
#include "transport.h"
#include "tunnel.h"
#include "ws_peer.h"

enum { PIECE = 30000, QUEUE_MAX = 500000 };

/* A dialer that connects to the test's endpoint by the real net. */
struct conn_dialer {
    struct dialer dialer;
    struct net *net;
    char url[64];
};

struct dial {
    struct conn *conn;
    dial_cb cb;
    void *data;
    dial_close_cb close_cb;
    void *close_data;
};

static void on_conn_done(struct conn *c, struct transport *transport,
                         const struct err *err)
{
    struct dial *d = conn_data(c);
    const struct dial_result result = {.transport = transport,
                                       .host = "localhost",
                                       .target =
                                           "/openTunnel?q=" NET_RIG_SECRET,
                                       .shown = "wss://localhost/openTunnel"};

    d->cb(d->data, err == NULL ? &result : NULL, err);
}

static struct dial *dial_start(struct dialer *dialer, unsigned id, dial_cb cb,
                               void *data)
{
    struct conn_dialer *cd = (struct conn_dialer *)dialer;
    const struct conn_config cfg = {
        .url = cd->url, .connect_timeout_ms = 10000, .id = id};
    struct dial *d = calloc(1, sizeof *d);

    assert_non_null(d);
    d->cb = cb;
    d->data = data;
    d->conn = conn_new(cd->net, &cfg, d);
    assert_non_null(d->conn);
    conn_start(d->conn, on_conn_done);
    return d;
}

static bool dial_refused(struct dial *d, struct err *e, const char *date)
{
    (void)d;
    (void)date;
    err_hint(e, "asked");
    return false;
}

static void on_conn_closed(void *data)
{
    struct dial *d = data;
    dial_close_cb cb = d->close_cb;

    data = d->close_data;
    free(d);
    cb(data);
}

static void dial_close(struct dial *d, dial_close_cb cb, void *data)
{
    d->close_cb = cb;
    d->close_data = data;
    conn_close(d->conn, on_conn_closed, d);
}

static const struct dialer_ops dial_ops = {
    .start = dial_start, .refused = dial_refused, .close = dial_close};

/* A client at the near end of a tunnel, and what the test knows of both. */
struct line {
    struct world *world;
    struct tunnel *tunnel;
    struct ws_peer ws; /* The far end */
    int fd;            /* The client's end of the local socket, or -1 */
    uv_poll_t poll;
    uint64_t to_send, sent, received; /* The client's bytes */
    uint64_t down_left, down_sent;    /* The endpoint's */
    uint64_t up_seen;                 /* Pattern checked by the endpoint */
    bool shut_when_sent;
    bool client_eof, client_reset;
    bool peer_open, peer_gone;
    bool opened, done, closed;
    bool keep; /* Do not answer done with close */
    struct err err;
};

enum { LINES = 24 };

struct world {
    struct net_rig rig;
    struct test_server *server;
    struct conn_dialer dialer;
    struct chunk_pool pool;
    struct tunnel_config config;
    struct line *awaiting; /* The next connection is its far end */
    struct line lines[LINES];
    bool server_closed;
};

/* What byte @at of any stream is. */
static uint8_t pattern(uint64_t at)
{
    return (uint8_t)(at * 7 + (at >> 9));
}

static void fill(uint8_t *out, uint64_t at, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        out[i] = pattern(at + i);
    }
}

static void check(const uint8_t *data, uint64_t at, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        if (data[i] != pattern(at + i)) {
            fail_msg("byte %llu is wrong", (unsigned long long)(at + i));
        }
    }
}

static void on_payload(struct ws_peer *w, const uint8_t *data, size_t len)
{
    struct line *l = w->data;

    check(data, l->up_seen, len);
    l->up_seen += len;
}

static void on_peer_open(struct test_peer *p)
{
    struct world *w = test_server_data(test_peer_server(p));
    struct line *l = w->awaiting;

    assert_non_null(l);
    w->awaiting = NULL;
    *test_peer_data(p) = l;
    l->ws.peer = p;
    l->ws.data = l;
    l->ws.on_payload = on_payload;
    l->peer_open = true;
}

static void on_peer_data(struct test_peer *p, const char *data, size_t len)
{
    struct line *l = *test_peer_data(p);

    ws_peer_feed(&l->ws, data, len);
}

static void on_peer_close(struct test_peer *p)
{
    struct line *l = *test_peer_data(p);

    if (l != NULL) {
        l->ws.peer = NULL;
        l->peer_gone = true;
    }
}

static void on_server_closed(struct test_server *s)
{
    struct world *w = test_server_data(s);

    w->server_closed = true;
}

/* Give the endpoint's socket what it takes of its bulk. */
static void push_down(struct line *l)
{
    uint8_t piece[PIECE];

    while (l->down_left > 0 && l->ws.peer != NULL &&
           test_peer_queued(l->ws.peer) < QUEUE_MAX) {
        size_t n = l->down_left < PIECE ? (size_t)l->down_left : PIECE;

        fill(piece, l->down_sent, n);
        ws_peer_send(&l->ws, piece, n);
        l->down_left -= n;
        l->down_sent += n;
    }
}

/* The client's socket can be read or written. */
static void on_client(uv_poll_t *poll, int status, int events);

static void client_watch(struct line *l, bool reading)
{
    int events = (reading && !l->client_eof ? UV_READABLE : 0) |
                 (l->sent < l->to_send ? UV_WRITABLE : 0);

    if (events == 0) {
        uv_poll_stop(&l->poll);
    } else {
        assert_int_equal(uv_poll_start(&l->poll, events, on_client), 0);
    }
}

static void client_read(struct line *l)
{
    uint8_t data[PIECE];
    ssize_t n = read(l->fd, data, sizeof data);

    if (n > 0) {
        check(data, l->received, (size_t)n);
        l->received += (uint64_t)n;
    } else if (n == 0 || errno == ECONNRESET) {
        l->client_reset = n < 0;
        l->client_eof = true;
    } else {
        assert_int_equal(errno, EAGAIN);
    }
}

static void client_write(struct line *l)
{
    uint8_t data[PIECE];
    uint64_t left = l->to_send - l->sent;
    size_t n = left < PIECE ? (size_t)left : PIECE;
    ssize_t rv;

    fill(data, l->sent, n);
    rv = send(l->fd, data, n, MSG_NOSIGNAL);
    if (rv > 0) {
        l->sent += (uint64_t)rv;
    } else if (errno != EAGAIN) {
        l->to_send = l->sent; /* The tunnel has gone. */
        l->shut_when_sent = false;
    }
    if (l->sent == l->to_send && l->shut_when_sent) {
        shutdown(l->fd, SHUT_WR);
    }
}

static void on_client(uv_poll_t *poll, int status, int events)
{
    struct line *l = poll->data;

    assert_true(status == 0 || status == UV_EBADF);
    if (events & UV_READABLE) {
        client_read(l);
    }
    if ((events & UV_WRITABLE) && l->sent < l->to_send) {
        client_write(l);
    }
    client_watch(l, (events & UV_READABLE) || l->received > 0 ||
                        uv_is_active((uv_handle_t *)poll));
}

static void on_closed(void *data)
{
    struct line *l = data;

    assert_false(l->closed);
    l->closed = true;
    l->tunnel = NULL;
}

static void on_event(struct tunnel *t, enum tunnel_event event)
{
    struct line *l = tunnel_data(t);

    assert_int_equal(event, TUNNEL_OPEN);
    l->opened = true;
}

static void on_done(struct tunnel *t, const struct err *err)
{
    struct line *l = tunnel_data(t);

    l->done = true;
    if (err != NULL) {
        l->err = *err;
        net_rig_check_secret(err->msg);
    }
    if (!l->keep) {
        tunnel_close(t, TUNNEL_BYE_DONE, on_closed, l);
    }
}

/* A connected pair of TCP sockets. */
static void tcp_pair(int fds[2])
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof addr;
    int server = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(server, (struct sockaddr *)&addr, len), 0);
    assert_int_equal(listen(server, 1), 0);
    assert_int_equal(getsockname(server, (struct sockaddr *)&addr, &len), 0);
    fds[0] = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fds[0], (struct sockaddr *)&addr, len), 0);
    fds[1] = accept(server, NULL, NULL);
    assert_true(fds[1] >= 0);
    close(server);
}

/* Open line @i and wait until it stands. */
static struct line *line_open(struct world *w, int i)
{
    struct line *l = &w->lines[i];
    struct local *local;
    int fds[2];

    l->world = w;
    tcp_pair(fds);
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    l->fd = fds[0];
    assert_int_equal(uv_poll_init(&w->rig.t.loop, &l->poll, l->fd), 0);
    l->poll.data = l;
    assert_int_equal(local_stream_new(&local, &w->rig.t.loop, fds[1]), 0);
    l->tunnel =
        tunnel_new(&w->rig.t.loop, &w->rig.log, (unsigned)i + 1, &w->config);
    assert_non_null(l->tunnel);
    w->awaiting = l;
    assert_int_equal(tunnel_start(l->tunnel, local, on_event, on_done, l), 0);
    test_loop_until(&w->rig.t, &l->opened);
    return l;
}

/* The client is gone, gently or with a reset. */
static void client_close(struct line *l, bool reset)
{
    struct linger linger = {.l_onoff = 1};

    if (l->fd < 0) {
        return;
    }
    if (reset) {
        setsockopt(l->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    }
    uv_poll_stop(&l->poll);
    uv_close((uv_handle_t *)&l->poll, NULL);
    close(l->fd);
    l->fd = -1;
    l->client_eof = true;
    l->to_send = l->sent;
}

static void line_close(struct line *l)
{
    if (l->tunnel != NULL && !(l->done && !l->keep)) {
        tunnel_close(l->tunnel, TUNNEL_BYE_AWAY, on_closed, l);
    }
    test_loop_until(&l->world->rig.t, &l->closed);
    client_close(l, false);
}

/* Turn until @cond; a hang is caught by the loop's watchdog. */
#define UNTIL(w, cond)                                                         \
    do {                                                                       \
        test_loop_turns(&(w)->rig.t, 1);                                       \
    } while (!(cond) && !(w)->rig.t.expired);                                  \
    assert_false((w)->rig.t.expired)

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct test_server_config config = {.on_open = on_peer_open,
                                        .on_data = on_peer_data,
                                        .on_close = on_peer_close,
                                        .on_server_closed = on_server_closed,
                                        .data = w};

    assert_non_null(w);
    net_rig_init(&w->rig);
    net_rig_net(&w->rig, w->rig.pki.ca_file, false);
    config.tls = test_pki_context(&w->rig.pki, TEST_CERT_GOOD);
    w->server = test_server_start(&w->rig.t.loop, &config);
    SSL_CTX_free(config.tls);
    chunk_pool_init(&w->pool);
    w->dialer.dialer.ops = &dial_ops;
    w->dialer.net = w->rig.net;
    snprintf(w->dialer.url, sizeof w->dialer.url, "https://localhost:%u",
             test_server_port(w->server));
    w->config = (struct tunnel_config){.dialer = &w->dialer.dialer,
                                       .chunks = &w->pool,
                                       .user_agent = "test/1",
                                       .upgrade_timeout_ms = 10000,
                                       .linger_ms = 100,
                                       .close_timeout_ms = 500};
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    test_server_close(w->server);
    test_loop_until(&w->rig.t, &w->server_closed);
    net_rig_close(&w->rig);
    chunk_pool_free(&w->pool);
    free(w);
    return 0;
}

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
        push_down(l);
        test_loop_turns(&w->rig.t, 1);
    } while ((l->received < TOTAL || l->up_seen < TOTAL) && !w->rig.t.expired);
    assert_int_equal(l->received, TOTAL);
    assert_int_equal(l->up_seen, TOTAL);
    assert_int_equal(tunnel_stats(l->tunnel).bytes_up, TOTAL);
    assert_int_equal(tunnel_stats(l->tunnel).bytes_down, TOTAL);
    line_close(l);
}

/* The client says all it has to say and half-closes; the endpoint, which
 * cannot see that, goes on; then the tunnel ends it with CLOSE 1000. */
static void test_client_half_closes(void **state)
{
    struct world *w = *state;
    struct line *l = line_open(w, 0);

    l->to_send = 300000;
    l->shut_when_sent = true;
    client_watch(l, true);
    UNTIL(w, l->up_seen == 300000);
    l->down_left = 300000;
    push_down(l);
    test_loop_until(&w->rig.t, &l->closed);
    UNTIL(w, l->peer_gone && l->client_eof);
    assert_int_equal(l->received, 300000);
    assert_false(l->client_reset);
    assert_int_equal(l->err.code, 0);
    assert_true(l->ws.got_close);
    assert_int_equal(l->ws.close_code, 1000);
    client_close(l, false);
}

/* The endpoint sends its last words and ends, each way an end can come. */
static void endpoint_ends(struct world *w, int i, int how, int code)
{
    struct line *l = line_open(w, i);

    l->down_left = 200000;
    push_down(l);
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
    push_down(l);
    test_loop_turns(&w->rig.t, 5);
    client_close(l, reset);
    do {
        push_down(l);
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
        push_down(deaf_client);
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
    struct line *l = line_open(w, 0);
    uint64_t begun;
    int i;

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
            push_down(busy);
            test_loop_turns(&w->rig.t, 1);
        }
        begun = uv_hrtime() - begun;
        worst = begun > worst ? begun : worst;
    }
    assert_true(worst < 2000000000u);
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
        push_down(l);
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
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_keystrokes),
        TEST(test_bulk_both_ways),
        TEST(test_client_half_closes),
        TEST(test_endpoint_ends),
        TEST(test_endpoint_resets),
        TEST(test_client_vanishes),
        TEST(test_stalls_cost_nothing),
        TEST(test_leaving_a_deaf_endpoint),
        TEST(test_busy_tunnel_starves_nobody),
        TEST(test_many_tunnels),
        TEST(test_tls_key_update),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
