/* SPDX-License-Identifier: Apache-2.0 */
/* route.c - one resolution for all who wait for it.
 *
 * Facts that are kept from before are used at once; if they are old they are
 * asked for all the same, and the answer replaces them.
 *
 * The happy path: the first route_get() sees that the region is known and
 * starts a resolution, others queue; the answer wakes all of them and later
 * ones are served from memory.
 *
 * What can go wrong: the resolution fails, and everybody who waits is told;
 * the next to ask begins another one. */
#include "route.h"

#include <assert.h>
#include <stddef.h>

#include <eice/eice.h>

#include "context.h"
#include "dial.h"
#include "err.h"
#include "fact_cache.h"
#include "log.h"
#include "mem.h"

struct facts *facts_ref(struct facts *f)
{
    f->refs++;
    return f;
}

void facts_unref(struct facts *f)
{
    if (f != NULL && --f->refs == 0) {
        resolution_clear(&f->r);
        mem_free(f);
    }
}

/* Keep @result, which is emptied, as the route's facts. */
static int route_keep(struct route *r, struct resolution *result, bool kept)
{
    struct facts *f = mem_zalloc(sizeof *f);

    if (f == NULL) {
        return UV_ENOMEM;
    }
    f->refs = 1;
    f->kept = kept;
    f->r = *result;
    *result = (struct resolution){0};
    facts_unref(r->facts);
    r->facts = f;
    log_info(&r->eice->log, API, 0, "%s through %s at %s", f->r.address,
             f->r.endpoint_id, f->r.dns_name);
    return 0;
}

void route_init(struct route *r, struct eice *eice, struct target *target,
                uint64_t connect_timeout_ms)
{
    *r = (struct route){
        .dialer = {.ops = &dial_ops},
        .eice = eice,
        .target = *target,
        .connect_timeout_ms = connect_timeout_ms,
        .ready = {.data = r},
    };
    *target = (struct target){0};
}

/* The resolution ended. */
static void on_resolved(void *data, struct resolution *result,
                        const struct err *err)
{
    struct route *r = data;
    struct err e = {0};

    if (err != NULL) {
        e = *err;
        if (r->facts != NULL) {
            log_info(&r->eice->log, API, 0, "kept facts not renewed: %s",
                     e.msg);
        }
    } else {
        if (r->kept_at != NULL) {
            fact_cache_save(r->eice, r->kept_at, result);
        }
        if (route_keep(r, result, false) != 0) {
            err_set_uv(&e, UV_ENOMEM, "target");
        }
    }
    resolve_close(r->resolve);
    r->resolve = NULL;
    waiters_wake(&r->waiters, e.code != 0 ? &e : NULL);
}

/* Look whether the answer to @q is kept.  True: it is, and *@old says whether
 * it should be asked for nevertheless. */
static bool route_recall(struct route *r, const struct resolve_query *q,
                         bool *old)
{
    struct resolution result;
    int64_t age_s;
    int rv;

    if (r->asked) {
        return false;
    }
    r->asked = true;
    r->kept_at = fact_cache_path(r->eice, q);
    if (r->kept_at == NULL ||
        !fact_cache_load(r->eice, r->kept_at, &result, &age_s)) {
        return false;
    }
    rv = route_keep(r, &result, true);
    resolution_clear(&result);
    *old = age_s > FACT_FRESH_S;
    return rv == 0;
}

/* Learn the facts, now that the region is known.  0: they are there. */
static int route_learn(struct route *r, struct err *e)
{
    const struct resolve_query query = {
        .instance_id = r->target.instance_id,
        .private_ip = r->target.private_ip,
        .endpoint_id = r->target.endpoint_id,
        .endpoint_dns_name = r->target.endpoint_dns_name,
    };
    struct resolution result;
    struct err ignored;
    bool old = false;
    int rv;

    if (resolve_is_known(&query)) {
        rv = resolve_known(&result, &query);
        if (rv == 0) {
            rv = route_keep(r, &result, false);
            resolution_clear(&result);
        }
        return rv == 0 ? 0 : err_set_uv(e, rv, "target");
    }
    if (route_recall(r, &query, &old)) {
        if (old) {
            resolve_start(&r->resolve, &r->eice->api, &query, on_resolved, r,
                          &ignored);
        }
        return 0;
    }
    if (r->resolve == NULL) {
        rv = resolve_start(&r->resolve, &r->eice->api, &query, on_resolved, r,
                           e);
        if (rv != 0) {
            return rv;
        }
    }
    return UV_EAGAIN;
}

/* The region is known, or cannot be. */
static void on_ready(struct wait *w, const struct err *err)
{
    struct route *r = w->data;
    struct err e = {0};
    int rv;

    rv = err != NULL ? err->code : route_learn(r, &e);
    if (rv != UV_EAGAIN) {
        waiters_wake(&r->waiters, err != NULL ? err : rv != 0 ? &e : NULL);
    }
}

int route_get(struct route *r, struct wait *w, wait_cb cb, struct err *e)
{
    int rv = UV_EAGAIN;

    if (r->facts != NULL) {
        return 0;
    }
    if (r->ready.cb == NULL && r->resolve == NULL) {
        rv = context_ready(r->eice, &r->ready, on_ready, e);
        if (rv == 0) {
            rv = route_learn(r, e);
        }
    }
    if (rv == UV_EAGAIN) {
        wait_add(&r->waiters, w, cb);
    }
    return rv;
}

void route_forget(struct route *r)
{
    facts_unref(r->facts);
    r->facts = NULL;
}

bool route_doubt(struct route *r, const struct facts *facts)
{
    if (r->facts == facts) {
        route_forget(r);
    }
    if (!facts->kept) {
        return false;
    }
    if (r->kept_at != NULL && r->facts == NULL) {
        fact_cache_drop(r->eice, r->kept_at);
    }
    return true;
}

void route_clear(struct route *r)
{
    assert(r->waiters.first == NULL && r->waiters.waking == NULL);
    wait_cancel(&r->ready);
    resolve_close(r->resolve);
    route_forget(r);
    mem_free(r->kept_at);
    target_clear(&r->target);
    *r = (struct route){0};
}

void facts_publish(const struct facts *f, struct eice_resolved *out)
{
    const struct ec2_instance *i = &f->r.instance;
    const struct ec2_endpoint *p = &f->r.endpoint;

    *out = (struct eice_resolved){
        .address = f->r.address,
        .endpoint_id = f->r.endpoint_id,
        .endpoint_dns_name = f->r.dns_name,
        .endpoint_state = p->state,
        .endpoint_vpc_id = p->vpc_id,
        .endpoint_subnet_id = p->subnet_id,
        .endpoint_preserve_client_ip = p->preserve_client_ip,
        .instance_id = i->instance_id,
        .instance_name = ec2_instance_tag(i, "Name"),
        .instance_state = i->state,
        .instance_type = i->instance_type,
        .image_id = i->image_id,
        .key_name = i->key_name,
        .platform = i->platform,
        .platform_details = i->platform_details,
        .vpc_id = i->vpc_id,
        .subnet_id = i->subnet_id,
        .availability_zone = i->availability_zone,
        .private_ip = i->private_ip,
        .ipv6_address = i->ipv6_address,
        .public_ip = i->public_ip,
        .private_dns_name = i->private_dns_name,
        .public_dns_name = i->public_dns_name,
    };
}
