/* SPDX-License-Identifier: Apache-2.0 */
/* ws_frame.c - sealing and decoding frames in place. */
#include "ws_frame.h"

#include <assert.h>
#include <string.h>

#include "utf8_char.h"

enum {
    FIN = 0x80,
    RESERVED = 0x70,
    OPCODE = 0x0f,
    CONTROL = 0x08,
    MASKED = 0x80,
    LENGTH = 0x7f,
    LENGTH_16 = 126, /* Two bytes of length follow */
    LENGTH_64 = 127  /* Eight bytes of length follow */
};

/* Sixteen bytes anywhere in memory: what SSE2 and NEON have one operation for.
 * (Of wider ones gcc 12 makes pairs by way of the stack.) */
typedef uint64_t wide __attribute__((vector_size(16), aligned(1), may_alias));

/* The key as it falls on eight bytes from payload offset @offset on. */
static uint64_t key_word(const uint8_t *key, size_t offset)
{
    uint8_t turned[sizeof(uint64_t)];
    uint64_t word;
    size_t i;

    for (i = 0; i < WS_MASK_LEN; i++) {
        turned[i] = key[(offset + i) % WS_MASK_LEN];
        turned[i + WS_MASK_LEN] = turned[i];
    }
    memcpy(&word, turned, sizeof word);
    return word;
}

/* XOR @len bytes, not many, with @word again and again. */
static void mask_few(uint8_t *data, size_t len, uint64_t word)
{
    uint8_t bytes[sizeof word];
    uint64_t part;
    size_t i;

    for (; len >= sizeof part; data += sizeof part, len -= sizeof part) {
        memcpy(&part, data, sizeof part);
        part ^= word;
        memcpy(data, &part, sizeof part);
    }
    memcpy(bytes, &word, sizeof bytes);
    for (i = 0; i < len; i++) {
        data[i] = (uint8_t)(data[i] ^ bytes[i]);
    }
}

/* A few bytes up to a boundary, so that no vector straddles two cache lines;
 * then four vectors at a time; then the rest. */
void ws_mask(uint8_t *data, size_t len, const uint8_t key[static WS_MASK_LEN],
             size_t offset)
{
    size_t lead = -(uintptr_t)data % sizeof(wide);
    uint64_t word = key_word(key, offset);
    wide k;

    if (len >= 16 * sizeof(wide)) {
        mask_few(data, lead, word);
        data += lead;
        len -= lead;
        word = key_word(key, offset + lead);
        k = (wide){word, word};
        for (; len >= 4 * sizeof(wide); len -= 4 * sizeof(wide)) {
            wide *w = (wide *)data;

            w[0] ^= k;
            w[1] ^= k;
            w[2] ^= k;
            w[3] ^= k;
            data += 4 * sizeof(wide);
        }
    }
    mask_few(data, len, word);
}

size_t ws_head_len(size_t len)
{
    if (len < LENGTH_16) {
        return 2 + WS_MASK_LEN;
    }
    return (len <= UINT16_MAX ? 4 : 10) + (size_t)WS_MASK_LEN;
}

/* Write the low @count bytes of @value, highest first. */
static void put_be(uint8_t *out, uint64_t value, unsigned count)
{
    while (count > 0) {
        out[--count] = (uint8_t)value;
        value >>= 8;
    }
}

/* Read @count bytes, highest first. */
static uint64_t get_be(const uint8_t *in, unsigned count)
{
    uint64_t value = 0;

    while (count-- > 0) {
        value = value << 8 | *in++;
    }
    return value;
}

