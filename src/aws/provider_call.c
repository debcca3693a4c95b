/* SPDX-License-Identifier: Apache-2.0 */
/* provider_call.c - region, endpoint, dress, call. */
#include "provider_call.h"

#include <stddef.h>
#include <stdio.h>
#include <uv.h>

#include "buf.h"
#include "call.h"
#include "provider.h"
#include "region.h"

/* Report the end. */
static void report(struct provider_call *pc, const struct response *resp,
                   const struct err *err)
{
    provider_called_cb done = pc->done;

    pc->done = NULL;
    done(pc->data, resp, err); /* Last: the provider may be gone. */
}

static void on_call_done(struct call *c, const struct response *resp,
                         const struct err *err)
{
    report(call_data(c), resp, err);
}

/* Make the call that @cfg begins to describe, or say why not. */
static int make_call(struct provider_call *pc, struct call_config *cfg,
                     struct err *e)
{
    struct buf body;
    int rv;

    buf_init(&body, PROVIDER_BODY_MAX);
    rv = pc->dress(pc->data, cfg->endpoint, cfg, &body, e);
    if (rv == 0 && buf_error(&body) != 0) {
        rv = err_set_uv(e, buf_error(&body), "credentials");
    }
    if (rv == 0) {
        cfg->body = buf_str(&body);
        cfg->body_len = body.len;
        pc->call = call_new(pc->ctx->net, cfg, pc);
        if (pc->call == NULL) {
            rv = err_set_uv(e, UV_ENOMEM, "credentials");
        }
    }
    buf_wipe(&body);
    return rv;
}

/* The region is known: make the call. */
static void call_in(struct provider_call *pc, const char *region)
{
    struct provider_ctx *ctx = pc->ctx;
    struct endpoint ep;
    struct call_config cfg = {.settings = ctx->settings,
                              .log = ctx->log,
                              .endpoint = &ep,
                              .clock_skew_s = &ctx->clock_skew_s};
    struct err e;
    int rv;

    rv = settings_endpoint(ctx->settings, pc->service, region, false, &ep, &e);
    if (rv == 0) {
        rv = make_call(pc, &cfg, &e);
    }
    if (rv != 0) {
        report(pc, NULL, &e);
        return;
    }
    call_start(pc->call, on_call_done);
}

static void on_region_closed(void *data)
{
    provider_release(data);
}

/* Give back the region lookup. */
static void drop_region(struct provider_call *pc)
{
    if (pc->region != NULL) {
        region_close(pc->region, on_region_closed, pc->ctx);
        pc->region = NULL;
    }
}

/* The region was looked up. */
static void on_region(struct region *r, const char *region, const char *source,
                      const struct err *err)
{
    struct provider_call *pc = region_data(r);
    char name[64];

    (void)source;
    if (err != NULL) {
        report(pc, NULL, err);
        return;
    }
    snprintf(name, sizeof name, "%s", region);
    drop_region(pc);
    call_in(pc, name);
}

void provider_call_start(struct provider_call *pc, struct provider_ctx *ctx,
                         enum service service, const char *region,
                         provider_dress_cb dress, provider_called_cb done,
                         void *data)
{
    struct err e;

    provider_call_stop(pc);
    *pc = (struct provider_call){.ctx = ctx,
                                 .service = service,
                                 .dress = dress,
                                 .done = done,
                                 .data = data};
    if (region == NULL) {
        region = settings_region(ctx->settings);
    }
    if (region != NULL) {
        call_in(pc, region);
        return;
    }
    pc->region = region_new(ctx->loop, ctx->net, ctx->log, ctx->settings, pc);
    if (pc->region == NULL) {
        err_set_uv(&e, UV_ENOMEM, "region");
        report(pc, NULL, &e);
        return;
    }
    provider_hold(ctx);
    region_start(pc->region, on_region);
}

void provider_call_stop(struct provider_call *pc)
{
    drop_region(pc);
    if (pc->call != NULL) {
        call_close(pc->call);
        pc->call = NULL;
    }
}
