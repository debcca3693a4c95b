/* SPDX-License-Identifier: Apache-2.0 */
/* open_tunnel.c - one tunnel: a WebSocket session on one side, the target's
 * TCP connection on the other.
 *
 * The happy path: the session is established, the target is dialled, bytes go
 * both ways, each side held back by the other; the target ends, CLOSE 1000 is
 * exchanged, done.
 *
 * What can go wrong: the target's name or address does not answer in time
 * (CLOSE with the unreachable code), the target breaks off (CLOSE 1011), the
 * time is up or nobody moves (CLOSE with the cut code), the client says CLOSE
 * or vanishes (what it sent is written out, then the target is closed), the
 * owner closes. */
#include "open_tunnel.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "mem.h"

enum {
    GOODBYE_MS = 5000
}; /* For the answer to CLOSE, and for the rest of what
    * the client sent to reach the target */

const struct tunnel_manners tunnel_manners_default = {
    .dial_timeout_ms = 3000,
    .unreachable_code = 1011,
    .unreachable_text = "Unable to connect to target",
    .cut_code = 1008,
    .cut_text = "Maximum tunnel duration reached",
    .idle_text = "Idle timeout reached",
};

/* Tell the owner, once, when both sides are through. */
static void tunnel_done(struct open_tunnel *t)
{
    open_tunnel_done_cb cb = t->done_cb;

    if (t->did_done || t->closing || t->ws_open) {
        return;
    }
    t->did_done = true;
    log_debug(t->log, TUNNEL, t->id, "over: %llu bytes down, %llu up",
              (unsigned long long)t->bytes_down,
              (unsigned long long)t->bytes_up);
    cb(t); /* Last: the owner may have closed @t. */
}

/* Stop taking bytes from the target. */
static void target_pause(struct open_tunnel *t)
{
    if (t->target_reading) {
        t->target_reading = false;
        uv_read_stop((uv_stream_t *)&t->target);
    }
}

/* The client did not answer our CLOSE. */
static void on_unanswered(uv_timer_t *timer)
{
    struct open_tunnel *t = timer->data;

    ws_kill(&t->ws);
}

void open_tunnel_finish(struct open_tunnel *t, uint16_t code,
                        const char *reason)
{
    if (t->winding || t->closing) {
        return;
    }
    t->winding = true;
    target_pause(t);
    uv_timer_stop(&t->timer);
    uv_timer_start(&t->short_timer, on_unanswered, GOODBYE_MS, 0);
    log_debug(t->log, TUNNEL, t->id, "close %u %s", code, reason);
    ws_finish(&t->ws, code, reason);
}

/* ---- target to client ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct open_tunnel *t = handle->data;

    (void)suggested;
    *buf = uv_buf_init((char *)t->down + WS_HEADROOM, WS_CHUNK);
}

static void on_idle(uv_timer_t *timer)
{
    struct open_tunnel *t = timer->data;

    open_tunnel_finish(t, t->manners->cut_code, t->manners->idle_text);
}

/* Something moved. */
static void tunnel_touch(struct open_tunnel *t)
{
    if (t->verdict.idle_s > 0) {
        uv_timer_start(&t->short_timer, on_idle, t->verdict.idle_s * 1000ull,
                       0);
    }
}

static void on_target_read(uv_stream_t *stream, ssize_t nread,
                           const uv_buf_t *buf)
{
    struct open_tunnel *t = stream->data;

    (void)buf;
    if (nread > 0) {
        t->bytes_down += (uint64_t)nread;
        tunnel_touch(t);
        if (!ws_send(&t->ws, t->down + WS_HEADROOM, (size_t)nread)) {
            target_pause(t);
        }
    } else if (nread == UV_EOF) {
        open_tunnel_finish(t, 1000, "");
    } else if (nread < 0) {
        log_info(t->log, TUNNEL, t->id, "target: %s", uv_strerror((int)nread));
        open_tunnel_finish(t, 1011, "Connection to target lost");
    }
}

static void target_resume(struct open_tunnel *t)
{
    if (t->connected && !t->target_reading && !t->winding && !t->closing) {
        t->target_reading = uv_read_start((uv_stream_t *)&t->target, on_alloc,
                                          on_target_read) == 0;
    }
}

/* ---- client to target ---- */

static void on_shutdown(uv_shutdown_t *req, int status)
{
    struct open_tunnel *t = req->data;

    (void)status;
    if (!t->closing) {
        tunnel_done(t);
    }
}

