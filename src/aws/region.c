/* SPDX-License-Identifier: Apache-2.0 */
/* region.c - the configured region, or that of the instance we run on.
 *
 * The happy path is: a configured region is reported in the next turn of the
 * loop; otherwise IMDS is asked for the availability zone, and its last letter
 * is cut off.  What can go wrong is that there is no IMDS: then there is no
 * region. */
#include "region.h"

#include <assert.h>
#include <string.h>

#include "imds.h"
#include "log.h"
#include "mem.h"
#include "settings.h"

struct region {
    void *data;
    struct net *net;
    const struct log *log;
    const struct settings *settings;
    struct imds *imds;
    char *found; /* By IMDS */
    struct err err;
    uv_idle_t turn; /* Until the report */
    region_done_cb done_cb;
    region_close_cb close_cb;
    void *close_data;
};

/* Report, from the loop. */
static void on_turn(uv_idle_t *turn)
{
    struct region *r = turn->data;
    const char *region = settings_region(r->settings);
    region_done_cb cb = r->done_cb;

    uv_idle_stop(turn);
    r->done_cb = NULL;
    if (region != NULL) {
        cb(r, region, settings_region_source(r->settings), NULL);
    } else if (r->found != NULL) {
        cb(r, r->found, "IMDS", NULL);
    } else {
        cb(r, NULL, NULL, &r->err);
    }
}

/* IMDS has answered: an availability zone, or nothing. */
static void on_zone(void *data, const char *text, size_t len,
                    const struct err *err)
{
    struct region *r = data;

    if (text != NULL && len > 1) {
        r->found = mem_strndup(text, len - 1);
    }
    if (err != NULL) {
        r->err = *err;
    } else if (r->found == NULL) {
        err_set(&r->err, ERR_NO_REGION,
                "You must specify a region. You can also configure your "
                "region by running \"aws configure\".");
    }
    uv_idle_start(&r->turn, on_turn);
}

struct region *region_new(uv_loop_t *loop, struct net *net,
                          const struct log *log,
                          const struct settings *settings, void *data)
{
    struct region *r = mem_zalloc(sizeof *r);

    if (r == NULL) {
        return NULL;
    }
    r->data = data;
    r->net = net;
    r->log = log;
    r->settings = settings;
    uv_idle_init(loop, &r->turn); /* Cannot fail */
    r->turn.data = r;
    return r;
}

void region_start(struct region *r, region_done_cb cb)
{
    assert(r->done_cb == NULL);
    r->done_cb = cb;
    if (settings_region(r->settings) != NULL) {
        uv_idle_start(&r->turn, on_turn);
        return;
    }
    r->imds = imds_new(r->net, r->log, r->settings);
    if (r->imds == NULL) {
        err_set_uv(&r->err, UV_ENOMEM, "region");
        uv_idle_start(&r->turn, on_turn);
        return;
    }
    imds_get(r->imds, "latest/meta-data/placement/availability-zone/", NULL,
             on_zone, r);
}

void *region_data(const struct region *r)
{
    return r->data;
}

/* The handle is closed. */
static void on_closed(uv_handle_t *handle)
{
    struct region *r = handle->data;
    region_close_cb cb = r->close_cb;
    void *data = r->close_data;

    mem_free(r->found);
    mem_free(r);
    cb(data); /* Last: the owner may end. */
}

void region_close(struct region *r, region_close_cb cb, void *data)
{
    assert(r->close_cb == NULL);
    r->close_cb = cb;
    r->close_data = data;
    r->done_cb = NULL;
    imds_close(r->imds);
    r->imds = NULL;
    uv_close((uv_handle_t *)&r->turn, on_closed);
}
