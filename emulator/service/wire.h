/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h - one accepted connection as a byte stream, with TLS or without.
 *
 * The server side only.  Bytes come in by callback while reading is on; bytes
 * go out through wire_write(), which copies them (encrypted, under TLS) into a
 * queue the owner can watch.  TLS runs between this object's own buffers
 * (wire_tls.h), so that OpenSSL never touches the socket and a fault may. */
#ifndef WIRE_H
#define WIRE_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "wire_run.h"

struct wire;
struct wire_shared;

enum {
    WIRE_CHUNK = 128 * 1024, /* Most bytes one read callback brings */
    WIRE_HIGH = 512 * 1024   /* Above this many queued bytes, stop writing */
};

/* Something arrived.  @data is good until the callback returns; the receiver
 * takes all of it.  Fires from the loop while reading is on.  The receiver may
 * call any function of @w. */
typedef void (*wire_read_cb)(struct wire *w, const uint8_t *data, size_t len);

/* No more bytes will arrive: UV_EOF at the orderly end, else what broke it
 * (UV_EPROTO when TLS did).  At most once, from the loop.  Writing may still
 * work after UV_EOF. */
typedef void (*wire_end_cb)(struct wire *w, int status);

/* The write queue has become empty.  From the loop. */
typedef void (*wire_drain_cb)(struct wire *w);

/* The client said hello, naming @name (NULL: nobody).  False holds the
 * handshake until wire_resume(); then it asks again.  The receiver may write
 * nothing, but close @w. */
typedef bool (*wire_hello_cb)(struct wire *w, const char *name);

/* Every handle is closed; @w may be freed. */
typedef void (*wire_close_cb)(struct wire *w);

/* Embedded by its owner; the fields belong to wire.c and wire_tls.c. */
struct wire {
    void *data; /* For the owner */
    struct wire_shared *shared;
    uv_tcp_t tcp;
    uv_idle_t kick;         /* Delivers what is held, from the loop */
    SSL *ssl;               /* NULL: no TLS */
    uint8_t *in;            /* Received, not yet delivered or decrypted */
    size_t in_off, in_len;  /* What of it is still to come */
    struct wire_run queue;  /* To be sent next */
    struct wire_run flight; /* Being sent by write_req */
    size_t flight_off;      /* What of it went out at once */
    uv_write_t write_req;   /* Carries flight */
    uv_shutdown_t shut_req; /* After the last byte */
    unsigned n_open;        /* Handles not yet reported closed */
    uint64_t bytes_in;      /* Ever received, as the network counts */
    uint64_t bytes_out;     /* Ever handed to the kernel */
    bool reading;           /* The owner wants bytes */
    bool tcp_reading;       /* libuv was told so */
    bool busy;              /* Inside a callback loop */
    bool handshaken;        /* TLS is up (at once without TLS) */
    bool writing;           /* write_req is out */
    bool want_shutdown;     /* Shut down after the last byte */
    bool did_shutdown;      /* Done so */
    bool ended;             /* end_cb has fired */
    bool failed;            /* Nothing can be written any more */
    bool peer_eof;          /* The peer's FIN was read */
    bool closing;           /* wire_close() was called */
    wire_read_cb read_cb;
    wire_end_cb end_cb;
    wire_drain_cb drain_cb;
    wire_hello_cb hello_cb; /* Set before wire_start(), or NULL */
    wire_close_cb close_cb;
};

/* Prepare @w on @loop; @sh outlives it.  Cannot fail.  From here on
 * wire_close() is the only way out. */
void wire_init(struct wire *w, uv_loop_t *loop, struct wire_shared *sh);

/* Accept the pending connection of @listener. */
int wire_accept(struct wire *w, uv_stream_t *listener);

/* Begin: with TLS as a server when @ctx is not NULL.  Reading is off until
 * wire_read() turns it on, but a TLS handshake goes on by itself. */
int wire_start(struct wire *w, SSL_CTX *ctx, wire_read_cb read_cb,
               wire_end_cb end_cb, wire_drain_cb drain_cb);

/* Go on with a handshake that hello_cb held. */
void wire_resume(struct wire *w);

/* Turn reading on or off.  What was held back arrives later, from the loop. */
void wire_read(struct wire *w, bool on);

/* Queue @len bytes and send what the kernel takes now.  A broken wire swallows
 * them; its end is reported by end_cb. */
void wire_write(struct wire *w, const void *data, size_t len);

/* Bytes queued and not yet taken by the kernel. */
size_t wire_queued(const struct wire *w);

/* How the peer stands, whether or not reading is on.  What is not known counts
 * as there. */
enum wire_peer {
    WIRE_PEER_THERE,
    WIRE_PEER_ENDED, /* Its FIN has come, perhaps behind unread bytes */
    WIRE_PEER_GONE   /* Reset, or given up by the kernel */
};
enum wire_peer wire_look(const struct wire *w);

/* Say goodbye after the last queued byte: TLS close_notify, then FIN.  With
 * @abrupt no close_notify. */
void wire_shutdown(struct wire *w, bool abrupt);

/* Close.  With @reset the peer gets an RST instead of a FIN. */
void wire_close(struct wire *w, bool reset, wire_close_cb cb);

#endif /* WIRE_H */
