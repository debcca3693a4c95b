/* SPDX-License-Identifier: Apache-2.0 */
/* ws_peer.h - a small WebSocket endpoint of its own, for tests over sockets.
 *
 * Written from the RFC and for nothing but tests; shares no line with what it
 * tests.  It sits on a test_peer, which may speak TLS. */
#ifndef WS_PEER_H
#define WS_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct test_peer;

/* One connection; the owner sets the first group, ws_peer.c the second. */
struct ws_peer {
    struct test_peer *peer;
    void *data;
    bool echo;      /* Send data back as it comes, in frames as they come */
    bool keep_open; /* Do not echo CLOSE */
    void (*on_payload)(struct ws_peer *w, const uint8_t *data, size_t len);

    bool upgraded;
    bool got_close, sent_close;
    unsigned close_code; /* 1005: CLOSE without one */
    uint64_t received;   /* Payload bytes */
    unsigned n_pings, n_pongs, n_frames;

    char head[4096]; /* The request, then each frame's header */
    size_t head_len;
    uint64_t left; /* Payload bytes of this frame still to come */
    size_t at;     /* Offset in this frame's payload */
    uint8_t mask[4];
    uint8_t opcode;
    bool in_payload;
    uint8_t control[125];
    size_t control_len;
};

/* Bytes have come. */
void ws_peer_feed(struct ws_peer *w, const char *data, size_t len);

/* Send a frame: @first is the header's first byte. */
void ws_peer_frame(struct ws_peer *w, unsigned first, const void *data,
                   size_t len);

/* Send one binary message; CLOSE with a code and a reason. */
void ws_peer_send(struct ws_peer *w, const void *data, size_t len);
void ws_peer_close(struct ws_peer *w, unsigned code, const char *reason);

#endif /* WS_PEER_H */
