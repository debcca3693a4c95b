/* SPDX-License-Identifier: Apache-2.0 */
/* span.c - characters that may take several bytes, from either end. */
#include "span.h"

#include <string.h>

#include "mem.h"

/* How many bytes the white space character at @p takes, or 0 when there is
 * none; Python's str.strip() removes these. */
static size_t space_len(const char *p, const char *end)
{
    const unsigned char *u = (const unsigned char *)p;
    size_t left = (size_t)(end - p);

    if (left == 0) {
        return 0;
    }
    if (u[0] == ' ' || (u[0] >= 0x09 && u[0] <= 0x0d) ||
        (u[0] >= 0x1c && u[0] <= 0x1f)) {
        return 1;
    }
    if (left >= 2 && u[0] == 0xc2 && (u[1] == 0x85 || u[1] == 0xa0)) {
        return 2; /* U+0085, U+00A0 */
    }
    if (left >= 3 && ((u[0] == 0xe1 && u[1] == 0x9a && u[2] == 0x80) ||
                      (u[0] == 0xe2 && u[1] == 0x80 &&
                       ((u[2] >= 0x80 && u[2] <= 0x8a) || u[2] == 0xa8 ||
                        u[2] == 0xa9 || u[2] == 0xaf)) ||
                      (u[0] == 0xe2 && u[1] == 0x81 && u[2] == 0x9f) ||
                      (u[0] == 0xe3 && u[1] == 0x80 && u[2] == 0x80))) {
        return 3; /* U+1680, U+2000-200A, 2028, 2029, 202F, 205F, 3000 */
    }
    return 0;
}

/* The end of the line at @p: before \n, \r\n or \r; also before what Python's
 * splitlines() takes for a line end when @wide. */
static const char *line_end(const char *p, const char *end, bool wide)
{
    for (; p < end; p++) {
        if (*p == '\n' || *p == '\r') {
            return p;
        }
        if (wide &&
            ((*p >= 0x0b && *p <= 0x0c) || (*p >= 0x1c && *p <= 0x1e) ||
             (space_len(p, end) >= 2 && (memcmp(p, "\xc2\x85", 2) == 0 ||
                                         memcmp(p, "\xe2\x80\xa8", 3) == 0 ||
                                         memcmp(p, "\xe2\x80\xa9", 3) == 0)))) {
            return p;
        }
    }
    return end;
}

struct span span_rstrip(struct span s)
{
    const char *p;

    while (s.end > s.p) {
        p = s.end - 1;
        while (p > s.p && ((unsigned char)*p & 0xc0) == 0x80) {
            p--;
        }
        if (p + space_len(p, s.end) != s.end) {
            break;
        }
        s.end = p;
    }
    return s;
}

struct span span_strip(struct span s)
{
    size_t n;

    while ((n = space_len(s.p, s.end)) > 0) {
        s.p += n;
    }
    return span_rstrip(s);
}

size_t span_indent(struct span s)
{
    size_t n, count = 0;

    while ((n = space_len(s.p, s.end)) > 0) {
        s.p += n;
        count++;
    }
    return count;
}

struct span span_line(struct span *rest, bool wide)
{
    struct span line = {rest->p, line_end(rest->p, rest->end, wide)};

    rest->p = line.end;
    if (rest->end - rest->p >= 2 && memcmp(rest->p, "\r\n", 2) == 0) {
        rest->p++;
    }
    rest->p += space_len(rest->p, rest->end);
    return line;
}

bool span_is(struct span s, const char *name)
{
    size_t len = (size_t)(s.end - s.p);

    return strlen(name) == len && memcmp(s.p, name, len) == 0;
}

char *span_dup(struct span s)
{
    return mem_strndup(s.p, (size_t)(s.end - s.p));
}
