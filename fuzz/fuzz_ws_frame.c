/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_ws_frame.c - frames from a hostile server: however the bytes are cut,
 * the decoder must find the same, and use no byte twice. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "ws_frame.h"

/* What was found, as a running sum; slices of a message are joined. */
struct found {
    uint64_t sum;
    uint64_t payload;
    bool bad;
    bool closed;
};

static void add(struct found *f, unsigned value)
{
    f->sum = (f->sum ^ value) * 1099511628211u;
}

static void add_bytes(struct found *f, const uint8_t *data, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        add(f, data[i]);
    }
}

/* Account for one item that lies, if it is data, inside [from, to). */
static void take(struct found *f, const struct ws_item *item,
                 const uint8_t *from, const uint8_t *to)
{
    FUZZ_ASSERT(!f->bad && !f->closed);
    switch (item->type) {
    case WS_ITEM_DATA:
        FUZZ_ASSERT(item->len > 0 || item->end);
        FUZZ_ASSERT(item->len == 0 ||
                    (item->data >= from && item->data + item->len <= to));
        add_bytes(f, item->data, item->len);
        f->payload += item->len;
        if (item->end) {
            add(f, 256);
        }
        break;
    case WS_ITEM_CLOSE:
        FUZZ_ASSERT(item->code == WS_CODE_NONE || ws_code_valid(item->code));
        FUZZ_ASSERT(ws_utf8_valid(item->data, item->len));
        f->closed = true;
        add(f, 257u + item->code);
        add_bytes(f, item->data, item->len);
        break;
    case WS_ITEM_BAD:
        FUZZ_ASSERT(item->code >= 1002 && item->code <= 1009);
        FUZZ_ASSERT(item->why != NULL);
        f->bad = true;
        add(f, 258u + item->code);
        add_bytes(f, (const uint8_t *)item->why, strlen(item->why));
        break;
    default:
        FUZZ_ASSERT(item->len <= WS_CONTROL_MAX);
        add(f, 259u + item->type);
        add_bytes(f, item->data, item->len);
    }
}

/* Decode in pieces whose lengths follow from @seed; 0: whole. */
static struct found decode(const uint8_t *data, size_t size, unsigned seed)
{
    struct found f = {.sum = 14695981039346656037u};
    struct ws_decoder d;
    struct ws_item item;
    size_t pos = 0;

    ws_decoder_init(&d);
    while (pos < size && !f.bad && !f.closed) {
        size_t end = size;

        if (seed != 0) {
            seed = seed * 1103515245 + 12345;
            end = pos + 1 + (seed >> 16) % 9;
            end = end < size ? end : size;
        }
        do {
            size_t n = ws_decode(&d, data + pos, end - pos, &item);

            FUZZ_ASSERT(n <= end - pos);
            if (item.type != WS_ITEM_NONE) {
                take(&f, &item, data + pos, data + end);
            }
            pos += n;
        } while (item.type != WS_ITEM_NONE && !f.bad && !f.closed);
        FUZZ_ASSERT(pos == end || f.bad || f.closed);
    }
    add(&f, ws_decoder_midway(&d));
    return f;
}

/* A payload that is sealed comes out as it was when masked again. */
static void seal_round_trip(const uint8_t *data, size_t size)
{
    static const uint8_t key[WS_MASK_LEN] = {0xde, 0xad, 0xbe, 0xef};
    uint8_t *room = malloc(WS_HEAD_MAX + size);
    uint8_t *payload = room + WS_HEAD_MAX;
    uint8_t *frame;
    size_t cut = size / 3;

    FUZZ_ASSERT(room != NULL);
    memcpy(payload, data, size);
    frame = ws_seal(payload, size, WS_BINARY, key);
    FUZZ_ASSERT(frame == payload - ws_head_len(size));
    FUZZ_ASSERT(memcmp(payload - 4, key, 4) == 0);
    ws_mask(payload, cut, key, 0);
    ws_mask(payload + cut, size - cut, key, cut);
    FUZZ_ASSERT(memcmp(payload, data, size) == 0);
    free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct found whole = decode(data, size, 0);
    unsigned seed;

    for (seed = 1; seed <= 3; seed++) {
        struct found pieces = decode(data, size, seed);

        FUZZ_ASSERT(pieces.sum == whole.sum);
        FUZZ_ASSERT(pieces.payload == whole.payload);
        FUZZ_ASSERT(pieces.bad == whole.bad && pieces.closed == whole.closed);
    }
    if (size > 0) {
        seal_round_trip(data, size);
    }
    return 0;
}
