/* SPDX-License-Identifier: Apache-2.0 */
/* numbers.c - int() in a dozen lines. */
#include "numbers.h"

#include <ctype.h>
#include <string.h>

bool number_parse(const char *text, int64_t *out)
{
    const char *p = text + strspn(text, " \t\n\r\f\v");
    bool minus = *p == '-';
    int64_t value = 0;

    p += *p == '-' || *p == '+';
    if (!isdigit((unsigned char)*p)) {
        return false;
    }
    while (isdigit((unsigned char)*p)) {
        if (value < INT32_MAX) { /* More is as good as that */
            value = value * 10 + (*p - '0');
        }
        p++;
        p += *p == '_' && isdigit((unsigned char)p[1]);
    }
    *out = minus ? -value : value;
    return p[strspn(p, " \t\n\r\f\v")] == '\0';
}
