/* SPDX-License-Identifier: Apache-2.0 */
/* resolve.c - DescribeInstances and DescribeInstanceConnectEndpoints, at the
 * same time.
 *
 * The AWS CLI asks for the instance first and then for the endpoints of its
 * VPC.  We do not wait: we ask for the region's usable endpoints while the
 * instance is looked up, and choose ourselves.  An account has a handful.
 *
 * The happy path: both answers are in; the instance gives the address, its
 * subnet and VPC choose the endpoint.  More pages of endpoints are read until
 * one in the instance's subnet is found.
 *
 * What can go wrong: either call fails (the instance's failure is the one
 * reported, as it would be the only one if asked first), the instance is not
 * there or has no address, there is no endpoint, or it has no FIPS name. */
#include "resolve.h"

#include <assert.h>
#include <string.h>
#include <uv.h>

#include "buf.h"
#include "ec2.h"
#include "ec2_page.h"
#include "endpoint_choice.h"
#include "err.h"
#include "log.h"
#include "mem.h"
#include "op.h"
#include "request.h"

enum {
    BODY_MAX = 16 << 10,
    MAX_ENDPOINTS = 10000 /* In one region; the quota is far below */
};

struct resolve {
    struct api *api;
    resolve_cb cb; /* Cleared when it has fired */
    void *data;
    char *instance_id;         /* To look up; NULL: the address was given */
    char *endpoint_id;         /* The only one wanted; NULL: any */
    bool want_endpoint;        /* It was not given whole */
    struct op *instance_op;    /* While it runs */
    struct op *endpoint_op;    /* While it runs */
    struct resolution result;  /* Grows */
    struct ec2_endpoints seen; /* All pages so far; next_token is that of the
                                  last page read */
    bool endpoints_done;       /* No more pages, or endpoint_err */
    struct err endpoint_err;   /* Why they could not be had; code 0: none */
};

bool resolve_is_known(const struct resolve_query *q)
{
    return q->private_ip != NULL && q->endpoint_id != NULL &&
           q->endpoint_dns_name != NULL;
}

int resolve_known(struct resolution *r, const struct resolve_query *q)
{
    *r = (struct resolution){
        .address = mem_strdup(q->private_ip),
        .endpoint_id = mem_strdup(q->endpoint_id),
        .dns_name = mem_strdup(q->endpoint_dns_name),
    };
    if (r->address == NULL || r->endpoint_id == NULL || r->dns_name == NULL) {
        resolution_clear(r);
        return UV_ENOMEM;
    }
    return 0;
}

void resolution_clear(struct resolution *r)
{
    mem_free(r->address);
    mem_free(r->endpoint_id);
    mem_free(r->dns_name);
    ec2_instance_clear(&r->instance);
    ec2_endpoint_clear(&r->endpoint);
    *r = (struct resolution){0};
}

/* Stop asking. */
static void resolve_stop(struct resolve *r)
{
    op_close(r->instance_op);
    r->instance_op = NULL;
    op_close(r->endpoint_op);
    r->endpoint_op = NULL;
}

/* Report the end, once. */
static void resolve_done(struct resolve *r, const struct err *err)
{
    struct err e; /* @err may live in an operation that ends here. */
    resolve_cb cb = r->cb;

    if (err != NULL) {
        e = *err;
    }
    r->cb = NULL;
    resolve_stop(r);
    if (err != NULL) {
        cb(r->data, NULL, &e); /* Last: the owner may have closed @r. */
        return;
    }
    cb(r->data, &r->result, NULL);
}

/* Take the endpoint @p and its name into the result. */
static int take_endpoint(struct resolve *r, struct ec2_endpoint *p,
                         struct err *e)
{
    const char *name;
    int rv;

    rv = endpoint_name(p, settings_use_fips(r->api->settings), &name, e);
    if (rv != 0) {
        return rv;
    }
    r->result.endpoint_id = mem_strdup(p->endpoint_id);
    r->result.dns_name = mem_strdup(name);
    if (r->result.endpoint_id == NULL || r->result.dns_name == NULL) {
        return err_set_uv(e, UV_ENOMEM, "endpoint");
    }
    r->result.endpoint = *p;
    r->result.has_endpoint = true;
    *p = (struct ec2_endpoint){0};
    return 0;
}

