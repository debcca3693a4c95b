/* SPDX-License-Identifier: Apache-2.0 */
/* fault_plan.c - what shall go wrong with an endpoint's tunnels, and when. */
#include "fault_plan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "buf.h"
#include "err.h"
#include "fault_read.h"
#include "mem.h"

/* A plan in the table. */
struct fault_entry {
    struct fault_entry *next;
    char *endpoint;
    struct fault_plan *plan;
};

struct fault_table {
    struct fault_entry *first;
};

/* ---- plans ---- */

void fault_plan_free(struct fault_plan *plan)
{
    if (plan == NULL || --plan->refs > 0) {
        return;
    }
    for (size_t i = 0; i < plan->n; i++) {
        mem_free(plan->steps[i].name);
        mem_free(plan->steps[i].data);
        mem_free(plan->steps[i].headers);
    }
    mem_free(plan);
}

struct fault_table *fault_table_new(void)
{
    return mem_zalloc(sizeof(struct fault_table));
}

/* Take the entry at *@at out. */
static void remove_entry(struct fault_entry **at)
{
    struct fault_entry *entry = *at;

    *at = entry->next;
    fault_plan_free(entry->plan);
    mem_free(entry->endpoint);
    mem_free(entry);
}

void fault_table_clear(struct fault_table *t)
{
    while (t->first != NULL) {
        remove_entry(&t->first);
    }
}

void fault_table_free(struct fault_table *t)
{
    if (t != NULL) {
        fault_table_clear(t);
        mem_free(t);
    }
}

bool fault_table_empty(const struct fault_table *t)
{
    return t->first == NULL;
}

/* Where the entry of @endpoint is, or would be. */
static struct fault_entry **find_entry(struct fault_table *t,
                                       const char *endpoint)
{
    struct fault_entry **at = &t->first;

    while (*at != NULL && strcmp((*at)->endpoint, endpoint) != 0) {
        at = &(*at)->next;
    }
    return at;
}

int fault_table_set(struct fault_table *t, const char *endpoint, json_t *list,
                    const char *path, struct err *e)
{
    struct fault_plan *plan = NULL;
    struct fault_entry *entry, **at;
    int rv = fault_read_plan(&plan, list, strcmp(endpoint, "*") == 0, path, e);

    if (rv != 0) {
        return rv;
    }
    at = find_entry(t, endpoint);
    if (*at != NULL) {
        remove_entry(at);
    }
    if (plan == NULL) {
        return 0;
    }
    entry = mem_zalloc(sizeof *entry);
    if (entry != NULL) {
        entry->endpoint = mem_strdup(endpoint);
    }
    if (entry == NULL || entry->endpoint == NULL) {
        mem_free(entry);
        fault_plan_free(plan);
        return err_set_uv(e, UV_ENOMEM, path);
    }
    entry->plan = plan;
    entry->next = t->first;
    t->first = entry;
    return 0;
}

/* ---- runs ---- */

void fault_run_join(struct fault_run *run, struct fault_table *t,
                    const char *endpoint)
{
    struct fault_entry *entry = *find_entry(t, endpoint);

    if (entry == NULL) {
        return;
    }
    for (size_t i = 0; i < FAULT_MAX_PLANS; i++) {
        if (run->plans[i] == entry->plan) {
            return;
        }
        if (run->plans[i] == NULL) {
            run->plans[i] = entry->plan;
            run->done[i] = 0;
            entry->plan->refs++;
            return;
        }
    }
}

void fault_run_leave(struct fault_run *run)
{
    for (size_t i = 0; i < FAULT_MAX_PLANS; i++) {
        fault_plan_free(run->plans[i]);
        run->plans[i] = NULL;
    }
}

/* Whether step @j of plan @i is still to come at @stage. */
static bool is_ahead(const struct fault_run *run, size_t i, size_t j,
                     enum fault_stage stage)
{
    const struct fault_step *s = &run->plans[i]->steps[j];

    return s->at == stage && (run->done[i] & (1u << j)) == 0 &&
           (s->times == 0 || s->used < s->times);
}

const struct fault_step *fault_run_next(struct fault_run *run,
                                        enum fault_stage stage, uint64_t bytes,
                                        bool between)
{
    for (size_t i = 0; i < FAULT_MAX_PLANS && run->plans[i] != NULL; i++) {
        for (size_t j = 0; j < run->plans[i]->n; j++) {
            struct fault_step *s = &run->plans[i]->steps[j];

            if (is_ahead(run, i, j, stage) && s->after <= bytes &&
                (between || s->act < FAULT_FRAMES)) {
                run->done[i] |= 1u << j;
                s->used++;
                return s;
            }
        }
    }
    return NULL;
}

uint64_t fault_run_distance(const struct fault_run *run, enum fault_stage stage,
                            uint64_t bytes)
{
    uint64_t least = UINT64_MAX;

    for (size_t i = 0; i < FAULT_MAX_PLANS && run->plans[i] != NULL; i++) {
        for (size_t j = 0; j < run->plans[i]->n; j++) {
            uint64_t after = run->plans[i]->steps[j].after;

            /* What is overdue waits for the end of a frame. */
            if (is_ahead(run, i, j, stage) && after > bytes &&
                after - bytes < least) {
                least = after - bytes;
            }
        }
    }
    return least;
}

/* ---- bytes ---- */

/* A whole frame with a short payload. */
static void add_frame(struct buf *out, int first, const void *data, size_t len)
{
    assert(len < 126);
    buf_addc(out, (char)first);
    buf_addc(out, (char)len);
    buf_add(out, data, len);
}

/* CLOSE with code and reason, with bytes of the plan's choice, or with none. */
static void add_close(struct buf *out, const struct fault_step *step)
{
    char payload[125];
    size_t len = 0;

    if (step->code >= 0) {
        payload[0] = (char)(step->code >> 8);
        payload[1] = (char)step->code;
        len = 2;
    }
    memcpy(payload + len, step->data, step->data_len);
    add_frame(out, 0x88, payload, len + step->data_len);
}

void fault_step_bytes(const struct fault_step *step, struct buf *out)
{
    static const char zeros[126];

    switch (step->act) {
    case FAULT_SEND:
        buf_add(out, step->data, step->data_len);
        break;
    case FAULT_TEXT:
        add_frame(out, 0x81, step->data, step->data_len);
        break;
    case FAULT_PING:
        for (int64_t i = 0; i < step->count; i++) {
            add_frame(out, 0x89, "ping", 4);
        }
        break;
    case FAULT_MASKED:
        buf_add(out, "\x82\x85\x00\x00\x00\x00hello", 11);
        break;
    case FAULT_RESERVED_BIT:
        add_frame(out, 0xc2, "hello", 5);
        break;
    case FAULT_RESERVED_OPCODE:
        add_frame(out, 0x83, "hello", 5);
        break;
    case FAULT_ORPHAN:
        add_frame(out, 0x80, "hello", 5);
        break;
    case FAULT_LONG_PING:
        buf_add(out, "\x89\x7e\x00\x7e", 4);
        buf_add(out, zeros, sizeof zeros);
        break;
    case FAULT_HUGE:
        buf_add(out, "\x82\x7f\x40\x00\x00\x00\x00\x00\x00\x00", 10);
        break;
    case FAULT_CLOSE:
        add_close(out, step);
        break;
    default:
        break; /* No bytes of its own. */
    }
}
