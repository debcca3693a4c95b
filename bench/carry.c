/* SPDX-License-Identifier: Apache-2.0 */
/* carry.c - the data path alone, to be measured and profiled: listens on a
 * port and carries each connection through a tunnel to an endpoint, without
 * AWS, sessions or limits in between.
 *
 *   carry PORT https://HOST:PORT CA_FILE
 *
 * The far end is bench-endpoint; the load comes from bench-load. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <uv.h>

#include "chunk.h"
#include "conn_dialer.h"
#include "err.h"
#include "local.h"
#include "local_stream.h"
#include "net.h"
#include "tunnel.h"

/* Everything there is one of. */
struct carry {
    struct conn_dialer dialer;
    uv_loop_t loop;
    uv_poll_t listening;
    uv_signal_t term;
    struct net *net;
    struct chunk_pool chunks;
    unsigned n_tunnels;
    int fd;
};

static void check(int rv, const char *what)
{
    if (rv != 0) {
        fprintf(stderr, "carry: %s: %s\n", what, err_sentence(rv));
        exit(1);
    }
}

static void on_tunnel_closed(void *data)
{
    (void)data;
}

static void on_done(struct tunnel *t, const struct err *err)
{
    if (err != NULL) {
        fprintf(stderr, "carry: %s\n", err->msg);
    }
    tunnel_close(t, TUNNEL_BYE_DONE, on_tunnel_closed, NULL);
}

/* A client is there. */
static void on_client(uv_poll_t *poll, int status, int events)
{
    struct carry *c = poll->data;
    const struct tunnel_config config = {.dialer = &c->dialer.dialer,
                                         .chunks = &c->chunks,
                                         .user_agent = "carry",
                                         .upgrade_timeout_ms = 10000,
                                         .linger_ms = 1000,
                                         .close_timeout_ms = 1000};
    struct local *local;
    struct tunnel *t;
    int fd = accept(c->fd, NULL, NULL);

    (void)status;
    (void)events;
    if (fd < 0) {
        return;
    }
    check(local_stream_new(&local, &c->loop, fd), "local");
    t = tunnel_new(&c->loop, NULL, ++c->n_tunnels, &config);
    check(tunnel_start(t, local, NULL, on_done, c), "tunnel");
}

static void on_term(uv_signal_t *handle, int number)
{
    (void)handle;
    (void)number;
    exit(0); /* So that a profiler writes what it has. */
}

int main(int argc, char **argv)
{
    static struct carry c;
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct net_config net = {.user_agent = "carry"};
    struct err e = {0};
    int on = 1;

    if (argc != 4) {
        fprintf(stderr, "usage: carry PORT URL CA_FILE\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    net.ca_bundle = argv[3];
    check(uv_loop_init(&c.loop), "loop");
    check(net_new(&c.net, &c.loop, NULL, &net, &e), e.msg);
    chunk_pool_init(&c.chunks);
    conn_dialer_init(&c.dialer);
    c.dialer.net = c.net;
    c.dialer.url = argv[2];
    c.dialer.target = "/openTunnel";

    c.fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(c.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    addr.sin_port = htons((uint16_t)atoi(argv[1]));
    if (bind(c.fd, (struct sockaddr *)&addr, sizeof addr) != 0 ||
        listen(c.fd, 128) != 0) {
        perror("carry");
        return 1;
    }
    check(uv_poll_init(&c.loop, &c.listening, c.fd), "poll");
    c.listening.data = &c;
    check(uv_poll_start(&c.listening, UV_READABLE, on_client), "poll");
    check(uv_signal_init(&c.loop, &c.term), "signal");
    check(uv_signal_start(&c.term, on_term, SIGTERM), "signal");
    return uv_run(&c.loop, UV_RUN_DEFAULT);
}