/* Go on if what is known is enough. */
static void resolve_step(struct resolve *r)
{
    struct ec2_endpoint *p = NULL;
    struct err e = {0};
    int rv = 0;

    if (r->result.address == NULL) {
        return; /* The instance is still being looked up. */
    }
    if (r->want_endpoint) {
        if (r->endpoint_err.code != 0) {
            resolve_done(r, &r->endpoint_err);
            return;
        }
        rv = endpoint_choose(&r->seen, r->endpoints_done, r->endpoint_id,
                             &r->result.instance, &p, &e);
        if (rv == 0 && p == NULL) {
            return; /* More pages are to come. */
        }
        if (rv == 0) {
            rv = take_endpoint(r, p, &e);
        }
    }
    resolve_done(r, rv != 0 ? &e : NULL);
}

/* Take the first instance of the answer, and its address. */
static int take_instance(struct resolve *r, const struct response *resp,
                         struct err *e)
{
    struct ec2_instances page;
    const struct ec2_instance *i = &r->result.instance;
    const char *address;
    int rv;

    rv = ec2_instances_parse(&page, resp->body, resp->body_len, e);
    if (rv != 0) {
        return rv;
    }
    if (page.n_items == 0) {
        ec2_instances_clear(&page);
        err_set(e, ERR_NOT_FOUND, "EC2 knows no instance %s", r->instance_id);
        err_hint(e, "check the id, the region (%s) and the account",
                 r->api->region);
        return ERR_NOT_FOUND;
    }
    r->result.instance = page.items[0];
    r->result.has_instance = true;
    page.items[0] = (struct ec2_instance){0};
    ec2_instances_clear(&page);

    address = i->private_ip != NULL ? i->private_ip : i->ipv6_address;
    if (address == NULL) {
        err_set(e, ERR_USAGE,
                "Unable to find any IP address on the instance to connect to.");
        if (i->state != NULL && strcmp(i->state, "running") != 0) {
            err_hint(e, "the instance is %s", i->state);
        }
        return ERR_USAGE;
    }
    r->result.address = mem_strdup(address);
    return r->result.address != NULL ? 0 : err_set_uv(e, UV_ENOMEM, "address");
}

/* DescribeInstances is over. */
static void on_instance(void *data, const struct response *resp,
                        const struct err *err)
{
    struct resolve *r = data;
    struct err e;

    if (err != NULL || take_instance(r, resp, &e) != 0) {
        resolve_done(r, err != NULL ? err : &e);
        return;
    }
    op_close(r->instance_op);
    r->instance_op = NULL;
    resolve_step(r);
}

/* Append the endpoints of @page, which is emptied. */
static int keep_page(struct resolve *r, struct ec2_endpoints *page,
                     struct err *e)
{
    size_t n = r->seen.n_items + page->n_items;
    void *items = r->seen.items;
    int rv;

    if (n > MAX_ENDPOINTS) {
        return err_set(e, ERR_TOO_BIG, "more than %d endpoints in %s",
                       MAX_ENDPOINTS, r->api->region);
    }
    rv = ec2_page_items(&items, &r->seen.n_items, page->items, &page->n_items,
                        sizeof *page->items);
    r->seen.items = items;
    if (rv != 0) {
        return err_set_uv(e, rv, "endpoints");
    }
    return ec2_page_token(&r->seen.next_token, &page->next_token,
                          ec2_describe_endpoints.name, e);
}

static int ask_endpoints(struct resolve *r, struct err *e);

/* Read a page and ask for the next one, if there is one. */
static int take_page(struct resolve *r, const struct response *resp,
                     struct err *e)
{
    struct ec2_endpoints page;
    int rv;

    rv = ec2_endpoints_parse(&page, resp->body, resp->body_len, e);
    if (rv != 0) {
        return rv;
    }
    rv = keep_page(r, &page, e);
    ec2_endpoints_clear(&page);
    if (rv != 0) {
        return rv;
    }
    r->endpoints_done = r->seen.next_token == NULL;
    op_close(r->endpoint_op);
    r->endpoint_op = NULL;
    return r->endpoints_done ? 0 : ask_endpoints(r, e);
}

