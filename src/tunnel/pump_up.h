/* SPDX-License-Identifier: Apache-2.0 */
/* pump_up.h - the local stream's bytes on their way to the endpoint.
 *
 * One chunk at most: it is lent to the local stream to read into, sealed as one
 * frame where it lies, and sent from there.  While it leaves, nothing more is
 * read; so the memory stays the same however slow the far side is.
 *
 *   local ──lend──► [ room | payload      ] ──seal──► [ header payload ] ──►
 *
 * The pump is told what happened and does what it can; it calls nobody back. */
#ifndef PUMP_UP_H
#define PUMP_UP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "buf.h"
#include "sm.h"

struct chunk_pool;
struct sender;
union chunk;

enum {
    UP_HEADROOM = 8, /* The header of a frame as long as UP_PAYLOAD */
    UP_PAYLOAD = 65536 - UP_HEADROOM, /* What fills a chunk */
    UP_BUDGET = 1 << 18 /* Bytes taken in before others get their turn */
};

/*            EOF, or pump_up_stop()          the last frame has left
 *   open ──────────────────────► draining ──────────────────────► done */
enum pump_up_state { UP_OPEN, UP_DRAINING, UP_DONE, UP_N_STATES };

/* Embedded by the owner; fields belong to pump_up.c. */
struct pump_up {
    struct sm sm;
    struct chunk_pool *pool; /* Where chunks come from */
    union chunk *chunk;      /* The one in use, or NULL */
    size_t len;              /* Payload read and not yet sealed */
    size_t leaving;          /* Payload sealed and not yet gone */
    size_t lent;             /* What the last read could have filled */
    size_t streak;           /* Bytes of reads that filled all they could */
    uint64_t total;          /* Payload sent */
    bool held;               /* What was read stays here for now */
    bool keeping;            /* @kept holds all that was sealed so far */
    struct buf kept;         /* For sending it once more elsewhere */
    bool starved;            /* There was no memory to lend */
    char spare[64];          /* Lent then; what comes into it is lost */
};

/* Ready to lend memory. */
void pump_up_init(struct pump_up *up, struct chunk_pool *pool,
                  const struct log *log, unsigned id);

/* Put back the chunk.  Nothing may be reading into it or sending from it. */
void pump_up_free(struct pump_up *up);

/* Whether there is room for the local stream to be read. */
bool pump_up_wants(const struct pump_up *up);

/* Lend memory for one read.  Only while pump_up_wants(). */
void pump_up_lend(struct pump_up *up, uv_buf_t *buf);

/* The read is over: bytes, 0, UV_EOF (draining begins) or an error.  Returns 0
 * or the error; UV_ENOMEM when there was no memory to read into. */
int pump_up_took(struct pump_up *up, ssize_t nread);

/* Whether so much was read in one go that others should get their turn; asking
 * begins a new one.  A stream that is read until it is empty would otherwise
 * keep the loop for as long as there is more. */
bool pump_up_tired(struct pump_up *up);

/* Whether anything was read that has not left yet. */
bool pump_up_holds(const struct pump_up *up);

/* From here on read, but let nothing of it leave until pump_up_release(). */
void pump_up_hold(struct pump_up *up);
void pump_up_release(struct pump_up *up);

/* Send what was read, and whatever control frames wait in @sender.  Returns
 * what sender_run() returns. */
int pump_up_run(struct pump_up *up, struct sender *sender);

/* From here on keep what is sent, as long as it is less than a chunk: it may
 * have to be sent to somebody else. */
void pump_up_keep(struct pump_up *up);

/* It arrived where it should: keep nothing any more. */
void pump_up_forget(struct pump_up *up);

/* Everything is still to be sent, as if nothing had been sealed.  False: it is
 * too much, was not kept, or memory is short, and nothing has changed.  The
 * sender must not touch the old frame any more. */
bool pump_up_rewind(struct pump_up *up);

/* Read no more, as if EOF had come, and drop what was read and not yet given
 * to the sender. */
void pump_up_stop(struct pump_up *up);

#endif /* PUMP_UP_H */
