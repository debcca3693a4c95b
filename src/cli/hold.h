/* SPDX-License-Identifier: Apache-2.0 */
/* hold.h - let the signals that mean "end" wait while something is half done
 * that must not be left so. */
#ifndef HOLD_H
#define HOLD_H

#include <signal.h>

/* What the process blocks now, for the other functions and for children. */
void hold_mask(sigset_t *mask);

/* From here on SIGINT, SIGTERM, SIGHUP and SIGQUIT wait. */
void hold_begin(void);

/* They are let in again; those that came meanwhile come now. */
void hold_end(const sigset_t *mask);

/* One that waits and that nobody ignores, or 0. */
int hold_pending(void);

#endif /* HOLD_H */
