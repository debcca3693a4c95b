/* SPDX-License-Identifier: Apache-2.0 */
/* fault.h - between the errors inside and the ones a caller sees, and the
 * reading of structs whose size a caller states. */
#ifndef FAULT_H
#define FAULT_H

#include <stddef.h>

struct eice_error;
struct err;

/* Copy @e to the public @out (which may be NULL) and return its code. */
int fault_export(struct eice_error *out, const struct err *e);

/* Fill @out as "no memory" and return UV_ENOMEM. */
int fault_nomem(struct eice_error *out);

/* Copy the struct @in, which begins with its size as its caller knows it, over
 * the zeroed @full_size bytes at @full.  A size of 0, or one larger than ours
 * with something set that we do not know, is ERR_USAGE naming @what.  @in NULL
 * is all defaults. */
int fault_sized(void *full, size_t full_size, const void *in, const char *what,
                struct err *e);

#endif /* FAULT_H */
