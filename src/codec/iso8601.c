/* SPDX-License-Identifier: Apache-2.0 */
/* iso8601.c - the proleptic Gregorian calendar in both directions. */
#include "iso8601.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "err.h"

#define DAY_SECONDS INT64_C(86400)
#define FIRST_SECOND INT64_C(-62135596800) /* 0001-01-01T00:00:00Z */
#define LAST_SECOND INT64_C(253402300799)  /* 9999-12-31T23:59:59Z */

static const char month_names[12][4] = {"Jan", "Feb", "Mar", "Apr",
                                        "May", "Jun", "Jul", "Aug",
                                        "Sep", "Oct", "Nov", "Dec"};

/* A date and time of day. */
struct civil {
    int year;
    int month; /* 1 to 12 */
    int day;   /* 1 to 31 */
    int hour;
    int minute;
    int second;
    int weekday; /* 0 is Sunday */
};

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30,
                                 31, 31, 30, 31, 30, 31};

    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days from 0001-01-01 to the first day of @year. */
static int64_t days_before_year(int year)
{
    int64_t y = year - 1;

    return y * 365 + y / 4 - y / 100 + y / 400;
}

/* Seconds since 1970 of a valid date and time. */
static int64_t civil_to_seconds(const struct civil *c)
{
    int64_t days = days_before_year(c->year) + c->day - 1;
    int seconds; /* Of the day */
    int month;

    for (month = 1; month < c->month; month++) {
        days += days_in_month(c->year, month);
    }
    seconds = c->hour * 3600 + c->minute * 60 + c->second;
    return FIRST_SECOND + days * DAY_SECONDS + seconds;
}

/* The date and time of @seconds, moved into the years we write. */
static void civil_from_seconds(struct civil *c, int64_t seconds)
{
    int64_t days;
    int rest;

    if (seconds < FIRST_SECOND) {
        seconds = FIRST_SECOND;
    } else if (seconds > LAST_SECOND) {
        seconds = LAST_SECOND;
    }
    days = (seconds - FIRST_SECOND) / DAY_SECONDS;
    rest = (int)((seconds - FIRST_SECOND) % DAY_SECONDS);

    /* The guess is never early and at most one year late. */
    c->year = (int)(days / 365) + 1;
    while (days_before_year(c->year) > days) {
        c->year--;
    }
    c->weekday = (int)((days + 1) % 7);
    days -= days_before_year(c->year);
    c->month = 1;
    while (days >= days_in_month(c->year, c->month)) {
        days -= days_in_month(c->year, c->month);
        c->month++;
    }
    c->day = (int)days + 1;
    c->hour = rest / 3600;
    c->minute = rest / 60 % 60;
    c->second = rest % 60;
}

