/* SPDX-License-Identifier: Apache-2.0 */
/* api.h - the emulated services: one request in, one answer out.
 *
 * EC2, EC2 Instance Connect, STS, the SSO portal, the OIDC and sign-in token
 * endpoints, instance metadata and container credentials.  Everything is
 * synchronous and touches no socket; time and chance are the world's. */
#ifndef EMU_API_H
#define EMU_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http.h"

struct api_faults;
struct keys;
struct log;
struct signer;
struct trail;
struct world;

/* What the services work on.  The owner fills it and keeps everything alive;
 * only world and keys are required. */
struct emu_api {
    struct world *world;
    struct keys *keys;         /* Pushed SSH keys */
    struct trail *trail;       /* CloudTrail lines, or NULL */
    struct signer *signer;     /* Signs key records for IMDS, or NULL */
    struct api_faults *faults; /* Errors on order, or NULL */
    const struct log *log;     /* Or NULL */
};

/* Answer @req, whatever it is.  A world fault may ask for the answer to be
 * held back: then *@delay_ms (which may be NULL) is set to how long. */
void emu_api_handle(struct emu_api *api, const struct http_request *req,
                    struct http_answer *answer, int64_t *delay_ms);

/* Answer a request to the metadata address (plain HTTP, no Host needed), and
 * one to the container credentials address. */
void emu_imds_handle(struct emu_api *api, const struct http_request *req,
                     struct http_answer *answer);
void emu_container_handle(struct emu_api *api, const struct http_request *req,
                          struct http_answer *answer);

#endif /* EMU_API_H */
