/* SPDX-License-Identifier: Apache-2.0 */
/* fake_endpoint.c - the upgrade, and frames of every length. */
#include "fake_endpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "test_server.h"

enum { OP_BINARY = 2, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };

/* One connection: bytes that are not understood yet. */
struct link {
    unsigned char *in;
    size_t n_in;
    bool upgraded;
    bool over; /* CLOSE was sent, or the request refused */
};

/* Send one frame. */
static void send_frame(struct test_peer *p, int opcode, const void *data,
                       size_t len)
{
    unsigned char head[10] = {(unsigned char)(0x80 | opcode)};
    size_t n = 2, i;

    if (len < 126) {
        head[1] = (unsigned char)len;
    } else {
        size_t wide = len < 65536 ? 2 : 8;

        head[1] = wide == 2 ? 126 : 127;
        for (i = 0; i < wide; i++) {
            head[n++] = (unsigned char)((uint64_t)len >> 8 * (wide - 1 - i));
        }
    }
    test_peer_write(p, head, n);
    if (len > 0) {
        test_peer_write(p, data, len);
    }
}

static void send_close(struct test_peer *p, struct link *l, int code,
                       const char *reason)
{
    unsigned char payload[125];
    size_t n = 0;

    if (code != 0) {
        payload[0] = (unsigned char)(code >> 8);
        payload[1] = (unsigned char)code;
        n = 2 + (size_t)snprintf((char *)payload + 2, sizeof payload - 2, "%s",
                                 reason != NULL ? reason : "");
    }
    send_frame(p, OP_CLOSE, payload, n);
    l->over = true;
}

/* The answer to a Sec-WebSocket-Key. */
static void accept_text(const char *key, char out[32])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char text[128];
    unsigned n = 0;

    snprintf(text, sizeof text, "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    assert_int_equal(
        EVP_Digest(text, strlen(text), digest, &n, EVP_sha1(), NULL), 1);
    EVP_EncodeBlock((unsigned char *)out, digest, (int)n);
}

/* Answer a whole request. */
static void answer(struct fake_endpoint *f, struct test_peer *p, struct link *l)
{
    const char *headers = f->headers != NULL ? f->headers : "";
    const char *body = f->body != NULL ? f->body : "";
    char text[4096], key[64] = "", accepted[32];
    const char *at = strstr(f->head, "Sec-WebSocket-Key: ");
    enum fake_way way = f->way;

    if (f->times > 0 && --f->times == 0) {
        f->way = FAKE_ECHO;
    }
    if (way == FAKE_SILENCE) {
        return;
    }
    if (way == FAKE_DROP) {
        test_peer_reset(p);
        return;
    }
    if (way == FAKE_REFUSE) {
        snprintf(text, sizeof text,
                 "HTTP/1.1 %d No\r\nContent-Length: %zu\r\n%s\r\n%s", f->status,
                 strlen(body), headers, body);
        test_peer_write(p, text, strlen(text));
        l->over = true;
        return;
    }
    assert_non_null(at);
    sscanf(at, "Sec-WebSocket-Key: %63s", key);
    accept_text(key, accepted);
    snprintf(text, sizeof text,
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
             "Connection: upgrade\r\nSec-WebSocket-Accept: %s\r\n"
             "x-amzn-requestid: rid-%u\r\n%s\r\n",
             accepted, f->n_requests, headers);
    test_peer_write(p, text, strlen(text));
    l->upgraded = true;
    f->n_open++;
    if (way == FAKE_CLOSE) {
        send_close(p, l, f->close_code, f->reason);
    }
}

/* Take the request's head off the input, if it is whole. */
static bool take_head(struct fake_endpoint *f, struct test_peer *p,
                      struct link *l)
{
    unsigned char *end = memmem(l->in, l->n_in, "\r\n\r\n", 4);
    size_t n;

