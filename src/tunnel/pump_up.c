/* SPDX-License-Identifier: Apache-2.0 */
/* pump_up.c - read, seal, send; one chunk. */
#include "pump_up.h"

#include <assert.h>
#include <string.h>

#include "chunk.h"
#include "sender.h"

static const char *const names[] = {"open", "draining", "done"};
static_assert(sizeof names / sizeof names[0] == UP_N_STATES,
              "a name for each state");

static const unsigned next[] = {
    [UP_OPEN] = SM_BIT(UP_DRAINING),
    [UP_DRAINING] = SM_BIT(UP_DONE),
    [UP_DONE] = 0,
};

static const struct sm_table table = {"local to remote", LOG_G_TUNNEL, names,
                                      next, UP_N_STATES};

static_assert(UP_HEADROOM + UP_PAYLOAD == CHUNK_SIZE, "a chunk is a frame");

void pump_up_init(struct pump_up *up, struct chunk_pool *pool,
                  const struct log *log, unsigned id)
{
    *up = (struct pump_up){.pool = pool};
    sm_init(&up->sm, &table, log, id);
    assert(ws_head_len(UP_PAYLOAD) == UP_HEADROOM);
}

/* Give the chunk back when nothing is in it. */
static void release(struct pump_up *up)
{
    if (up->len == 0 && up->leaving == 0) {
        chunk_put(up->pool, up->chunk);
        up->chunk = NULL;
    }
}

void pump_up_free(struct pump_up *up)
{
    pump_up_forget(up);
    chunk_put(up->pool, up->chunk);
    up->chunk = NULL;
}

bool pump_up_wants(const struct pump_up *up)
{
    return up->sm.state == UP_OPEN && up->leaving == 0 && up->len < UP_PAYLOAD;
}

void pump_up_lend(struct pump_up *up, uv_buf_t *buf)
{
    assert(pump_up_wants(up));
    if (up->chunk == NULL) {
        up->chunk = chunk_take(up->pool);
    }
    up->starved = up->chunk == NULL;
    up->lent = UP_PAYLOAD - up->len;
    if (up->starved) {
        *buf = uv_buf_init(up->spare, sizeof up->spare);
        return;
    }
    *buf = uv_buf_init((char *)up->chunk->bytes + UP_HEADROOM + up->len,
                       (unsigned)up->lent);
}

int pump_up_took(struct pump_up *up, ssize_t nread)
{
    if (nread > 0 && up->starved) {
        return UV_ENOMEM;
    }
    if (nread > 0) {
        up->streak = (size_t)nread == up->lent ? up->streak + up->lent : 0;
        up->len += (size_t)nread;
        assert(up->len <= UP_PAYLOAD);
        return 0;
    }
    release(up);
    if (nread == UV_EOF) {
        sm_move(&up->sm, UP_DRAINING);
        return 0;
    }
    return (int)nread;
}

bool pump_up_tired(struct pump_up *up)
{
    bool tired = up->streak >= UP_BUDGET;

    if (tired) {
        up->streak = 0;
    }
    return tired;
}

bool pump_up_holds(const struct pump_up *up)
{
    return up->len > 0 || up->leaving > 0;
}

void pump_up_keep(struct pump_up *up)
{
    pump_up_forget(up);
    buf_init(&up->kept, UP_PAYLOAD);
    up->keeping = true;
}

void pump_up_forget(struct pump_up *up)
{
    if (up->keeping) {
        up->keeping = false;
        buf_wipe(&up->kept);
    }
}

/* Copy what is about to be sealed. */
static void keep(struct pump_up *up)
{
    if (up->keeping) {
        buf_add(&up->kept, up->chunk->bytes + UP_HEADROOM, up->len);
        if (buf_error(&up->kept) != 0) {
            pump_up_forget(up);
        }
    }
}

bool pump_up_rewind(struct pump_up *up)
{
    size_t n = up->keeping ? up->kept.len : 0;
    bool eof = up->sm.state != UP_OPEN;

    if (!up->keeping || n + up->len > UP_PAYLOAD) {
        return false;
    }
    if (n > 0 && up->chunk == NULL) {
        up->chunk = chunk_take(up->pool);
        if (up->chunk == NULL) {
            return false;
        }
    }
    if (n > 0) {
        memmove(up->chunk->bytes + UP_HEADROOM + n,
                up->chunk->bytes + UP_HEADROOM, up->len);
        memcpy(up->chunk->bytes + UP_HEADROOM, up->kept.data, n);
    }
    up->len += n;
    up->leaving = 0;
    up->streak = 0;
    up->total = 0;
    pump_up_forget(up);
    sm_init(&up->sm, &table, up->sm.log, up->sm.id);
    if (eof) {
        sm_move(&up->sm, UP_DRAINING);
    }
    return true;
}

void pump_up_hold(struct pump_up *up)
{
    up->held = true;
}

void pump_up_release(struct pump_up *up)
{
    up->held = false;
}

int pump_up_run(struct pump_up *up, struct sender *sender)
{
    int rv;

    if (up->len > 0 && !up->held) {
        assert(up->leaving == 0);
        keep(up);
        rv = sender_data(sender, up->chunk->bytes + UP_HEADROOM, up->len);
        if (rv != 0) {
            return rv; /* UNTESTED: the generator of masks does not fail. */
        }
        up->leaving = up->len;
        up->len = 0;
    }
    rv = sender_run(sender);
    if (!sender_busy(sender)) {
        up->total += up->leaving;
        up->leaving = 0;
        release(up);
        if (up->sm.state == UP_DRAINING && up->len == 0) {
            sm_move(&up->sm, UP_DONE);
        }
    }
    return rv;
}

void pump_up_stop(struct pump_up *up)
{
    up->len = 0;
    release(up);
    if (up->sm.state == UP_OPEN) {
        sm_move(&up->sm, UP_DRAINING);
    }
    if (up->sm.state == UP_DRAINING && !pump_up_holds(up)) {
        sm_move(&up->sm, UP_DONE);
    }
}
