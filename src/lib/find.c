/* SPDX-License-Identifier: Apache-2.0 */
/* find.c - which instances there are.
 *
 * The happy path: the inventory answers; the answer is put into public words
 * and reported.
 *
 * What can go wrong: a call, in its own words; or no memory for the answer. */
#include <eice/eice.h>

#include <string.h>

#include "ask.h"
#include "buf.h"
#include "context.h"
#include "ec2.h"
#include "ec2_model.h"
#include "err.h"
#include "fault.h"
#include "inventory.h"
#include "mem.h"
#include "op.h"
#include "request.h"
#include "settings.h"

enum { MAX_FILTERS = 64 };

/* Copy one filter of the caller's. */
static bool filter_copy(struct wish_filter *out, const struct eice_filter *in)
{
    size_t i;

    out->name = mem_strdup(in->name);
    out->values = mem_zalloc((in->n_values + 1) * sizeof *out->values);
    if (out->name == NULL || out->values == NULL) {
        return false;
    }
    for (i = 0; i < in->n_values; i++) {
        out->values[i] = mem_strdup(in->values[i]);
        if (out->values[i] == NULL) {
            return false;
        }
        out->n_values++;
    }
    return true;
}

/* Copy what is asked. */
static bool wish_copy(struct wish *out, const struct eice_query *in)
{
    size_t i;

    out->endpoints = in->endpoints;
    out->is_id = in->is_id;
    if (in->word != NULL) {
        out->word = mem_strdup(in->word);
        if (out->word == NULL) {
            return false;
        }
    }
    out->filters = mem_zalloc((in->n_filters + 1) * sizeof *out->filters);
    if (out->filters == NULL) {
        return false;
    }
    for (i = 0; i < in->n_filters; i++) {
        out->n_filters++; /* What is there of it is to be freed. */
        if (!filter_copy(&out->filters[i], &in->filters[i])) {
            return false;
        }
    }
    return true;
}

/* The first usable endpoint in @i's subnet, else in its VPC; -1: none. */
static int endpoint_of(const struct ec2_instance *i,
                       const struct ec2_endpoints *all)
{
    int found = -1;
    size_t k;

    for (k = 0; k < all->n_items; k++) {
        const struct ec2_endpoint *p = &all->items[k];

        if (!ec2_endpoint_usable(p)) {
            continue;
        }
        if (p->subnet_id != NULL && i->subnet_id != NULL &&
            strcmp(p->subnet_id, i->subnet_id) == 0) {
            return (int)k;
        }
        if (found == -1 && p->vpc_id != NULL && i->vpc_id != NULL &&
            strcmp(p->vpc_id, i->vpc_id) == 0) {
            found = (int)k;
        }
    }
    return found;
}

/* Put @i into public words.  @tags has room for its tags. */
static void instance_publish(struct eice_instance *out, struct eice_tag *tags,
                             const struct ec2_instance *i)
{
    size_t k;

    *out = (struct eice_instance){
        .instance_id = i->instance_id,
        .name = ec2_instance_tag(i, "Name"),
        .state = i->state,
        .instance_type = i->instance_type,
        .image_id = i->image_id,
        .key_name = i->key_name,
        .launch_time = i->launch_time,
        .architecture = i->architecture,
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
        .tags = tags,
        .n_tags = i->n_tags,
        .endpoint = -1,
    };
    for (k = 0; k < i->n_tags; k++) {
        tags[k].key = i->tags[k].key != NULL ? i->tags[k].key : "";
        tags[k].value = i->tags[k].value != NULL ? i->tags[k].value : "";
    }
}

static void endpoint_publish(struct eice_endpoint *out,
                             const struct ec2_endpoint *p, bool fips)
{
    *out = (struct eice_endpoint){
        .endpoint_id = p->endpoint_id,
        .state = p->state,
        .dns_name = fips ? p->fips_dns_name : p->dns_name,
        .state_message = p->state_message,
        .vpc_id = p->vpc_id,
        .subnet_id = p->subnet_id,
        .availability_zone = p->availability_zone,
        .ip_address_type = p->ip_address_type,
        .preserve_client_ip = p->preserve_client_ip,
        .usable = ec2_endpoint_usable(p),
    };
}

