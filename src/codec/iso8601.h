/* SPDX-License-Identifier: Apache-2.0 */
/* iso8601.h - points in time as AWS writes them, and as HTTP does.
 *
 * Pure: the time is an argument, in seconds since 1970, UTC, without leap
 * seconds.  What lies outside the years 0001 to 9999 is written as the nearest
 * end of that range. */
#ifndef ISO8601_H
#define ISO8601_H

#include <stdint.h>

enum {
    ISO8601_BASIC_SIZE = 17,    /* 20260102T030405Z */
    ISO8601_EXTENDED_SIZE = 21, /* 2026-01-02T03:04:05Z */
    ISO8601_MILLIS_SIZE = 25,   /* 2026-01-02T03:04:05.006Z */
    ISO8601_OFFSET_SIZE = 26,   /* 2026-01-02T03:04:05+00:00 */
    HTTP_DATE_SIZE = 30         /* Fri, 02 Jan 2026 03:04:05 GMT */
};

/* Write @seconds in one of the forms above, terminated. */
void iso8601_basic(char out[static ISO8601_BASIC_SIZE], int64_t seconds);
void iso8601_extended(char out[static ISO8601_EXTENDED_SIZE], int64_t seconds);
void iso8601_offset(char out[static ISO8601_OFFSET_SIZE], int64_t seconds);

/* The one form with a fraction takes milliseconds. */
void iso8601_millis(char out[static ISO8601_MILLIS_SIZE], int64_t millis);

/* Read any of them: basic or extended, 'T' (or a space) between date and
 * time, an optional fraction of any length, then Z, UTC, +HH:MM, +HHMM or
 * -HH:MM.  A date alone is midnight UTC.  Returns 0 and the time (@millis, the
 * fraction cut to milliseconds, may be NULL), or ERR_PARSE. */
int iso8601_parse(const char *text, int64_t *seconds, int *millis);

/* An HTTP Date header (IMF-fixdate): write one; read one, 0 or ERR_PARSE. */
void http_date(char out[static HTTP_DATE_SIZE], int64_t seconds);
int http_date_parse(const char *text, int64_t *seconds);

#endif /* ISO8601_H */
