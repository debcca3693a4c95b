/* SPDX-License-Identifier: Apache-2.0 */
/* verify.h - whether a request is signed as AWS wants it, and by whom.
 *
 * Signature Version 4 in both forms, the Authorization header and the
 * presigned query, worked out from the AWS documentation and on its own: it
 * shares no line with the signer of the client, so that each tests the
 * other. */
#ifndef EMU_VERIFY_H
#define EMU_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "http.h"
#include "world.h"

/* X(fault, what AWS means by it) */
enum verify_fault {
    VERIFY_OK,
    VERIFY_MISSING,       /* Not signed at all */
    VERIFY_INCOMPLETE,    /* Signed in a way nobody can read */
    VERIFY_UNKNOWN_KEY,   /* No such access key, or it is inactive */
    VERIFY_BAD_TOKEN,     /* Session token missing, wrong, or not wanted */
    VERIFY_EXPIRED_TOKEN, /* The temporary credentials have ended */
    VERIFY_SKEWED,        /* Signed too long ago or in the future */
    VERIFY_BAD_SCOPE,     /* For another day, region or service */
    VERIFY_MISMATCH,      /* The signature is wrong */
    VERIFY_NO_MEMORY,
    VERIFY_N_FAULTS
};

enum { VERIFY_SKEW_MS = 15 * 60 * 1000 };

/* What a service expects. */
struct verify_expect {
    const char *service; /* "ec2" */
    const char *region;  /* The only one, or NULL for any */
    bool query_only;     /* Presigned, as for openTunnel */
};

/* What was found out; filled as far as it came. */
struct verify_result {
    struct world_principal who; /* Valid on VERIFY_OK, and from
                                 * VERIFY_BAD_TOKEN on (the key was found) */
    bool known;                 /* Whether who is filled */
    char key_id[129];           /* As sent; "" when unreadable */
    char region[64];            /* Of the scope */
    char message[512];          /* Why not, as AWS puts it; "" for the
                                 * service's general sentence */
};

/* Verify @req by the keys and the clock of @w. */
enum verify_fault verify_request(const struct world *w,
                                 const struct http_request *req,
                                 const struct verify_expect *expect,
                                 struct verify_result *out);

/* --- the parts, for tests ----------------------------------------------- */

enum { VERIFY_SIGNATURE_SIZE = 65 };

/* A request's claims about its signature; the strings are its own. */
struct verify_claim {
    bool query; /* Presigned */
    char key_id[129];
    char date[9]; /* Of the scope */
    char region[64];
    char service[64];
    char time[17]; /* "20260102T030405Z" */
    int64_t time_ms;
    int64_t expires_s; /* -1 when not given */
    char signed_headers[1024];
    char signature[VERIFY_SIGNATURE_SIZE];
};

/* Read the claim.  VERIFY_OK, VERIFY_MISSING or VERIFY_INCOMPLETE with
 * @message filled. */
enum verify_fault verify_claim_read(const struct http_request *req,
                                    struct verify_claim *claim,
                                    char message[static 512]);

/* The signature @req must have for @claim with the key @secret; with
 * @normalize dot segments and repeated slashes leave the path.  0, ERR_PARSE
 * (a signed header that is not there), ERR_TOO_BIG or UV_ENOMEM. */
int verify_signature(const struct http_request *req,
                     const struct verify_claim *claim, const char *secret,
                     bool normalize, char out[static VERIFY_SIGNATURE_SIZE]);

#endif /* EMU_VERIFY_H */
