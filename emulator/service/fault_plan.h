/* SPDX-License-Identifier: Apache-2.0 */
/* fault_plan.h - what shall go wrong with an endpoint's tunnels, and when.
 *
 * A plan is a list of steps, from the world file ("faults" of an endpoint) or
 * a control call.  Each says at which stage of a connection it happens and
 * what is done; docs/emulator.md lists them.  Pure: nothing here touches a
 * socket. */
#ifndef FAULT_PLAN_H
#define FAULT_PLAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ca.h"

struct buf;
struct err;

/* X(name) - when, in the order a connection lives through it. */
#define FAULT_STAGES(X)                                                        \
    X(ACCEPT, "accept")   /* Before a byte is read; for "*" only */            \
    X(HELLO, "hello")     /* The ClientHello names the endpoint's host */      \
    X(REQUEST, "request") /* The upgrade request is read, nothing judged */    \
    X(ANSWER, "answer")   /* The 101 is about to be sent */                    \
    X(OPEN, "open")       /* Right after the 101 */                            \
    X(DOWN, "down")       /* "after" bytes of frames to the client */          \
    X(UP, "up")           /* "after" bytes of frames from it */

enum fault_stage {
#define X(symbol, name) FAULT_AT_##symbol,
    FAULT_STAGES(X)
#undef X
        FAULT_N_STAGES
};

/* What is done.  Those below FAULT_FRAMES are frames of our own making, put
 * between two of the real ones. */
enum fault_act {
    FAULT_DELAY,       /* ms */
    FAULT_STALL,       /* Nothing moves any more */
    FAULT_RESET,       /* RST */
    FAULT_END,         /* FIN, with "abrupt" even without close_notify */
    FAULT_CERTIFICATE, /* flaw */
    FAULT_REFUSE,      /* status, headers, body, truncate */
    FAULT_SEND,        /* text, hex, or random bytes */
    FAULT_BAD_ACCEPT,  /* A wrong Sec-WebSocket-Accept */
    FAULT_HEADER,      /* name and value, added */
    FAULT_DROP_HEADER, /* name, left out */
    FAULT_TRUNCATE,    /* Only so many bytes of the 101 */
    FAULT_FRAGMENTS,   /* Messages come in three fragments */
    FAULT_THROTTLE,    /* down, up: bytes a second */
    FAULT_FRAMES,
    FAULT_TEXT = FAULT_FRAMES, /* A TEXT frame */
    FAULT_PING,                /* count PINGs */
    FAULT_MASKED,              /* A masked frame */
    FAULT_RESERVED_BIT,        /* RSV1 set */
    FAULT_RESERVED_OPCODE,     /* Opcode 3 */
    FAULT_ORPHAN,              /* A continuation of nothing */
    FAULT_LONG_PING,           /* A PING of 126 bytes */
    FAULT_HUGE,                /* A header that promises 2^62 bytes */
    FAULT_CLOSE,               /* code and reason, or payload */
    FAULT_N_ACTS
};

/* One step. */
struct fault_step {
    enum fault_stage at;
    enum fault_act act;
    uint64_t after;    /* For down and up */
    uint64_t times;    /* On so many connections; 0: on all */
    uint64_t used;     /* So far */
    int64_t ms;        /* DELAY */
    int64_t status;    /* REFUSE */
    int64_t code;      /* CLOSE; below 0: no payload at all */
    int64_t count;     /* PING, TRUNCATE, REFUSE (bytes of the body; below 0:
                        * all) */
    int64_t down, up;  /* THROTTLE */
    bool abrupt;       /* END */
    enum ca_flaw flaw; /* CERTIFICATE */
    char *name;        /* HEADER, DROP_HEADER */
    char *data;        /* Body, bytes, text, value, reason, payload */
    size_t data_len;
    char *headers; /* REFUSE: "Name: value\r\n" each */
};

enum { FAULT_MAX_STEPS = 32 };

/* A plan; shared by the table and the connections that follow it. */
struct fault_plan {
    unsigned refs;
    size_t n;
    struct fault_step steps[FAULT_MAX_STEPS];
};

/* All plans, by endpoint. */
struct fault_table;

struct fault_table *fault_table_new(void);
void fault_table_free(struct fault_table *t);

/* Replace the plan of @endpoint ("*": every endpoint) by the steps in @list,
 * an array or one object; NULL or an empty array takes it away.  0, or a code
 * with @e saying "@path[0].do: reason". */
int fault_table_set(struct fault_table *t, const char *endpoint, json_t *list,
                    const char *path, struct err *e);
void fault_table_clear(struct fault_table *t);

/* Whether there is any plan at all. */
bool fault_table_empty(const struct fault_table *t);

/* --- what one connection follows --- */

enum { FAULT_MAX_PLANS = 2 }; /* The endpoint's and everybody's */

struct fault_run {
    struct fault_plan *plans[FAULT_MAX_PLANS];
    uint32_t done[FAULT_MAX_PLANS]; /* A bit per step */
};

/* Follow the plan of @endpoint, too, if there is one.  Again for the same
 * endpoint does nothing. */
void fault_run_join(struct fault_run *run, struct fault_table *t,
                    const char *endpoint);
void fault_run_leave(struct fault_run *run);

/* The next step due at @stage when @bytes have passed, or NULL; it is done
 * then.  Steps with frames of our own are due only with @between. */
const struct fault_step *fault_run_next(struct fault_run *run,
                                        enum fault_stage stage, uint64_t bytes,
                                        bool between);

/* How many bytes must have passed for another step of @stage; UINT64_MAX when
 * there is none. */
uint64_t fault_run_distance(const struct fault_run *run, enum fault_stage stage,
                            uint64_t bytes);

/* Append the bytes that a step with frames (or FAULT_SEND) puts on the
 * stream. */
void fault_step_bytes(const struct fault_step *step, struct buf *out);

#endif /* FAULT_PLAN_H */
