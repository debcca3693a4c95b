/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_presign.c - presigned openTunnel queries.
 *
 * As it comes, nobody is let through.  With a signature that is right put to
 * it, whatever it asks for is judged, and a yes has everything a tunnel needs;
 * one more parameter that was not signed, and it is a no. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "emu_bed.h"
#include "fuzz.h"
#include "gate.h"
#include "iso8601.h"
#include "params.h"
#include "verify.h"
#include "world.h"

static const char key_id[] = "AKIAIOSFODNN7EXAMPLE";
static const char host_name[] = "localhost";
static const char mismatch[] = "The request signature we calculated";
static const struct http_header host[] = {{"host", host_name}};

static void ask(const char *query, struct gate_answer *out)
{
    struct http_request req = {.method = "GET",
                               .path = "/openTunnel",
                               .query = query,
                               .headers = host,
                               .n_headers = 1,
                               .body = "",
                               .peer_ip = "127.0.0.1"};

    gate_open(emu_bed(), &req, "11111111-2222-4333-8444-555555555555", out);
}

/* Whether the wish has a signature already, however its name is written. */
static bool has_signature(const char *wish)
{
    struct params p;
    bool has = params_parse(&p, wish, strlen(wish), false) != 0 ||
               params_get(&p, "X-Amz-Signature") != NULL;

    params_free(&p);
    return has;
}

/* The query with a good signature to it; false when it cannot have one, as the
 * wish brings parts of a signature of its own. */
static bool sign(const char *wish, struct buf *query)
{
    struct world_principal who;
    struct verify_claim claim;
    char time[ISO8601_BASIC_SIZE], message[512];
    char signature[VERIFY_SIGNATURE_SIZE];
    struct http_request req = {.method = "GET",
                               .path = "/openTunnel",
                               .headers = host,
                               .n_headers = 1,
                               .body = "",
                               .peer_ip = "127.0.0.1"};

    iso8601_basic(time, world_now_ms(emu_bed()->world) / 1000);
    buf_addf(query,
             "%s%sX-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=%s%%2F%.8s"
             "%%2Feu-central-1%%2Fec2-instance-connect%%2Faws4_request&"
             "X-Amz-Date=%s&X-Amz-SignedHeaders=host",
             wish, wish[0] != '\0' ? "&" : "", key_id, time, time);
    FUZZ_ASSERT(world_find_key(emu_bed()->world, key_id, &who));
    buf_adds(query, "&X-Amz-Signature=0"); /* The claim wants some. */
    req.query = buf_str(query);
    if (buf_error(query) != 0 ||
        verify_claim_read(&req, &claim, message) != VERIFY_OK ||
        has_signature(wish) || strcmp(claim.signed_headers, "host") != 0 ||
        strcmp(claim.key_id, key_id) != 0 ||
        verify_signature(&req, &claim, who.secret, true, signature) != 0) {
        return false;
    }
    query->data[query->len - 1] = signature[0];
    buf_adds(query, signature + 1);
    return buf_error(query) == 0;
}

/* A yes leads somewhere that can be dialled, or says why not. */
static void check_yes(const struct gate_answer *a)
{
    FUZZ_ASSERT(a->endpoint_id[0] != '\0');
    FUZZ_ASSERT(a->duration_s >= 1 && a->duration_s <= 3600);
    FUZZ_ASSERT((a->to[0] == '\0') == (a->nowhere[0] != '\0'));
    gate_closed(emu_bed(), a->endpoint_id);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *wish = fuzz_string(data, size);
    struct gate_answer a;
    struct buf query;

    ask(wish, &a);
    FUZZ_ASSERT(a.status >= 400 && a.code[0] != '\0');
    buf_init(&query, 1 << 20);
    if (strlen(wish) == size && sign(wish, &query)) {
        ask(buf_str(&query), &a);
        FUZZ_ASSERT(strncmp(a.message, mismatch, sizeof mismatch - 1) != 0);
        if (a.status == 0) {
            check_yes(&a);
        } else {
            FUZZ_ASSERT(a.status >= 400 && a.code[0] != '\0');
        }
        buf_adds(&query, "&remotePort=22");
        ask(buf_str(&query), &a);
        FUZZ_ASSERT(a.status >= 400);
    }
    buf_free(&query);
    free(wish);
    return 0;
}
