/* SPDX-License-Identifier: Apache-2.0 */
/* ws_caller.c - a small blocking HTTPS and WebSocket client for tests. */
#include "ws_caller.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { KEPT = 64 * 1024, TIMEOUT_S = 60 };

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* A process that was stopped for a moment finds what it waited for, with a
 * time limit, interrupted (signal(7)): that is to be tried again, within the
 * time that began at @since.  With TLS, @rv is what it returned. */
static bool interrupted(const struct caller *c, uint64_t since, int rv)
{
    return errno == EINTR && now_ms() - since < c->patience_ms &&
           (c->ssl == NULL ||
            SSL_get_error(c->ssl, rv) == SSL_ERROR_WANT_READ ||
            SSL_get_error(c->ssl, rv) == SSL_ERROR_WANT_WRITE);
}

bool caller_handshake(struct caller *c)
{
    uint64_t since = now_ms();
    int rv;

    do {
        errno = 0;
        rv = SSL_connect(c->ssl);
    } while (rv != 1 && interrupted(c, since, rv));
    return rv == 1;
}

/* Set up TLS as a careful client does. */
static bool caller_tls(struct caller *c, const char *ca_file, const char *name)
{
    char host[256]; /* OpenSSL's macro wants it writable. */

    snprintf(host, sizeof host, "%s", name);
    c->ctx = SSL_CTX_new(TLS_client_method());
    if (c->ctx == NULL ||
        SSL_CTX_load_verify_locations(c->ctx, ca_file, NULL) != 1) {
        return false;
    }
    SSL_CTX_set_verify(c->ctx, SSL_VERIFY_PEER, NULL);
    c->ssl = SSL_new(c->ctx);
    return c->ssl != NULL && SSL_set1_host(c->ssl, name) == 1 &&
           SSL_set_tlsext_host_name(c->ssl, host) == 1 &&
           SSL_set_fd(c->ssl, c->fd) == 1 && caller_handshake(c);
}

bool caller_open(struct caller *c, int port, const char *ca_file,
                 const char *name)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;

    *c = (struct caller){.fd = socket(AF_INET, SOCK_STREAM, 0)};
    c->kept = malloc(KEPT);
    if (c->fd < 0 || c->kept == NULL) {
        return false;
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0) {
        return false;
    }
    caller_patience(c, 0);
    return ca_file == NULL || caller_tls(c, ca_file, name);
}

/* How much slower than usual everything is: valgrind's own libraries are
 * loaded before all others. */
static unsigned slowness(void)
{
    const char *slow = getenv("EICE_TEST_SLOW");
    const char *preloaded = getenv("LD_PRELOAD");
    int times = slow != NULL ? atoi(slow) : 1;

    if (preloaded != NULL && strstr(preloaded, "vgpreload") != NULL) {
        times = times > 10 ? times : 10;
    }
    return times > 1 ? (unsigned)times : 1;
}

void caller_patience(struct caller *c, unsigned ms)
{
    struct timeval wait;

    c->patience_ms = ms != 0 ? ms : TIMEOUT_S * 1000 * slowness();
    wait.tv_sec = (time_t)(c->patience_ms / 1000);
    wait.tv_usec = (suseconds_t)(c->patience_ms % 1000) * 1000;
    setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
}

void caller_close(struct caller *c)
{
    SSL_free(c->ssl);
    SSL_CTX_free(c->ctx);
    free(c->kept);
    if (c->fd >= 0) {
        close(c->fd);
    }
    *c = (struct caller){.fd = -1};
}

void caller_reset(struct caller *c)
{
    struct linger now = {.l_onoff = 1};

    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    caller_close(c);
}

bool caller_send(struct caller *c, const void *data, size_t len)
{
    uint64_t since = now_ms();
    const char *p = data;
    size_t n;
    ssize_t rv;

    while (len > 0) {
        errno = 0;
        if (c->ssl != NULL) {
            rv = SSL_write_ex(c->ssl, p, len, &n);
        } else {
            rv = send(c->fd, p, len, MSG_NOSIGNAL);
            n = rv > 0 ? (size_t)rv : 0;
        }
        if (rv > 0) {
            p += n;
            len -= n;
            since = now_ms();
        } else if (!interrupted(c, since, (int)rv)) {
            return false;
        }
    }
    return true;
}

bool caller_says(struct caller *c, const char *text)
{
    return caller_send(c, text, strlen(text));
}