/* The client is gone and everything it sent is written: end the target. */
static void target_end(struct open_tunnel *t)
{
    t->shut_req.data = t;
    if (!t->connected || uv_shutdown(&t->shut_req, (uv_stream_t *)&t->target,
                                     on_shutdown) != 0) {
        tunnel_done(t);
    }
}

static void on_target_written(uv_write_t *req, int status)
{
    struct open_tunnel *t = req->data;

    t->writing = false;
    if (t->closing) {
        return;
    }
    if (!t->ws_open) {
        target_end(t);
    } else if (status < 0) {
        open_tunnel_finish(t, 1011, "Connection to target lost");
    } else {
        ws_receive(&t->ws, true);
    }
}

static void on_receive(struct ws_session *s, const uint8_t *data, size_t len)
{
    struct open_tunnel *t = s->data;
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)data, (unsigned)len);
    size_t done;
    int rv;

    if (t->winding || t->closing) {
        return;
    }
    assert(t->connected && !t->writing && len <= WS_CHUNK);
    t->bytes_up += len;
    tunnel_touch(t);
    rv = uv_try_write((uv_stream_t *)&t->target, &buf, 1);
    done = rv > 0 ? (size_t)rv : 0;
    if (done == len) {
        return;
    }
    if (rv < 0 && rv != UV_EAGAIN) {
        open_tunnel_finish(t, 1011, "Connection to target lost");
        return;
    }
    memcpy(t->up, data + done, len - done);
    buf = uv_buf_init((char *)t->up, (unsigned)(len - done));
    t->write_req.data = t;
    rv = uv_write(&t->write_req, (uv_stream_t *)&t->target, &buf, 1,
                  on_target_written);
    if (rv != 0) {
        open_tunnel_finish(t, 1011, "Connection to target lost");
        return;
    }
    t->writing = true;
    ws_receive(&t->ws, false);
}

/* ---- dialling ---- */

static void tunnel_unreachable(struct open_tunnel *t, int status)
{
    log_info(t->log, TUNNEL, t->id, "cannot reach target: %s",
             uv_strerror(status));
    open_tunnel_finish(t, t->manners->unreachable_code,
                       t->manners->unreachable_text);
}

static void on_connected(uv_connect_t *req, int status)
{
    struct open_tunnel *t = req->data;

    if (t->closing || t->winding) {
        return;
    }
    if (status != 0) {
        tunnel_unreachable(t, status);
        return;
    }
    log_debug(t->log, TUNNEL, t->id, "connected to target");
    uv_timer_stop(&t->short_timer);
    t->connected = true;
    (void)uv_tcp_nodelay(&t->target, 1);
    target_resume(t);
    ws_receive(&t->ws, true);
    tunnel_touch(t);
}

static void tunnel_dial(struct open_tunnel *t, const struct sockaddr *to)
{
    int rv;

    t->connect_req.data = t;
    rv = uv_tcp_connect(&t->connect_req, &t->target, to, on_connected);
    if (rv != 0) {
        tunnel_unreachable(t, rv);
    }
}

/* The last handle, or the lookup, is through. */
static void tunnel_part_closed(struct open_tunnel *t)
{
    assert(t->closing && t->n_open > 0);
    if (--t->n_open > 0) {
        return;
    }
    mem_free(t->down);
    mem_free(t->up);
    t->close_cb(t); /* Last: @t may be freed now. */
}

static void on_resolved(uv_getaddrinfo_t *req, int status,
                        struct addrinfo *info)
{
    struct open_tunnel *t = req->data;

    t->resolving = false;
    if (t->closing) {
        uv_freeaddrinfo(info);
        tunnel_part_closed(t);
        return;
    }
    if (status != 0) {
        if (!t->winding) {
            tunnel_unreachable(t, status);
        }
    } else if (!t->winding) {
        tunnel_dial(t, info->ai_addr);
    }
    uv_freeaddrinfo(info);
}

/* Look up "host:port" or "[v6]:port". */
static int tunnel_resolve(struct open_tunnel *t)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM};
    char name[sizeof t->verdict.to_name];
    char *host = name, *colon;
    int rv;

    memcpy(name, t->verdict.to_name, sizeof name);
    colon = strrchr(name, ':');
    if (colon == NULL) {
        return UV_EINVAL;
    }
    *colon = '\0';
    if (host[0] == '[' && colon > name + 1 && colon[-1] == ']') {
        colon[-1] = '\0';
        host++;
    }
    t->resolve_req.data = t;
    rv = uv_getaddrinfo(t->loop, &t->resolve_req, on_resolved, host, colon + 1,
                        &hints);
    t->resolving = rv == 0;
    return rv;
}

