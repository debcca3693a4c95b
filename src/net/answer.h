/* SPDX-License-Identifier: Apache-2.0 */
/* answer.h - collecting one HTTP answer as it arrives.  Internal to net. */
#ifndef ANSWER_H
#define ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "request.h"

enum {
    ANSWER_MAX_HEAD = 256 * 1024,             /* All headers together */
    ANSWER_MAX_BODY_DEFAULT = 8 * 1024 * 1024 /* When no limit is given */
};

struct answer {
    struct buf head;        /* name NUL value NUL ... */
    struct buf body;        /* As it came */
    size_t n_headers;       /* Pairs in head */
    struct header *headers; /* Made by answer_finish() */
    struct response resp;   /* Made by answer_finish() */
};

/* An empty answer that takes bodies up to @max_body.  Cannot fail. */
void answer_init(struct answer *a, size_t max_body);

/* One header line, or status line, with or without its line end.  A status line
 * begins anew: what went before was an interim answer.  False ends the
 * transfer: no memory or too much. */
bool answer_add_line(struct answer *a, const char *line, size_t len);

/* A piece of the body.  False ends the transfer. */
bool answer_add_body(struct answer *a, const void *data, size_t len);

/* 0, or why one of the above said false: UV_ENOMEM or ERR_TOO_BIG. */
int answer_error(const struct answer *a);

/* Everything is there: fill a->resp.  0 or UV_ENOMEM. */
int answer_finish(struct answer *a, int status);

/* Wipe and free; @a is as after answer_init() with the same limit. */
void answer_reset(struct answer *a);

#endif /* ANSWER_H */
