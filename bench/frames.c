/* SPDX-License-Identifier: Apache-2.0 */
/* frames.c - what masking and decoding frames cost alone.
 *
 * Each line is the best of several rounds, since whatever else the machine
 * does can only slow it down. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ws_frame.h"

enum { CHUNK = 65536, ROUNDS = 15, SOME_BYTES = 1 << 26 };

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Mask @len bytes at @data again and again; seconds for SOME_BYTES. */
static double time_mask(uint8_t *data, size_t len)
{
    static const uint8_t key[WS_MASK_LEN] = {1, 2, 3, 4};
    size_t times = SOME_BYTES / len;
    double begun = now();

    while (times-- > 0) {
        ws_mask(data, len, key, 0);
    }
    return now() - begun;
}

/* Fill @data with frames of @len payload bytes; returns the bytes used. */
static size_t make_frames(uint8_t *data, size_t len)
{
    size_t head = len < 126 ? 2 : 4;
    size_t at = 0;

    do {
        memset(data + at, 0, head);
        if (head > 2) {
            data[at + head - 2] = (uint8_t)(len >> 8);
            data[at + head - 1] = (uint8_t)len;
        }
        data[at] = 0x82;
        data[at + 1] = (uint8_t)(head == 2 ? len : 126);
        at += head + len;
    } while (at + head + len <= CHUNK);
    return at;
}

/* Decode a chunk of frames with @len payload bytes; seconds for one frame. */
static double time_decode(uint8_t *data, size_t len)
{
    size_t used = make_frames(data, len);
    struct ws_decoder d;
    struct ws_item item;
    size_t frames = 0;
    double begun;

    ws_decoder_init(&d);
    begun = now();
    while (frames < 100000) {
        size_t pos = 0;

        do {
            pos += ws_decode(&d, data + pos, used - pos, &item);
            frames += item.end;
        } while (item.type == WS_ITEM_DATA);
        if (item.type != WS_ITEM_NONE) {
            abort();
        }
    }
    return (now() - begun) / (double)frames;
}

/* The best of some rounds. */
static double best(double (*timed)(uint8_t *, size_t), uint8_t *data,
                   size_t len)
{
    double least = 1e9;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        double t = timed(data, len);

        least = t < least ? t : least;
    }
    return least;
}

int main(void)
{
    static const size_t sizes[] = {16, 1000, 16384, 65528};
    uint8_t *room = calloc(1, CHUNK + 64);
    uint8_t *data = room;
    size_t i;

    if (room == NULL) {
        return 1;
    }
    for (i = 0; i < 4; i++) {
        /* Where the tunnel has it: eight bytes into an allocation. */
        double t = best(time_mask, data + 8, sizes[i]);

        printf("mask %6zu bytes: %5.1f GB/s\n", sizes[i], SOME_BYTES / t / 1e9);
    }
    for (i = 0; i < 4; i++) {
        double t = best(time_decode, data, sizes[i] < 65528 ? sizes[i] : 65520);

        printf("decode a frame of %5zu bytes: %5.1f ns\n", sizes[i], t * 1e9);
    }
    free(room);
    return 0;
}
