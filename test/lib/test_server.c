/* SPDX-License-Identifier: Apache-2.0 */
/* test_server.c - uv_tcp_t below, OpenSSL on memory BIOs above. */
#include "test_server.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>

struct test_peer {
    struct test_server *server;
    struct test_peer *prev;
    struct test_peer *next;
    uv_tcp_t tcp;
    SSL *ssl;   /* NULL: plain */
    bool open;  /* on_open was called */
    bool ended; /* Closes when everything is written */
    bool closing;
    void *data;
    char in[65536];
};

struct test_server {
    struct test_server_config config;
    uv_tcp_t tcp;
    struct test_peer *peers;
    unsigned accepted;
    unsigned alive; /* Peers not yet closed */
    unsigned farewells;
    bool closed; /* The listener is */
    bool closing;
};

/* A write under way and its bytes. */
struct write {
    uv_write_t req;
    struct test_peer *peer;
    char bytes[];
};

/* Free the server when nothing of it is left. */
static void maybe_free(struct test_server *s)
{
    if (s->closed && s->alive == 0) {
        if (s->config.on_server_closed != NULL) {
            s->config.on_server_closed(s);
        }
        SSL_CTX_free(s->config.tls);
        free(s);
    }
}

static void on_peer_closed(uv_handle_t *handle)
{
    struct test_peer *p = handle->data;
    struct test_server *s = p->server;

    if (p->prev != NULL) {
        p->prev->next = p->next;
    } else {
        s->peers = p->next;
    }
    if (p->next != NULL) {
        p->next->prev = p->prev;
    }
    if (s->config.on_close != NULL) {
        s->config.on_close(p);
    }
    SSL_free(p->ssl);
    free(p);
    s->alive--;
    maybe_free(s);
}

void test_peer_drop(struct test_peer *p)
{
    if (!p->closing) {
        p->closing = true;
        uv_close((uv_handle_t *)&p->tcp, on_peer_closed);
    }
}

void test_peer_reset(struct test_peer *p)
{
    if (!p->closing) {
        p->closing = true;
        if (uv_tcp_close_reset(&p->tcp, on_peer_closed) != 0) {
            uv_close((uv_handle_t *)&p->tcp, on_peer_closed);
        }
    }
}

static void on_written(uv_write_t *req, int status)
{
    struct write *w = (struct write *)req;
    struct test_peer *p = w->peer;

    free(w);
    if (status != 0 || (p->ended && p->tcp.write_queue_size == 0)) {
        test_peer_drop(p);
    }
}

/* Put @len bytes onto the wire. */
static void write_raw(struct test_peer *p, const void *data, size_t len)
{
    struct write *w = malloc(sizeof *w + len);
    uv_buf_t buf;

    assert_non_null(w);
    memcpy(w->bytes, data, len);
    w->peer = p;
    buf = uv_buf_init(w->bytes, (unsigned)len);
    if (p->closing ||
        uv_write(&w->req, (uv_stream_t *)&p->tcp, &buf, 1, on_written) != 0) {
        free(w);
    }
}

/* Put what OpenSSL has made onto the wire. */
static void flush(struct test_peer *p)
{
    char *bytes;
    long n = BIO_get_mem_data(SSL_get_wbio(p->ssl), &bytes);

    if (n > 0) {
        write_raw(p, bytes, (size_t)n);
        assert_int_equal(BIO_reset(SSL_get_wbio(p->ssl)), 1);
    }
}

void test_peer_write(struct test_peer *p, const void *data, size_t len)
{
    size_t n;

    if (p->closing || len == 0) {
        return;
    }
    if (p->ssl == NULL) {
        write_raw(p, data, len);
        return;
    }
    if (SSL_write_ex(p->ssl, data, len, &n)) {
        assert_int_equal(n, len);
    }
    ERR_clear_error();
    flush(p);
}

size_t test_peer_queued(const struct test_peer *p)
{
    return p->tcp.write_queue_size;
}

void test_peer_end(struct test_peer *p)
{
    if (p->closing) {
        return;
    }
    p->ended = true;
    if (p->ssl != NULL) {
        SSL_shutdown(p->ssl);
        ERR_clear_error();
        flush(p);
    }
    if (!p->closing && p->tcp.write_queue_size == 0) {
        test_peer_drop(p);
    }
}

void test_server_hang_up(struct test_server *s)
{
    struct test_peer *p;

    for (p = s->peers; p != NULL; p = p->next) {
        test_peer_end(p);
    }
}

void test_peer_update_keys(struct test_peer *p)
{
    assert_int_equal(SSL_key_update(p->ssl, SSL_KEY_UPDATE_REQUESTED), 1);
    assert_int_equal(SSL_do_handshake(p->ssl), 1);
    flush(p);
}

void test_peer_renegotiate(struct test_peer *p)
{
    assert_int_equal(SSL_renegotiate(p->ssl), 1);
    assert_int_equal(SSL_do_handshake(p->ssl), 1);
    flush(p);
}

void test_peer_garble(struct test_peer *p, const void *data, size_t len)
{
    write_raw(p, data, len);
}

/* The connection is over. */
static void peer_over(struct test_peer *p)
{
    if (!p->closing && p->server->config.on_end != NULL) {
        p->server->config.on_end(p);
    }
    test_peer_drop(p);
}