    if (end == NULL) {
        return false;
    }
    n = (size_t)(end - l->in) + 4;
    assert_true(n < sizeof f->head);
    memcpy(f->head, l->in, n);
    f->head[n] = '\0';
    assert_int_equal(sscanf(f->head, "GET %16383s HTTP/1.1\r\n", f->target), 1);
    l->n_in -= n;
    memmove(l->in, end + 4, l->n_in);
    f->n_requests++;
    answer(f, p, l);
    return l->upgraded;
}

/* Take one frame off the input, if it is whole. */
static bool take_frame(struct fake_endpoint *f, struct test_peer *p,
                       struct link *l)
{
    size_t head = 2, len, wide, i;
    unsigned char *mask, *payload;

    if (l->n_in < 2) {
        return false;
    }
    assert_true(l->in[1] & 0x80); /* A client masks. */
    len = l->in[1] & 0x7f;
    wide = len == 126 ? 2 : len == 127 ? 8 : 0;
    if (l->n_in < head + wide + 4) {
        return false;
    }
    for (i = 0, len = wide > 0 ? 0 : len; i < wide; i++) {
        len = len << 8 | l->in[2 + i];
    }
    head += wide + 4;
    if (l->n_in < head + len) {
        return false;
    }
    mask = l->in + head - 4;
    payload = l->in + head;
    for (i = 0; i < len; i++) {
        payload[i] ^= mask[i % 4];
    }
    switch (l->in[0] & 0x0f) {
    case OP_BINARY:
        if (!l->over) {
            send_frame(p, OP_BINARY, payload, len);
        }
        break;
    case OP_PING:
        send_frame(p, OP_PONG, payload, len);
        break;
    case OP_CLOSE:
        f->last_close = len >= 2 ? payload[0] << 8 | payload[1] : 1005;
        if (!l->over) {
            send_frame(p, OP_CLOSE, payload, len);
        }
        l->n_in = 0;
        test_peer_end(p);
        return false;
    default:
        break;
    }
    l->n_in -= head + len;
    memmove(l->in, l->in + head + len, l->n_in);
    return true;
}

static void on_open(struct test_peer *p)
{
    struct link *l = calloc(1, sizeof *l);

    struct fake_endpoint *f = test_server_data(test_peer_server(p));

    assert_non_null(l);
    f->n_shaken++;
    *test_peer_data(p) = l;
    if (f->shuts_door) {
        test_peer_end(p);
    }
}

static void on_data(struct test_peer *p, const char *data, size_t len)
{
    struct fake_endpoint *f = test_server_data(test_peer_server(p));
    struct link *l = *test_peer_data(p);

    l->in = realloc(l->in, l->n_in + len);
    assert_non_null(l->in);
    memcpy(l->in + l->n_in, data, len);
    l->n_in += len;
    if (!l->upgraded && (l->over || !take_head(f, p, l))) {
        return;
    }
    while (take_frame(f, p, l)) {
    }
}

static void on_close(struct test_peer *p)
{
    struct fake_endpoint *f = test_server_data(test_peer_server(p));
    struct link *l = *test_peer_data(p);

    if (l == NULL) {
        return; /* It never got as far as TLS. */
    }
    if (l->upgraded) {
        f->n_open--;
    }
    free(l->in);
    free(l);
}

void fake_endpoint_start(struct fake_endpoint *f, uv_loop_t *loop)
{
    struct test_server_config config = {
        .data = f,
        .on_open = on_open,
        .on_data = on_data,
        .on_close = on_close,
    };

    *f = (struct fake_endpoint){.way = FAKE_ECHO};
    test_pki_init(&f->pki);
    config.tls = test_pki_context(&f->pki, TEST_CERT_GOOD);
    f->server = test_server_start(loop, &config);
    SSL_CTX_free(config.tls);
    snprintf(f->dns_name, sizeof f->dns_name, "localhost:%u",
             test_server_port(f->server));
}

void fake_endpoint_stop(struct fake_endpoint *f)
{
    test_server_close(f->server);
    test_pki_free(&f->pki);
}
