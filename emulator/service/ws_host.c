/* SPDX-License-Identifier: Apache-2.0 */
/* ws_host.c - libwebsockets, speaking WebSocket over descriptors we give it.
 *
 * The happy path: ws_open() adopts a descriptor into a host without listeners;
 * libwebsockets reads the upgrade request, answers 101 with the request id we
 * add, and reports ESTABLISHED; payload goes out by ws_send() and comes in by
 * the receive event; CLOSE is exchanged; CLOSED ends it.
 *
 * What can go wrong: adoption fails (ws_open returns a code), the peer breaks
 * the protocol or vanishes (CLOSED); waiting for the answer to our CLOSE is the
 * owner's affair.
 *
 * Shutting down on a loop that is not its own takes libwebsockets three turns:
 * the first lws_context_destroy() starts closing the sessions' poll handles,
 * their close callbacks start closing its own timer and idle handle, and only
 * when those are gone may the second call free the context. */
#include "ws_host.h"

#include <assert.h>
#include <libwebsockets.h>
#include <string.h>

#include "err.h"
#include "log.h"
#include "mem.h"

static_assert(WS_HEADROOM >= LWS_PRE, "room for the longest frame header");

enum {
    LWS_TIMEOUT_S = 5, /* For the answer to our CLOSE */
    SETTLE_TURNS = 3,  /* Loop turns with nothing closing before the end */
    MAX_SETTLE = 1000  /* An owner who keeps closing things won't stop us */
};

struct ws_host {
    const struct log *log;
    struct lws_context *context;
    struct lws_vhost *vhost;
    struct lws_protocols protocols[2];
    lws_retry_bo_t no_pings;
    uv_idle_t settle; /* Counts loop turns during the close */
    unsigned calm;    /* Turns in which no handle was closing */
    unsigned turns;
    bool destroyed; /* The first call was made */
    void (*close_cb)(void *data);
    void *close_data;
};

/* Add the request id to the 101, beside what libwebsockets puts there. */
static int add_headers(struct ws_session *s, struct lws *wsi,
                       struct lws_process_html_args *args)
{
    unsigned char *p = (unsigned char *)args->p;
    unsigned char *end = p + args->max_len;

    if (s->request_id[0] != '\0' &&
        lws_add_http_header_by_name(wsi,
                                    (const unsigned char *)"x-amzn-requestid:",
                                    (const unsigned char *)s->request_id,
                                    (int)strlen(s->request_id), &p, end) != 0) {
        return 1;
    }
    args->p = (char *)p;
    return 0;
}

/* Send CLOSE.  By hand: 4.1.6 on a libuv loop, as distributions build it,
 * closes twice when a writable callback asks it to, and the second time cuts
 * off the frame that the first was about to send. */
static int send_close(struct ws_session *s, struct lws *wsi)
{
    unsigned char frame[LWS_PRE + sizeof s->close_reason + 4];
    unsigned char *p = frame + LWS_PRE;
    size_t len = strlen(s->close_reason);

    s->close_sent = true;
    p[0] = 0x88; /* FIN, opcode 8; a server does not mask */
    p[1] = (unsigned char)(len + 2);
    p[2] = (unsigned char)(s->close_code >> 8);
    p[3] = (unsigned char)s->close_code;
    memcpy(p + 4, s->close_reason, len);
    return lws_write(wsi, p, len + 4, LWS_WRITE_HTTP) < 0 ? -1 : 0;
}

/* The pipe takes more: first what is owed, then the owner's. */
static int on_writable(struct ws_session *s, struct lws *wsi)
{
    unsigned char ping[LWS_PRE + 4] = {0};

    if (s->killing) {
        return -1;
    }
    if (s->pings > 0) {
        s->pings--;
        if (lws_write(wsi, ping + LWS_PRE, 4, LWS_WRITE_PING) < 0) {
            return -1;
        }
        lws_callback_on_writable(wsi);
        return 0;
    }
    if (s->finishing) {
        return s->close_sent ? 0 : send_close(s, wsi);
    }
    s->events->writable(s);
    return s->killing ? -1 : 0;
}

/* Everything libwebsockets tells about one session. */
static int on_event(struct lws *wsi, enum lws_callback_reasons reason,
                    void *user, void *in, size_t len)
{
    struct ws_session *s = lws_get_opaque_user_data(wsi);

    (void)user;
    if (s == NULL) {
        return 0; /* The host's own affairs. */
    }
    switch (reason) {
    case LWS_CALLBACK_ADD_HEADERS:
        return add_headers(s, wsi, in);
    case LWS_CALLBACK_ESTABLISHED:
        s->events->established(s);
        return s->killing ? -1 : 0;
    case LWS_CALLBACK_RECEIVE:
        if (!lws_frame_is_binary(wsi)) {
            ws_finish(s, 1003, "Only binary messages are accepted");
            return 0;
        }
        if (len > 0 && !s->finishing) {
            s->events->receive(s, in, len);
        }
        return s->killing ? -1 : 0;
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        return s->close_sent ? -1 : 0; /* The answer to ours needs none. */
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return on_writable(s, wsi);
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_CLOSED_HTTP:
        s->gone = true;
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        lws_set_opaque_user_data(wsi, NULL);
        s->wsi = NULL;
        s->events->closed(s); /* Last: @s may be freed now. */
        return 0;
    default:
        return 0;
    }
}

/* ---- life of the host ---- */