/* DescribeInstanceConnectEndpoints has given a page, or failed. */
static void on_endpoints(void *data, const struct response *resp,
                         const struct err *err)
{
    struct resolve *r = data;
    struct err e;

    if (err != NULL || take_page(r, resp, &e) != 0) {
        r->endpoint_err = err != NULL ? *err : e;
        r->endpoints_done = true;
        op_close(r->endpoint_op);
        r->endpoint_op = NULL;
    }
    resolve_step(r);
}

static int ask_instance(struct resolve *r, struct err *e)
{
    const char *id = r->instance_id;
    const struct ec2_query q = {.ids = &id, .n_ids = 1};
    struct buf body;
    int rv;

    buf_init(&body, BODY_MAX);
    ec2_describe_body(&body, &ec2_describe_instances, &q);
    rv = op_start(&r->instance_op, r->api, &ec2_describe_instances, &body,
                  on_instance, r, e);
    buf_free(&body);
    return rv;
}

/* Ask for the next page of the region's endpoints, or for the one named. */
static int ask_endpoints(struct resolve *r, struct err *e)
{
    const struct ec2_filter usable = {
        .name = "state",
        .values = ec2_usable_states,
        .n_values = EC2_N_USABLE_STATES,
    };
    const char *id = r->endpoint_id;
    const struct ec2_query q = {
        .ids = &id,
        .n_ids = id != NULL ? 1 : 0,
        .filters = &usable,
        .n_filters = 1,
        .next_token = r->seen.next_token,
    };
    struct buf body;
    int rv;

    buf_init(&body, BODY_MAX);
    ec2_describe_body(&body, &ec2_describe_endpoints, &q);
    rv = op_start(&r->endpoint_op, r->api, &ec2_describe_endpoints, &body,
                  on_endpoints, r, e);
    buf_free(&body);
    return rv;
}

/* Copy what is asked, and what need not be. */
static bool take_query(struct resolve *r, const struct resolve_query *q)
{
    if (q->private_ip != NULL) {
        r->result.address = mem_strdup(q->private_ip);
    } else {
        r->instance_id = mem_strdup(q->instance_id);
    }
    if (r->result.address == NULL && r->instance_id == NULL) {
        return false;
    }
    if (q->endpoint_dns_name != NULL) {
        r->result.endpoint_id = mem_strdup(q->endpoint_id);
        r->result.dns_name = mem_strdup(q->endpoint_dns_name);
        return r->result.endpoint_id != NULL && r->result.dns_name != NULL;
    }
    r->want_endpoint = true;
    if (q->endpoint_id != NULL) {
        r->endpoint_id = mem_strdup(q->endpoint_id);
        return r->endpoint_id != NULL;
    }
    return true;
}

int resolve_start(struct resolve **out, struct api *api,
                  const struct resolve_query *q, resolve_cb cb, void *data,
                  struct err *e)
{
    struct resolve *r;
    int rv = 0;

    assert(!resolve_is_known(q));
    *out = NULL;
    r = mem_zalloc(sizeof *r);
    if (r == NULL) {
        return err_set_uv(e, UV_ENOMEM, "target");
    }
    r->api = api;
    r->cb = cb;
    r->data = data;
    if (!take_query(r, q)) {
        rv = err_set_uv(e, UV_ENOMEM, "target");
    }
    if (rv == 0 && r->instance_id != NULL) {
        rv = ask_instance(r, e);
    }
    if (rv == 0 && r->want_endpoint) {
        rv = ask_endpoints(r, e);
    }
    if (rv != 0) {
        resolve_close(r);
        return rv;
    }
    *out = r;
    return 0;
}

void resolve_close(struct resolve *r)
{
    if (r == NULL) {
        return;
    }
    resolve_stop(r);
    resolution_clear(&r->result);
    ec2_endpoints_clear(&r->seen);
    mem_free(r->instance_id);
    mem_free(r->endpoint_id);
    mem_free(r);
}
