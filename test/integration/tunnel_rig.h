/* SPDX-License-Identifier: Apache-2.0 */
/* tunnel_rig.h - a whole tunnel between two ends made of memory.
 *
 * Every end, failure and delay is brought about on purpose, on a real loop but
 * without sockets, so that each turn of the loop is the same every time. */
#ifndef TUNNEL_RIG_H
#define TUNNEL_RIG_H

#include <stdbool.h>
#include <uv.h>

#include "chunk.h"
#include "err.h"
#include "far.h"
#include "near.h"
#include "tunnel.h"

/* A refusal: its head without the end, and its body of 41 bytes. */
#define H403 "HTTP/1.1 403 Forbidden\r\nDate: D\r\nx-amzn-requestid: r-9\r\n"
#define BODY "{\"ErrorCode\":\"AccessDenied\",\"Message\":\"no\"}"

enum { TURNS_MAX = 200000, SHORT_MS = 30 };

/* One tunnel and its two ends. */
struct rig {
    uv_loop_t loop;
    struct chunk_pool pool;
    struct near near;
    struct far far;
    struct tunnel_config config;
    struct tunnel *tunnel;
    struct tunnel_stats stats; /* As of done */
    struct err err;            /* What done said */
    char request_id[64];
    bool opened, warned, done, closed;
    bool started;
    bool close_on_open; /* Answer TUNNEL_OPEN with tunnel_close() */
    bool close_on_done; /* As an owner should */
};

void rig_init(struct rig *r);

/* Nothing may be left: no handle, no memory of the loop's. */
void rig_free(struct rig *r);

/* The same as a test's setup and teardown. */
int rig_setup(void **state);
int rig_teardown(void **state);
#define RIG_TEST(test)                                                         \
    cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

/* Begin; the code of tunnel_start(). */
int rig_start(struct rig *r);

/* The same with a tunnel made already. */
int rig_start_tunnel(struct rig *r);

/* Turn the loop @n times, never waiting. */
void rig_turn(struct rig *r, int n);

/* Turn until *flag, waiting for timers where nothing else is to do. */
void rig_until(struct rig *r, const bool *flag);

/* Start and let everything that can happen happen, until closed. */
void rig_run(struct rig *r);

/* Open, and stay so. */
void rig_open(struct rig *r);

/* Close, whatever is going on. */
void rig_close(struct rig *r);

/* For tunnel_close(): notes that it has closed, once. */
void rig_on_closed(void *data);

/* It has ended, well or with these words. */
void rig_assert_ok(struct rig *r);
void rig_assert_failed(struct rig *r, int code, const char *msg);

/* This and no more came out at the near end. */
void rig_assert_heard(struct rig *r, const char *text);

/* For mem_set_hook(): count allocations as large as a chunk. */
bool rig_count_chunks(void *count, size_t size);

#endif /* TUNNEL_RIG_H */
