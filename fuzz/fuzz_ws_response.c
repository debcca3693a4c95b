/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_ws_response.c - answers to the upgrade from a hostile server: however
 * they are cut, the verdict is the same, bounded, and fit to be shown. */
#include <string.h>

#include "fuzz.h"
#include "ws_response.h"

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="

/* What was made of a response. */
struct outcome {
    enum ws_verdict verdict;
    size_t used;
    int status;
    struct err err;
    char request_id[ERR_WORD_SIZE];
    char date[64];
};

/* Nothing of it may break out of its line. */
static void check_line(const char *text)
{
    for (; *text != '\0'; text++) {
        FUZZ_ASSERT((unsigned char)*text >= 0x20 && *text != 0x7f);
    }
}

/* Read @data in pieces of @step, then end. */
static void read_all(const uint8_t *data, size_t size, size_t step,
                     struct outcome *o)
{
    struct ws_response r;
    size_t used;

    memset(o, 0, sizeof *o);
    ws_response_init(&r, KEY);
    while (o->used < size && r.verdict == WS_VERDICT_MORE) {
        size_t n = size - o->used < step ? size - o->used : step;

        ws_response_feed(&r, data + o->used, n, &used);
        FUZZ_ASSERT(used == n || (used < n && r.verdict != WS_VERDICT_MORE));
        o->used += used;
    }
    o->verdict = ws_response_end(&r);
    FUZZ_ASSERT(o->verdict != WS_VERDICT_MORE);
    FUZZ_ASSERT(r.body.len <= WS_RESPONSE_BODY_MAX);
    FUZZ_ASSERT(o->verdict != WS_VERDICT_ACCEPTED || r.status == 101);
    o->status = r.status;
    strcpy(o->request_id, r.request_id);
    strcpy(o->date, r.date);
    check_line(o->request_id);
    check_line(o->date);
    if (o->verdict != WS_VERDICT_ACCEPTED) {
        ws_response_explain(&r, &o->err);
        FUZZ_ASSERT(o->err.code == ERR_UPGRADE || o->err.code == ERR_HTTP);
        FUZZ_ASSERT(o->err.msg[0] != '\0');
        check_line(o->err.msg);
        check_line(o->err.remote_code);
    }
    ws_response_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome whole;
    struct outcome pieces;
    size_t step;

    read_all(data, size, size, &whole);
    for (step = 1; step <= 16; step *= 4) {
        read_all(data, size, step, &pieces);
        FUZZ_ASSERT(pieces.verdict == whole.verdict);
        FUZZ_ASSERT(pieces.status == whole.status);
        FUZZ_ASSERT(strcmp(pieces.err.msg, whole.err.msg) == 0);
        FUZZ_ASSERT(strcmp(pieces.request_id, whole.request_id) == 0);
        FUZZ_ASSERT(strcmp(pieces.date, whole.date) == 0);
        if (whole.verdict == WS_VERDICT_ACCEPTED) {
            FUZZ_ASSERT(pieces.used == whole.used);
        }
    }
    return 0;
}
