/* SPDX-License-Identifier: Apache-2.0 */
/* far.h - a dialer and the endpoint behind it, made of memory, for tests.
 *
 * It answers the upgrade by itself (or with what the test wants), sends what
 * the test queues, and writes down what it gets as text: "BIN hello|CLOSE
 * 1000|". Every way a stream can misbehave is a field.  The frames are read by
 * a few lines of its own, not by the decoder under test. */
#ifndef FAR_H
#define FAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "buf.h"
#include "dialer.h"
#include "transport.h"

/* Header bytes of a frame from the server, FIN set; @len below 126. */
#define FRAME(opcode, len) "\x8" #opcode len

struct far {
    struct dialer dialer;
    struct transport transport;
    uv_idle_t idle;     /* Turns while there is something to do */
    struct buf sends;   /* Not read by the tunnel yet */
    struct buf got;     /* Sent by the tunnel and not yet understood */
    struct buf request; /* The upgrade request */
    struct buf frames;  /* What was understood, as text */
    uint64_t payload;   /* Bytes of data payload got */
    const char *answer; /* Instead of 101; "" is silence */
    const char *extra;  /* More header lines for the 101 */
    size_t recv_max;    /* Most that one recv gives */
    size_t room;        /* How much more is taken; SIZE_MAX: all */
    int end;            /* After sends: 0 nothing, UV_EOF, or an error */
    int send_fails;     /* The code every send gives, or 0 */
    int dial_fails;     /* The dial ends with this code */
    int watch_fails;    /* watch() gives this code */
    bool no_dial;       /* start() returns NULL */
    bool dial_hangs;    /* The dial never ends */
    bool no_echo;       /* Do not answer CLOSE with CLOSE */
    bool no_text;       /* Count payload instead of writing it down */
    bool hides;         /* As TLS may: of what is there, a poll sees nothing
                           once some of it was read */
    bool has_pending;   /* Offer pending(), which says no */
    bool upgraded;
    bool got_close;
    bool refused; /* The tunnel asked for a hint */
    bool dialed, closed;
    char server_date[64];
    unsigned n_recvs, n_sends;

    /* Private */
    struct transport_ops ops;
    dial_cb dial_cb;
    dial_close_cb close_cb;
    void *dial_data, *close_data;
    const void *held; /* What the last EAGAIN was for */
    size_t held_len;
    bool want_read, want_write, hidden;
};

/* A friendly endpoint. */
void far_init(struct far *f, uv_loop_t *loop);

/* Let it send @len bytes as they are. */
void far_send(struct far *f, const void *data, size_t len);

/* Let it send one whole binary frame with @len times @fill. */
void far_send_fill(struct far *f, char fill, size_t len);

/* Let it end: UV_EOF or an error. */
void far_end(struct far *f, int code);

/* Let it take @room more bytes. */
void far_take(struct far *f, size_t room);

/* What was understood so far, as text. */
const char *far_frames(const struct far *f);

/* Free what was kept; after closed, or if never dialed (closes its handle
 * then: run the loop once more). */
void far_free(struct far *f);

#endif /* FAR_H */
