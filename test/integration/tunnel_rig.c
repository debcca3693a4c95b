/* SPDX-License-Identifier: Apache-2.0 */
/* tunnel_rig.c - a whole tunnel between two ends made of memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tunnel_rig.h"

void rig_on_closed(void *data)
{
    struct rig *r = data;

    assert_false(r->closed);
    r->closed = true;
    r->tunnel = NULL;
}

static void on_event(struct tunnel *t, enum tunnel_event event)
{
    struct rig *r = tunnel_data(t);

    assert_false(r->done);
    if (event == TUNNEL_ENDING_SOON) {
        r->warned = true;
        return;
    }
    assert_false(r->opened);
    r->opened = true;
    snprintf(r->request_id, sizeof r->request_id, "%s", tunnel_request_id(t));
    if (r->close_on_open) {
        tunnel_close(t, TUNNEL_BYE_AWAY, rig_on_closed, r);
    }
}

static void on_done(struct tunnel *t, const struct err *err)
{
    struct rig *r = tunnel_data(t);

    assert_false(r->done);
    r->done = true;
    r->stats = tunnel_stats(t);
    if (err != NULL) {
        r->err = *err;
    }
    if (r->close_on_done) {
        tunnel_close(t, TUNNEL_BYE_DONE, rig_on_closed, r);
    }
}

void rig_init(struct rig *r)
{
    memset(r, 0, sizeof *r);
    assert_int_equal(uv_loop_init(&r->loop), 0);
    chunk_pool_init(&r->pool);
    near_init(&r->near, &r->loop);
    far_init(&r->far, &r->loop);
    r->close_on_done = true;
    r->config = (struct tunnel_config){.dialer = &r->far.dialer,
                                       .chunks = &r->pool,
                                       .user_agent = "test/1",
                                       .dial_timeout_ms = 10000,
                                       .upgrade_timeout_ms = 10000,
                                       .linger_ms = SHORT_MS,
                                       .close_timeout_ms = 10000};
}

int rig_setup(void **state)
{
    static struct rig r;

    rig_init(&r);
    *state = &r;
    return 0;
}

void rig_free(struct rig *r)
{
    assert_null(r->tunnel);
    assert_true(r->near.closed || !r->started);
    if (!r->near.closed) {
        uv_close((uv_handle_t *)&r->near.idle, NULL);
    }
    far_free(&r->far);
    near_free(&r->near);
    assert_int_equal(uv_run(&r->loop, UV_RUN_DEFAULT), 0);
    chunk_pool_free(&r->pool);
    assert_int_equal(uv_loop_close(&r->loop), 0);
}

int rig_teardown(void **state)
{
    rig_free(*state);
    return 0;
}

int rig_start_tunnel(struct rig *r)
{
    r->started = true;
    return tunnel_start(r->tunnel, &r->near.local, on_event, on_done, r);
}

int rig_start(struct rig *r)
{
    r->tunnel = tunnel_new(&r->loop, NULL, 1, &r->config);
    assert_non_null(r->tunnel);
    return rig_start_tunnel(r);
}

void rig_turn(struct rig *r, int n)
{
    while (n-- > 0) {
        uv_run(&r->loop, UV_RUN_NOWAIT);
    }
}

void rig_until(struct rig *r, const bool *flag)
{
    int n;

    for (n = 0; !*flag; n++) {
        assert_true(n < TURNS_MAX);
        assert_true(uv_run(&r->loop, UV_RUN_ONCE) != 0 || *flag);
    }
}

void rig_run(struct rig *r)
{
    assert_int_equal(rig_start(r), 0);
    rig_until(r, &r->closed);
}

void rig_open(struct rig *r)
{
    assert_int_equal(rig_start(r), 0);
    rig_until(r, &r->opened);
    rig_turn(r, 3);
}

void rig_close(struct rig *r)
{
    tunnel_close(r->tunnel, TUNNEL_BYE_AWAY, rig_on_closed, r);
    rig_until(r, &r->closed);
}

void rig_assert_ok(struct rig *r)
{
    assert_true(r->done);
    assert_string_equal(r->err.msg, "");
    assert_int_equal(r->err.code, 0);
}

void rig_assert_failed(struct rig *r, int code, const char *msg)
{
    assert_true(r->done);
    assert_string_equal(r->err.msg, msg);
    assert_int_equal(r->err.code, code);
}

void rig_assert_heard(struct rig *r, const char *text)
{
    assert_string_equal(buf_str(&r->near.heard), text);
}

bool rig_count_chunks(void *data, size_t size)
{
    *(int *)data += size == CHUNK_SIZE;
    return true;
}