uint8_t *ws_seal(uint8_t *payload, size_t len, enum ws_opcode opcode,
                 const uint8_t key[static WS_MASK_LEN])
{
    uint8_t *head = payload - ws_head_len(len);

    assert((opcode & CONTROL) == 0 || len <= WS_CONTROL_MAX);

    head[0] = (uint8_t)(FIN | opcode);
    if (len < LENGTH_16) {
        head[1] = (uint8_t)(MASKED | len);
    } else if (len <= UINT16_MAX) {
        head[1] = MASKED | LENGTH_16;
        put_be(head + 2, len, 2);
    } else {
        head[1] = MASKED | LENGTH_64;
        put_be(head + 2, len, 8);
    }
    memcpy(payload - WS_MASK_LEN, key, WS_MASK_LEN);
    ws_mask(payload, len, key, 0);
    return head;
}

void ws_decoder_init(struct ws_decoder *d)
{
    *d = (struct ws_decoder){.head_need = 2};
}

/* Remember the first violation. */
static void violation(struct ws_decoder *d, uint16_t code, const char *why)
{
    d->bad_code = code;
    d->bad_why = why;
}

/* Judge the first header byte: flags and opcode. */
static void check_first(struct ws_decoder *d)
{
    uint8_t b = d->head[0];

    if ((b & RESERVED) != 0) {
        violation(d, WS_CODE_PROTOCOL, "a reserved bit is set");
        return;
    }
    switch (b & OPCODE) {
    case WS_CONT:
        if (!d->in_message) {
            violation(d, WS_CODE_PROTOCOL, "a continuation of nothing");
        }
        return;
    case WS_TEXT:
    case WS_BINARY:
        if (d->in_message) {
            violation(d, WS_CODE_PROTOCOL,
                      "a new message inside a fragmented one");
        } else if ((b & OPCODE) == WS_TEXT) {
            violation(d, WS_CODE_UNSUPPORTED, "a text message");
        }
        return;
    case WS_CLOSE:
    case WS_PING:
    case WS_PONG:
        if ((b & FIN) == 0) {
            violation(d, WS_CODE_PROTOCOL, "a fragmented control frame");
        }
        return;
    default:
        violation(d, WS_CODE_PROTOCOL, "an unknown opcode");
    }
}

/* Judge the second header byte, which tells how long the header is. */
static void check_second(struct ws_decoder *d)
{
    uint8_t b = d->head[1];

    if ((b & MASKED) != 0) {
        violation(d, WS_CODE_PROTOCOL, "a masked frame from the server");
    } else if ((d->head[0] & CONTROL) != 0 && b > WS_CONTROL_MAX) {
        violation(d, WS_CODE_PROTOCOL, "a control frame over 125 bytes");
    } else if (b == LENGTH_16) {
        d->head_need = 4;
    } else if (b == LENGTH_64) {
        d->head_need = 10;
    }
}

/* The header is complete: learn the payload's length. */
static void check_length(struct ws_decoder *d)
{
    uint8_t b = d->head[1];

    d->left = b;
    if (b == LENGTH_16) {
        d->left = get_be(d->head + 2, 2);
    } else if (b == LENGTH_64) {
        d->left = get_be(d->head + 2, 8);
    }
    if (d->left > INT64_MAX) {
        violation(d, WS_CODE_PROTOCOL, "a length of 2^63 or more");
    } else if ((b == LENGTH_16 && d->left < LENGTH_16) ||
               (b == LENGTH_64 && d->left <= UINT16_MAX)) {
        violation(d, WS_CODE_PROTOCOL, "a length in more bytes than needed");
    } else if (d->head[0] == (FIN | WS_CLOSE) && d->left == 1) {
        violation(d, WS_CODE_PROTOCOL, "half a close code");
    }
}

/* Gather header bytes; returns how many were used. */
static size_t decode_head(struct ws_decoder *d, const uint8_t *data, size_t len)
{
    size_t used = 0;

    while (used < len && d->head_len < d->head_need) {
        d->head[d->head_len++] = data[used++];
        if (d->head_len == 1) {
            check_first(d);
        } else if (d->head_len == 2) {
            check_second(d);
        }
        if (d->bad_code != 0) {
            return used;
        }
    }
    if (d->head_len == d->head_need) {
        check_length(d);
        d->in_payload = true;
    }
    return used;
}

