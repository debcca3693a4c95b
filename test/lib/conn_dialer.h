/* SPDX-License-Identifier: Apache-2.0 */
/* conn_dialer.h - a dialer that only connects, by the real net: nobody signs,
 * and whoever answers is the endpoint. */
#ifndef CONN_DIALER_H
#define CONN_DIALER_H

#include "dialer.h"

struct net;

/* Owned and embedded by the caller, who fills it in; all of it outlives the
 * last dial. */
struct conn_dialer {
    struct dialer dialer;
    struct net *net;
    const char *url;    /* Where to, as "https://HOST:PORT" */
    const char *target; /* What the tunnel then asks for */
    const char *hint;   /* What is said of a refusal; NULL: nothing */
};

/* Prepare @d with no more than its operations. */
void conn_dialer_init(struct conn_dialer *d);

#endif /* CONN_DIALER_H */
