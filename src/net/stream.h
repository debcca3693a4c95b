/* SPDX-License-Identifier: Apache-2.0 */
/* stream.h - a connection that libcurl made, as a transport. */
#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>

#include <curl/curl.h>
#include <uv.h>

#include "tls_bio.h"
#include "transport.h"

struct bio_method_st;
struct log;
struct ssl_st;
struct stream;

/* Nothing watches the socket any more; it may be closed.  Once. */
typedef void (*stream_close_cb)(struct stream *s);

/* Embedded by its owner; the fields belong to stream.c. */
struct stream {
    struct transport transport;
    const struct log *log;
    unsigned id;
    const char *host;   /* For errors; the owner's */
    CURL *easy;         /* The owner's; in its multi as long as @s lives */
    const char *words;  /* Where @easy says what went wrong; the owner's */
    struct ssl_st *ssl; /* Its TLS, when that may be used directly */
    struct tls_bio bio; /* Under @ssl */
    uv_poll_t poll;     /* The socket */
    uv_idle_t idle;     /* Comes back for bytes that poll cannot see */
    int events;         /* What @poll waits for now */
    bool want_read;     /* The user's wishes */
    bool want_write;
    bool read_needs_write; /* TLS must write before it can read ... */
    bool write_needs_read; /* ... and the reverse */
    bool more;             /* The last recv() did not empty the stream */
    int failed;            /* Found after some bytes; for the next recv() */
    char detail[160];      /* What TLS said when it failed */
    unsigned n_open;       /* Handles not yet reported closed */
    stream_close_cb close_cb;
};

/* What a stream is made of. */
struct stream_config {
    uv_loop_t *loop;
    const struct log *log;
    unsigned id;
    const char *host;   /* For errors */
    CURL *easy;         /* CURLOPT_CONNECT_ONLY, done, and still in its multi */
    const char *words;  /* Its CURLOPT_ERRORBUFFER */
    curl_socket_t fd;   /* Its live socket */
    struct ssl_st *ssl; /* Its TLS, to be used directly, or NULL */
    struct bio_method_st *method; /* For @ssl */
};

/* Watch the socket of a connection that libcurl made.  Strings stay the
 * caller's and must live as long as @s.  Returns 0 or a code; on a code there
 * is nothing to close. */
int stream_init(struct stream *s, const struct stream_config *cfg);

/* Say farewell in TLS, without waiting, and stop watching.  At return the
 * socket is no longer watched and may be closed;
 * @cb says when the memory is free. */
void stream_close(struct stream *s, stream_close_cb cb);

#endif /* STREAM_H */
