/* SPDX-License-Identifier: Apache-2.0 */
/* wire_tls.h - the TLS of a wire: OpenSSL between the wire's own buffers.
 *
 * The server makes what its wires share; the rest is for wire.c, which moves
 * the ciphertext from and to the socket, decides when, and tells the owner. */
#ifndef WIRE_TLS_H
#define WIRE_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire;

/* What all wires of a server share: made once, outlives them. */
struct wire_shared {
    BIO_METHOD *bio; /* The way from OpenSSL into a struct wire */
    uint8_t *plain;  /* Decrypted bytes, good for one callback */
};

/* 0 or UV_ENOMEM, with nothing to be freed then. */
int wire_shared_init(struct wire_shared *sh);
void wire_shared_free(struct wire_shared *sh);

/* --- for wire.c; what follows wire_tls_start() needs w->ssl --- */

/* Make w->ssl, a server of @ctx.  0 or UV_ENOMEM; wire_tls_free() either
 * way. */
int wire_tls_start(struct wire *w, SSL_CTX *ctx);

/* Advance the handshake with what w->in holds; calls w->hello_cb, which may
 * close @w.  0: w->handshaken tells whether it is done, or more must come.  A
 * code when it will never be: UV_EOF, the peer has ended; UV_EPROTO, and an
 * alert may be in w->queue. */
int wire_tls_accept(struct wire *w);

/* Fill the shared run with plain bytes out of w->in.  Returns how many;
 * *@status tells whether the stream has ended behind them: 0 (not yet), UV_EOF,
 * UV_EPROTO or UV_ENOMEM. */
size_t wire_tls_read(struct wire *w, int *status);

/* Append @len bytes, encrypted, to w->queue.  False when that fails: nothing
 * can be written any more. */
bool wire_tls_write(struct wire *w, const void *data, size_t len);

/* Append close_notify to w->queue. */
void wire_tls_goodbye(struct wire *w);

/* The wire is being closed: append nothing any more. */
void wire_tls_hush(struct wire *w);

/* Free w->ssl; also when there is none. */
void wire_tls_free(struct wire *w);

#endif /* WIRE_TLS_H */
