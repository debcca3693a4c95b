/* SPDX-License-Identifier: Apache-2.0 */
/* frame_track.h - where in a stream of WebSocket frames we are (RFC 6455, 5.2).
 *
 * Follows the heads and counts the payloads of bytes that somebody else sends
 * or reads, cut anywhere; judges nothing.  Pure: bytes in, a place out. */
#ifndef FRAME_TRACK_H
#define FRAME_TRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One direction of a stream; zeroed at its beginning. */
struct frame_track {
    uint8_t head[14];
    unsigned n;    /* Bytes of head; 0 between two frames */
    uint64_t left; /* Bytes of payload still to come */
    bool closed;   /* A whole CLOSE has passed */
};

/* Follow @len bytes of frames, to the end of the present one at most.  Returns
 * how many; again with the rest, until all are followed. */
size_t frame_track_advance(struct frame_track *t, const uint8_t *data,
                           size_t len);

#endif /* FRAME_TRACK_H */
