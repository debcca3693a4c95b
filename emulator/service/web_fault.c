/* SPDX-License-Identifier: Apache-2.0 */
/* web_fault.c - letting a connection go wrong as its plans say.
 *
 * The happy path is the unhappy one: a stage comes, its steps are done in
 * order, and the connection goes on changed, later, or not at all.  Bytes to
 * the client pass web_fault_down(), which knows where the 101 ends and where
 * one frame ends and the next begins.
 *
 * What can go wrong here: memory is short (the connection is reset). */
#include "web_fault.h"

#include <string.h>
#include <strings.h>

#include "ca.h"
#include "fault_head.h"
#include "log.h"
#include "web_conn.h"

enum {
    HEAD_LIMIT = 2 * 1024 * 1024, /* Of a changed 101 */
    STALL_MS = 10 * 60 * 1000     /* Even a stalled connection ends */
};

void web_fault_init(struct web_conn *c)
{
    buf_init(&c->fault.head, HEAD_LIMIT);
    buf_init(&c->fault.rest, HEAD_LIMIT);
}

void web_fault_free(struct web_conn *c)
{
    fault_run_leave(&c->fault.run);
    buf_free(&c->fault.head);
    buf_free(&c->fault.rest);
}

void web_fault_join(struct web_conn *c, const char *endpoint)
{
    struct fault_table *t = c->server->config.faults;

    if (t != NULL && !fault_table_empty(t)) {
        fault_run_join(&c->fault.run, t, endpoint);
    }
}

bool web_fault_any(const struct web_conn *c)
{
    return c->fault.run.plans[0] != NULL;
}

/* ---- what is done ---- */

static void on_delay_over(uv_timer_t *timer)
{
    struct web_conn *c = timer->data;

    c->fault.waiting = false;
    c->fault.resume(c);
}

static void on_stall_over(uv_timer_t *timer)
{
    web_conn_close(timer->data, true);
}

/* Hold both ways, and stop the clock. */
static void hold(struct web_conn *c)
{
    c->fault.waiting = true;
    uv_timer_stop(&c->timer);
    if (c->has_bridge) {
        bridge_stall(&c->bridge, true, true);
    }
}

/* Put the bytes of a step on the wire. */
static void send_bytes(struct web_conn *c, const struct fault_step *step)
{
    struct buf bytes;

    buf_init(&bytes, HEAD_LIMIT);
    fault_step_bytes(step, &bytes);
    if (!c->fault.muted) {
        wire_write(&c->wire, bytes.data, bytes.len);
    }
    buf_free(&bytes);
}

/* Answer as the plan wants it, whether it makes sense or not. */
static void refuse(struct web_conn *c, const struct fault_step *step)
{
    size_t len = step->data_len;
    struct buf text;

    buf_init(&text, HEAD_LIMIT);
    buf_addf(&text, "HTTP/1.1 %d %s\r\n%s", (int)step->status,
             http_reason((int)step->status), step->headers);
    if (strcasestr(step->headers, "content-length:") == NULL) {
        buf_addf(&text, "Content-Length: %zu\r\n", len);
    }
    if (strcasestr(step->headers, "x-amzn-requestid:") == NULL) {
        buf_addf(&text, "x-amzn-RequestId: %s\r\n", c->request_id);
    }
    buf_adds(&text, "Connection: close\r\n\r\n");
    if (step->count >= 0 && (size_t)step->count < len) {
        len = (size_t)step->count;
    }
    buf_add(&text, step->data, len);
    wire_write(&c->wire, text.data, text.len);
    buf_free(&text);
    web_conn_linger(c, false);
}

/* CLOSE was sent: listen for the answer, say no more. */
static void close_sent(struct web_conn *c)
{
    c->fault.muted = true;
    web_conn_await_end(c);
}

