/* SPDX-License-Identifier: Apache-2.0 */
/* wait.c - a queue that may change while it is being told. */
#include "wait.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

void wait_add(struct waiters *ws, struct wait *w, wait_cb cb)
{
    struct wait **end;

    assert(w->cb == NULL);
    for (end = &ws->first; *end != NULL; end = &(*end)->next) {
    }
    w->cb = cb;
    w->on = ws;
    w->next = NULL;
    *end = w;
}

/* Take @w out of the list that begins at *@at, if it is in it. */
static bool unlink_from(struct wait **at, struct wait *w)
{
    for (; *at != NULL; at = &(*at)->next) {
        if (*at == w) {
            *at = w->next;
            return true;
        }
    }
    return false;
}

void wait_cancel(struct wait *w)
{
    bool found;

    if (w->cb == NULL) {
        return;
    }
    found = unlink_from(&w->on->first, w) || unlink_from(&w->on->waking, w);
    assert(found);
    w->cb = NULL;
}

void waiters_wake(struct waiters *ws, const struct err *err)
{
    assert(ws->waking == NULL);
    ws->waking = ws->first;
    ws->first = NULL;
    while (ws->waking != NULL) {
        struct wait *w = ws->waking;
        wait_cb cb = w->cb;

        ws->waking = w->next;
        w->cb = NULL;
        cb(w, err);
    }
}
