/* SPDX-License-Identifier: Apache-2.0 */
/* copier.c - a user of a local, who writes what he reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "copier.h"
#include "err.h"
#include "local_stdio.h"

enum { GUARD_MS = 60000 };

static void on_guard(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("nothing happened for %d ms", GUARD_MS);
}

static void on_local_closed(struct local *l)
{
    struct copier *c = l->data;

    assert_true(c->closing);
    assert_false(c->closed);
    c->closed = true;
    uv_close((uv_handle_t *)&c->guard, NULL);
    uv_close((uv_handle_t *)&c->turns, NULL);
}

static void copier_close(struct copier *c)
{
    if (!c->closing) {
        c->closing = true;
        c->local->ops->close(c->local, on_local_closed);
    }
}

static void on_shutdown(struct local *l, int status)
{
    struct copier *c = l->data;

    if (!c->closing) {
        assert_int_equal(status, 0);
        copier_close(c);
    }
}

static void on_alloc(struct local *l, uv_buf_t *buf)
{
    struct copier *c = l->data;

    /* Now and then: not in this turn. */
    *buf = ++c->n_asked % 7 == 3 ? uv_buf_init(NULL, 0)
                                 : uv_buf_init(c->chunk, CHUNK);
}

static void on_read(struct local *l, ssize_t nread);

static void on_write(struct local *l, int status)
{
    struct copier *c = l->data;

    c->writing = false;
    c->write_status = status;
    if (c->closing) {
        assert_int_equal(status, UV_ECANCELED);
        return;
    }
    if (status != 0) {
        copier_close(c);
        return;
    }
    assert_int_equal(l->ops->read_start(l, on_alloc, on_read), 0);
}

static void on_read(struct local *l, ssize_t nread)
{
    struct copier *c = l->data;
    uv_buf_t buf;
    ssize_t n = 0;

    assert_false(c->closing);
    if (nread < 0) {
        c->read_end = (int)nread;
        if (c->stay) {
            return;
        }
        if (nread == UV_EOF && !c->sink) {
            assert_int_equal(l->ops->shutdown(l, on_shutdown), 0);
        } else {
            copier_close(c);
        }
        return;
    }
    c->total += (size_t)nread;
    if (c->sink || nread == 0) {
        return;
    }
    buf = uv_buf_init(c->chunk, (unsigned)nread);
    n = l->ops->try_write(l, &buf, 1);
    if (n == nread) {
        return;
    }
    if (n < 0 && n != UV_EAGAIN) {
        c->write_status = (int)n;
        copier_close(c);
        return;
    }
    n = n < 0 ? 0 : n;
    l->ops->read_stop(l);
    c->writing = true;
    assert_int_equal(
        l->ops->write(l,
                      uv_buf_init(c->chunk + n, (unsigned)nread - (unsigned)n),
                      on_write),
        0);
}

static void on_lost(struct local *l, int status)
{
    struct copier *c = l->data;

    assert_int_equal(c->lost, 0);
    c->lost = status;
    copier_close(c);
}

static void on_turn(uv_idle_t *idle)
{
    struct copier *c = idle->data;

    if (c->turns_left-- <= 0) {
        uv_idle_stop(idle);
        copier_close(c);
    }
}

void copier_init(struct copier *c)
{
    *c = (struct copier){0};
    assert_int_equal(uv_loop_init(&c->loop), 0);
    uv_timer_init(&c->loop, &c->guard);
    uv_timer_start(&c->guard, on_guard, GUARD_MS, 0);
    uv_idle_init(&c->loop, &c->turns);
    c->turns.data = c;
}

void copier_close_in(struct copier *c, int turns)
{
    c->turns_left = turns;
    uv_idle_start(&c->turns, on_turn);
}

void copier_run(struct copier *c, struct local *local)
{
    c->local = local;
    local->data = c;
    local->lost_cb = on_lost;
    assert_int_equal(local->ops->read_start(local, on_alloc, on_read), 0);
    uv_run(&c->loop, UV_RUN_DEFAULT);
    assert_true(c->closed);
    assert_int_equal(uv_loop_close(&c->loop), 0);
}

void copier_run_fds(struct copier *c, int in, int out)
{
    struct local *local;
    struct err e;

    copier_init(c);
    assert_int_equal(local_stdio_new(&local, &c->loop, in, out, &e), 0);
    copier_run(c, local);
}

void copier_drop(struct copier *c)
{
    uv_close((uv_handle_t *)&c->guard, NULL);
    uv_close((uv_handle_t *)&c->turns, NULL);
    uv_run(&c->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&c->loop), 0);
}
