/* SPDX-License-Identifier: Apache-2.0 */
/* stream.c - bytes through TLS, and waiting for more.
 *
 * The happy path is: recv() and send() go to OpenSSL, which reads and writes
 * the socket at once; on UV_EAGAIN the user watches, poll fires, the user
 * tries again.
 *
 * Where OpenSSL may not be touched (TLS inside TLS through an https proxy, a
 * libcurl with another TLS library, http:// in tests) the bytes go through
 * libcurl, which costs a search among all of its connections each time.
 *
 * What can go wrong is: the peer is gone (a code; UV_EOF also for an end
 * without TLS's farewell, which WebSocket's own tells apart); TLS must write
 * before it can read, as for a key update (poll waits for that then); TLS holds
 * bytes that poll cannot see (an idle handle brings the user back). */
#include "stream.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "err.h"
#include "log.h"

static struct stream *stream_of(struct transport *t)
{
    return (struct stream *)t; /* It is the first member. */
}

static void on_poll(uv_poll_t *poll, int status, int events);
static void on_idle(uv_idle_t *idle);

/* Whether another recv() would find something without the socket's help. */
static bool has_more(const struct stream *s)
{
    return s->more &&
           (s->ssl == NULL || s->failed != 0 || SSL_has_pending(s->ssl));
}

/* Bring @s->poll and @s->idle in line with what is wanted and needed. */
static int update(struct stream *s)
{
    int events = 0;
    bool held = s->want_read && s->more &&
                (s->ssl == NULL || s->failed != 0 || SSL_has_pending(s->ssl));
    int rv = 0;

    if (s->want_read) {
        events |= s->read_needs_write ? UV_WRITABLE : UV_READABLE;
    }
    if (s->want_write) {
        events |= s->write_needs_read ? UV_READABLE : UV_WRITABLE;
    }
    if (events != s->events) {
        rv = events == 0 ? uv_poll_stop(&s->poll)
                         : uv_poll_start(&s->poll, events, on_poll);
        s->events = rv == 0 ? events : 0;
    }
    if (held != (bool)uv_is_active((uv_handle_t *)&s->idle)) {
        if (held) {
            uv_idle_start(&s->idle, on_idle);
        } else {
            uv_idle_stop(&s->idle);
        }
    }
    return rv;
}

/* The socket is ready, or broken: then both ways, to find out how. */
static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct stream *s = poll->data;
    bool readable;
    bool writable;

    if (status < 0) {
        s->events = 0; /* libuv has stopped watching. */
        events = UV_READABLE | UV_WRITABLE;
    }
    if (events & UV_READABLE) {
        s->bio.dry = false;
    }
    readable = s->want_read &&
               (events & (s->read_needs_write ? UV_WRITABLE : UV_READABLE));
    writable = s->want_write &&
               (events & (s->write_needs_read ? UV_READABLE : UV_WRITABLE));
    if (readable || writable) {
        s->transport.ready_cb(&s->transport, readable, writable); /* Last */
    }
}

/* There are bytes left that poll cannot see. */
static void on_idle(uv_idle_t *idle)
{
    struct stream *s = idle->data;

    s->transport.ready_cb(&s->transport, true, false); /* Last */
}

/* Make a code of a failed SSL_read() or SSL_write(); sets *@turned when the
 * operation waits for the other direction.  Empties OpenSSL's queue. */
static ssize_t tls_failure(struct stream *s, int error, bool *turned,
                           bool reading)
{
    unsigned long code;

    switch (error) {
    case SSL_ERROR_WANT_READ:
        *turned = !reading;
        return UV_EAGAIN;
    case SSL_ERROR_WANT_WRITE:
        *turned = reading;
        return UV_EAGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return UV_EOF;
    default:
        break;
    }
    code = ERR_peek_last_error();
    if (s->bio.error != 0) {
        ERR_clear_error();
        return uv_translate_sys_error(s->bio.error);
    }
    if (s->bio.eof) {
        ERR_clear_error();
        log_debug(s->log, TLS, s->id, "%s ended without closing TLS", s->host);
        return UV_EOF;
    }
    snprintf(s->detail, sizeof s->detail, "%s",
             code != 0 ? ERR_reason_error_string(code) : "");
    ERR_clear_error();
    return ERR_TLS;
}

/* Read through OpenSSL until @len bytes are there or none are left. */
static ssize_t tls_recv(struct stream *s, char *data, size_t len)
{
    size_t total = 0;
    size_t n = 0;
    ssize_t rv;

    if (s->failed != 0) {
        return s->failed;
    }
    ERR_clear_error();
    while (total < len && SSL_read_ex(s->ssl, data + total, len - total, &n)) {
        total += n;
    }
    if (total == len) {
        s->more = true;
        return (ssize_t)total;
    }
    s->read_needs_write = false;
    rv = tls_failure(s, SSL_get_error(s->ssl, 0), &s->read_needs_write, true);
    if (rv != UV_EAGAIN) {
        s->failed = (int)rv;
    }
    s->more = s->failed != 0;
    return total > 0 ? (ssize_t)total : rv;
}

/* Write through OpenSSL until all @len bytes are taken or no more are. */
static ssize_t tls_send(struct stream *s, const char *data, size_t len)
{
    size_t total = 0;
    size_t n = 0;
    ssize_t rv;

    ERR_clear_error();
    while (total < len && SSL_write_ex(s->ssl, data + total, len - total, &n)) {
        total += n;
    }
    s->write_needs_read = false;
    if (total == len) {
        return (ssize_t)total;
    }
    rv = tls_failure(s, SSL_get_error(s->ssl, 0), &s->write_needs_read, false);
    return total > 0 ? (ssize_t)total : rv;
}

