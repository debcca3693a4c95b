/* SPDX-License-Identifier: Apache-2.0 */
/* tunnel_trial.h - one tunnel of the public library on a bed of its own. */
#ifndef TUNNEL_TRIAL_H
#define TUNNEL_TRIAL_H

#include <eice/eice.h>

#include "eice_bed.h"

/* A tunnel over one end of a pair; the test has the other. */
struct trial {
    struct bed bed;
    struct eice_tunnel *tunnel;
    int fd; /* The test's end; -1: closed */
};

/* A bed and no tunnel yet; what is to be asked for may be changed. */
void trial_init(struct trial *t);

/* Open it over descriptors; the code, and the error in @error.  Or insist that
 * this works. */
int trial_try(struct trial *t, struct eice_error *error);
void trial_open(struct trial *t);

/* Close it and wait for that. */
void trial_close(struct trial *t);

/* Open, wait for the end, show it, close. */
void trial_run_to_end(struct trial *t);

/* The bed goes, too. */
void trial_free(struct trial *t);

#endif /* TUNNEL_TRIAL_H */
