/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_resolution.c - any JSON as a kept resolution; what is read is written as
 * itself. */
#include "err.h"
#include "fuzz.h"
#include "json.h"
#include "resolution_json.h"
#include "resolve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *doc = js_parse((const char *)data, size, NULL);
    struct resolution r, again;
    json_t *out, *back;
    struct err e;

    if (resolution_from_json(&r, doc, &e) == 0) {
        out = resolution_to_json(&r);
        FUZZ_ASSERT(resolution_from_json(&again, out, &e) == 0);
        back = resolution_to_json(&again);
        FUZZ_ASSERT(json_equal(out, back));
        json_decref(back);
        json_decref(out);
        resolution_clear(&again);
        resolution_clear(&r);
    }
    json_decref(doc);
    return 0;
}