/* Before TLS there is nothing to be said, except that. */
static void speak_plain(struct web_conn *c, const struct fault_step *step)
{
    if (web_conn_start(c, false) != 0) {
        web_conn_close(c, true);
        return;
    }
    if (step->act == FAULT_SEND) {
        send_bytes(c, step);
    }
    web_conn_linger(c, true);
}

/* Do one step that any stage may have. */
static enum web_outcome act(struct web_conn *c, const struct fault_step *step)
{
    switch (step->act) {
    case FAULT_DELAY:
        hold(c);
        uv_timer_start(&c->pause, on_delay_over, (uint64_t)step->ms, 0);
        return WEB_HELD;
    case FAULT_STALL:
        hold(c);
        uv_timer_start(&c->pause, on_stall_over, STALL_MS, 0);
        return WEB_HELD;
    case FAULT_RESET:
        web_conn_close(c, true);
        return WEB_HELD;
    case FAULT_END:
        web_conn_linger(c, step->abrupt);
        return WEB_HELD;
    case FAULT_CERTIFICATE:
        ca_set_flaw(c->server->config.ca, c->wire.ssl, step->flaw);
        return WEB_GO;
    case FAULT_REFUSE:
        refuse(c, step);
        return WEB_HELD;
    case FAULT_FRAGMENTS:
        c->tunnel.ws.fragment = true;
        return WEB_GO;
    case FAULT_THROTTLE:
        bridge_throttle(&c->bridge, (uint64_t)step->down, (uint64_t)step->up);
        return WEB_GO;
    case FAULT_CLOSE:
        send_bytes(c, step);
        close_sent(c);
        return WEB_HELD;
    default:
        send_bytes(c, step);
        return WEB_GO;
    }
}

enum web_outcome web_fault_stage(struct web_conn *c, enum fault_stage stage,
                                 void (*resume)(struct web_conn *c))
{
    const struct fault_step *step;

    if (c->fault.waiting || c->sm.state == WEB_LINGER) {
        return WEB_HELD; /* Asked again, while it is being seen to. */
    }

    c->fault.resume = resume;
    while ((step = fault_run_next(&c->fault.run, stage, 0, true)) != NULL) {
        log_debug(c->server->config.log, EMU, c->id, "fault at stage %d",
                  (int)stage);
        if (stage == FAULT_AT_ACCEPT &&
            (step->act == FAULT_SEND || step->act == FAULT_END)) {
            speak_plain(c, step);
            return WEB_HELD;
        }
        if (act(c, step) == WEB_HELD) {
            return WEB_HELD;
        }
    }
    return WEB_GO;
}

/* ---- the 101 ---- */

/* Do one step to the head. */
static enum web_outcome change_head(struct web_conn *c,
                                    const struct fault_step *step)
{
    if (!fault_head_change(&c->fault.head, step)) {
        return act(c, step);
    }
    if (step->act == FAULT_TRUNCATE) {
        c->fault.muted = true;
    }
    return WEB_GO;
}

static void pass_rest(struct web_conn *c);

/* The 101 is whole: change it, send it, then do what comes right after. */
static void send_head(struct web_conn *c)
{
    struct web_fault *f = &c->fault;
    const struct fault_step *step;

    f->resume = send_head;
    while (!f->opened &&
           (step = fault_run_next(&f->run, FAULT_AT_ANSWER, 0, true)) != NULL) {
        if (change_head(c, step) == WEB_HELD) {
            return;
        }
    }
    if (!f->opened) {
        f->opened = true;
        wire_write(&c->wire, f->head.data, f->head.len);
        buf_clear(&f->head);
    }
    while ((step = fault_run_next(&f->run, FAULT_AT_OPEN, 0, true)) != NULL) {
        if (act(c, step) == WEB_HELD) {
            return;
        }
    }
    bridge_stall(&c->bridge, false, false);
    pass_rest(c);
}

/* ---- frames to the client ---- */

/* Whether the stream stands between two frames. */
static bool between(const struct web_fault *f)
{
    return f->down_track.n == 0;
}

