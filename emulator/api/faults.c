/* SPDX-License-Identifier: Apache-2.0 */
/* faults.c - a list of orders, each counting its calls. */
#include "faults.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "err.h"
#include "filter.h"
#include "mem.h"
#include "reader.h"

enum { MAX_FAULTS = 256 };

/* One order; the strings are in doc. */
struct order {
    struct order *next;
    json_t *doc;
    const char *action;
    int64_t skip;
    int64_t times; /* Left; -1: for ever */
    int64_t status;
    int64_t delay_ms;
    const char *code;
    const char *message;
    const char *body;
    const char *fail_transition;
};

struct api_faults {
    struct order *orders;
    size_t n;
};

#define STR(name, member) FIELD_OF_STRING(name, struct order, member)
#define NUM(name, member, least, most)                                         \
    FIELD_OF_INT(name, struct order, member, least, most)

static void order_defaults(void *object)
{
    struct order *o = object;

    o->times = -1;
    o->action = "*";
}

static const struct field order_fields[] = {
    STR("action", action),
    STR("code", code),
    STR("message", message),
    STR("body", body),
    STR("fail_transition", fail_transition),
    NUM("skip", skip, 0, 1000000),
    NUM("times", times, 0, 1000000),
    NUM("status", status, 200, 599),
    NUM("delay_ms", delay_ms, 0, 3600000),
};
static const struct record order_record = {
    .size = sizeof(struct order),
    .fields = order_fields,
    .n_fields = sizeof order_fields / sizeof order_fields[0],
    .defaults = order_defaults,
};

/* Read one order and put it at the end. */
static int add(struct api_faults *f, struct reader *r, json_t *fault)
{
    struct order **link = &f->orders;
    struct order *o;
    int rv;

    if (f->n == MAX_FAULTS) {
        return reader_fail(r, "more than %d faults", MAX_FAULTS);
    }
    o = mem_zalloc(sizeof *o);
    if (o == NULL) {
        return err_set_uv(r->e, UV_ENOMEM, r->file);
    }
    rv = reader_object(r, fault, &order_record, o);
    if (rv != 0) {
        mem_free(o);
        return rv;
    }
    o->doc = json_incref(fault);
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = o;
    f->n++;
    return 0;
}

int faults_new(struct api_faults **out, json_t *list, const char *path,
               struct err *e)
{
    struct api_faults *f = mem_zalloc(sizeof *f);
    struct reader r = {.file = "faults", .e = e};
    size_t i;
    int rv = 0;

    *out = NULL;
    if (f == NULL) {
        return err_set_uv(e, UV_ENOMEM, "faults");
    }
    snprintf(r.path, sizeof r.path, "%s", path);
    if (list != NULL && !json_is_array(list)) {
        rv = reader_fail(&r, "must be an array");
    }
    for (i = 0; i < json_array_size(list) && rv == 0; i++) {
        size_t mark = reader_enter_at(&r, i);

        rv = add(f, &r, json_array_get(list, i));
        if (rv == 0) {
            reader_leave(&r, mark);
        }
    }
    if (rv != 0) {
        faults_free(f);
        return rv;
    }
    *out = f;
    return 0;
}

int faults_add(struct api_faults *f, json_t *fault, struct err *e)
{
    struct reader r = {.file = "fault", .e = e, .path = "$"};

    return add(f, &r, fault);
}

void faults_clear(struct api_faults *f)
{
    while (f->orders != NULL) {
        struct order *next = f->orders->next;

        json_decref(f->orders->doc);
        mem_free(f->orders);
        f->orders = next;
    }
    f->n = 0;
}

void faults_free(struct api_faults *f)
{
    if (f != NULL) {
        faults_clear(f);
        mem_free(f);
    }
}

/* Whether this order is for the call; counts it when it is. */
static bool meets(struct order *o, const char *action)
{
    /* A path is only met by an order for paths, not by "*". */
    if (!filter_glob(o->action, action) ||
        (action[0] == '/' && o->action[0] != '/')) {
        return false;
    }
    if (o->skip > 0) {
        o->skip--;
        return false;
    }
    if (o->times == 0) {
        return false;
    }
    if (o->times > 0) {
        o->times--;
    }
    return true;
}

bool faults_ask(struct api_faults *f, const char *action, struct api_fault *out)
{
    struct order *o;

    *out = (struct api_fault){0};
    for (o = f != NULL ? f->orders : NULL; o != NULL; o = o->next) {
        if (o->fail_transition != NULL || !meets(o, action)) {
            continue;
        }
        out->delay_ms += o->delay_ms;
        if (o->code != NULL || o->body != NULL) {
            out->status = o->status != 0 ? (int)o->status : 400;
            out->code = o->code;
            out->message = o->message != NULL ? o->message : "Fault on order.";
            out->body = o->body;
            return true;
        }
    }
    return out->delay_ms > 0;
}

const char *faults_transition(struct api_faults *f, const char *action)
{
    struct order *o;

    for (o = f != NULL ? f->orders : NULL; o != NULL; o = o->next) {
        if (o->fail_transition != NULL && meets(o, action)) {
            return o->fail_transition;
        }
    }
    return NULL;
}
