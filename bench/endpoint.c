/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint.c - a far end fast enough to measure a near end against.
 *
 *   endpoint ws  PORT TARGET_PORT CERT KEY   TLS, one WebSocket, then TCP
 *   endpoint tls PORT TARGET_PORT CERT KEY   TLS, then TCP
 *
 * It answers any upgrade with 101 and carries binary frames to and from
 * 127.0.0.1:TARGET_PORT.  It verifies nothing: that is the emulator's job,
 * whose WebSocket parser works byte by byte and would be the slowest part of
 * any measurement.  One process a connection, poll() inside. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>

#include "ws_frame.h"

enum { ROOM = 64 * 1024, HEAD = 14, REQUEST = 16 * 1024 };

static const char accept_guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/* Bytes on their way in one direction. */
struct pipe_buf {
    unsigned char mem[HEAD + ROOM];
    unsigned char *at; /* First byte not yet passed on */
    size_t left;       /* How many */
};

/* What is known of the frame now being received. */
struct frame {
    unsigned char head[HEAD];
    size_t have;   /* Bytes of the head so far */
    uint64_t left; /* Payload bytes still to come */
    unsigned char mask[4];
    unsigned turn; /* Position within the mask */
    int opcode;
    bool in_payload;
};

struct relay {
    SSL *ssl;
    int tcp;
    bool ws;
    bool closing;
    struct pipe_buf up;   /* From TLS to the target */
    struct pipe_buf down; /* From the target to TLS */
    struct frame frame;
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* Read the request head and answer 101. */
static bool upgrade(SSL *ssl)
{
    static char text[REQUEST];
    unsigned char digest[SHA_DIGEST_LENGTH];
    char key[128];
    char answer[512];
    const char *p;
    size_t len = 0;
    int n;

    while (strstr(text, "\r\n\r\n") == NULL) {
        n = SSL_read(ssl, text + len, (int)(sizeof text - 1 - len));
        if (n <= 0) {
            return false;
        }
        len += (size_t)n;
        text[len] = '\0';
    }
    p = strcasestr(text, "\r\nsec-websocket-key:");
    if (p == NULL) {
        return false;
    }
    p += strlen("\r\nsec-websocket-key:");
    p += strspn(p, " ");
    n = snprintf(key, sizeof key, "%.*s%s", (int)strcspn(p, "\r"), p,
                 accept_guid);
    SHA1((const unsigned char *)key, (size_t)n, digest);
    EVP_EncodeBlock((unsigned char *)key, digest, sizeof digest);
    n = snprintf(answer, sizeof answer,
                 "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                 "Connection: upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                 key);
    return SSL_write(ssl, answer, n) == n;
}

/* Take the frame head from @p; returns bytes used, sets in_payload when the
 * head is whole. */
static size_t take_head(struct frame *f, const unsigned char *p, size_t len)
{
    size_t used = 0;

    while (used < len && !f->in_payload) {
        size_t need = 2;
        size_t i;

        f->head[f->have++] = p[used++];
        if (f->have < 2) {
            continue;
        }
        f->left = f->head[1] & 0x7f;
        need += f->left == 126 ? 2 : f->left == 127 ? 8 : 0;
        need += (f->head[1] & 0x80) != 0 ? 4 : 0;
        if (f->have < need) {
            continue;
        }
        if (f->left >= 126) {
            size_t n = f->left == 126 ? 2 : 8;

            for (f->left = 0, i = 0; i < n; i++) {
                f->left = f->left << 8 | f->head[2 + i];
            }
        }
        memset(f->mask, 0, 4);
        if ((f->head[1] & 0x80) != 0) {
            memcpy(f->mask, f->head + need - 4, 4);
        }
        f->opcode = f->head[0] & 0x0f;
        f->turn = 0;
        f->have = 0;
        f->in_payload = f->left > 0;
        if (f->left == 0) {
            return used;
        }
    }
    return used;
}

/* Undo the mask of the next @len bytes of payload. */
static void unmask(struct frame *f, unsigned char *p, size_t len)
{
    ws_mask(p, len, f->mask, f->turn);
    f->turn = (f->turn + (unsigned)len) & 3;
    f->left -= len;
    f->in_payload = f->left > 0;
}

/* Decode what TLS gave into payload: where it lies, and what follows the next
 * frame's head is moved up to what came before it. */
static void decode(struct relay *r, size_t len)
{
    struct frame *f = &r->frame;
    unsigned char *in = r->up.mem;
    unsigned char *end = in + len;

    r->up.left = 0;
    while (in < end) {
        size_t n;

        if (!f->in_payload) {
            in += take_head(f, in, (size_t)(end - in));
            if (f->opcode == 8) {
                r->closing = true;
                break;
            }
            continue;
        }
        n = (uint64_t)(end - in) < f->left ? (size_t)(end - in)
                                           : (size_t)f->left;
        unmask(f, in, n);
        if (f->opcode <= 2 && r->up.left == 0) {
            r->up.at = in;
            r->up.left = n;
        } else if (f->opcode <= 2) { /* Pings and pongs are dropped. */
            memmove(r->up.at + r->up.left, in, n);
            r->up.left += n;
        }
        in += n;
    }
}

/* Put a frame head right before the @len bytes at mem + HEAD. */
static void encode(struct relay *r, size_t len)
{
    unsigned char *head = r->down.mem + HEAD;

    if (!r->ws) {
        r->down.at = head;
        r->down.left = len;
        return;
    }
    if (len < 126) {
        head -= 2;
        head[1] = (unsigned char)len;
    } else if (len < 65536) {
        head -= 4;
        head[1] = 126;
        head[2] = (unsigned char)(len >> 8);
        head[3] = (unsigned char)len;
    } else {
        size_t i;

        head -= 10;
        head[1] = 127;
        for (i = 0; i < 8; i++) {
            head[9 - i] = (unsigned char)((uint64_t)len >> (8 * i));
        }
    }
    head[0] = 0x82;
    r->down.at = head;
    r->down.left = len + (size_t)(r->down.mem + HEAD - head);
}

/* Pass on what can be passed on; false ends the relay. */
static bool turn(struct relay *r)
{
    int n;

    if (r->up.left == 0 && !r->closing) {
        n = SSL_read(r->ssl, r->up.mem, ROOM);
        if (n > 0) {
            if (r->ws) {
                decode(r, (size_t)n);
            } else {
                r->up.at = r->up.mem;
                r->up.left = (size_t)n;
            }
        } else if (SSL_get_error(r->ssl, n) != SSL_ERROR_WANT_READ) {
            return false;
        }
    }
    if (r->up.left > 0) {
        ssize_t m = write(r->tcp, r->up.at, r->up.left);

        if (m > 0) {
            r->up.at += m;
            r->up.left -= (size_t)m;
        } else if (errno != EAGAIN) {
            return false;
        }
    }
    if (r->down.left == 0) {
        ssize_t m = read(r->tcp, r->down.mem + HEAD, ROOM);

        if (m > 0) {
            encode(r, (size_t)m);
        } else if (m == 0 || errno != EAGAIN) {
            return false;
        }
    }
    if (r->down.left > 0) {
        n = SSL_write(r->ssl, r->down.at, (int)r->down.left);
        if (n > 0) {
            r->down.at += n;
            r->down.left -= (size_t)n;
        } else if (SSL_get_error(r->ssl, n) != SSL_ERROR_WANT_WRITE) {
            return false;
        }
    }
    return !r->closing || r->up.left > 0;
}

/* One connection, in a process of its own. */
static void carry(SSL_CTX *ctx, int fd, uint16_t target, bool ws)
{
    static struct relay r;
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(target),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    static const unsigned char close_frame[] = {0x88, 2, 0x03, 0xe8};
    struct pollfd polls[2];
    int one = 1;

    r.ws = ws;
    r.ssl = SSL_new(ctx);
    SSL_set_fd(r.ssl, fd);
    if (SSL_accept(r.ssl) != 1 || (ws && !upgrade(r.ssl))) {
        return;
    }
    r.tcp = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(r.tcp, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(r.tcp, (struct sockaddr *)&to, sizeof to) != 0 &&
        errno != EINPROGRESS) {
        return;
    }
    polls[0] = (struct pollfd){.fd = r.tcp, .events = POLLOUT};
    poll(polls, 1, 1000);
    BIO_socket_nbio(fd, 1);
    while (turn(&r)) {
        bool more = SSL_pending(r.ssl) > 0 && r.up.left == 0;

        polls[0] = (struct pollfd){.fd = fd};
        polls[1] = (struct pollfd){.fd = r.tcp};
        polls[0].events |= r.up.left == 0 ? POLLIN : 0;
        polls[1].events |= r.up.left > 0 ? POLLOUT : 0;
        polls[1].events |= r.down.left == 0 ? POLLIN : 0;
        polls[0].events |= r.down.left > 0 ? POLLOUT : 0;
        poll(polls, 2, more ? 0 : 60000);
    }
    if (ws) {
        SSL_write(r.ssl, close_frame, sizeof close_frame);
    }
    SSL_shutdown(r.ssl);
}

int main(int argc, char **argv)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    int one = 1;
    int fd;

    if (argc != 6) {
        fprintf(stderr, "usage: endpoint ws|tls PORT TARGET_PORT CERT KEY\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (SSL_CTX_use_certificate_chain_file(ctx, argv[4]) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, argv[5], SSL_FILETYPE_PEM) != 1) {
        fprintf(stderr, "endpoint: cannot use %s and %s\n", argv[4], argv[5]);
        return 1;
    }
    at.sin_port = htons((uint16_t)atoi(argv[2]));
    fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(fd, 1024) != 0) {
        die("listen");
    }
    for (;;) {
        int s = accept(fd, NULL, NULL);

        if (s >= 0 && fork() == 0) {
            close(fd);
            carry(ctx, s, (uint16_t)atoi(argv[3]), argv[1][0] == 'w');
            _exit(0);
        }
        if (s >= 0) {
            close(s);
        }
    }
}
