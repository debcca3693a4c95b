/* SPDX-License-Identifier: Apache-2.0 */
/* skew.c - comparing two clocks. */
#include "skew.h"

#include <stddef.h>
#include <stdio.h>

#include "err.h"
#include "iso8601.h"

bool skew_read(const char *date, int64_t now, int64_t *skew_s)
{
    int64_t there;

    if (date == NULL || http_date_parse(date, &there) != 0) {
        return false;
    }
    *skew_s = there - now;
    return true;
}

bool skew_matters(int64_t skew_s)
{
    return skew_s >= SKEW_LIMIT_S || skew_s <= -SKEW_LIMIT_S;
}

const char *skew_text(int64_t skew_s, char out[static SKEW_TEXT_SIZE])
{
    long long s = skew_s < 0 ? -skew_s : skew_s;

    if (s < 60) {
        snprintf(out, SKEW_TEXT_SIZE, "%lld s", s);
    } else if (s < 3600) {
        snprintf(out, SKEW_TEXT_SIZE, "%lld min %lld s", s / 60, s % 60);
    } else if (s < 86400) {
        snprintf(out, SKEW_TEXT_SIZE, "%lld h %lld min", s / 3600,
                 s % 3600 / 60);
    } else {
        snprintf(out, SKEW_TEXT_SIZE, "%lld d %lld h", s / 86400,
                 s % 86400 / 3600);
    }
    return out;
}

void skew_hint(struct err *e, int64_t skew_s)
{
    char text[SKEW_TEXT_SIZE];

    err_hint(e,
             "this machine's clock is %s %s the service's, and a signature is "
             "only good around its date: set the clock",
             skew_text(skew_s, text), skew_s > 0 ? "behind" : "ahead of");
}
