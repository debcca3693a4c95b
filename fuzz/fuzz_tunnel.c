/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_tunnel.c - a whole tunnel whose endpoint sends anything after 101 and
 * hangs up: it must end by itself, report once, leave nothing behind, and have
 * written out exactly the payload that came before the end.
 *
 * The first byte chooses how the bytes come and how the local side takes
 * them. */
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "chunk.h"
#include "far.h"
#include "fuzz.h"
#include "near.h"
#include "tunnel.h"
#include "ws_frame.h"

enum { TURNS_MAX = 100000 };

struct run {
    uv_loop_t loop;
    struct chunk_pool pool;
    struct near near;
    struct far far;
    int n_done;
    bool closed;
};

static void on_closed(void *data)
{
    struct run *r = data;

    r->closed = true;
}

static void on_done(struct tunnel *t, const struct err *err)
{
    struct run *r = tunnel_data(t);

    FUZZ_ASSERT(err == NULL || (err->code != 0 && err->msg[0] != '\0'));
    r->n_done++;
    tunnel_close(t, TUNNEL_BYE_DONE, on_closed, r);
}

/* The payload in @data, as a decoder of its own sees it. */
static void check_heard(const struct run *r, const uint8_t *data, size_t size)
{
    const struct buf *heard = &r->near.heard;
    struct ws_decoder d;
    struct ws_item item;
    size_t seen = 0;

    ws_decoder_init(&d);
    do {
        size_t n = ws_decode(&d, data, size, &item);

        if (item.type == WS_ITEM_DATA && item.len > 0) {
            FUZZ_ASSERT(seen + item.len <= heard->len);
            FUZZ_ASSERT(memcmp(heard->data + seen, item.data, item.len) == 0);
            seen += item.len;
        }
        data += n;
        size -= n;
    } while (item.type != WS_ITEM_NONE && item.type != WS_ITEM_CLOSE &&
             item.type != WS_ITEM_BAD);
    FUZZ_ASSERT(seen == heard->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run *r = calloc(1, sizeof *r);
    const struct tunnel_config config = {.dialer = &r->far.dialer,
                                         .chunks = &r->pool,
                                         .user_agent = "fuzz",
                                         .upgrade_timeout_ms = 60000,
                                         .linger_ms = 60000,
                                         .close_timeout_ms = 60000};
    unsigned how = size > 0 ? data[0] : 0;
    struct tunnel *t;
    int turns;

    FUZZ_ASSERT(r != NULL && uv_loop_init(&r->loop) == 0);
    chunk_pool_init(&r->pool);
    near_init(&r->near, &r->loop);
    far_init(&r->far, &r->loop);
    r->far.has_pending = how & 1;
    r->far.recv_max = how & 2 ? 1 + (how >> 5) : SIZE_MAX;
    if (size > 0) {
        far_send(&r->far, data + 1, size - 1);
    }
    far_end(&r->far, how & 4 ? UV_ECONNRESET : UV_EOF);
    near_say(&r->near, "words", 5);

    t = tunnel_new(&r->loop, NULL, 1, &config);
    FUZZ_ASSERT(t != NULL);
    FUZZ_ASSERT(tunnel_start(t, &r->near.local, NULL, on_done, r) == 0);
    for (turns = 0; !r->closed; turns++) {
        FUZZ_ASSERT(turns < TURNS_MAX);
        if (how & 8) {
            near_take(&r->near, 1 + (how >> 4));
        }
        uv_run(&r->loop, UV_RUN_NOWAIT);
    }
    FUZZ_ASSERT(r->n_done == 1 && r->near.closed && r->far.closed);
    check_heard(r, data + (size > 0), size - (size > 0));
    near_free(&r->near);
    far_free(&r->far);
    chunk_pool_free(&r->pool);
    FUZZ_ASSERT(uv_run(&r->loop, UV_RUN_DEFAULT) == 0);
    FUZZ_ASSERT(uv_loop_close(&r->loop) == 0);
    free(r);
    return 0;
}
