/* SPDX-License-Identifier: Apache-2.0 */
/* tunnel_gate.h - who may open a tunnel, and where it leads.
 *
 * The service holds sockets; what it may do with them is decided behind this
 * interface: by emulator/api in the program, by a few lines in tests. */
#ifndef TUNNEL_GATE_H
#define TUNNEL_GATE_H

#include <stdint.h>
#include <sys/socket.h>

#include "http.h"

enum { REQUEST_ID_SIZE = 37 };

/* Yes or no.  Zeroed before it is asked for. */
struct tunnel_verdict {
    int status;                 /* 0: yes.  Else the HTTP status of the no */
    char code[96];              /* "ErrorCode" of the no */
    char message[1024];         /* "Message" of the no */
    unsigned delay_ms;          /* Say it only after so long */
    char endpoint_id[64];       /* Of a yes: whom `ended` is to be told */
    struct sockaddr_storage to; /* Of a yes: dial this address... */
    char to_name[256];          /* ...or "host:port", when to is AF_UNSPEC;
                                 * "" leads nowhere: 101, then CLOSE */
    unsigned duration_s;        /* Cut the tunnel after so long; 1 or more */
    unsigned idle_s;            /* Cut it when idle for so long; 0: never */
    uint64_t bytes_per_s;       /* Throttle each way; 0: as fast as it goes */
};

struct tunnel_gate {
    void *data;

    /* Judge the upgrade request @req.  A yes has been counted against the
     * endpoint's limit already.  Called from the loop; must not block.
     * @request_id goes into the answer's header and into CloudTrail. */
    void (*decide)(void *data, const struct http_request *req,
                   const char *request_id, struct tunnel_verdict *out);

    /* A tunnel of @endpoint_id that was allowed is over; once for each yes. */
    void (*ended)(void *data, const char *endpoint_id);
};

#endif /* TUNNEL_GATE_H */
