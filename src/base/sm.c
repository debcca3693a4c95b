/* SPDX-License-Identifier: Apache-2.0 */
/* sm.c - the one place where a state changes. */
#include "sm.h"

#include <assert.h>

void sm_init(struct sm *sm, const struct sm_table *table, const struct log *log,
             unsigned id)
{
    *sm = (struct sm){.table = table, .log = log, .id = id};
}

void sm_move(struct sm *sm, unsigned state)
{
    const struct sm_table *t = sm->table;

    assert(state < t->count);
    assert((t->next[sm->state] & SM_BIT(state)) != 0);
    log_write(sm->log, t->group, LOG_L_DEBUG, sm->id, "%s: %s -> %s", t->object,
              t->names[sm->state], t->names[state]);
    sm->state = state;
}

const char *sm_name(const struct sm *sm)
{
    return sm->table->names[sm->state];
}
