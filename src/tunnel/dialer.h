/* SPDX-License-Identifier: Apache-2.0 */
/* dialer.h - where a tunnel's connection and its signed URL come from.
 *
 * The tunnel asks for one connection to the endpoint.  Credentials, signing,
 * proxies and TLS are the dialer's; lib supplies the one that knows AWS, tests
 * supply a plain socket.  One struct dial is one attempt. */
#ifndef DIALER_H
#define DIALER_H

#include <stdbool.h>

#include "err.h"

struct dial;
struct dialer;
struct transport;

/* A connection is ready to be upgraded.  The strings live until the dial is
 * closed. */
struct dial_result {
    struct transport *transport; /* Owned by the dial */
    const char *host;            /* For the Host header, with a port only if
                                    it is not the scheme's own */
    const char *target; /* Path and signed query: secret, never shown */
    const char *shown;  /* What may be shown of the URL */
    bool trial;         /* It may lead nowhere (where is remembered, not known;
                           or it was made long ago): refused() may ask for
                           another attempt */
};

/* The attempt ended: @result when @err is NULL, else why not.  @data is
 * start()'s.  Once, never from inside start(); not at all after close(). */
typedef void (*dial_cb)(void *data, const struct dial_result *result,
                        const struct err *err);

/* Nothing fires again and @d is gone. */
typedef void (*dial_close_cb)(void *data);

struct dialer_ops {
    /* Begin one attempt; returns it, or NULL when memory is short.  The
     * caller owns it and must end it with close(). */
    struct dial *(*start)(struct dialer *dialer, unsigned id, dial_cb cb,
                          void *data);

    /* The upgrade failed (refused, cut off, or not answered), or the service
     * closed before any byte came.  Lets the dialer add what it knows to @e (a
     * hint: expired credentials, clock skew), and forget cached facts.
     * @server_date is the Date header of the answer to the upgrade, or "".  At
     * most once, after @cb.  True, only after a trial: another start() goes
     * elsewhere and may succeed. */
    bool (*refused)(struct dial *d, struct err *e, const char *server_date);

    /* Close the connection, if any, and free the attempt. */
    void (*close)(struct dial *d, dial_close_cb cb, void *data);
};

struct dialer {
    const struct dialer_ops *ops;
};

#endif /* DIALER_H */
