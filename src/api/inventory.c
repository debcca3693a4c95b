/* SPDX-License-Identifier: Apache-2.0 */
/* inventory.c - DescribeInstances, page by page, place by place, and
 * DescribeInstanceConnectEndpoints at the same time.
 *
 * The happy path: pages of instances are read until there are no more; a word
 * that matches nothing in one place is looked for in the next; both answers
 * are in and are reported together.
 *
 * What can go wrong: a call fails, or a page's token comes twice, or there is
 * more than anybody can have; the first failure is the one reported. */
#include "inventory.h"

#include <uv.h>

#include "buf.h"
#include "ec2_page.h"
#include "err.h"
#include "find_words.h"
#include "mem.h"
#include "op.h"
#include "request.h"

enum {
    BODY_MAX = 64 << 10,
    MAX_ITEMS = 100000 /* Of one kind in one region */
};

struct inventory {
    struct api *api;
    inventory_cb cb; /* Cleared when it has fired */
    void *data;
    struct find_plan plan; /* n is 0 when there is no word */
    size_t place;          /* Of the plan */
    struct buf filters;    /* As they are sent */
    size_t n_filters;
    struct op *instance_op; /* While it runs */
    struct op *endpoint_op; /* While it runs */
    struct inventory_found found;
};

/* Report the end, once. */
static void inventory_done(struct inventory *v, const struct err *err)
{
    struct err e; /* @err may live in an operation that ends here. */
    inventory_cb cb = v->cb;

    if (err != NULL) {
        e = *err;
    }
    v->cb = NULL;
    op_close(v->instance_op);
    v->instance_op = NULL;
    op_close(v->endpoint_op);
    v->endpoint_op = NULL;
    /* Last: the owner may close @v. */
    cb(v->data, err != NULL ? NULL : &v->found, err != NULL ? &e : NULL);
}

/* Report the end if nothing runs any more. */
static void inventory_settle(struct inventory *v)
{
    if (v->instance_op == NULL && v->endpoint_op == NULL) {
        inventory_done(v, NULL);
    }
}

/* Move the *@n items of @size of a page behind the *@n_to at *@to. */
static int move_items(void **to, size_t *n_to, const void *from, size_t *n,
                      size_t size, struct err *e)
{
    int rv;

    if (*n > 0 && *n_to + *n > MAX_ITEMS) {
        return err_set(e, ERR_TOO_BIG, "more than %d items", MAX_ITEMS);
    }
    rv = ec2_page_items(to, n_to, from, n, size);
    return rv == 0 ? 0 : err_set_uv(e, rv, "the list");
}

/* Begin one call; @body is freed. */
static int ask(struct inventory *v, struct op **op,
               const struct operation *kind, struct buf *body, op_done_cb done,
               struct err *e)
{
    int rv = op_start(op, v->api, kind, body, done, v, e);

    buf_free(body);
    return rv;
}

static void on_instances(void *data, const struct response *resp,
                         const struct err *err);

/* Ask for a page of instances. */
static int ask_instances(struct inventory *v, struct err *e)
{
    const char *value = v->plan.value;
    const struct ec2_query q = {
        .ids = &value,
        .n_ids = v->plan.is_id ? 1 : 0,
        .next_token = v->found.instances.next_token,
    };
    struct ec2_filter f = {.values = &value, .n_values = 1};
    struct buf body;

    buf_init(&body, BODY_MAX);
    ec2_describe_body(&body, &ec2_describe_instances, &q);
    if (v->filters.len > 0) {
        buf_addc(&body, '&');
        buf_add(&body, v->filters.data, v->filters.len);
    }
    if (v->plan.n > 0 && !v->plan.is_id) {
        f.name = v->plan.filters[v->place];
        ec2_filter_body(&body, v->n_filters + 1, &f);
    }
    return ask(v, &v->instance_op, &ec2_describe_instances, &body, on_instances,
               e);
}

/* Keep a page of instances, and ask for more if there is more to ask. */
static int take_instances(struct inventory *v, const struct response *resp,
                          struct err *e)
{
    struct ec2_instances *all = &v->found.instances;
    struct ec2_instances page;
    void *items = all->items;
    int rv;

