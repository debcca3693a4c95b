/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_base64.c - what decodes strictly is exactly what encodes back. */
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "buf.h"
#include "fuzz.h"

typedef int (*decoder)(struct buf *, const char *, size_t);
typedef void (*encoder)(struct buf *, const void *, size_t);

/* Decode, and encode back when that went well. */
static void there_and_back(const char *text, size_t len, decoder decode,
                           encoder encode)
{
    struct buf bytes;
    struct buf again;

    buf_init(&bytes, len + 1);
    buf_init(&again, 2 * len + 8);
    if (decode(&bytes, text, len) == 0) {
        encode(&again, bytes.data, bytes.len);
        FUZZ_ASSERT(again.len == len);
        FUZZ_ASSERT(len == 0 || memcmp(again.data, text, len) == 0);
    }
    buf_free(&bytes);
    buf_free(&again);
}

/* Encode, and decode back, which must go well. */
static void back_and_there(const uint8_t *data, size_t size, decoder decode,
                           encoder encode)
{
    struct buf text;
    struct buf bytes;

    buf_init(&text, 2 * size + 8);
    buf_init(&bytes, size + 1);
    encode(&text, data, size);
    FUZZ_ASSERT(decode(&bytes, buf_str(&text), text.len) == 0);
    FUZZ_ASSERT(bytes.len == size);
    FUZZ_ASSERT(size == 0 || memcmp(bytes.data, data, size) == 0);
    buf_free(&text);
    buf_free(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size);
    struct buf bytes;

    there_and_back(text, size, base64_decode, base64_encode);
    there_and_back(text, size, base64url_decode, base64url_encode);
    back_and_there(data, size, base64_decode, base64_encode);
    back_and_there(data, size, base64_decode_spaced, base64_encode);
    back_and_there(data, size, base64url_decode, base64url_encode);
    buf_init(&bytes, size + 1);
    (void)base64_decode_spaced(&bytes, text, size);
    buf_free(&bytes);
    free(text);
    return 0;
}