/* The frame is over; the next byte begins a header. */
static void frame_done(struct ws_decoder *d)
{
    d->in_payload = false;
    d->head_len = 0;
    d->head_need = 2;
    d->gathered = 0;
}

/* Hand out what is here of a data frame's payload. */
static size_t decode_data(struct ws_decoder *d, const uint8_t *data, size_t len,
                          struct ws_item *item)
{
    bool fin = (d->head[0] & FIN) != 0;
    size_t n = d->left < len ? (size_t)d->left : len;

    d->left -= n;
    if (d->left == 0) {
        d->in_message = !fin;
        item->end = fin;
        frame_done(d);
    }
    if (n > 0 || item->end) {
        item->type = WS_ITEM_DATA;
        item->data = data;
        item->len = n;
    }
    return n;
}

/* A whole CLOSE is in @d->control. */
static void finish_close(struct ws_decoder *d, struct ws_item *item)
{
    size_t len = d->gathered;

    item->type = WS_ITEM_CLOSE;
    item->code = WS_CODE_NONE;
    if (len >= 2) {
        item->code = (uint16_t)get_be(d->control, 2);
        item->data = d->control + 2;
        item->len = len - 2;
        if (!ws_code_valid(item->code)) {
            violation(d, WS_CODE_PROTOCOL, "a close code nobody may send");
        } else if (!ws_utf8_valid(item->data, item->len)) {
            violation(d, WS_CODE_BAD_TEXT, "a close reason that is not UTF-8");
        }
    }
    d->closed = true;
}

/* Gather a control frame's payload and hand it out whole. */
static size_t decode_control(struct ws_decoder *d, const uint8_t *data,
                             size_t len, struct ws_item *item)
{
    size_t n = d->left < len ? (size_t)d->left : len;

    if (n > 0) {
        memcpy(d->control + d->gathered, data, n);
    }
    d->gathered += (unsigned)n;
    d->left -= n;
    if (d->left > 0) {
        return n;
    }
    if ((d->head[0] & OPCODE) == WS_CLOSE) {
        finish_close(d, item);
    } else {
        item->type =
            (d->head[0] & OPCODE) == WS_PING ? WS_ITEM_PING : WS_ITEM_PONG;
        item->data = d->control;
        item->len = d->gathered;
    }
    frame_done(d);
    return n;
}

size_t ws_decode(struct ws_decoder *d, const uint8_t *data, size_t len,
                 struct ws_item *item)
{
    size_t used = 0;

    *item = (struct ws_item){.type = WS_ITEM_NONE};
    if (d->closed && d->bad_code == 0) {
        return len;
    }
    while (d->bad_code == 0 && item->type == WS_ITEM_NONE) {
        if (!d->in_payload) {
            if (used == len) {
                return used;
            }
            used += decode_head(d, data + used, len - used);
            if (!d->in_payload) {
                continue; /* A violation, or the input is used up. */
            }
        }
        if (d->bad_code != 0 || (used == len && d->left > 0)) {
            break;
        }
        if ((d->head[0] & CONTROL) != 0) {
            used += decode_control(d, data + used, len - used, item);
        } else {
            used += decode_data(d, data + used, len - used, item);
        }
    }
    if (d->bad_code != 0) {
        *item = (struct ws_item){
            .type = WS_ITEM_BAD, .code = d->bad_code, .why = d->bad_why};
    }
    return used;
}

bool ws_decoder_midway(const struct ws_decoder *d)
{
    return d->in_payload || d->head_len > 0 || d->in_message;
}

bool ws_code_valid(unsigned code)
{
    /* 1012-1014 are IANA's additions to the RFC's list; 3000 and up belong to
     * libraries and applications. */
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

bool ws_utf8_valid(const uint8_t *text, size_t len)
{
    size_t at = 0;
    size_t n;

    while (at < len) {
        n = utf8_char_len(text + at, len - at);
        if (n == 0) {
            return false;
        }
        at += n;
    }
    return true;
}