/* Read from the stream itself. */
static ssize_t caller_fetch(struct caller *c, void *data, size_t len)
{
    uint64_t since = now_ms();
    size_t n;
    ssize_t rv;

    do {
        errno = 0;
        if (c->ssl == NULL) {
            rv = recv(c->fd, data, len, 0);
        } else {
            rv = SSL_read_ex(c->ssl, data, len, &n);
        }
    } while (rv <= 0 && interrupted(c, since, (int)rv));
    if (c->ssl == NULL) {
        return rv;
    }
    if (rv == 1) {
        return (ssize_t)n;
    }
    rv = SSL_get_error(c->ssl, (int)rv);
    return rv == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

ssize_t caller_recv(struct caller *c, void *data, size_t len)
{
    size_t n = c->n_kept < len ? c->n_kept : len;
    ssize_t rv;

    if (n == 0 && len >= KEPT) {
        return caller_fetch(c, data, len);
    }
    if (n == 0) {
        rv = caller_fetch(c, c->kept, KEPT);
        if (rv <= 0) {
            return rv;
        }
        c->kept_at = 0;
        c->n_kept = (size_t)rv;
        n = c->n_kept < len ? c->n_kept : len;
    }
    memcpy(data, c->kept + c->kept_at, n);
    c->kept_at += n;
    c->n_kept -= n;
    return (ssize_t)n;
}

bool caller_recv_all(struct caller *c, void *data, size_t len)
{
    char *p = data;
    ssize_t n;

    while (len > 0) {
        n = caller_recv(c, p, len);
        if (n <= 0) {
            return false;
        }
        p += n;
        len -= (size_t)n;
    }
    return true;
}

int caller_head(struct caller *c, char head[static CALLER_HEAD])
{
    size_t len = 0;
    int status;

    head[0] = '\0';
    while (strstr(head, "\r\n\r\n") == NULL) {
        if (len == CALLER_HEAD - 1 || caller_recv(c, head + len, 1) != 1) {
            return -1;
        }
        head[++len] = '\0';
    }
    return sscanf(head, "HTTP/1.1 %d ", &status) == 1 ? status : -1;
}

int caller_answer(struct caller *c, char *text, size_t size)
{
    char head[CALLER_HEAD];
    int status = caller_head(c, head);
    const char *length = strstr(head, "Content-Length: ");
    size_t len = length != NULL ? strtoul(length + 16, NULL, 10) : 0;
    size_t at = strlen(head);

    if (status < 0 || at + len >= size) {
        return -1;
    }
    memcpy(text, head, at);
    text[at + len] = '\0';
    return caller_recv_all(c, text + at, len) ? status : -1;
}

int caller_upgrade(struct caller *c, const char *query,
                   char head[static CALLER_HEAD])
{
    char text[8192];

    snprintf(text, sizeof text,
             "GET /openTunnel?%s HTTP/1.1\r\nHost: localhost\r\n"
             "Upgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
             "Sec-WebSocket-Version: 13\r\nUser-Agent: test\r\n\r\n",
             query);
    return caller_says(c, text) ? caller_head(c, head) : -1;
}

bool caller_frame(struct caller *c, uint8_t first, const void *data, size_t len)
{
    static const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
    const uint8_t *from = data;
    uint8_t *text = malloc(len + 14), *p = text;
    bool ok;

    if (text == NULL) {
        return false;
    }
    *p++ = first;
    if (len < 126) {
        *p++ = (uint8_t)(0x80 | len);
    } else if (len < 65536) {
        *p++ = 0x80 | 126;
        *p++ = (uint8_t)(len >> 8);
        *p++ = (uint8_t)len;
    } else {
        *p++ = 0x80 | 127;
        for (int shift = 56; shift >= 0; shift -= 8) {
            *p++ = (uint8_t)((uint64_t)len >> shift);
        }
    }
    memcpy(p, mask, 4);
    p += 4;
    for (size_t i = 0; i < len; i++) {
        *p++ = from[i] ^ mask[i % 4];
    }
    ok = caller_send(c, text, (size_t)(p - text));
    free(text);
    return ok;
}

bool caller_read_frame(struct caller *c, struct frame *f)
{
    uint8_t head[8];
    unsigned extra;

    *f = (struct frame){0};
    if (!caller_recv_all(c, head, 2)) {
        return false;
    }
    f->first = head[0];
    f->masked = (head[1] & 0x80) != 0;
    f->len = head[1] & 0x7f;
    extra = f->len == 127 ? 8 : f->len == 126 ? 2 : 0;
    if (!caller_recv_all(c, head, extra)) {
        return false;
    }
    for (unsigned i = 0; i < extra; i++) {
        f->len = (i == 0 ? 0 : f->len << 8) | head[i];
    }
    if (f->len > 64 * 1024 * 1024) {
        return true; /* A lie; nothing will come. */
    }
    f->data = malloc(f->len + 5);
    if (f->data == NULL ||
        !caller_recv_all(c, f->data, f->len + (f->masked ? 4 : 0))) {
        return false;
    }
    f->data[f->len] = '\0';
    return true;
}

void caller_frame_free(struct frame *f)
{
    free(f->data);
    f->data = NULL;
}

bool caller_expect(struct caller *c, uint8_t first, const void *data,
                   size_t len)
{
    struct frame f;
    bool ok = caller_read_frame(c, &f) && f.first == first && !f.masked &&
              f.len == len && memcmp(f.data, data, len) == 0;

    caller_frame_free(&f);
    return ok;
}

bool caller_expect_close(struct caller *c, unsigned code, const char *reason)
{
    struct frame f;
    bool ok = caller_read_frame(c, &f) && f.first == 0x88 && f.len >= 2 &&
              (unsigned)(f.data[0] << 8 | f.data[1]) == code &&
              strcmp((char *)f.data + 2, reason) == 0;

    if (!ok && f.data != NULL) {
        fprintf(stderr, "frame %02x, %llu bytes: %s\n", f.first,
                (unsigned long long)f.len, f.len > 2 ? (char *)f.data + 2 : "");
    }
    caller_frame_free(&f);
    return ok;
}

bool caller_expect_end(struct caller *c)
{
    char byte;

    return caller_recv(c, &byte, 1) == 0;
}
