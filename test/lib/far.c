/* SPDX-License-Identifier: Apache-2.0 */
/* far.c - an endpoint made of memory. */
#include "far.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "err.h"

enum { BUF_AT_HAND = 1 << 17 };

static void far_wake(struct far *f);

/* The far end behind a transport or a dialer. */
static struct far *of_transport(struct transport *t)
{
    return (struct far *)((char *)t - offsetof(struct far, transport));
}

/* Answer the request in f->request with 101. */
static void accept_upgrade(struct far *f)
{
    static const char name[] = "\r\nSec-WebSocket-Key: ";
    const char *key = strstr(f->request.data, name);
    char text[128];
    unsigned char digest[SHA_DIGEST_LENGTH];
    char accept[64];
    char head[1024];
    int len;

    assert(key != NULL);
    snprintf(text, sizeof text, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
             key + sizeof name - 1);
    SHA1((unsigned char *)text, strlen(text), digest);
    EVP_EncodeBlock((unsigned char *)accept, digest, sizeof digest);
    len = snprintf(head, sizeof head,
                   "HTTP/1.1 101 Switching Protocols\r\n"
                   "Upgrade: websocket\r\nConnection: upgrade\r\n"
                   "Sec-WebSocket-Accept: %s\r\nx-amzn-RequestId: req-1\r\n"
                   "Date: Sat, 25 Jul 2026 10:00:00 GMT\r\n%s\r\n",
                   accept, f->extra != NULL ? f->extra : "");
    /* What the test has queued comes after. */
    buf_add(&f->sends, head, (size_t)len);
    memmove(f->sends.data + len, f->sends.data, f->sends.len - (size_t)len);
    memcpy(f->sends.data, head, (size_t)len);
}

/* The request, as far as it has come. */
static void take_request(struct far *f)
{
    char *end = memmem(f->got.data, f->got.len, "\r\n\r\n", 4);
    size_t len;

    if (end == NULL) {
        return;
    }
    len = (size_t)(end - f->got.data) + 4;
    buf_add(&f->request, f->got.data, len);
    buf_consume(&f->got, len);
    f->upgraded = true;
    if (f->answer == NULL) {
        accept_upgrade(f);
    } else {
        buf_adds(&f->sends, f->answer);
    }
    far_wake(f);
}

/* Write down one frame. */
static void take_frame(struct far *f, unsigned first, char *payload, size_t len)
{
    unsigned opcode = first & 0x0f;

    assert((first & 0xf0) == 0x80);
    switch (opcode) {
    case 2:
        assert(len > 0 && !f->got_close);
        f->payload += len;
        if (f->no_text) {
            break;
        }
        buf_addf(&f->frames, "BIN %.*s|", (int)len, payload);
        break;
    case 8:
        assert(len != 1 && !f->got_close);
        buf_addf(&f->frames, "CLOSE %d|",
                 len == 0 ? 1005
                          : ((unsigned char)payload[0] << 8 |
                             (unsigned char)payload[1]));
        f->got_close = true;
        if (!f->no_echo) {
            far_send(f, "\x88\x02\x03\xe8", 4);
        }
        break;
    case 9:
        buf_addf(&f->frames, "PING %.*s|", (int)len, payload);
        break;
    case 10:
        buf_addf(&f->frames, "PONG %.*s|", (int)len, payload);
        break;
    default:
        abort();
    }
}

/* Understand one frame; false when it is not whole yet. */
static bool next_frame(struct far *f)
{
    unsigned char *p = (unsigned char *)f->got.data;
    size_t len = f->got.len;
    size_t head = 2;
    size_t n;
    size_t i;

    if (len < 2) {
        return false;
    }
    assert((p[1] & 0x80) != 0); /* Masked */
    n = p[1] & 0x7f;
    if (n >= 126) {
        size_t extra = n == 126 ? 2 : 8;

        head += extra;
        if (len < head) {
            return false;
        }
        for (n = 0, i = 0; i < extra; i++) {
            n = n << 8 | p[2 + i];
        }
    }
    if (len < head + 4 + n) {
        return false;
    }
    for (i = 0; i < n; i++) {
        p[head + 4 + i] ^= p[head + i % 4];
    }
    take_frame(f, p[0], (char *)p + head + 4, n);
    buf_consume(&f->got, head + 4 + n);
    return true;
}

static ssize_t far_op_recv(struct transport *t, void *data, size_t len)
{
    struct far *f = of_transport(t);
    size_t n = f->sends.len;

    assert(f->close_cb == NULL && len > 0);
    f->n_recvs++;
    n = n < len ? n : len;
    n = n < f->recv_max ? n : f->recv_max;
    if (n == 0) {
        return f->end != 0 ? f->end : UV_EAGAIN;
    }
    memcpy(data, f->sends.data, n);
    buf_consume(&f->sends, n);
    f->hidden = f->hides && f->sends.len > 0;
    return (ssize_t)n;
}

static ssize_t far_op_send(struct transport *t, const void *data, size_t len)
{
    struct far *f = of_transport(t);
    size_t n = len < f->room ? len : f->room;

    assert(f->close_cb == NULL && len > 0);
    assert(f->held == NULL || (f->held == data && f->held_len == len));
    f->n_sends++;
    if (f->send_fails != 0) {
        return f->send_fails;
    }
    f->held = n == 0 ? data : NULL;
    f->held_len = len;
    if (n == 0) {
        return UV_EAGAIN;
    }
    f->room -= f->room == SIZE_MAX ? 0 : n;
    buf_add(&f->got, data, n);
    if (!f->upgraded) {
        take_request(f);
    }
    while (f->upgraded && f->answer == NULL && next_frame(f)) {
    }
    return (ssize_t)n;
}