static void on_dial_timeout(uv_timer_t *timer)
{
    struct open_tunnel *t = timer->data;

    if (!t->late) {
        /* After a stall timers come first, and a connection that has long been
         * made comes in the same turn. */
        t->late = true;
        uv_timer_start(timer, on_dial_timeout, 1, 0);
        return;
    }
    tunnel_unreachable(t, UV_ETIMEDOUT);
}

static void on_duration(uv_timer_t *timer)
{
    struct open_tunnel *t = timer->data;

    open_tunnel_finish(t, t->manners->cut_code, t->manners->cut_text);
}

static void on_established(struct ws_session *s)
{
    struct open_tunnel *t = s->data;
    int rv;

    if (t->closing) {
        return;
    }
    ws_receive(&t->ws, false);
    uv_timer_start(&t->timer, on_duration, t->verdict.duration_s * 1000ull, 0);
    uv_timer_start(&t->short_timer, on_dial_timeout,
                   t->manners->dial_timeout_ms, 0);
    if (t->verdict.to.ss_family != AF_UNSPEC) {
        tunnel_dial(t, (const struct sockaddr *)&t->verdict.to);
        return;
    }
    rv = tunnel_resolve(t);
    if (rv != 0) {
        tunnel_unreachable(t, rv);
    }
}

static void on_writable(struct ws_session *s)
{
    target_resume(s->data);
}

static void on_goodbye(uv_timer_t *timer)
{
    struct open_tunnel *t = timer->data;

    tunnel_done(t);
}

static void on_ws_closed(struct ws_session *s)
{
    struct open_tunnel *t = s->data;

    t->ws_open = false;
    if (t->closing) {
        tunnel_part_closed(t);
        return;
    }
    t->winding = true;
    target_pause(t);
    uv_timer_stop(&t->timer);
    uv_timer_start(&t->short_timer, on_goodbye, GOODBYE_MS, 0);
    if (!t->writing) {
        target_end(t);
    }
}

static const struct ws_events tunnel_ws_events = {
    .established = on_established,
    .receive = on_receive,
    .writable = on_writable,
    .closed = on_ws_closed,
};

/* ---- life ---- */

void open_tunnel_init(struct open_tunnel *t, uv_loop_t *loop,
                      const struct tunnel_verdict *verdict,
                      const struct tunnel_manners *manners,
                      const struct log *log, unsigned id)
{
    int rv;

    *t = (struct open_tunnel){
        .loop = loop, .log = log, .id = id, .manners = manners};
    t->verdict = *verdict;
    t->ws.data = t;
    t->ws.events = &tunnel_ws_events;
    rv = uv_tcp_init(loop, &t->target);
    assert(rv == 0); /* Opens no socket yet. */
    t->target.data = t;
    uv_timer_init(loop, &t->timer);
    t->timer.data = t;
    uv_timer_init(loop, &t->short_timer);
    t->short_timer.data = t;
    t->n_open = 3;
}

int open_tunnel_start(struct open_tunnel *t, struct ws_host *host, int fd,
                      const char *request_id, open_tunnel_done_cb done_cb)
{
    int rv;

    t->down = mem_alloc(WS_HEADROOM + WS_CHUNK);
    t->up = mem_alloc(WS_CHUNK);
    if (t->down == NULL || t->up == NULL) {
        close(fd);
        return UV_ENOMEM;
    }
    t->done_cb = done_cb;
    rv = ws_open(&t->ws, host, fd, request_id);
    t->ws_open = rv == 0;
    return rv;
}

static void on_handle_closed(uv_handle_t *handle)
{
    tunnel_part_closed(handle->data);
}

void open_tunnel_close(struct open_tunnel *t, open_tunnel_close_cb cb)
{
    assert(!t->closing);
    t->closing = true;
    t->close_cb = cb;
    if (t->ws_open) {
        t->n_open++;
        ws_kill(&t->ws);
    }
    if (t->resolving) {
        t->n_open++;
        (void)uv_cancel((uv_req_t *)&t->resolve_req);
    }
    uv_close((uv_handle_t *)&t->target, on_handle_closed);
    uv_close((uv_handle_t *)&t->timer, on_handle_closed);
    uv_close((uv_handle_t *)&t->short_timer, on_handle_closed);
}
