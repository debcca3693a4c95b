/* SPDX-License-Identifier: Apache-2.0 */
/* transport.h - a connected, non-blocking byte stream to the far side.
 *
 * net makes one (TLS through whatever proxy there is), tunnel speaks WebSocket
 * over it; neither knows the other.  Tests put a plain socket or a script of
 * bytes in its place. */
#ifndef TRANSPORT_H
#define TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct err;
struct transport;

/* Something that was waited for with watch() is worth trying again.  Fires
 * from the loop, never from inside a transport function, as long as it is
 * watched.  The receiver may call any function of @t, or close its owner. */
typedef void (*transport_ready_cb)(struct transport *t, bool readable,
                                   bool writable);

struct transport_ops {
    /* Read up to @len bytes.  Returns how many (> 0), UV_EAGAIN when there
     * are none now, UV_EOF at the orderly end, or another code.  TLS may hold
     * bytes a poll cannot see: read until UV_EAGAIN, or be sure to come back
     * without waiting. */
    ssize_t (*recv)(struct transport *t, void *data, size_t len);

    /* Write up to @len bytes.  Returns how many were taken (> 0, maybe fewer
     * than @len), UV_EAGAIN, or another code.  After UV_EAGAIN the next send
     * must begin with the same bytes, from the same memory. */
    ssize_t (*send)(struct transport *t, const void *data, size_t len);

    /* Say which of the two is worth being told about; replaces what was said
     * before.  Both false stops all callbacks.  What the stream itself needs
     * (TLS may have to write in order to read) is its own affair. */
    int (*watch)(struct transport *t, bool readable, bool writable);

    /* Whether bytes are held that a poll cannot see.  While the answer is no,
     * the reader may stop before UV_EAGAIN and wait to be told.  May be NULL:
     * nobody knows. */
    bool (*pending)(struct transport *t);

    /* Put words to a code that recv, send or watch returned: sets @e. */
    void (*explain)(struct transport *t, int code, struct err *e);
};

/* Embedded as the first member of an implementation and owned by it. */
struct transport {
    const struct transport_ops *ops;
    transport_ready_cb ready_cb; /* Set by the user before watch() */
    void *data;                  /* For the user */
};

#endif /* TRANSPORT_H */