/* Do what is due now.  WEB_HELD: not a byte more. */
static enum web_outcome down_steps(struct web_conn *c)
{
    struct web_fault *f = &c->fault;
    const struct fault_step *step;

    while ((step = fault_run_next(&f->run, FAULT_AT_DOWN, f->down,
                                  between(f))) != NULL) {
        if (act(c, step) == WEB_HELD) {
            return WEB_HELD;
        }
    }
    return WEB_GO;
}

/* A delay in the middle is over. */
static void resume_stream(struct web_conn *c)
{
    bridge_stall(&c->bridge, false, false);
    pass_rest(c);
}

/* Pass frames on as far as the plan lets them.  Returns how many bytes. */
static size_t pass(struct web_conn *c, const uint8_t *bytes, size_t len)
{
    struct web_fault *f = &c->fault;
    size_t done = 0, n;
    uint64_t far;

    f->resume = resume_stream;
    while (!c->closing && down_steps(c) == WEB_GO && done < len) {
        far = fault_run_distance(&f->run, FAULT_AT_DOWN, f->down);
        n = len - done < far ? len - done : (size_t)far;
        n = frame_track_advance(&f->down_track, bytes + done, n);
        if (!f->muted) {
            wire_write(&c->wire, bytes + done, n);
        }
        f->down += n;
        done += n;
    }
    return done;
}

/* Pass on what was kept behind a delay. */
static void pass_rest(struct web_conn *c)
{
    struct buf *rest = &c->fault.rest;

    buf_consume(rest, pass(c, (const uint8_t *)buf_str(rest), rest->len));
    if (c->bridge.ended && !c->closing && !c->fault.waiting &&
        c->sm.state == WEB_TUNNEL) {
        web_conn_linger(c, false); /* It ended while we waited. */
    }
}

void web_fault_down(void *data, const uint8_t *bytes, size_t len)
{
    struct web_conn *c = data;
    struct web_fault *f = &c->fault;
    size_t n = 0;
    char *end;

    if (c->sm.state != WEB_TUNNEL) {
        return; /* Everything was said. */
    }
    if (!f->opened && !f->waiting) {
        buf_add(&f->head, bytes, len);
        end = strstr(buf_str(&f->head), "\r\n\r\n");
        if (end == NULL) {
            return;
        }
        n = (size_t)(end + 4 - f->head.data);
        buf_add(&f->rest, f->head.data + n, f->head.len - n);
        f->head.len = n;
        send_head(c);
        return;
    }
    if (f->opened && !f->waiting && f->rest.len == 0) {
        n = pass(c, bytes, len);
    }
    buf_add(&f->rest, bytes + n, len - n);
    if (buf_error(&f->rest) != 0 || buf_error(&f->head) != 0) {
        web_conn_close(c, true);
    }
}

/* ---- frames from the client ---- */

/* Follow what the client says. */
static void track_up(struct web_fault *f, const uint8_t *bytes, size_t len)
{
    f->up += len;
    while (len > 0) {
        size_t n = frame_track_advance(&f->up_track, bytes, len);

        bytes += n;
        len -= n;
    }
}

bool web_fault_up(struct web_conn *c, const uint8_t *bytes, size_t len)
{
    struct web_fault *f = &c->fault;
    const struct fault_step *step;

    track_up(f, bytes, len);
    while ((step = fault_run_next(&f->run, FAULT_AT_UP, f->up, between(f))) !=
           NULL) {
        f->resume = resume_stream;
        if (act(c, step) == WEB_HELD) {
            break;
        }
    }
    return !c->closing && c->sm.state == WEB_TUNNEL;
}

bool web_fault_answered(struct web_conn *c, const uint8_t *bytes, size_t len)
{
    if (!web_fault_any(c) || !c->fault.opened) {
        return false;
    }
    track_up(&c->fault, bytes, len);
    return c->fault.up_track.closed;
}
