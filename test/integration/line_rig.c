/* SPDX-License-Identifier: Apache-2.0 */
/* line_rig.c - tunnels over real TLS connections and real local sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "line_rig.h"
#include "local_stream.h"

enum { PIECE = 30000, QUEUE_MAX = 500000 };

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

void line_push_down(struct line *l)
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

void client_watch(struct line *l, bool reading)
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

struct line *line_open(struct world *w, int i)
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

void client_close(struct line *l, bool reset)
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

void line_close(struct line *l)
{
    if (l->tunnel != NULL && !(l->done && !l->keep)) {
        tunnel_close(l->tunnel, TUNNEL_BYE_AWAY, on_closed, l);
    }
    test_loop_until(&l->world->rig.t, &l->closed);
    client_close(l, false);
}

int world_setup(void **state)
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
    snprintf(w->url, sizeof w->url, "https://localhost:%u",
             test_server_port(w->server));
    conn_dialer_init(&w->dialer);
    w->dialer.net = w->rig.net;
    w->dialer.url = w->url;
    w->dialer.target = "/openTunnel?q=" NET_RIG_SECRET;
    w->dialer.hint = "asked";
    w->config = (struct tunnel_config){.dialer = &w->dialer.dialer,
                                       .chunks = &w->pool,
                                       .user_agent = "test/1",
                                       .upgrade_timeout_ms = 10000,
                                       .linger_ms = 100,
                                       .close_timeout_ms = 10000};
    *state = w;
    return 0;
}

int world_teardown(void **state)
{
    struct world *w = *state;

    test_server_close(w->server);
    test_loop_until(&w->rig.t, &w->server_closed);
    net_rig_close(&w->rig);
    chunk_pool_free(&w->pool);
    free(w);
    return 0;
}
