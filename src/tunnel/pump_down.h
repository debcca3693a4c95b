/* SPDX-License-Identifier: Apache-2.0 */
/* pump_down.h - the endpoint's bytes on their way to the local stream.
 *
 * One chunk at most: the transport reads into it, frames are decoded where they
 * lie, and their payload is written out from there.  Nothing more is read
 * until all of it is gone; so the memory stays the same however slow the local
 * side is.
 *
 *   transport ──► [ head payload head payload head pay ]
 *                        └─slice─┘    └─slice─┘    └──┘ ──► local
 *
 * The pump is told what happened and does what it can; it calls nobody back.
 * Control frames are handed to whoever runs it. */
#ifndef PUMP_DOWN_H
#define PUMP_DOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "local.h"
#include "sm.h"
#include "ws_frame.h"

struct chunk_pool;
struct transport;
union chunk;

enum {
    DOWN_SLICES = 16,     /* Slices written with one call */
    DOWN_JOIN = 1024,     /* A slice shorter than this is moved up to the one
                             before it: cheaper than one more in the call */
    DOWN_BUDGET = 1 << 18 /* Bytes taken in before others get their turn */
};

/*            pump_down_end()            all is written, shutdown answered
 *   open ──────────────────► draining ───────────────────────────────► done */
enum pump_down_state { DOWN_OPEN, DOWN_DRAINING, DOWN_DONE, DOWN_N_STATES };

/* Why pump_down_run() came back. */
enum pump_down_news {
    DOWN_DRY,     /* The transport has no more for now */
    DOWN_BLOCKED, /* The local stream takes no more for now */
    DOWN_AGAIN,   /* There is more, but others should get their turn */
    DOWN_CONTROL, /* A control frame, or a violation: see the item */
    DOWN_ENDED,   /* The transport ended: see pump_down.status */
    DOWN_BROKEN   /* The local stream failed: see pump_down.local_status */
};

/* Embedded by the owner; fields belong to pump_down.c. */
struct pump_down {
    struct sm sm;
    struct transport *transport;
    struct local *local;
    struct chunk_pool *pool; /* Where chunks come from */
    union chunk *chunk;      /* The one in use, or NULL */
    size_t pos, end;         /* Read and not yet decoded */
    size_t budget;           /* Bytes that may still be read this turn */
    uint64_t received;       /* Payload decoded */
    uint64_t total;          /* Payload written out */
    int status;              /* How reading ended, or 0 */
    int local_status;        /* How writing failed, or 0 */
    unsigned first, count;   /* Slices decoded and not yet written */
    size_t writing;          /* Length of the slice local->write has, or 0 */
    bool heard;              /* Bytes came; cleared by whoever asks */
    bool dry;                /* The last read found no more */
    bool discard;            /* Nobody is there to write to */
    bool shutting;           /* local->shutdown was called */
    uv_buf_t slices[DOWN_SLICES];
    struct ws_decoder decoder;
};

/* Ready to carry bytes to @local. */
void pump_down_init(struct pump_down *down, struct local *local,
                    struct chunk_pool *pool, const struct log *log,
                    unsigned id);

/* Begin reading from @transport. */
void pump_down_attach(struct pump_down *down, struct transport *transport);

/* Put back the chunk.  Nothing may be writing from it. */
void pump_down_free(struct pump_down *down);

/* Read until the transport has no more, the chunk is full or the budget spent.
 * Only when everything read before was taken. */
void pump_down_fill(struct pump_down *down);

/* What was read and not decoded; the upgrade reads its answer here. */
const uint8_t *pump_down_peek(const struct pump_down *down, size_t *len);

/* Pass over the first @len of those bytes. */
void pump_down_skip(struct pump_down *down, size_t len);

/* A new turn of the loop: the budget is full again.  @readable: the transport
 * may have something. */
void pump_down_turn(struct pump_down *down, bool readable);

/* Read, decode and write until something comes up; after DOWN_CONTROL call it
 * again.  @cb is for local->write(). */
enum pump_down_news pump_down_run(struct pump_down *down, local_write_cb cb,
                                  struct ws_item *item);

/* The write of @cb is over. */
void pump_down_written(struct pump_down *down, int status);

/* Whether the transport should be read when it has something. */
bool pump_down_wants(const struct pump_down *down);

/* Whether anything was read that has not been written out yet. */
bool pump_down_holds(const struct pump_down *down);

/* Read no more; what was read is still decoded, then DOWN_ENDED comes up. */
void pump_down_deafen(struct pump_down *down);

/* Decode no more: the slices held are all there will be. */
void pump_down_end(struct pump_down *down);

/* When all is written: shut the local stream's writing side down; @cb tells
 * when.  Does nothing when it is not time yet, or was done before. */
void pump_down_finish(struct pump_down *down, local_write_cb cb);

/* The local stream is gone: drop what is held and whatever else comes. */
void pump_down_discard(struct pump_down *down);

/* The shutdown of @cb is over. */
void pump_down_shut(struct pump_down *down);

#endif /* PUMP_DOWN_H */
