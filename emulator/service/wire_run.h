/* SPDX-License-Identifier: Apache-2.0 */
/* wire_run.h - a run of bytes with room behind it.
 *
 * Zeroed at first; the owner shortens it by its len and mem_free()s data at the
 * end.  Its memory never shrinks, so that a wire soon stops allocating. */
#ifndef WIRE_RUN_H
#define WIRE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire_run {
    uint8_t *data;
    size_t len, cap;
};

/* Append @len bytes.  False when memory is short; then nothing has changed. */
bool wire_run_add(struct wire_run *r, const void *data, size_t len);

#endif /* WIRE_RUN_H */
