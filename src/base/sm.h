/* SPDX-License-Identifier: Apache-2.0 */
/* sm.h - a state that only moves along an allowed arrow, and says so.
 *
 * An object with more than two phases keeps a struct sm.  Its .c draws the
 * machine, gives each state a name, and gives each state the set of states
 * that may follow it as a bit mask of SM_BIT()s. */
#ifndef SM_H
#define SM_H

#include "log.h"

#define SM_BIT(state) (1u << (unsigned)(state))

/* What a machine may do; one const table per kind of object. */
struct sm_table {
    const char *object;       /* "tunnel": the first word of its log lines */
    enum log_group group;     /* Where changes are logged, at debug */
    const char *const *names; /* One per state */
    const unsigned *next;     /* One mask of SM_BIT()s per state */
    unsigned count;           /* How many states */
};

/* One machine; only sm.c changes its state. */
struct sm {
    const struct sm_table *table;
    const struct log *log;
    unsigned id;    /* The object's small id, for the log */
    unsigned state; /* Now */
};

/* Begin in state 0. */
void sm_init(struct sm *sm, const struct sm_table *table, const struct log *log,
             unsigned id);

/* Move to @state.  Asserts that the table allows it and logs the move as
 * "tunnel: tls -> upgrade". */
void sm_move(struct sm *sm, unsigned state);

/* The name of the present state; a static string. */
const char *sm_name(const struct sm *sm);

#endif /* SM_H */
