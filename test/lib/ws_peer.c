/* SPDX-License-Identifier: Apache-2.0 */
/* ws_peer.c - the server's side of RFC 6455, for tests. */
#include "ws_peer.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "test_server.h"

/* Answer the request in w->head. */
static void answer(struct ws_peer *w)
{
    static const char name[] = "Sec-WebSocket-Key: ";
    const char *key = strstr(w->head, name);
    unsigned char digest[SHA_DIGEST_LENGTH];
    char text[512];
    char accept[64];
    int n;

    assert(key != NULL);
    snprintf(text, sizeof text, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
             key + sizeof name - 1);
    SHA1((unsigned char *)text, strlen(text), digest);
    EVP_EncodeBlock((unsigned char *)accept, digest, sizeof digest);
    n = snprintf(text, sizeof text,
                 "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n"
                 "Upgrade: websocket\r\nSec-WebSocket-Accept: %s\r\n"
                 "x-amzn-RequestId: req-2\r\n\r\n",
                 accept);
    w->upgraded = true;
    w->head_len = 0;
    test_peer_write(w->peer, text, (size_t)n);
}

/* A control frame is whole. */
static void take_control(struct ws_peer *w)
{
    switch (w->opcode) {
    case 8:
        assert(!w->got_close && w->control_len != 1);
        w->got_close = true;
        w->close_code = w->control_len == 0
                            ? 1005
                            : (unsigned)(w->control[0] << 8 | w->control[1]);
        if (!w->keep_open) {
            if (!w->sent_close) {
                ws_peer_frame(w, 0x88, w->control, w->control_len);
            }
            test_peer_end(w->peer);
        }
        break;
    case 9:
        w->n_pings++;
        ws_peer_frame(w, 0x8a, w->control, w->control_len);
        break;
    default:
        assert(w->opcode == 10);
        w->n_pongs++;
    }
}

/* The header in w->head, if it is whole, begins a payload. */
static void take_head(struct ws_peer *w)
{
    const unsigned char *h = (const unsigned char *)w->head;
    size_t extra;
    size_t i;

    if (w->head_len < 2) {
        return;
    }
    assert((h[0] & 0xf0) == 0x80 && (h[1] & 0x80) != 0);
    extra = (h[1] & 0x7f) == 126 ? 2 : (h[1] & 0x7f) == 127 ? 8 : 0;
    if (w->head_len < 2 + extra + 4) {
        return;
    }
    w->left = extra == 0 ? h[1] & 0x7f : 0;
    for (i = 0; i < extra; i++) {
        w->left = w->left << 8 | h[2 + i];
    }
    memcpy(w->mask, h + 2 + extra, 4);
    w->opcode = h[0] & 0x0f;
    assert(w->opcode >= 8 || (w->opcode == 2 && w->left > 0 && !w->got_close));
    w->in_payload = true;
    w->control_len = 0;
    w->at = 0;
    w->head_len = 0;
    w->n_frames += w->opcode == 2;
}

/* Some payload.  Returns how much. */
static size_t take_payload(struct ws_peer *w, const char *data, size_t len)
{
    size_t n = w->left < len ? (size_t)w->left : len;
    uint8_t plain[65536];
    size_t i;

    n = n < sizeof plain ? n : sizeof plain;
    for (i = 0; i < n; i++) {
        plain[i] = (uint8_t)data[i] ^ w->mask[(w->at + i) % 4];
    }
    w->at += n;
    w->left -= n;
    if (w->opcode >= 8) {
        memcpy(w->control + w->control_len, plain, n);
        w->control_len += n;
    } else {
        w->received += n;
        if (w->on_payload != NULL) {
            w->on_payload(w, plain, n);
        }
        if (w->echo) {
            ws_peer_send(w, plain, n);
        }
    }
    if (w->left == 0) {
        w->in_payload = false;
        if (w->opcode >= 8) {
            take_control(w);
        }
    }
    return n;
}

void ws_peer_feed(struct ws_peer *w, const char *data, size_t len)
{
    while (len > 0 || (w->in_payload && w->left == 0)) {
        size_t n = 1;

        if (w->in_payload) {
            n = take_payload(w, data, len);
        } else {
            assert(w->head_len + 1 < sizeof w->head);
            w->head[w->head_len++] = *data;
            if (w->upgraded) {
                take_head(w);
            } else {
                w->head[w->head_len] = '\0';
                if (w->head_len >= 4 &&
                    strcmp(w->head + w->head_len - 4, "\r\n\r\n") == 0) {
                    answer(w);
                }
            }
        }
        data += n;
        len -= n;
    }
}

void ws_peer_frame(struct ws_peer *w, unsigned first, const void *data,
                   size_t len)
{
    unsigned char frame[10 + 65536];
    size_t head = len < 126 ? 2 : len < 65536 ? 4 : 10;
    size_t i;

    assert(len <= 65536);
    frame[0] = (unsigned char)first;
    frame[1] = head == 2 ? (unsigned char)len : head == 4 ? 126 : 127;
    for (i = 2; i < head; i++) {
        frame[i] = (unsigned char)((uint64_t)len >> (8 * (head - 1 - i)));
    }
    if (len > 0) {
        memcpy(frame + head, data, len);
    }
    test_peer_write(w->peer, frame, head + len);
}

void ws_peer_send(struct ws_peer *w, const void *data, size_t len)
{
    ws_peer_frame(w, 0x82, data, len);
}

void ws_peer_close(struct ws_peer *w, unsigned code, const char *reason)
{
    char payload[125];
    int n = snprintf(payload, sizeof payload, "%c%c%s", (int)(code >> 8),
                     (int)(code & 0xff), reason);

    w->sent_close = true;
    ws_peer_frame(w, 0x88, payload, (size_t)n);
}