/* Make a code of libcurl's; errno was 0 before libcurl was called. */
static ssize_t curl_failure(struct stream *s, CURLcode code)
{
    switch (code == CURLE_AGAIN ? EAGAIN : errno) {
    case EAGAIN:
        return code == CURLE_AGAIN ? UV_EAGAIN : ERR_TLS;
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
    case ETIMEDOUT:
    case ENETUNREACH:
    case EHOSTUNREACH:
        return uv_translate_sys_error(errno);
    default:
        snprintf(s->detail, sizeof s->detail, "%s",
                 s->words[0] != '\0' ? s->words : curl_easy_strerror(code));
        return ERR_TLS;
    }
}

/* Read through libcurl. */
static ssize_t curl_recv(struct stream *s, void *data, size_t len)
{
    size_t n = 0;
    CURLcode code;

    errno = 0;
    code = curl_easy_recv(s->easy, data, len, &n);
    s->more = code == CURLE_OK && n > 0;
    if (code != CURLE_OK) {
        return curl_failure(s, code);
    }
    return n > 0 ? (ssize_t)n : UV_EOF;
}

/* Write through libcurl. */
static ssize_t curl_send(struct stream *s, const void *data, size_t len)
{
    size_t n = 0;
    CURLcode code;

    errno = 0;
    code = curl_easy_send(s->easy, data, len, &n);
    return code == CURLE_OK ? (ssize_t)n : curl_failure(s, code);
}

static ssize_t stream_recv(struct transport *t, void *data, size_t len)
{
    struct stream *s = stream_of(t);
    ssize_t n;

    assert(len > 0);
    n = s->ssl != NULL ? tls_recv(s, data, len) : curl_recv(s, data, len);
    update(s);
    return n;
}

static ssize_t stream_send(struct transport *t, const void *data, size_t len)
{
    struct stream *s = stream_of(t);
    ssize_t n;

    assert(len > 0);
    n = s->ssl != NULL ? tls_send(s, data, len) : curl_send(s, data, len);
    update(s);
    return n;
}

static int stream_watch(struct transport *t, bool readable, bool writable)
{
    struct stream *s = stream_of(t);

    s->want_read = readable;
    s->want_write = writable;
    return update(s);
}

static bool stream_pending(struct transport *t)
{
    return has_more(stream_of(t));
}

static void stream_explain(struct transport *t, int code, struct err *e)
{
    const struct stream *s = stream_of(t);

    switch (code) {
    case UV_EOF:
        err_set(e, code, "%s closed the connection", s->host);
        break;
    case UV_ECONNRESET:
    case UV_EPIPE:
        err_set(e, code, "%s cut the connection: %s", s->host,
                uv_strerror(code));
        break;
    case UV_ETIMEDOUT:
        err_set(e, code, "%s does not answer any more", s->host);
        err_hint(e, "the network may have changed or gone away");
        break;
    case ERR_TLS:
        err_set(e, code, "TLS with %s failed%s%s", s->host,
                s->detail[0] != '\0' ? ": " : "", s->detail);
        break;
    default:
        err_set(e, code, "connection to %s: %s", s->host, err_sentence(code));
        break;
    }
}

static const struct transport_ops stream_ops = {
    .recv = stream_recv,
    .send = stream_send,
    .watch = stream_watch,
    .pending = stream_pending,
    .explain = stream_explain,
};

int stream_init(struct stream *s, const struct stream_config *cfg)
{
    int rv;

    *s = (struct stream){.transport.ops = &stream_ops,
                         .log = cfg->log,
                         .id = cfg->id,
                         .host = cfg->host,
                         .easy = cfg->easy,
                         .words = cfg->words};
    if (cfg->ssl != NULL) {
        if (!tls_bio_attach(&s->bio, cfg->method, cfg->fd, cfg->ssl)) {
            return UV_ENOMEM; /* UNTESTED: OpenSSL's memory, not ours. */
        }
        s->ssl = cfg->ssl;
        s->more = true; /* TLS may have read ahead while connecting. */
        SSL_set_read_ahead(s->ssl, 1);
    }
    rv = uv_poll_init_socket(cfg->loop, &s->poll, cfg->fd);
    if (rv != 0) {
        return rv; /* UNTESTED: libcurl has let go of the socket. */
    }
    s->poll.data = s;
    rv = uv_idle_init(cfg->loop, &s->idle);
    assert(rv == 0);
    s->idle.data = s;
    s->n_open = 2;
    return 0;
}

/* One handle is closed; with the last, the owner gets @s back. */
static void on_handle_closed(uv_handle_t *handle)
{
    struct stream *s = handle->data;

    assert(s->n_open > 0);
    if (--s->n_open == 0) {
        s->close_cb(s); /* Last */
    }
}

void stream_close(struct stream *s, stream_close_cb cb)
{
    assert(s->close_cb == NULL);
    s->close_cb = cb;
    if (s->ssl != NULL && s->failed == 0 && s->bio.error == 0) {
        SSL_shutdown(s->ssl); /* The farewell, if the socket takes it now */
        ERR_clear_error();
    }
    uv_close((uv_handle_t *)&s->poll, on_handle_closed);
    uv_close((uv_handle_t *)&s->idle, on_handle_closed);
}