    rv = ec2_instances_parse(&page, resp->body, resp->body_len, e);
    if (rv != 0) {
        return rv;
    }
    rv = move_items(&items, &all->n_items, page.items, &page.n_items,
                    sizeof *page.items, e);
    all->items = items;
    if (rv == 0) {
        rv = ec2_page_token(&all->next_token, &page.next_token,
                            ec2_describe_instances.name, e);
    }
    ec2_instances_clear(&page);
    op_close(v->instance_op);
    v->instance_op = NULL;
    if (rv != 0) {
        return rv;
    }
    if (all->next_token == NULL &&
        (all->n_items > 0 || v->place + 1 >= v->plan.n)) {
        return 0;
    }
    v->place += all->next_token == NULL;
    return ask_instances(v, e);
}

static void on_instances(void *data, const struct response *resp,
                         const struct err *err)
{
    struct inventory *v = data;
    struct err e;

    if (err == NULL && take_instances(v, resp, &e) != 0) {
        err = &e;
    }
    if (err != NULL) {
        inventory_done(v, err);
        return;
    }
    inventory_settle(v);
}

static void on_endpoints(void *data, const struct response *resp,
                         const struct err *err);

/* Ask for a page of endpoints. */
static int ask_endpoints(struct inventory *v, struct err *e)
{
    const struct ec2_query q = {.next_token = v->found.endpoints.next_token};
    struct buf body;

    buf_init(&body, BODY_MAX);
    ec2_describe_body(&body, &ec2_describe_endpoints, &q);
    return ask(v, &v->endpoint_op, &ec2_describe_endpoints, &body, on_endpoints,
               e);
}

/* Keep a page of endpoints, and ask for the next one. */
static int take_endpoints(struct inventory *v, const struct response *resp,
                          struct err *e)
{
    struct ec2_endpoints *all = &v->found.endpoints;
    struct ec2_endpoints page;
    void *items = all->items;
    int rv;

    rv = ec2_endpoints_parse(&page, resp->body, resp->body_len, e);
    if (rv != 0) {
        return rv;
    }
    rv = move_items(&items, &all->n_items, page.items, &page.n_items,
                    sizeof *page.items, e);
    all->items = items;
    if (rv == 0) {
        rv = ec2_page_token(&all->next_token, &page.next_token,
                            ec2_describe_endpoints.name, e);
    }
    ec2_endpoints_clear(&page);
    op_close(v->endpoint_op);
    v->endpoint_op = NULL;
    return rv == 0 && all->next_token != NULL ? ask_endpoints(v, e) : rv;
}

static void on_endpoints(void *data, const struct response *resp,
                         const struct err *err)
{
    struct inventory *v = data;
    struct err e;

    if (err == NULL && take_endpoints(v, resp, &e) != 0) {
        err = &e;
    }
    if (err != NULL) {
        inventory_done(v, err);
        return;
    }
    inventory_settle(v);
}

/* Copy what is asked. */
static int take_query(struct inventory *v, const struct inventory_query *q,
                      struct err *e)
{
    size_t i;

    if (q->word != NULL && !find_plan(&v->plan, q->word)) {
        return err_set(e, ERR_USAGE,
                       "'%s' cannot name an instance: give an instance id, a "
                       "Name tag, an address or a DNS name",
                       q->word);
    }
    if (q->word != NULL && q->is_id) {
        find_plan_id(&v->plan, q->word);
    }
    for (i = 0; i < q->n_filters; i++) {
        ec2_filter_body(&v->filters, i + 1, &q->filters[i]);
    }
    v->n_filters = q->n_filters;
    return buf_error(&v->filters) == 0
               ? 0
               : err_set(e, buf_error(&v->filters), "too many filters");
}

int inventory_start(struct inventory **out, struct api *api,
                    const struct inventory_query *q, inventory_cb cb,
                    void *data, struct err *e)
{
    struct inventory *v;
    int rv;

    *out = NULL;
    v = mem_zalloc(sizeof *v);
    if (v == NULL) {
        return err_set_uv(e, UV_ENOMEM, "instances");
    }
    v->api = api;
    v->cb = cb;
    v->data = data;
    buf_init(&v->filters, BODY_MAX);
    rv = take_query(v, q, e);
    if (rv == 0) {
        rv = ask_instances(v, e);
    }
    if (rv == 0 && q->endpoints) {
        rv = ask_endpoints(v, e);
    }
    if (rv != 0) {
        inventory_close(v);
        return rv;
    }
    *out = v;
    return 0;
}

void inventory_close(struct inventory *v)
{
    if (v == NULL) {
        return;
    }
    op_close(v->instance_op);
    op_close(v->endpoint_op);
    ec2_instances_clear(&v->found.instances);
    ec2_endpoints_clear(&v->found.endpoints);
    buf_free(&v->filters);
    mem_free(v);
}
