/* SPDX-License-Identifier: Apache-2.0 */
/* push.h - a key on its way to an instance, while other things go on. */
#ifndef PUSH_H
#define PUSH_H

#include <eice/eice.h>

struct program;
struct push;

/* The service knows the key, or @error says why not.  Once, from the loop;
 * never after push_close(). */
typedef void (*push_cb)(void *data, const struct eice_error *error);

/* Owned by the caller, zeroed. */
struct push {
    /* private */
    struct program *p;
    struct eice_op *op; /* While it is under way */
    push_cb cb;
    void *data;
};

/* Begin.  0, or a code with @error; then @cb will not be called. */
int push_start(struct push *push, struct program *p,
               const struct eice_ssh_key *key, push_cb cb, void *data,
               struct eice_error *error);

/* Stop.  Any state, any callback, once or more; what closes is waited for by
 * program_run(). */
void push_close(struct push *push);

#endif /* PUSH_H */
