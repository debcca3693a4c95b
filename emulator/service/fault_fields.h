/* SPDX-License-Identifier: Apache-2.0 */
/* fault_fields.h - what a step of a fault plan says besides its stage and
 * action. */
#ifndef FAULT_FIELDS_H
#define FAULT_FIELDS_H

#include <jansson.h>

struct err;
struct fault_step;

/* What a step may say besides at, do, after and times; a bit each. */
enum {
    FAULT_HAS_MS = 1 << 0,      /* ms */
    FAULT_HAS_ABRUPT = 1 << 1,  /* abrupt */
    FAULT_HAS_FLAW = 1 << 2,    /* flaw */
    FAULT_HAS_REFUSAL = 1 << 3, /* status, headers, body, truncate */
    FAULT_HAS_BYTES = 1 << 4,   /* text, hex or random */
    FAULT_HAS_NAME = 1 << 5,    /* name */
    FAULT_HAS_VALUE = 1 << 6,   /* value */
    FAULT_HAS_COUNT = 1 << 7,   /* count */
    FAULT_HAS_RATES = 1 << 8,   /* down, up */
    FAULT_HAS_TEXT = 1 << 9,    /* text */
    FAULT_HAS_CLOSE = 1 << 10   /* code and reason, or payload */
};

/* Read into @s, whose at and act are set and the rest zero, what @in says:
 * after, times, and what the bits of @has allow; anything else is refused.  0,
 * or a code with @e saying ".key: reason".  What @s owns is fault_plan_free()'s
 * either way. */
int fault_fields_read(struct fault_step *s, json_t *in, unsigned has,
                      struct err *e);

/* Say ".key: why" in @e.  Returns the code. */
int fault_wrong(struct err *e, const char *key, const char *why);

#endif /* FAULT_FIELDS_H */