/* Everything that was found, in public words; lives for one callback. */
struct publication {
    struct eice_instance *instances;
    struct eice_endpoint *endpoints;
    struct eice_tag *tags;
    struct eice_found found;
};

static void publication_clear(struct publication *p)
{
    mem_free(p->instances);
    mem_free(p->endpoints);
    mem_free(p->tags);
}

/* Make it.  False when memory is short. */
static bool publish(struct publication *p, const struct inventory_found *f,
                    bool fips)
{
    size_t n_tags = 0;
    size_t i;

    for (i = 0; i < f->instances.n_items; i++) {
        n_tags += f->instances.items[i].n_tags;
    }
    *p = (struct publication){
        .instances =
            mem_zalloc((f->instances.n_items + 1) * sizeof *p->instances),
        .endpoints =
            mem_zalloc((f->endpoints.n_items + 1) * sizeof *p->endpoints),
        .tags = mem_zalloc((n_tags + 1) * sizeof *p->tags),
    };
    if (p->instances == NULL || p->endpoints == NULL || p->tags == NULL) {
        publication_clear(p);
        return false;
    }
    for (i = 0, n_tags = 0; i < f->instances.n_items; i++) {
        instance_publish(&p->instances[i], p->tags + n_tags,
                         &f->instances.items[i]);
        p->instances[i].endpoint =
            endpoint_of(&f->instances.items[i], &f->endpoints);
        n_tags += f->instances.items[i].n_tags;
    }
    for (i = 0; i < f->endpoints.n_items; i++) {
        endpoint_publish(&p->endpoints[i], &f->endpoints.items[i], fips);
    }
    p->found = (struct eice_found){p->instances, f->instances.n_items,
                                   p->endpoints, f->endpoints.n_items};
    return true;
}

/* The inventory is over. */
static void on_inventory(void *data, const struct inventory_found *found,
                         const struct err *err)
{
    struct eice_op *op = data;
    struct publication p;
    struct err e;

    if (err == NULL &&
        !publish(&p, found, settings_use_fips(op->eice->settings))) {
        err_set_uv(&e, UV_ENOMEM, "instances");
        err = &e;
    }
    if (err != NULL) {
        op->ask->report(op, NULL, err);
        return;
    }
    op->cb.find(op->data, &p.found, NULL);
    publication_clear(&p);
}

static int find_begin(struct eice_op *op, struct err *e)
{
    const struct wish *w = &op->wish;
    struct ec2_filter filters[MAX_FILTERS];
    struct inventory_query q = {
        .word = w->word,
        .is_id = w->is_id,
        .filters = filters,
        .n_filters = w->n_filters,
        .endpoints = w->endpoints,
    };
    size_t i;
    int rv;

    for (i = 0; i < w->n_filters; i++) {
        filters[i] = (struct ec2_filter){
            .name = w->filters[i].name,
            .values = (const char *const *)w->filters[i].values,
            .n_values = w->filters[i].n_values,
        };
    }
    rv = inventory_start(&op->inventory, &op->eice->api, &q, on_inventory, op,
                         e);
    return rv == 0 ? UV_EAGAIN : rv;
}

/* Only ever called with an error. */
static void find_report(struct eice_op *op, const struct response *resp,
                        const struct err *err)
{
    struct eice_error error;

    (void)resp;
    fault_export(&error, err);
    op->cb.find(op->data, NULL, &error);
}

static const struct ask ask_find = {find_report, NULL, find_begin};

int eice_find(struct eice_op **out, struct eice *eice,
              const struct eice_query *query, eice_find_cb cb, void *data,
              struct eice_error *error)
{
    struct eice_query full;
    struct err e = {0};

    *out = NULL;
    if (fault_sized(&full, sizeof full, query, "eice_query", &e) != 0) {
        return fault_export(error, &e);
    }
    if (full.n_filters > MAX_FILTERS) {
        err_set(&e, ERR_USAGE, "more than %d filters", MAX_FILTERS);
        return fault_export(error, &e);
    }
    *out = ask_new(eice, &ask_find, data);
    if (*out == NULL) {
        return fault_nomem(error);
    }
    if (!wish_copy(&(*out)->wish, &full)) {
        eice_op_close(*out, NULL, NULL);
        *out = NULL;
        return fault_nomem(error);
    }
    (*out)->cb.find = cb;
    return fault_export(error, &e);
}
