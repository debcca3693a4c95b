/* SPDX-License-Identifier: Apache-2.0 */
/* ws_host.h - libwebsockets, speaking WebSocket over descriptors we give it.
 *
 * It neither listens nor does TLS nor sees what strangers write in an HTTP
 * head: web_conn.c does that, and hands over one end of a socket pair on which
 * a plain upgrade request of our own making arrives.  What libwebsockets is
 * here for is the protocol itself: framing, masking, fragments, PING, CLOSE -
 * by other people's code than that of the client under test. */
#ifndef WS_HOST_H
#define WS_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct err;
struct log;
struct lws;
struct ws_host;
struct ws_session;

enum {
    WS_CHUNK = 128 * 1024, /* Most payload bytes of one receive or send */
    WS_HEADROOM = 32       /* Room ws_send() needs before the payload */
};

/* What a session tells its owner, all from the loop.  In each of them the
 * owner may call any ws_* function of @s; only after closed may it free @s. */
struct ws_events {
    /* The upgrade is done; frames may flow. */
    void (*established)(struct ws_session *s);

    /* Payload of a message, whole or a slice, good until the return. */
    void (*receive)(struct ws_session *s, const uint8_t *data, size_t len);

    /* What was queued has gone; more may be sent. */
    void (*writable)(struct ws_session *s);

    /* The session is over and libwebsockets has forgotten it.  Once, last. */
    void (*closed)(struct ws_session *s);
};

/* Embedded by its owner; the fields belong to ws_host.c. */
struct ws_session {
    void *data; /* For the owner */
    const struct ws_events *events;
    struct ws_host *host;
    struct lws *wsi;     /* NULL before ws_open() and after closed */
    char request_id[40]; /* For the answer's header */
    unsigned pings;      /* To be sent */
    bool text;           /* Send TEXT frames instead of BINARY */
    bool fragment;       /* Send each run as fragments */
    bool finishing;      /* CLOSE is to be sent */
    bool close_sent;     /* It was */
    bool killing;        /* The descriptor is to be closed */
    bool gone;           /* libwebsockets is closing it already */
    uint16_t close_code;
    char close_reason[124]; /* A control frame holds 125 with the code */
};

/* Make a host on @loop, for at most @max_sessions at once. */
int ws_host_new(struct ws_host **out, uv_loop_t *loop, unsigned max_sessions,
                const struct log *log, struct err *e);

/* Close every session without ceremony and free @h; @cb fires once, from the
 * loop, when all is gone. */
void ws_host_close(struct ws_host *h, void (*cb)(void *data), void *data);

/* Begin a session on @fd, which is taken (closed also on failure).  The other
 * end is about to write the upgrade request; the answer will carry
 * @request_id.  Returns 0, or a code and no callback fires. */
int ws_open(struct ws_session *s, struct ws_host *h, int fd,
            const char *request_id);

/* Send one message of @len <= WS_CHUNK bytes; WS_HEADROOM bytes before @data
 * are overwritten.  Returns whether more may follow at once; if not, wait for
 * `writable`. */
bool ws_send(struct ws_session *s, uint8_t *data, size_t len);

/* Send a PING when possible. */
void ws_ping(struct ws_session *s, unsigned count);

/* Stop or resume receiving. */
void ws_receive(struct ws_session *s, bool on);

/* Send CLOSE after what is queued; the peer's answer ends the session.  Without
 * one the owner calls ws_kill(). */
void ws_finish(struct ws_session *s, uint16_t code, const char *reason);

/* End without CLOSE. */
void ws_kill(struct ws_session *s);

#endif /* WS_HOST_H */
