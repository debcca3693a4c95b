/* SPDX-License-Identifier: Apache-2.0 */
/* fault_head.h - the head of a 101, changed as a step of a plan says. */
#ifndef FAULT_HEAD_H
#define FAULT_HEAD_H

#include <stdbool.h>

struct buf;
struct fault_step;

/* Do @step to @head, a whole head with its empty line.  False: @step is none
 * of those for a head (a wrong Sec-WebSocket-Accept, a header more or less,
 * the head cut short), and nothing was done.  After a cut the caller sends
 * nothing more behind the head.  Short memory shows as buf_error(). */
bool fault_head_change(struct buf *head, const struct fault_step *step);

#endif /* FAULT_HEAD_H */
