/* SPDX-License-Identifier: Apache-2.0 */
/* ask.c - one question: begun from the loop, closed in any state.
 *
 * The happy path: the first turn of the loop sees to the region, then begins
 * the kind's own work, which reports.
 *
 * What can go wrong: the region, the credentials or the call, each with its
 * own words, which are passed on. */
#include "ask.h"

#include <assert.h>

#include "context.h"
#include "err.h"
#include "inventory.h"
#include "mem.h"
#include "op.h"

enum { BODY_MAX = 64 << 10 };

/* The region is known: do the kind's own work. */
static int begin(struct eice_op *op, struct err *e)
{
    int rv;

    if (op->ask->kind == NULL) {
        return op->ask->begin(op, e);
    }
    rv = op_start(&op->call, &op->eice->api, op->ask->kind, &op->body,
                  ask_on_call, op, e);
    return rv == 0 ? UV_EAGAIN : rv;
}

/* Report @code, or that nothing went wrong here. */
static void op_report(struct eice_op *op, int code, const struct err *e)
{
    op->ask->report(op, NULL, code != 0 ? e : NULL);
}

/* The region is known, or cannot be. */
static void on_ready(struct wait *w, const struct err *err)
{
    struct eice_op *op = w->data;
    struct err e;
    int rv;

    if (err != NULL) {
        op->ask->report(op, NULL, err);
        return;
    }
    rv = begin(op, &e);
    if (rv != UV_EAGAIN) {
        op_report(op, rv, &e);
    }
}

/* First turn of the loop. */
static void on_begin(uv_timer_t *timer)
{
    struct eice_op *op = timer->data;
    struct err e;
    int rv;

    rv = context_ready(op->eice, &op->wait, on_ready, &e);
    if (rv == 0) {
        rv = begin(op, &e);
    }
    if (rv != UV_EAGAIN) {
        op_report(op, rv, &e);
    }
}

void ask_on_call(void *data, const struct response *resp, const struct err *err)
{
    struct eice_op *op = data;

    op->ask->report(op, resp, err);
}

struct eice_op *ask_new(struct eice *eice, const struct ask *ask, void *data)
{
    struct eice_op *op;
    int rv;

    op = mem_zalloc(sizeof *op);
    if (op == NULL) {
        return NULL;
    }
    op->eice = eice;
    op->ask = ask;
    op->data = data;
    op->wait.data = op;
    buf_init(&op->body, BODY_MAX);
    rv = uv_timer_init(eice->loop, &op->timer);
    assert(rv == 0);
    op->timer.data = op;
    rv = uv_timer_start(&op->timer, on_begin, 0, 0);
    assert(rv == 0);
    context_hold(eice);
    return op;
}

/* Free what eice_find() copied. */
static void wish_clear(struct wish *w)
{
    size_t i;
    size_t k;

    for (i = 0; i < w->n_filters; i++) {
        for (k = 0; k < w->filters[i].n_values; k++) {
            mem_free(w->filters[i].values[k]);
        }
        mem_free(w->filters[i].values);
        mem_free(w->filters[i].name);
    }
    mem_free(w->filters);
    mem_free(w->word);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct eice_op *op = handle->data;
    struct eice *eice = op->eice;
    eice_close_cb cb = op->close_cb;
    void *data = op->close_data;

    if (op->route.eice != NULL) {
        route_clear(&op->route);
    }
    buf_wipe(&op->body);
    wish_clear(&op->wish);
    mem_free(op);
    context_release(eice);
    if (cb != NULL) {
        cb(data);
    }
}

void eice_op_close(struct eice_op *op, eice_close_cb cb, void *data)
{
    assert(!op->closing);
    op->closing = true;
    op->close_cb = cb;
    op->close_data = data;
    wait_cancel(&op->wait);
    op_close(op->call);
    op->call = NULL;
    inventory_close(op->inventory);
    op->inventory = NULL;
    uv_close((uv_handle_t *)&op->timer, on_timer_closed);
}