static int far_op_watch(struct transport *t, bool readable, bool writable)
{
    struct far *f = of_transport(t);

    assert(f->close_cb == NULL);
    f->want_read = readable;
    f->want_write = writable;
    far_wake(f);
    return readable || writable ? f->watch_fails : 0;
}

static bool far_op_pending(struct transport *t)
{
    (void)t;
    return false;
}

static void far_op_explain(struct transport *t, int code, struct err *e)
{
    (void)t;
    err_set(e, code, "far: %s", err_sentence(code));
}

static bool can_read(const struct far *f)
{
    return f->want_read && !f->hidden && (f->sends.len > 0 || f->end != 0);
}

static bool can_write(const struct far *f)
{
    return f->want_write && (f->room > 0 || f->send_fails != 0);
}

static void on_idle(uv_idle_t *idle)
{
    struct far *f = idle->data;
    dial_cb cb = f->dial_cb;
    const struct dial_result result = {.transport = &f->transport,
                                       .host = "far.example",
                                       .target =
                                           "/openTunnel?X-Amz-Signature=secret",
                                       .shown = "wss://far.example/openTunnel"};
    struct err e;

    if (cb != NULL) {
        f->dial_cb = NULL;
        if (f->dial_fails != 0) {
            err_set(&e, f->dial_fails, "dialing failed");
            cb(f->dial_data, NULL, &e);
        } else {
            cb(f->dial_data, &result, NULL);
        }
    } else if (can_read(f) || can_write(f)) {
        f->transport.ready_cb(&f->transport, can_read(f), can_write(f));
    }
    far_wake(f);
}

static void far_wake(struct far *f)
{
    if (f->close_cb != NULL || f->closed || !f->dialed) {
        return;
    }
    if ((f->dial_cb != NULL && !f->dial_hangs) || can_read(f) || can_write(f)) {
        uv_idle_start(&f->idle, on_idle);
    } else {
        uv_idle_stop(&f->idle);
    }
}

static struct dial *far_op_start(struct dialer *dialer, unsigned id, dial_cb cb,
                                 void *data)
{
    struct far *f = (struct far *)dialer;

    (void)id;
    if (f->no_dial) {
        return NULL;
    }
    assert(!f->dialed);
    f->dialed = true;
    f->dial_cb = cb;
    f->dial_data = data;
    far_wake(f);
    return (struct dial *)f;
}

static bool far_op_refused(struct dial *d, struct err *e, const char *date)
{
    struct far *f = (struct far *)d;

    assert(!f->refused && f->close_cb == NULL);
    f->refused = true;
    snprintf(f->server_date, sizeof f->server_date, "%s", date);
    (void)e;
    return false;
}

static void on_closed(uv_handle_t *handle)
{
    struct far *f = handle->data;

    f->closed = true;
    if (f->close_cb != NULL) {
        f->close_cb(f->close_data);
    }
}

static void far_op_close(struct dial *d, dial_close_cb cb, void *data)
{
    struct far *f = (struct far *)d;

    assert(f->close_cb == NULL && f->dialed);
    f->close_cb = cb;
    f->close_data = data;
    uv_close((uv_handle_t *)&f->idle, on_closed);
}

static const struct dialer_ops dial_ops = {
    .start = far_op_start,
    .refused = far_op_refused,
    .close = far_op_close,
};

/* A buffer with memory at hand: a test that makes allocations fail means the
 * tunnel's. */
static void open_buf(struct buf *b)
{
    static const char zero[BUF_AT_HAND];

    buf_init(b, SIZE_MAX / 2);
    buf_add(b, zero, sizeof zero);
    buf_clear(b);
}

void far_init(struct far *f, uv_loop_t *loop)
{
    *f = (struct far){
        .dialer = {.ops = &dial_ops}, .recv_max = SIZE_MAX, .room = SIZE_MAX};
    f->ops = (struct transport_ops){.recv = far_op_recv,
                                    .send = far_op_send,
                                    .watch = far_op_watch,
                                    .explain = far_op_explain};
    f->transport.ops = &f->ops;
    open_buf(&f->sends);
    open_buf(&f->got);
    open_buf(&f->request);
    open_buf(&f->frames);
    uv_idle_init(loop, &f->idle);
    f->idle.data = f;
}

void far_send(struct far *f, const void *data, size_t len)
{
    f->ops.pending = f->has_pending ? far_op_pending : NULL;
    f->hidden = false;
    buf_add(&f->sends, data, len);
    far_wake(f);
}

void far_send_fill(struct far *f, char fill, size_t len)
{
    unsigned char head[10] = {0x82, 127};
    char *payload = malloc(len > 0 ? len : 1);
    size_t i;

    assert(payload != NULL);
    memset(payload, fill, len);
    if (len < 126) {
        head[1] = (unsigned char)len;
        far_send(f, head, 2);
    } else if (len < 65536) {
        head[1] = 126;
        head[2] = (unsigned char)(len >> 8);
        head[3] = (unsigned char)len;
        far_send(f, head, 4);
    } else {
        for (i = 0; i < 8; i++) {
            head[2 + i] = (unsigned char)(len >> (56 - 8 * i));
        }
        far_send(f, head, 10);
    }
    far_send(f, payload, len);
    free(payload);
}

void far_end(struct far *f, int code)
{
    f->end = code;
    far_wake(f);
}

void far_take(struct far *f, size_t room)
{
    f->room = room;
    far_wake(f);
}

const char *far_frames(const struct far *f)
{
    return buf_str(&f->frames);
}

void far_free(struct far *f)
{
    if (!f->dialed) {
        uv_close((uv_handle_t *)&f->idle, on_closed);
    }
    buf_free(&f->sends);
    buf_free(&f->got);
    buf_free(&f->request);
    buf_free(&f->frames);
}
