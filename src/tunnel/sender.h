/* SPDX-License-Identifier: Apache-2.0 */
/* sender.h - the outgoing half of a WebSocket: one frame at a time, in order.
 *
 * Data frames are sent from where they lie.  Control frames go between them.
 * At most one of each kind waits, so that a flood of PINGs costs no memory: the
 * newest PONG replaces one that has not begun to leave. */
#ifndef SENDER_H
#define SENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ws_frame.h"
#include "ws_keys.h"

struct transport;

/* Embedded by the owner; fields belong to sender.c. */
struct sender {
    struct transport *transport;
    const uint8_t *at;   /* The frame leaving now */
    size_t left;         /* How much of it is left */
    const uint8_t *data; /* A sealed data frame that waits, or NULL */
    size_t data_len;     /* Its length */
    int error;           /* Why nothing can be sent any more, or 0 */
    uint16_t close_code; /* For the CLOSE that waits */
    uint8_t pong_len;    /* Of the PONG that waits */
    bool pong_due;       /* These wait */
    bool ping_due;
    bool close_due;
    bool data_leaving;   /* What leaves now is data */
    bool close_leaving;  /* What leaves now is CLOSE */
    bool close_gone;     /* CLOSE has left */
    bool blocked;        /* The transport took no more */
    struct ws_keys keys; /* Masks */
    uint8_t pong[WS_CONTROL_MAX];
    uint8_t control[WS_HEAD_MAX + WS_CONTROL_MAX]; /* The one leaving */
};

/* Begin on a transport that has been upgraded. */
void sender_init(struct sender *s, struct transport *transport);

/* Forget the masks. */
void sender_wipe(struct sender *s);

/* Seal the @len (> 0) bytes at @payload, with room for a header before them,
 * and queue them as one binary frame.  The memory stays, untouched, until
 * sender_busy() is false.  Only while it is, and before sender_close(). */
int sender_data(struct sender *s, uint8_t *payload, size_t len);

/* Whether a data frame is waiting or leaving. */
bool sender_busy(const struct sender *s);

/* Queue a PONG with the @len bytes at @data, which are copied. */
void sender_pong(struct sender *s, const uint8_t *data, size_t len);

/* Queue a PING. */
void sender_ping(struct sender *s);

/* Queue CLOSE (WS_CODE_NONE: without a code), after a data frame that waits. */
void sender_close(struct sender *s, uint16_t code);

/* Send what can be sent.  0 when nothing is left, UV_EAGAIN when the transport
 * must become writable first, else the code that ended sending for good. */
int sender_run(struct sender *s);

/* The transport may take more again. */
void sender_ready(struct sender *s);

#endif /* SENDER_H */
