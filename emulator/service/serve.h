/* SPDX-License-Identifier: Apache-2.0 */
/* serve.h - being an emulator until a signal ends it. */
#ifndef SERVE_H
#define SERVE_H

struct serve_options;

/* Run; returns the exit code.  Says that it is ready as @o wants it. */
int serve(const struct serve_options *o);

/* Run in the background: returns in the caller's process, once the child is
 * ready and the exports are printed, or has failed.  When an emulator runs in
 * the same state directory already, prints where that one is. */
int serve_in_background(const struct serve_options *o);

#endif /* SERVE_H */
