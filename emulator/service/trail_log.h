/* SPDX-License-Identifier: Apache-2.0 */
/* trail_log.h - where CloudTrail lines go: a file, and the last few at hand. */
#ifndef TRAIL_LOG_H
#define TRAIL_LOG_H

#include <stddef.h>

struct err;
struct log;

enum { TRAIL_LOG_KEPT = 64 };

/* Embedded by its owner; the fields belong to trail_log.c. */
struct trail_log {
    int fd; /* -1: no file */
    const struct log *log;
    char *lines[TRAIL_LOG_KEPT]; /* A ring */
    size_t n;                    /* Lines ever */
};

/* Append to @path (made with mode 0600), or only keep the last lines when it
 * is NULL.  0 or a code with @e set. */
int trail_log_open(struct trail_log *t, const char *path, const struct log *log,
                   struct err *e);
void trail_log_close(struct trail_log *t);

/* A finished line; a trail_sink. */
void trail_log_line(void *data, const char *line);

/* The line @i of those kept, oldest first, or NULL. */
const char *trail_log_at(const struct trail_log *t, size_t i);

#endif /* TRAIL_LOG_H */