/* Write @n digits of @value. */
static char *put(char *p, int value, int n)
{
    int i;

    for (i = n - 1; i >= 0; i--) {
        p[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return p + n;
}

/* Write @text without its NUL. */
static char *put_text(char *p, const char *text)
{
    while (*text != '\0') {
        *p++ = *text++;
    }
    return p;
}

/* Write the date and time, with @dash and @colon between the parts unless
 * they are NUL. */
static char *put_civil(char *p, int64_t seconds, char dash, char colon)
{
    struct civil c;

    civil_from_seconds(&c, seconds);
    p = put(p, c.year, 4);
    if (dash != '\0') {
        *p++ = dash;
    }
    p = put(p, c.month, 2);
    if (dash != '\0') {
        *p++ = dash;
    }
    p = put(p, c.day, 2);
    *p++ = 'T';
    p = put(p, c.hour, 2);
    if (colon != '\0') {
        *p++ = colon;
    }
    p = put(p, c.minute, 2);
    if (colon != '\0') {
        *p++ = colon;
    }
    return put(p, c.second, 2);
}

void iso8601_basic(char out[static ISO8601_BASIC_SIZE], int64_t seconds)
{
    memcpy(put_civil(out, seconds, '\0', '\0'), "Z", 2);
}

void iso8601_extended(char out[static ISO8601_EXTENDED_SIZE], int64_t seconds)
{
    memcpy(put_civil(out, seconds, '-', ':'), "Z", 2);
}

void iso8601_offset(char out[static ISO8601_OFFSET_SIZE], int64_t seconds)
{
    memcpy(put_civil(out, seconds, '-', ':'), "+00:00", 7);
}

void iso8601_millis(char out[static ISO8601_MILLIS_SIZE], int64_t millis)
{
    int64_t seconds = millis / 1000;
    int fraction = (int)(millis % 1000);
    char *p;

    if (fraction < 0) {
        fraction += 1000;
        seconds--;
    }
    p = put_civil(out, seconds, '-', ':');
    *p++ = '.';
    p = put(p, fraction, 3);
    memcpy(p, "Z", 2);
}

/* Read exactly @n digits at *@p and move on. */
static bool get(const char **p, int n, int *value)
{
    *value = 0;
    while (n-- > 0) {
        if (!isdigit((unsigned char)**p)) {
            return false;
        }
        *value = *value * 10 + (*(*p)++ - '0');
    }
    return true;
}

/* Pass over @c at *@p if it is there. */
static bool skip(const char **p, char c)
{
    if (**p != c) {
        return false;
    }
    (*p)++;
    return true;
}

/* Whether the fields name a real day and time of day. */
static bool is_valid(const struct civil *c)
{
    return c->year >= 1 && c->month >= 1 && c->month <= 12 && c->day >= 1 &&
           c->day <= days_in_month(c->year, c->month) && c->hour <= 23 &&
           c->minute <= 59 && c->second <= 59;
}

/* YYYY-MM-DD or YYYYMMDD; says which. */
static bool get_date(const char **p, struct civil *c, bool *extended)
{
    if (!get(p, 4, &c->year)) {
        return false;
    }
    *extended = skip(p, '-');
    return get(p, 2, &c->month) && (!*extended || skip(p, '-')) &&
           get(p, 2, &c->day);
}

/* HH:MM:SS or HHMMSS, as the date was, with an optional fraction. */
static bool get_time(const char **p, struct civil *c, bool extended,
                     int *millis)
{
    int unit = 100;

    if (!get(p, 2, &c->hour) || (extended && !skip(p, ':')) ||
        !get(p, 2, &c->minute) || (extended && !skip(p, ':')) ||
        !get(p, 2, &c->second)) {
        return false;
    }
    if (!skip(p, '.')) {
        return true;
    }
    if (!isdigit((unsigned char)**p)) {
        return false;
    }
    for (; isdigit((unsigned char)**p); (*p)++, unit /= 10) {
        *millis += (**p - '0') * unit;
    }
    return true;
}

/* Z, UTC, or a distance from UTC in seconds. */
static bool get_zone(const char **p, int *offset)
{
    int hours;
    int minutes;
    int sign;

    *offset = 0;
    if (skip(p, 'Z')) {
        return true;
    }
    if (strncmp(*p, "UTC", 3) == 0) {
        *p += 3;
        return true;
    }
    sign = **p == '-' ? -1 : 1;
    if ((!skip(p, '+') && !skip(p, '-')) || !get(p, 2, &hours)) {
        return false;
    }
    (void)skip(p, ':');
    if (!get(p, 2, &minutes) || hours > 23 || minutes > 59) {
        return false;
    }
    *offset = sign * (hours * 3600 + minutes * 60);
    return true;
}

int iso8601_parse(const char *text, int64_t *seconds, int *millis)
{
    struct civil c = {0};
    int fraction = 0;
    int offset = 0;
    bool extended;

    if (!get_date(&text, &c, &extended)) {
        return ERR_PARSE;
    }
    if (*text != '\0' && ((!skip(&text, 'T') && !skip(&text, ' ')) ||
                          !get_time(&text, &c, extended, &fraction) ||
                          !get_zone(&text, &offset))) {
        return ERR_PARSE;
    }
    if (*text != '\0' || !is_valid(&c)) {
        return ERR_PARSE;
    }
    *seconds = civil_to_seconds(&c) - offset;
    if (millis != NULL) {
        *millis = fraction;
    }
    return 0;
}

void http_date(char out[static HTTP_DATE_SIZE], int64_t seconds)
{
    static const char day_names[7][4] = {"Sun", "Mon", "Tue", "Wed",
                                         "Thu", "Fri", "Sat"};
    struct civil c;
    char *p = out;

    civil_from_seconds(&c, seconds);
    p = put_text(p, day_names[c.weekday]);
    p = put_text(p, ", ");
    p = put(p, c.day, 2);
    *p++ = ' ';
    p = put_text(p, month_names[c.month - 1]);
    *p++ = ' ';
    p = put(p, c.year, 4);
    *p++ = ' ';
    p = put(p, c.hour, 2);
    *p++ = ':';
    p = put(p, c.minute, 2);
    *p++ = ':';
    p = put(p, c.second, 2);
    *put_text(p, " GMT") = '\0';
}

int http_date_parse(const char *text, int64_t *seconds)
{
    struct civil c = {0};
    size_t i;

    /* The day's name is not checked: it says nothing the date does not. */
    if (strlen(text) != HTTP_DATE_SIZE - 1 || memcmp(text + 3, ", ", 2) != 0) {
        return ERR_PARSE;
    }
    text += 5;
    if (!get(&text, 2, &c.day) || !skip(&text, ' ')) {
        return ERR_PARSE;
    }
    for (i = 0; i < 12; i++) {
        if (memcmp(text, month_names[i], 3) == 0) {
            c.month = (int)i + 1;
        }
    }
    text += 3;
    if (!skip(&text, ' ') || !get(&text, 4, &c.year) || !skip(&text, ' ') ||
        !get(&text, 2, &c.hour) || !skip(&text, ':') ||
        !get(&text, 2, &c.minute) || !skip(&text, ':') ||
        !get(&text, 2, &c.second) || strcmp(text, " GMT") != 0 ||
        !is_valid(&c)) {
        return ERR_PARSE;
    }
    *seconds = civil_to_seconds(&c);
    return 0;
}
