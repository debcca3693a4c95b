/* SPDX-License-Identifier: Apache-2.0 */
/* pool.h - which of libcurl's pooled connections may still be trusted.
 *
 * A connection that nobody has used for a while may be dead without anybody
 * having said so: the machine slept, the network is another, a box on the way
 * has forgotten it.  A request over it would wait for its read timeout. */
#ifndef POOL_H
#define POOL_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

struct log;

enum {
    POOL_IDLE_S = 15,  /* So long a connection may have been unused */
    POOL_ACK_MS = 3000 /* So long what is sent over a used one may go
                          unacknowledged */
};

struct pool {
    int64_t offset_s; /* Wall clock minus the loop's, when last compared */
    uint64_t fresh_until_ms; /* Loop time until which the pool is not used */
};

/* Compare the clocks for the first time; @now_ms is the loop's. */
void pool_init(struct pool *p, uint64_t now_ms);

/* Compare the clocks again.  True: the machine has slept (or its clock was set)
 * so short a while ago that the pool holds connections of before. */
bool pool_is_doubtful(struct pool *p, uint64_t now_ms, const struct log *log);

/* Have a request take a pooled connection only if it may be trusted (@fresh:
 * none at all). */
void pool_guard(CURL *easy, bool fresh);

/* libcurl waits for the socket of a request.  If its connection was used
 * before, have the kernel end it when what was sent stays unacknowledged:
 * libcurl then repeats the request on a new one by itself. */
void pool_watching(CURL *easy, curl_socket_t fd);

#endif /* POOL_H */
