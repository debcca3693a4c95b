/* SPDX-License-Identifier: Apache-2.0 */
/* log.c - thresholds, formatting and hiding what must not be shown. */
#include "log.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "err.h"
#include "tame.h"

static const char *const level_names[] = {"none", "error", "warn",
                                          "info", "debug", "trace"};
static_assert(sizeof level_names / sizeof level_names[0] == LOG_N_LEVELS,
              "a name for each level");

static const char *const group_names[] = {
#define X(symbol, name) name,
    LOG_GROUPS(X)
#undef X
};
static_assert(sizeof group_names / sizeof group_names[0] == LOG_N_GROUPS,
              "a name for each group");

/* The index of the @len bytes at @word in @names, or -1. */
static int find_name(const char *const *names, int count, const char *word,
                     size_t len)
{
    int i;

    for (i = 0; i < count; i++) {
        if (strlen(names[i]) == len && strncasecmp(names[i], word, len) == 0) {
            return i;
        }
    }
    return -1;
}

void log_init(struct log *log, enum log_level level, log_sink sink, void *data)
{
    log->sink = sink;
    log->data = data;
    memset(log->level, level, sizeof log->level);
}

int log_configure(struct log *log, const char *spec, struct err *e)
{
    bool chosen[LOG_N_GROUPS] = {false}; /* Groups waiting for a level */
    const char *p = spec;
    size_t i;

    while (*p != '\0') {
        size_t len = strcspn(p, ",:");
        int group = find_name(group_names, LOG_N_GROUPS, p, len);
        int level = find_name(level_names, LOG_N_LEVELS, p, len);

        if (group >= 0) {
            chosen[group] = true;
        } else if (level >= 0 && p > spec && p[-1] == ':') {
            for (i = 0; i < LOG_N_GROUPS; i++) {
                if (chosen[i]) {
                    log->level[i] = (unsigned char)level;
                }
                chosen[i] = false;
            }
        } else if (level >= 0) {
            memset(log->level, level, sizeof log->level);
        } else {
            return err_set(e, ERR_USAGE,
                           "\"%.*s\" is neither a log level nor a log group",
                           (int)len, p);
        }
        p += len;
        p += *p != '\0';
    }
    for (i = 0; i < LOG_N_GROUPS; i++) {
        if (chosen[i]) {
            log->level[i] = LOG_L_DEBUG;
        }
    }
    return 0;
}

bool log_on(const struct log *log, enum log_group group, enum log_level level)
{
    return log != NULL && log->sink != NULL && level <= log->level[group];
}

void log_write(const struct log *log, enum log_group group,
               enum log_level level, unsigned id, const char *fmt, ...)
{
    char line[2048];
    va_list ap;

    if (!log_on(log, group, level)) {
        return;
    }
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    tame(line);
    log->sink(log->data, level, group, id, line);
}

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}

const char *log_group_name(enum log_group group)
{
    return group_names[group];
}

const char *log_url(char *out, size_t size, const char *url)
{
    const char *host = strstr(url, "://");
    const char *rest = host != NULL ? host + 3 : url;
    size_t authority = strcspn(rest, "/?#");
    size_t user = authority;
    size_t path;

    while (user > 0 && rest[user - 1] != '@') {
        user--;
    }
    path = strcspn(rest, "?#");
    snprintf(out, size, "%.*s%.*s%s", (int)(rest - url), url,
             (int)(path - user), rest + user, rest[path] == '\0' ? "" : "?...");
    return out;
}