int ws_host_new(struct ws_host **out, uv_loop_t *loop, unsigned max_sessions,
                const struct log *log, struct err *e)
{
    struct ws_host *h = mem_zalloc(sizeof *h);
    void *loops[1] = {loop};
    struct lws_context_creation_info info;

    *out = NULL;
    if (h == NULL) {
        return err_set_uv(e, UV_ENOMEM, "libwebsockets");
    }
    h->log = log;
    h->protocols[0] = (struct lws_protocols){
        .name = "", .callback = on_event, .rx_buffer_size = WS_CHUNK};
    memset(&info, 0, sizeof info);
    info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
    info.protocols = h->protocols;
    info.options = LWS_SERVER_OPTION_LIBUV;
    info.foreign_loops = loops;
    info.gid = (gid_t)-1;
    info.uid = (uid_t)-1;
    info.pt_serv_buf_size = WS_CHUNK; /* One read, one receive event */
    info.fd_limit_per_thread = max_sessions + 8;
    info.timeout_secs = LWS_TIMEOUT_S;
    info.retry_and_idle_policy = &h->no_pings; /* All zero: none. */
    lws_set_log_level(0, NULL);
    h->context = lws_create_context(&info);
    if (h->context == NULL) {
        mem_free(h);
        err_set(e, ERR_CONFIG, "libwebsockets does not start");
        err_hint(e, "its libuv plug-in may be missing: install "
                    "libwebsockets-evlib-uv");
        return ERR_CONFIG;
    }
    h->vhost = lws_get_vhost_by_name(h->context, "default");
    uv_idle_init(loop, &h->settle);
    h->settle.data = h;
    *out = h;
    return 0;
}

/* Is any handle of the loop on its way out? */
static void look_at_handle(uv_handle_t *handle, void *arg)
{
    bool *closing = arg;

    *closing = *closing || uv_is_closing(handle) != 0;
}

static void on_settle_closed(uv_handle_t *handle)
{
    struct ws_host *h = handle->data;
    void (*cb)(void *data) = h->close_cb;
    void *data = h->close_data;

    mem_free(h);
    cb(data);
}

/* One loop turn further into the close. */
static void on_settle(uv_idle_t *idle)
{
    struct ws_host *h = idle->data;
    bool closing = false;

    if (!h->destroyed) {
        h->destroyed = true;
        lws_context_destroy(h->context);
        return;
    }
    uv_walk(idle->loop, look_at_handle, &closing);
    h->calm = closing ? 0 : h->calm + 1;
    if (h->calm < SETTLE_TURNS && ++h->turns < MAX_SETTLE) {
        return;
    }
    lws_context_destroy(h->context);
    uv_idle_stop(idle);
    uv_close((uv_handle_t *)idle, on_settle_closed);
}

void ws_host_close(struct ws_host *h, void (*cb)(void *data), void *data)
{
    h->close_cb = cb;
    h->close_data = data;
    /* Not now: the caller may be inside a callback of libwebsockets. */
    uv_idle_start(&h->settle, on_settle);
}

/* ---- one session ---- */

int ws_open(struct ws_session *s, struct ws_host *h, int fd,
            const char *request_id)
{
    lws_adopt_desc_t desc;

    memset(&desc, 0, sizeof desc);
    desc.vh = h->vhost;
    desc.type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP;
    desc.fd.sockfd = fd;
    s->host = h;
    snprintf(s->request_id, sizeof s->request_id, "%s", request_id);
    s->wsi = lws_adopt_descriptor_vhost_via_info(&desc);
    if (s->wsi == NULL) {
        return UV_ENOMEM;
    }
    lws_set_opaque_user_data(s->wsi, s); /* From now on it has an owner. */
    return 0;
}

/* Whether libwebsockets may still be asked to do something for @s. */
static bool ws_alive(const struct ws_session *s)
{
    return s->wsi != NULL && !s->gone && !s->killing;
}

/* The kind of frame for the part of a message at hand. */
static enum lws_write_protocol frame_kind(const struct ws_session *s,
                                          bool first, bool last)
{
    int kind = !first    ? LWS_WRITE_CONTINUATION
               : s->text ? LWS_WRITE_TEXT
                         : LWS_WRITE_BINARY;

    return (enum lws_write_protocol)(last ? kind : kind | LWS_WRITE_NO_FIN);
}

bool ws_send(struct ws_session *s, uint8_t *data, size_t len)
{
    size_t step = s->fragment && len > 3 ? len / 3 : len;
    size_t done = 0, n;

    if (!ws_alive(s) || s->finishing) {
        return false;
    }
    do {
        n = len - done < step || len - done - step < 3 ? len - done : step;
        /* The header goes before the part: over bytes already sent. */
        if (lws_write(s->wsi, data + done, n,
                      frame_kind(s, done == 0, done + n == len)) < 0) {
            ws_kill(s);
            return false;
        }
        done += n;
    } while (done < len);
    if (lws_partial_buffered(s->wsi) != 0) {
        lws_callback_on_writable(s->wsi);
        return false;
    }
    return true;
}

void ws_ping(struct ws_session *s, unsigned count)
{
    s->pings += count;
    if (ws_alive(s)) {
        lws_callback_on_writable(s->wsi);
    }
}

void ws_receive(struct ws_session *s, bool on)
{
    if (ws_alive(s)) {
        lws_rx_flow_control(s->wsi, on ? 1 : 0);
    }
}

void ws_finish(struct ws_session *s, uint16_t code, const char *reason)
{
    if (!ws_alive(s) || s->finishing) {
        return;
    }
    s->finishing = true;
    s->close_code = code;
    snprintf(s->close_reason, sizeof s->close_reason, "%s", reason);
    lws_rx_flow_control(s->wsi, 1); /* The answer must get in. */
    lws_callback_on_writable(s->wsi);
}

void ws_kill(struct ws_session *s)
{
    if (!ws_alive(s)) {
        return;
    }
    s->killing = true;
    lws_callback_on_writable(s->wsi);
    lws_set_timeout(s->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    lws_cancel_service(s->host->context); /* It looks at its timers. */
}
