/* SPDX-License-Identifier: Apache-2.0 */
/* log.h - level x group x the object's small id, to the sink the owner gave.
 *
 * Lines are lower case, without a full stop, values with units.  Keys, tokens,
 * signatures, presigned URLs and payload never reach a log: callers pass what
 * may be shown, and log_url() makes a URL showable. */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stddef.h>

struct err;

enum log_level {
    LOG_L_NONE, /* As a threshold: say nothing */
    LOG_L_ERROR,
    LOG_L_WARN,
    LOG_L_INFO,
    LOG_L_DEBUG,
    LOG_L_TRACE,
    LOG_N_LEVELS
};

/* X(symbol, name) - what can be turned up on its own: --log=tls,ws:debug */
#define LOG_GROUPS(X)                                                          \
    X(MAIN, "main")                                                            \
    X(CONFIG, "config")                                                        \
    X(CREDS, "creds")                                                          \
    X(NET, "net")                                                              \
    X(TLS, "tls")                                                              \
    X(API, "api")                                                              \
    X(WS, "ws")                                                                \
    X(TUNNEL, "tunnel")                                                        \
    X(LISTEN, "listen")                                                        \
    X(EMU, "emu")

enum log_group {
#define X(symbol, name) LOG_G_##symbol,
    LOG_GROUPS(X)
#undef X
        LOG_N_GROUPS
};

/* Receives one finished line (no newline).  May be called from inside any
 * function that was given the log; must not call back into the program. */
typedef void (*log_sink)(void *data, enum log_level level, enum log_group group,
                         unsigned id, const char *line);

/* A log.  Owned by whoever made it; everybody else holds a const pointer,
 * which may be NULL for silence. */
struct log {
    log_sink sink;                     /* Where lines go */
    void *data;                        /* For the sink */
    unsigned char level[LOG_N_GROUPS]; /* Threshold of each group */
};

/* Send lines up to @level, of every group, to @sink. */
void log_init(struct log *log, enum log_level level, log_sink sink, void *data);

/* Change thresholds by a list such as "debug", "tls,ws:debug" or
 * "net:trace,api:info"; a group without a level takes the next one given, or
 * debug.  Returns 0, or ERR_USAGE with @e naming the bad word. */
int log_configure(struct log *log, const char *spec, struct err *e);

/* Whether a line of @group at @level would be shown. */
bool log_on(const struct log *log, enum log_group group, enum log_level level);

/* Write one line about object @id (0 when there is only one).  What a peer put
 * into it cannot break out of it: control characters become spaces. */
void log_write(const struct log *log, enum log_group group,
               enum log_level level, unsigned id, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

#define log_error(log, group, id, ...)                                         \
    log_write(log, LOG_G_##group, LOG_L_ERROR, id, __VA_ARGS__)
#define log_warn(log, group, id, ...)                                          \
    log_write(log, LOG_G_##group, LOG_L_WARN, id, __VA_ARGS__)
#define log_info(log, group, id, ...)                                          \
    log_write(log, LOG_G_##group, LOG_L_INFO, id, __VA_ARGS__)
#define log_debug(log, group, id, ...)                                         \
    log_write(log, LOG_G_##group, LOG_L_DEBUG, id, __VA_ARGS__)
#define log_trace(log, group, id, ...)                                         \
    log_write(log, LOG_G_##group, LOG_L_TRACE, id, __VA_ARGS__)

/* The words for a level and a group; static strings. */
const char *log_level_name(enum log_level level);
const char *log_group_name(enum log_group group);

/* Copy @url into @out without its user info and with its query replaced by
 * "?..." so that it can be shown.  Returns @out, always terminated. */
const char *log_url(char *out, size_t size, const char *url);

#endif /* LOG_H */
