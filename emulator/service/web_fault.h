/* SPDX-License-Identifier: Apache-2.0 */
/* web_fault.h - letting a connection go wrong as its plans say.
 *
 * web_conn.c and web_tunnel.c ask at each stage and go on, wait, or leave the
 * connection alone.  One that follows no plan pays a comparison. */
#ifndef WEB_FAULT_H
#define WEB_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "fault_plan.h"
#include "frame_track.h"

struct web_conn;

/* The part of a web_conn that belongs to web_fault.c. */
struct web_fault {
    struct fault_run run;
    void (*resume)(struct web_conn *c); /* When a delay is over */
    bool waiting;                       /* A delay runs, or a stall */
    bool muted;                         /* Nothing more goes to the client */
    bool opened;                        /* The 101 is through */
    struct buf head;                    /* The 101, until it is whole */
    struct buf rest;                    /* What came behind a delay */
    struct frame_track down_track, up_track;
    uint64_t down, up; /* Bytes of frames */
};

/* What became of a stage. */
enum web_outcome {
    WEB_GO,   /* Go on */
    WEB_HELD, /* resume() will be called, or the connection is seen to */
};

void web_fault_init(struct web_conn *c);
void web_fault_free(struct web_conn *c);

/* Follow the plans of @endpoint, "*" for everybody's. */
void web_fault_join(struct web_conn *c, const char *endpoint);

/* Whether the connection follows any plan. */
bool web_fault_any(const struct web_conn *c);

/* Do what is due at @stage, one of accept, hello, request.  On WEB_HELD
 * @resume is called when it may go on, if ever. */
enum web_outcome web_fault_stage(struct web_conn *c, enum fault_stage stage,
                                 void (*resume)(struct web_conn *c));

/* Bytes from libwebsockets to the client: a bridge_filter, @data is the
 * web_conn. */
void web_fault_down(void *data, const uint8_t *bytes, size_t len);

/* Bytes came from the client.  False: they must not be passed on. */
bool web_fault_up(struct web_conn *c, const uint8_t *bytes, size_t len);

/* Bytes came from the client when all was said.  True: it has answered our
 * CLOSE, so the stream may end. */
bool web_fault_answered(struct web_conn *c, const uint8_t *bytes, size_t len);

#endif /* WEB_FAULT_H */
