/* SPDX-License-Identifier: Apache-2.0 */
/* times.c - a list of what is being served, which is short. */
#include "times.h"

#include <stddef.h>

#include <eice/eice.h>

#include "listener.h"
#include "mem.h"

struct times_one {
    unsigned k; /* The connection */
    uint64_t accepted_at;
    uint64_t opened_at; /* 0: not yet */
    struct times_one *next;
};

/* The place of connection @k, or NULL. */
static struct times_one **times_find(struct times *t, unsigned k)
{
    struct times_one **at;

    for (at = &t->first; *at != NULL; at = &(*at)->next) {
        if ((*at)->k == k) {
            return at;
        }
    }
    return NULL;
}

/* Note that @k came. */
static void times_add(struct times *t, unsigned k, uint64_t now)
{
    struct times_one *one = mem_zalloc(sizeof *one);

    if (one != NULL) {
        one->k = k;
        one->accepted_at = now;
        one->next = t->first;
        t->first = one;
    }
}

void times_note(struct times *t, const struct listener_event *event,
                uint64_t now, struct eice_stats *stats)
{
    struct times_one **at, *one;

    *stats = (struct eice_stats){0};
    if (event->stats != NULL) {
        stats->bytes_up = event->stats->bytes_up;
        stats->bytes_down = event->stats->bytes_down;
    }
    if (event->type == LISTENER_ACCEPTED) {
        times_add(t, event->k, now);
    }
    at = times_find(t, event->k);
    if (at == NULL) {
        return;
    }
    one = *at;
    if (event->type == LISTENER_OPENED) {
        one->opened_at = now;
    }
    stats->open_ms =
        one->opened_at != 0 ? one->opened_at - one->accepted_at : 0;
    stats->total_ms = now - one->accepted_at;
    if (event->type == LISTENER_CLOSED) {
        *at = one->next;
        mem_free(one);
    }
}

void times_clear(struct times *t)
{
    struct times_one *one;

    while (t->first != NULL) {
        one = t->first;
        t->first = one->next;
        mem_free(one);
    }
}
