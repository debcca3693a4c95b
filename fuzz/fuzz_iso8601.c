/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_iso8601.c - a time that can be read is written and read as itself. */
#include <stdlib.h>

#include "fuzz.h"
#include "iso8601.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size);
    char written[64];
    int64_t seconds;
    int64_t again;
    int millis;

    if (iso8601_parse(text, &seconds, &millis) == 0) {
        FUZZ_ASSERT(millis >= 0 && millis < 1000);
        iso8601_millis(written, seconds * 1000 + millis);
        if (seconds >= INT64_C(-62135596800) &&
            seconds <= INT64_C(253402300799)) { /* A zone can lead out */
            int same;

            FUZZ_ASSERT(iso8601_parse(written, &again, &same) == 0);
            FUZZ_ASSERT(again == seconds && same == millis);
            iso8601_basic(written, seconds);
            FUZZ_ASSERT(iso8601_parse(written, &again, NULL) == 0);
            FUZZ_ASSERT(again == seconds);
        }
    }
    if (http_date_parse(text, &seconds) == 0) {
        http_date(written, seconds);
        FUZZ_ASSERT(http_date_parse(written, &again) == 0);
        FUZZ_ASSERT(again == seconds);
    }
    free(text);
    return 0;
}
