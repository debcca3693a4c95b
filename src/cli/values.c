/* SPDX-License-Identifier: Apache-2.0 */
/* values.c - option values: numbers as Python reads them, files, durations. */
#include "values.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "mem.h"

enum {
    FILE_LIMIT = 1 << 20,
    SECONDS_MAX = 365 * 24 * 3600 /* A year: more is a slip of the hand */
};

/* Digits with single underscores between them, to the end of @text or spaces;
 * false when that is not what is there. */
static bool digits_read(const char *text, bool negative, int64_t *out)
{
    int64_t limit = negative ? INT64_MIN : INT64_MAX;
    int64_t value = 0;
    bool saturated = false;

    for (;;) {
        int digit = *text - '0';

        if (digit < 0 || digit > 9) {
            return false;
        }
        if (negative ? value < (INT64_MIN + digit) / 10
                     : value > (INT64_MAX - digit) / 10) {
            saturated = true;
        } else {
            value = value * 10 + (negative ? -digit : digit);
        }
        text++;
        if (*text == '_') {
            text++;
        } else if (!isdigit((unsigned char)*text)) {
            break;
        }
    }
    while (isspace((unsigned char)*text)) {
        text++;
    }
    *out = saturated ? limit : value;
    return *text == '\0';
}

int value_int(const char *text, int64_t *out, struct err *e)
{
    const char *p = text;
    bool negative;

    while (isspace((unsigned char)*p)) {
        p++;
    }
    negative = *p == '-';
    if (*p == '-' || *p == '+') {
        p++;
    }
    if (digits_read(p, negative, out)) {
        return 0;
    }
    return err_set(e, ERR_PARSE, "invalid literal for int() with base 10: '%s'",
                   text);
}

int value_seconds(const char *text, const char *name, int64_t *out_ms,
                  struct err *e)
{
    const char *p = text;
    int64_t ms = 0;
    int64_t unit = 1000;
    bool any = false;

    for (; isdigit((unsigned char)*p) && ms <= SECONDS_MAX * INT64_C(1000);
         p++) {
        ms = ms * 10 + (*p - '0') * INT64_C(1000);
        any = true;
    }
    if (*p == '.') {
        for (p++; isdigit((unsigned char)*p); p++) {
            unit /= 10;
            ms += (*p - '0') * unit; /* Less than a millisecond is nothing. */
            any = true;
        }
    }
    if (!any || *p != '\0' || ms > SECONDS_MAX * INT64_C(1000)) {
        return err_set(e, ERR_USAGE,
                       "argument --%s: expected a number of seconds, found "
                       "'%s'",
                       name, text);
    }
    *out_ms = ms;
    return 0;
}

/* Where "~" or "~name" leads; NULL when nobody knows. */
static const char *home_of(const char *user, size_t len)
{
    const struct passwd *pw;
    const char *home;
    char name[256];

    if (len == 0) {
        home = getenv("HOME");
        if (home != NULL) {
            return home;
        }
        pw = getpwuid(getuid());
    } else {
        if (len >= sizeof name) {
            return NULL;
        }
        memcpy(name, user, len);
        name[len] = '\0';
        pw = getpwnam(name);
    }
    return pw != NULL ? pw->pw_dir : NULL;
}

/* Append the value of the variable that begins at @p, after its '$'.  Returns
 * where it ends; @p when it is none or unset, which leaves it as it stands. */
static const char *variable_add(struct buf *path, const char *p)
{
    bool brace = *p == '{';
    const char *from = p + brace;
    const char *to = from;
    const char *value;
    char name[256];

    while (brace ? *to != '}' && *to != '\0'
                 : isalnum((unsigned char)*to) || *to == '_') {
        to++;
    }
    if (to == from || (size_t)(to - from) >= sizeof name ||
        (brace && *to == '\0')) {
        return p;
    }
    memcpy(name, from, (size_t)(to - from));
    name[to - from] = '\0';
    value = getenv(name);
    if (value == NULL) {
        return p;
    }
    buf_adds(path, value);
    return to + brace;
}

/* Expand '~' and variables, in Python's order and manner. */
static void path_expand(struct buf *path, const char *text)
{
    const char *home;
    const char *after;
    size_t len;

    if (*text == '~') {
        len = strcspn(text + 1, "/");
        home = home_of(text + 1, len);
        if (home != NULL) {
            buf_adds(path, home);
            text += 1 + len;
        }
    }
    while (*text != '\0') {
        if (*text == '$') {
            after = variable_add(path, text + 1);
            if (after != text + 1) {
                text = after;
                continue;
            }
        }
        buf_addc(path, *text++);
    }
}

/* All of a file, as it is. */
static int file_read(struct buf *content, const char *path)
{
    char part[4096];
    ssize_t n;
    int fd;

    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1) {
        return errno;
    }
    while ((n = read(fd, part, sizeof part)) > 0) {
        buf_add(content, part, (size_t)n);
    }
    n = n < 0 ? errno : 0;
    close(fd);
    return (int)n;
}

int value_string(const char *text, const char *name, bool files, char **out,
                 struct err *e)
{
    struct buf content;
    struct buf path;
    size_t skip = 0;
    int error;
    int rv = 0;

    if (files && strncmp(text, "file://", 7) == 0) {
        skip = 7;
    } else if (files && strncmp(text, "fileb://", 8) == 0) {
        skip = 8;
    }
    if (skip == 0) {
        *out = mem_strdup(text);
        return *out != NULL ? 0 : err_set_uv(e, UV_ENOMEM, name);
    }
    buf_init(&path, FILE_LIMIT);
    buf_init(&content, FILE_LIMIT);
    path_expand(&path, text + skip);
    error = file_read(&content, buf_str(&path));
    if (error != 0) {
        rv = err_set(e, ERR_USAGE,
                     "Error parsing parameter '--%s': Unable to load paramfile "
                     "%s: [Errno %d] %s: '%s'",
                     name, text, error, strerror(error), buf_str(&path));
    } else if (buf_error(&content) != 0 ||
               memchr(buf_str(&content), '\0', content.len) != NULL) {
        rv = err_set(e, ERR_USAGE,
                     "Error parsing parameter '--%s': Unable to load paramfile "
                     "%s: it is not a text of less than 1 MiB",
                     name, text);
    } else {
        *out = mem_strdup(buf_str(&content));
        rv = *out != NULL ? 0 : err_set_uv(e, UV_ENOMEM, name);
    }
    buf_free(&path);
    buf_wipe(&content);
    return rv;
}
