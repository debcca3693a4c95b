/* SPDX-License-Identifier: Apache-2.0 */
/* frame_track.c - where in a stream of WebSocket frames we are. */
#include "frame_track.h"

/* How long the head is, as far as it can be told. */
static unsigned head_length(const struct frame_track *t)
{
    unsigned len7 = t->head[1] & 0x7f;

    if (t->n < 2) {
        return 2;
    }
    return 2 +
           (len7 == 126   ? 2
            : len7 == 127 ? 8
                          : 0) +
           ((t->head[1] & 0x80) != 0 ? 4 : 0);
}

/* The payload's length out of a whole head. */
static uint64_t payload_length(const struct frame_track *t)
{
    unsigned len7 = t->head[1] & 0x7f;
    unsigned extra = len7 == 126 ? 2 : len7 == 127 ? 8 : 0;
    uint64_t len = extra == 0 ? len7 : 0;

    for (unsigned i = 0; i < extra; i++) {
        len = len << 8 | t->head[2 + i];
    }
    return len;
}

size_t frame_track_advance(struct frame_track *t, const uint8_t *data,
                           size_t len)
{
    size_t used = 0, n;

    while (used < len) {
        if (t->left > 0) {
            n = len - used < t->left ? len - used : (size_t)t->left;
            t->left -= n;
            used += n;
        } else {
            t->head[t->n++] = data[used++];
            if (t->n < 2 || t->n < head_length(t)) {
                continue;
            }
            t->left = payload_length(t);
        }
        if (t->left == 0) {
            t->closed = t->closed || (t->head[0] & 0x0f) == 8;
            t->n = 0;
            break;
        }
    }
    return used;
}
