/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_emu_http.c - heads of requests, whole and in pieces; and frames as the
 * faults follow them. */
#include <stdlib.h>
#include <string.h>

#include "frame_track.h"
#include "fuzz.h"
#include "http_parse.h"

/* Whether @p is a string inside [text, text + len). */
static int inside(const char *p, const char *text, size_t len)
{
    return p >= text && p < text + len &&
           memchr(p, '\0', (size_t)(text + len - p)) != NULL;
}

/* However the bytes arrive, the head ends at the same place. */
static size_t find_end(const char *text, size_t size)
{
    size_t whole = http_head_length(text, size, 0), seen = 0, found = 0;

    for (size_t n = 1; n <= size && found == 0; n += 1 + n / 8) {
        found = http_head_length(text, n, seen);
        seen = n;
    }
    if (found != 0) {
        FUZZ_ASSERT(found == whole);
    }
    FUZZ_ASSERT(whole <= size);
    return whole;
}

static void try_head(char *text, size_t len)
{
    struct http_head head;
    int status = http_parse_head(text, len, &head);

    FUZZ_ASSERT(status == 0 || (status >= 400 && status <= 599));
    if (status != 0) {
        return;
    }
    FUZZ_ASSERT(inside(head.method, text, len));
    FUZZ_ASSERT(inside(head.path, text, len) && head.path[0] == '/');
    FUZZ_ASSERT(head.query[0] == '\0' || inside(head.query, text, len));
    FUZZ_ASSERT(head.n_headers <= HTTP_MAX_HEADERS);
    for (size_t i = 0; i < head.n_headers; i++) {
        FUZZ_ASSERT(inside(head.headers[i].name, text, len));
        FUZZ_ASSERT(inside(head.headers[i].value, text, len));
        FUZZ_ASSERT(strpbrk(head.headers[i].name, " \t:\r\n") == NULL);
        FUZZ_ASSERT(strpbrk(head.headers[i].value, "\r\n") == NULL);
    }
}

/* Frames end at the same places, however they are cut. */
static void try_frames(const uint8_t *data, size_t size)
{
    struct frame_track whole = {0}, single = {0};
    size_t at = 0, n;

    while (at < size) {
        n = frame_track_advance(&whole, data + at, size - at);
        FUZZ_ASSERT(n >= 1 && n <= size - at);
        for (size_t i = 0; i < n; i++) {
            FUZZ_ASSERT(i == 0 || single.n != 0);
            FUZZ_ASSERT(frame_track_advance(&single, data + at + i, 1) == 1);
        }
        FUZZ_ASSERT(single.n == whole.n && single.left == whole.left &&
                    single.closed == whole.closed);
        at += n;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size);
    size_t len = find_end(text, size);

    try_head(text, len > 0 ? len : size);
    try_frames(data, size);
    free(text);
    return 0;
}
