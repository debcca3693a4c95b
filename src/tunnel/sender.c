/* SPDX-License-Identifier: Apache-2.0 */
/* sender.c - frames leave one after the other. */
#include "sender.h"

#include <assert.h>
#include <string.h>
#include <uv.h>

#include "transport.h"

void sender_init(struct sender *s, struct transport *transport)
{
    *s = (struct sender){.transport = transport};
}

void sender_wipe(struct sender *s)
{
    ws_keys_wipe(&s->keys);
}

int sender_data(struct sender *s, uint8_t *payload, size_t len)
{
    uint8_t key[WS_MASK_LEN];

    assert(!sender_busy(s) && !s->close_due && len > 0);
    s->error = s->error != 0 ? s->error : ws_keys_next(&s->keys, key);
    if (s->error != 0) {
        return s->error; /* UNTESTED: the generator of masks does not fail. */
    }
    s->data = ws_seal(payload, len, WS_BINARY, key);
    s->data_len = len + ws_head_len(len);
    return 0;
}

bool sender_busy(const struct sender *s)
{
    return s->data != NULL || s->data_leaving;
}

void sender_pong(struct sender *s, const uint8_t *data, size_t len)
{
    assert(len <= WS_CONTROL_MAX);
    if (len > 0) {
        memcpy(s->pong, data, len);
    }
    s->pong_len = (uint8_t)len;
    s->pong_due = true;
}

void sender_ping(struct sender *s)
{
    s->ping_due = true;
}

void sender_close(struct sender *s, uint16_t code)
{
    if (!s->close_due) {
        s->close_due = true;
        s->close_code = code;
    }
}

/* Let a control frame with the @len bytes at @payload leave next. */
static int begin_control(struct sender *s, enum ws_opcode opcode,
                         const void *payload, size_t len)
{
    uint8_t *room = s->control + WS_HEAD_MAX;
    uint8_t key[WS_MASK_LEN];
    int rv = ws_keys_next(&s->keys, key);

    if (rv != 0) {
        return rv; /* UNTESTED: the generator does not fail. */
    }
    if (len > 0) {
        memcpy(room, payload, len);
    }
    s->at = ws_seal(room, len, opcode, key);
    s->left = len + ws_head_len(len);
    return 0;
}

/* Let CLOSE leave next. */
static int begin_close(struct sender *s)
{
    uint8_t code[2] = {(uint8_t)(s->close_code >> 8), (uint8_t)s->close_code};

    s->close_leaving = true;
    return begin_control(s, WS_CLOSE, code,
                         s->close_code == WS_CODE_NONE ? 0 : sizeof code);
}

/* Choose what leaves next; s->left stays 0 when nothing waits.  A frame once
 * begun is finished whatever comes: the transport may want the same bytes. */
static int begin_next(struct sender *s)
{
    if (s->close_gone) {
        return 0; /* Nothing may follow it. */
    }
    if (s->pong_due) {
        s->pong_due = false;
        return begin_control(s, WS_PONG, s->pong, s->pong_len);
    }
    if (s->ping_due) {
        s->ping_due = false;
        return begin_control(s, WS_PING, NULL, 0);
    }
    if (s->data != NULL) {
        s->at = s->data;
        s->left = s->data_len;
        s->data = NULL;
        s->data_leaving = true;
        return 0;
    }
    return s->close_due ? begin_close(s) : 0;
}

int sender_run(struct sender *s)
{
    while (s->error == 0) {
        while (s->left > 0) {
            ssize_t n = s->transport->ops->send(s->transport, s->at, s->left);

            s->blocked = n == UV_EAGAIN;
            if (n < 0) {
                s->error = s->blocked ? 0 : (int)n;
                return (int)n;
            }
            s->at += n;
            s->left -= (size_t)n;
        }
        s->data_leaving = false;
        s->close_gone = s->close_gone || s->close_leaving;
        s->error = begin_next(s);
        if (s->left == 0) {
            break;
        }
    }
    return s->error;
}

void sender_ready(struct sender *s)
{
    s->blocked = false;
}
