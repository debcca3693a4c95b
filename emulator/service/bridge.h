/* SPDX-License-Identifier: Apache-2.0 */
/* bridge.h - carries bytes between a client's wire and a local descriptor.
 *
 * Behind the descriptor libwebsockets speaks plain WebSocket; on the wire is
 * the client, with TLS.  Each way reads only while the other side takes the
 * bytes, and no faster than the throttle allows. */
#ifndef BRIDGE_H
#define BRIDGE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "wire.h"

struct bridge;

/* The far end closed its descriptor; all it wrote is in the wire's queue.  Or
 * writing to it failed.  Once, from the loop. */
typedef void (*bridge_end_cb)(struct bridge *b);

/* Every handle is closed; @b may be freed. */
typedef void (*bridge_close_cb)(struct bridge *b);

/* A rate limit for one way: bytes that may still pass in this tick. */
struct bridge_rate {
    uint64_t bytes_per_s; /* 0: none */
    int64_t credit;       /* Below zero: a debt */
};

/* Bytes from the local descriptor on their way to the client.  May hold them
 * back or put others in their place, by calling wire_write() itself. */
typedef void (*bridge_filter)(void *data, const uint8_t *bytes, size_t len);

/* Embedded by its owner; the fields belong to bridge.c. */
struct bridge {
    void *data; /* For the owner */
    struct wire *wire;
    uv_pipe_t pipe;
    uv_timer_t tick; /* Renews the credit of both ways */
    uv_write_t write_req;
    uv_shutdown_t shut_req;
    uint8_t *down; /* One read from the pipe */
    uint8_t *up;   /* What the pipe did not take at once */
    struct bridge_rate down_rate, up_rate;
    bridge_filter filter; /* NULL: straight on */
    void *filter_data;
    unsigned n_open;
    bool pipe_reading;
    bool writing;      /* write_req is out */
    bool stalled_down; /* A fault holds this way */
    bool stalled_up;
    bool did_eof; /* The far end was told that the client is through */
    bool ended;   /* end_cb has fired */
    bool closing;
    bridge_end_cb end_cb;
    bridge_close_cb close_cb;
};

/* Prepare @b for @wire, which outlives it.  Cannot fail. */
void bridge_init(struct bridge *b, uv_loop_t *loop, struct wire *wire);

/* Begin.  On 0 the local end is @fd, taken; @bytes_per_s throttles each way.
 * The owner passes on the wire's events with the two functions below. */
int bridge_start(struct bridge *b, int fd, uint64_t bytes_per_s,
                 bridge_end_cb end_cb);

/* Bytes from the client. */
void bridge_take(struct bridge *b, const uint8_t *data, size_t len);

/* The wire's queue is empty again. */
void bridge_drained(struct bridge *b);

/* Hold or release each way. */
void bridge_stall(struct bridge *b, bool down, bool up);

/* Change the rate limits; 0 is none. */
void bridge_throttle(struct bridge *b, uint64_t down, uint64_t up);

/* The client will send no more than what waits already: take it without
 * regard for the rate. */
void bridge_hurry(struct bridge *b);

/* The client will send no more: tell the far end. */
void bridge_eof(struct bridge *b);

void bridge_close(struct bridge *b, bridge_close_cb cb);

#endif /* BRIDGE_H */
