/* SPDX-License-Identifier: Apache-2.0 */
/* pump_down.c - read, decode, write; one chunk. */
#include "pump_down.h"

#include <assert.h>
#include <string.h>

#include "chunk.h"
#include "transport.h"

static const char *const names[] = {"open", "draining", "done"};
static_assert(sizeof names / sizeof names[0] == DOWN_N_STATES,
              "a name for each state");

static const unsigned next[] = {
    [DOWN_OPEN] = SM_BIT(DOWN_DRAINING),
    [DOWN_DRAINING] = SM_BIT(DOWN_DONE),
    [DOWN_DONE] = 0,
};

static const struct sm_table table = {"remote to local", LOG_G_TUNNEL, names,
                                      next, DOWN_N_STATES};

void pump_down_init(struct pump_down *down, struct local *local,
                    struct chunk_pool *pool, const struct log *log, unsigned id)
{
    *down = (struct pump_down){.local = local, .pool = pool};
    sm_init(&down->sm, &table, log, id);
    ws_decoder_init(&down->decoder);
}

void pump_down_attach(struct pump_down *down, struct transport *transport)
{
    down->transport = transport;
    down->budget = DOWN_BUDGET;
}

/* Give the chunk back when nothing is in it. */
static void release(struct pump_down *down)
{
    if (!pump_down_holds(down)) {
        chunk_put(down->pool, down->chunk);
        down->chunk = NULL;
    }
}

void pump_down_free(struct pump_down *down)
{
    chunk_put(down->pool, down->chunk);
    down->chunk = NULL;
}

/* Whether a read of @n bytes out of @room shows that there is no more: nothing
 * waits where a poll cannot see it.  Saves the read that would only say
 * EAGAIN. */
static bool was_the_last(struct transport *t, size_t n, size_t room)
{
    return n < room && t->ops->pending != NULL && !t->ops->pending(t);
}

void pump_down_fill(struct pump_down *down)
{
    struct transport *t = down->transport;

    assert(down->pos == down->end && down->count == 0 && down->writing == 0);
    if (down->status != 0) {
        return;
    }
    if (down->chunk == NULL) {
        down->chunk = chunk_take(down->pool);
        if (down->chunk == NULL) {
            down->status = UV_ENOMEM;
            return;
        }
    }
    down->pos = 0;
    down->end = 0;
    down->dry = false;
    while (!down->dry && down->end < CHUNK_SIZE && down->budget > 0) {
        size_t room = CHUNK_SIZE - down->end;
        ssize_t n = t->ops->recv(t, down->chunk->bytes + down->end, room);

        if (n <= 0) {
            down->dry = true;
            down->status = n == UV_EAGAIN ? 0 : (int)n;
            break;
        }
        down->heard = true;
        down->end += (size_t)n;
        down->budget -= (size_t)n < down->budget ? (size_t)n : down->budget;
        down->dry = was_the_last(t, (size_t)n, room);
    }
}

const uint8_t *pump_down_peek(const struct pump_down *down, size_t *len)
{
    *len = down->end - down->pos;
    return *len > 0 ? down->chunk->bytes + down->pos : NULL;
}

void pump_down_skip(struct pump_down *down, size_t len)
{
    assert(len <= down->end - down->pos);
    down->pos += len;
    release(down);
}

/* Queue the @len bytes at offset @at of the chunk.  A short slice is moved up
 * to the end of the one before, if that leaves the bytes in between unused. */
static void add_slice(struct pump_down *down, size_t at, size_t len)
{
    char *data = (char *)down->chunk->bytes + at;

    if (down->count > 0 && len < DOWN_JOIN) {
        uv_buf_t *last = &down->slices[down->count - 1];

        memmove(last->base + last->len, data, len);
        last->len += len;
        return;
    }
    down->slices[down->count++] = uv_buf_init(data, (unsigned)len);
}

/* Decode until the slices are full, the bytes used up, or a control frame
 * comes.  Returns whether @item is one. */
static bool decode(struct pump_down *down, struct ws_item *item)
{
    assert(down->first == 0);
    while (down->pos < down->end && down->count < DOWN_SLICES) {
        const uint8_t *at = down->chunk->bytes + down->pos;

        down->pos += ws_decode(&down->decoder, at, down->end - down->pos, item);
        if (item->type == WS_ITEM_NONE) {
            continue;
        }
        if (item->type != WS_ITEM_DATA) {
            return true;
        }
        down->received += item->len;
        if (item->len > 0 && !down->discard) {
            add_slice(down, (size_t)(item->data - down->chunk->bytes),
                      item->len);
        }
    }
    return false;
}

