/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_json.c - what is read is written, in every style, as itself. */
#include "buf.h"
#include "err.h"
#include "fuzz.h"
#include "json.h"

/* Write and read again. */
static void round_trip(json_t *value, unsigned how)
{
    json_t *again;
    struct buf text;

    buf_init(&text, JS_MAX_BYTES); /* Escapes and indents make it larger */
    js_write(&text, value, how);
    if (buf_error(&text) == 0) {
        again = js_parse(buf_str(&text), text.len, NULL);
        FUZZ_ASSERT(again != NULL);
        FUZZ_ASSERT(json_equal(value, again));
        json_decref(again);
    }
    buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = {.code = 0};
    json_t *value = js_parse((const char *)data, size, &e);

    if (value == NULL) {
        FUZZ_ASSERT(e.code == ERR_PARSE || e.code == ERR_TOO_BIG);
        return 0;
    }
    round_trip(value, JS_COMPACT);
    round_trip(value, JS_PRETTY);
    round_trip(value, JS_SPACED | JS_SORTED | JS_ASCII);
    json_decref(value);
    return 0;
}
