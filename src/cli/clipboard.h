/* SPDX-License-Identifier: Apache-2.0 */
/* clipboard.h - putting a text on the clipboard of this machine. */
#ifndef CLIPBOARD_H
#define CLIPBOARD_H

#include <uv.h>

#include "guest.h"

struct err;

/* Start as @g the first program there is for it, among those that suit the
 * display, and tell it @text, a secret that only passes through; @cb says how
 * that program ended.  0, or a code with @e: there is none, or it cannot be
 * started. */
int clipboard_put(struct guest *g, uv_loop_t *loop, const char *text,
                  guest_cb cb, struct err *e);

#endif /* CLIPBOARD_H */