/* Account for @n bytes written from the first slices. */
static void consume(struct pump_down *down, size_t n)
{
    down->total += n;
    while (down->count > 0 && n >= down->slices[down->first].len) {
        n -= down->slices[down->first].len;
        down->first++;
        down->count--;
    }
    if (n > 0) {
        down->slices[down->first].base += n;
        down->slices[down->first].len -= n;
    }
    if (down->count == 0) {
        down->first = 0;
    }
}

/* Write the slices, at once as far as that goes, then the first that is left
 * by a write that waits.  Returns 0 or why the local stream failed. */
static int write_out(struct pump_down *down, local_write_cb cb)
{
    struct local *l = down->local;
    ssize_t n = l->ops->try_write(l, down->slices + down->first, down->count);
    int rv;

    if (n < 0 && n != UV_EAGAIN) {
        return (int)n;
    }
    consume(down, n > 0 ? (size_t)n : 0);
    if (down->count == 0) {
        return 0;
    }
    down->writing = down->slices[down->first].len;
    rv = l->ops->write(l, down->slices[down->first], cb);
    down->writing = rv == 0 ? down->writing : 0;
    return rv;
}

void pump_down_turn(struct pump_down *down, bool readable)
{
    down->budget = DOWN_BUDGET;
    down->dry = down->dry && !readable;
}

/* Nothing is held: read, or say why not.  Returns whether to go on. */
static bool refill(struct pump_down *down, enum pump_down_news *news)
{
    if (down->status == 0 && down->sm.state == DOWN_OPEN && !down->dry &&
        down->budget > 0) {
        pump_down_fill(down);
        return true;
    }
    release(down);
    if (down->status != 0 || down->sm.state != DOWN_OPEN) {
        *news = DOWN_ENDED;
    } else {
        *news = down->dry ? DOWN_DRY : DOWN_AGAIN;
    }
    return false;
}

/* Slices are written before more is decoded: decoding moves short payload to
 * where a slice of before may still lie. */
enum pump_down_news pump_down_run(struct pump_down *down, local_write_cb cb,
                                  struct ws_item *item)
{
    enum pump_down_news news;

    while (down->writing == 0) {
        if (down->count > 0) {
            down->local_status = write_out(down, cb);
            if (down->local_status != 0) {
                return DOWN_BROKEN;
            }
        } else if (down->pos < down->end) {
            if (decode(down, item)) {
                return DOWN_CONTROL;
            }
        } else if (!refill(down, &news)) {
            return news;
        }
    }
    return DOWN_BLOCKED;
}

void pump_down_written(struct pump_down *down, int status)
{
    size_t n = down->writing;

    assert(n > 0);
    down->writing = 0;
    if (status != 0) {
        down->local_status = status;
        pump_down_discard(down);
    } else if (down->discard) {
        down->total += n;
        release(down);
    } else {
        consume(down, n);
    }
}

bool pump_down_wants(const struct pump_down *down)
{
    return down->sm.state == DOWN_OPEN && down->status == 0 &&
           !pump_down_holds(down);
}

bool pump_down_holds(const struct pump_down *down)
{
    return down->pos < down->end || down->count > 0 || down->writing > 0;
}

void pump_down_deafen(struct pump_down *down)
{
    down->status = down->status != 0 ? down->status : UV_EOF;
}

void pump_down_end(struct pump_down *down)
{
    down->pos = down->end;
    release(down);
    if (down->sm.state == DOWN_OPEN) {
        sm_move(&down->sm, DOWN_DRAINING);
    }
}

void pump_down_finish(struct pump_down *down, local_write_cb cb)
{
    struct local *l = down->local;

    if (down->sm.state != DOWN_DRAINING || down->shutting ||
        pump_down_holds(down)) {
        return;
    }
    down->shutting = true;
    if (down->discard || l->ops->shutdown(l, cb) != 0) {
        pump_down_shut(down);
    }
}

void pump_down_discard(struct pump_down *down)
{
    down->discard = true;
    down->first = 0;
    down->count = 0;
    release(down);
}

void pump_down_shut(struct pump_down *down)
{
    if (down->sm.state == DOWN_DRAINING) {
        sm_move(&down->sm, DOWN_DONE);
    }
}
