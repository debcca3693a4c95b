/* SPDX-License-Identifier: Apache-2.0 */
/* gate.h - who may open a tunnel through an endpoint, and where it leads. */
#ifndef EMU_GATE_H
#define EMU_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "http.h"

struct emu_api;

/* Yes or no to an openTunnel request. */
struct gate_answer {
    int status;         /* 0: yes.  Else the HTTP status of the no */
    char code[96];      /* ErrorCode of the no */
    char message[1024]; /* Message of the no */
    int64_t delay_ms;   /* Hold the answer back for so long */

    /* Of a yes: */
    char endpoint_id[32];
    char to[64];           /* Dial "127.0.0.1:2222" or "[::1]:2222"; "" leads
                            * nowhere: 101, then "Unable to connect to target" */
    char nowhere[128];     /* Why it leads nowhere, for the log */
    unsigned duration_s;   /* Cut it after so long, 1 to 3600 */
    unsigned idle_s;       /* Or when idle so long; 0: never */
    uint64_t throttle_bps; /* 0: as fast as it goes */
};

/* Judge @req, in this order: signature, endpoint and its state, IAM, port,
 * address, duration, connections; then whether security groups and the
 * instance's state let the tunnel lead anywhere.  A yes is counted against the
 * endpoint's connections until gate_closed().  Writes the CloudTrail line with
 * @request_id (36 characters). */
void gate_open(struct emu_api *api, const struct http_request *req,
               const char *request_id, struct gate_answer *out);

/* A tunnel that was allowed is over: once for each yes. */
void gate_closed(struct emu_api *api, const char *endpoint_id);

#endif /* EMU_GATE_H */
