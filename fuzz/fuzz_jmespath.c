/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_jmespath.c - whatever is asked of a value, there is an answer or a
 * reason, and the value stays as it was. */
#include <string.h>

#include "buf.h"
#include "err.h"
#include "fuzz.h"
#include "jmespath.h"
#include "json.h"

static const char data[] =
    "{\"a\": {\"b\": [1, 2.5, -3], \"c\": \"text\"}, \"n\": null,"
    " \"l\": [{\"k\": \"x\", \"v\": 2}, {\"k\": \"y\", \"v\": 1}],"
    " \"d\": [[1], [2, [3]]], \"t\": true}";

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char text[512];
    struct jmespath *q;
    json_t *value;
    json_t *before;
    json_t *result;
    struct buf why;
    int rv;

    if (size >= sizeof text) {
        return 0;
    }
    memcpy(text, bytes, size);
    text[size] = '\0';
    buf_init(&why, 1 << 16);
    rv = jmespath_compile(&q, text, &why);
    FUZZ_ASSERT((rv == 0) == (why.len == 0));
    if (rv == 0) {
        value = js_parse(data, sizeof data - 1, NULL);
        before = json_deep_copy(value);
        rv = jmespath_search(q, value, &result, &why);
        FUZZ_ASSERT(rv == 0 || rv == ERR_PARSE || rv == ERR_TOO_BIG);
        FUZZ_ASSERT((rv == 0) == (why.len == 0));
        FUZZ_ASSERT((rv == 0) == (result != NULL));
        json_decref(result);
        FUZZ_ASSERT(json_equal(value, before));
        FUZZ_ASSERT(value->refcount == 1);
        json_decref(value);
        json_decref(before);
    }
    jmespath_free(q);
    buf_free(&why);
    return 0;
}
