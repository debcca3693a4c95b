/* SPDX-License-Identifier: Apache-2.0 */
/* clipboard.h - which program puts a text on the clipboard.  Pure but for a
 * look along PATH. */
#ifndef CLIPBOARD_H
#define CLIPBOARD_H

struct argv;
struct err;
struct rdp_place;

/* Append the command that takes the text from its standard input.  0, or a
 * code with @e: there is none. */
int clipboard_command(struct argv *out, const struct rdp_place *place,
                      struct err *e);

#endif /* CLIPBOARD_H */
