/* SPDX-License-Identifier: Apache-2.0 */
/* constraint.h - the checks a JSON service makes on its members, and the
 * sentence it makes of those that fail. */
#ifndef EMU_CONSTRAINT_H
#define EMU_CONSTRAINT_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "call.h"

/* What failed so far. */
struct constraints {
    unsigned n;
    struct buf text;
};

/* What a string member must be. */
struct constraint {
    const char *member; /* "InstanceId" */
    bool required;
    size_t least, most;  /* Length in characters */
    const char *pattern; /* For the sentence, or NULL */
    bool (*fits)(const char *value, size_t len);
};

void constraints_init(struct constraints *cs);

/* Check the string member; its value, or NULL when it is absent or wrong. */
const char *constraints_string(struct constraints *cs, struct api_call *c,
                               const struct constraint *k);

/* Refuse the call with @code when anything failed; false then.  Ends @cs. */
bool constraints_end(struct constraints *cs, struct api_call *c,
                     const char *code);

#endif /* EMU_CONSTRAINT_H */