/* Tell the test that the peer is ready, once. */
static void peer_open(struct test_peer *p)
{
    if (!p->open) {
        p->open = true;
        if (p->server->config.on_open != NULL) {
            p->server->config.on_open(p);
        }
    }
}

/* Give the test what OpenSSL makes of the bytes that came. */
static void decrypt(struct test_peer *p)
{
    char bytes[16384];
    size_t n;

    if (!SSL_is_init_finished(p->ssl)) {
        SSL_do_handshake(p->ssl);
        flush(p);
    }
    if (SSL_is_init_finished(p->ssl)) {
        peer_open(p);
        while (!p->closing && SSL_read_ex(p->ssl, bytes, sizeof bytes, &n)) {
            if (p->server->config.on_data != NULL) {
                p->server->config.on_data(p, bytes, n);
            }
        }
    }
    if (!p->closing) {
        int error = SSL_get_error(p->ssl, 0);

        flush(p); /* An alert, or the answer to a key update */
        if (error != SSL_ERROR_WANT_READ) {
            p->server->farewells += error == SSL_ERROR_ZERO_RETURN;
            peer_over(p);
        }
    }
    ERR_clear_error();
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct test_peer *p = handle->data;

    (void)suggested;
    *buf = uv_buf_init(p->in, sizeof p->in);
}

static void on_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf)
{
    struct test_peer *p = stream->data;

    (void)buf;
    if (nread < 0) {
        peer_over(p);
    } else if (nread > 0 && p->ssl != NULL) {
        BIO_write(SSL_get_rbio(p->ssl), p->in, (int)nread);
        decrypt(p);
    } else if (nread > 0 && p->server->config.on_data != NULL) {
        p->server->config.on_data(p, p->in, (size_t)nread);
    }
}

void test_peer_pause(struct test_peer *p)
{
    uv_read_stop((uv_stream_t *)&p->tcp);
}

void test_peer_resume(struct test_peer *p)
{
    if (!p->closing) {
        uv_read_start((uv_stream_t *)&p->tcp, on_alloc, on_read);
    }
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct test_server *s = listener->data;
    struct test_peer *p = calloc(1, sizeof *p);

    assert_int_equal(status, 0);
    assert_non_null(p);
    p->server = s;
    p->tcp.data = p;
    assert_int_equal(uv_tcp_init(listener->loop, &p->tcp), 0);
    p->tcp.data = p;
    assert_int_equal(uv_accept(listener, (uv_stream_t *)&p->tcp), 0);
    uv_tcp_nodelay(&p->tcp, 1);
    s->accepted++;
    s->alive++;
    p->next = s->peers;
    if (p->next != NULL) {
        p->next->prev = p;
    }
    s->peers = p;
    if (s->config.tls != NULL) {
        p->ssl = SSL_new(s->config.tls);
        assert_non_null(p->ssl);
        SSL_set_bio(p->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        BIO_set_mem_eof_return(SSL_get_rbio(p->ssl), -1);
        SSL_set_accept_state(p->ssl);
    }
    if (!s->config.deaf) {
        test_peer_resume(p);
        if (p->ssl == NULL) {
            peer_open(p);
        }
    }
}

struct test_server *test_server_start(uv_loop_t *loop,
                                      const struct test_server_config *config)
{
    struct test_server *s = calloc(1, sizeof *s);
    struct sockaddr_in address;

    assert_non_null(s);
    signal(SIGPIPE, SIG_IGN); /* libuv writes without MSG_NOSIGNAL. */
    s->config = *config;
    if (config->tls != NULL) {
        SSL_CTX_up_ref(config->tls);
    }
    assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &address), 0);
    assert_int_equal(uv_tcp_init(loop, &s->tcp), 0);
    s->tcp.data = s;
    assert_int_equal(uv_tcp_bind(&s->tcp, (const struct sockaddr *)&address, 0),
                     0);
    assert_int_equal(uv_listen((uv_stream_t *)&s->tcp, 512, on_connection), 0);
    return s;
}

unsigned test_server_port(const struct test_server *s)
{
    struct sockaddr_in address;
    int len = sizeof address;

    assert_int_equal(
        uv_tcp_getsockname(&s->tcp, (struct sockaddr *)&address, &len), 0);
    return ntohs(address.sin_port);
}

unsigned test_server_accepted(const struct test_server *s)
{
    return s->accepted;
}

unsigned test_server_alive(const struct test_server *s)
{
    return s->alive;
}

unsigned test_server_farewells(const struct test_server *s)
{
    return s->farewells;
}

void *test_server_data(const struct test_server *s)
{
    return s->config.data;
}

struct test_server *test_peer_server(const struct test_peer *p)
{
    return p->server;
}

void **test_peer_data(struct test_peer *p)
{
    return &p->data;
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct test_server *s = handle->data;

    s->closed = true;
    maybe_free(s);
}

void test_server_close(struct test_server *s)
{
    struct test_peer *p;

    assert_false(s->closing);
    s->closing = true;
    for (p = s->peers; p != NULL; p = p->next) {
        test_peer_drop(p);
    }
    uv_close((uv_handle_t *)&s->tcp, on_listener_closed);
}
