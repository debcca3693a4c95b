/* SPDX-License-Identifier: Apache-2.0 */
/* ws_caller.h - a small blocking HTTPS and WebSocket client for tests.
 *
 * It shares no line with the program's client, runs in a thread of the test,
 * and can say things no decent client would.  Functions return false, or a
 * negative count, after a minute without an answer: EICE_TEST_SLOW times that,
 * and ten minutes under valgrind. */
#ifndef WS_CALLER_H
#define WS_CALLER_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { CALLER_HEAD = 16 * 1024 };

/* One connection. */
struct caller {
    int fd;               /* -1: none */
    uint64_t patience_ms; /* How long to wait for anything */
    SSL_CTX *ctx;
    SSL *ssl;
    uint8_t *kept; /* Read ahead of what was asked for */
    size_t n_kept, kept_at;
};

/* One frame, as it came. */
struct frame {
    uint8_t first; /* FIN, reserved bits and opcode */
    bool masked;
    uint64_t len;
    uint8_t *data; /* NUL-terminated; caller_frame_free() it */
};

/* Connect to 127.0.0.1.  With @ca_file (a path) by TLS, asking for and
 * checking @name; with NULL in the clear. */
bool caller_open(struct caller *c, int port, const char *ca_file,
                 const char *name);

/* Shake hands by TLS over a c->ssl of the test's own. */
bool caller_handshake(struct caller *c);

/* Wait for @ms from here on; 0: as long as ever. */
void caller_patience(struct caller *c, unsigned ms);

void caller_close(struct caller *c);

/* Give up with an RST. */
void caller_reset(struct caller *c);

/* Write all of it, or read up to @len (0 at the end, -1 on failure). */
bool caller_send(struct caller *c, const void *data, size_t len);
bool caller_says(struct caller *c, const char *text);
ssize_t caller_recv(struct caller *c, void *data, size_t len);

/* Read exactly @len bytes. */
bool caller_recv_all(struct caller *c, void *data, size_t len);

/* Read an answer's head into @head, as text.  Returns its status, or -1. */
int caller_head(struct caller *c, char head[static CALLER_HEAD]);

/* Read head and body (by Content-Length), one after the other, as text.
 * Returns the status, or -1. */
int caller_answer(struct caller *c, char *text, size_t size);

/* Ask for a tunnel with @query and read the answer's head.  The status, or
 * -1. */
int caller_upgrade(struct caller *c, const char *query,
                   char head[static CALLER_HEAD]);

/* Send one frame, masked; @first is FIN and opcode (0x82: a binary message).
 */
bool caller_frame(struct caller *c, uint8_t first, const void *data,
                  size_t len);

/* Read one frame. */
bool caller_read_frame(struct caller *c, struct frame *f);
void caller_frame_free(struct frame *f);

/* Read one frame and tell whether it is that one; whether it is a CLOSE with
 * that code and reason; whether the stream ends in good order. */
bool caller_expect(struct caller *c, uint8_t first, const void *data,
                   size_t len);
bool caller_expect_close(struct caller *c, unsigned code, const char *reason);
bool caller_expect_end(struct caller *c);

#endif /* WS_CALLER_H */
