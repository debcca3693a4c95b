/* SPDX-License-Identifier: Apache-2.0 */
/* region.c - the region, once it is known: from flags, environment, profile.
 *
 * The happy path is: settings know it, and one turn of the loop later so does
 * the owner.  What can go wrong is that they do not (ERR_NO_REGION), or that
 * the owner closes first. */
#include "region.h"

#include <assert.h>

#include "err.h"
#include "mem.h"
#include "settings.h"

struct region {
    const struct settings *settings;
    void *data;
    uv_timer_t turn;
    region_done_cb done_cb;
    region_close_cb close_cb;
    void *close_data;
};

/* One turn later. */
static void on_turn(uv_timer_t *timer)
{
    struct region *r = timer->data;
    struct err err;

    if (settings_region(r->settings) != NULL) {
        r->done_cb(r, settings_region(r->settings),
                   settings_region_source(r->settings), NULL);
        return;
    }
    err_set(&err, ERR_NO_REGION,
            "You must specify a region. You can also configure your region by "
            "running \"aws configure\".");
    r->done_cb(r, NULL, NULL, &err);
}

struct region *region_new(uv_loop_t *loop, struct net *net,
                          const struct log *log,
                          const struct settings *settings, void *data)
{
    struct region *r = mem_zalloc(sizeof *r);
    int rv;

    (void)net;
    (void)log;
    if (r == NULL) {
        return NULL;
    }
    r->settings = settings;
    r->data = data;
    rv = uv_timer_init(loop, &r->turn);
    assert(rv == 0);
    r->turn.data = r;
    return r;
}

void region_start(struct region *r, region_done_cb cb)
{
    r->done_cb = cb;
    uv_timer_start(&r->turn, on_turn, 0, 0);
}

void *region_data(const struct region *r)
{
    return r->data;
}

static void on_closed(uv_handle_t *handle)
{
    struct region *r = handle->data;
    region_close_cb cb = r->close_cb;
    void *data = r->close_data;

    mem_free(r);
    if (cb != NULL) {
        cb(data);
    }
}

void region_close(struct region *r, region_close_cb cb, void *data)
{
    r->close_cb = cb;
    r->close_data = data;
    uv_close((uv_handle_t *)&r->turn, on_closed);
}
