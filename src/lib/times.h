/* SPDX-License-Identifier: Apache-2.0 */
/* times.h - when each connection of a listener came, and when its tunnel
 * stood. */
#ifndef TIMES_H
#define TIMES_H

#include <stdint.h>

struct eice_stats;
struct listener_event;

/* Zeroed is empty; the fields belong to times.c. */
struct times {
    struct times_one *first; /* Of the connections being served */
};

/* Bring up to date what is known of the connection of @event, which happens
 * @now (in ms), and fill @stats with it; a closed one is forgotten.  Without
 * memory its times are simply not known. */
void times_note(struct times *t, const struct listener_event *event,
                uint64_t now, struct eice_stats *stats);

/* Forget and free all. */
void times_clear(struct times *t);

#endif /* TIMES_H */
