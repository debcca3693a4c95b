/* SPDX-License-Identifier: Apache-2.0 */
/* listen_trial.h - one listener of the public library on a bed of its own. */
#ifndef LISTEN_TRIAL_H
#define LISTEN_TRIAL_H

#include <eice/eice.h>

#include "eice_bed.h"

/* A listener on one IPv4 port, unless the test says otherwise. */
struct trial {
    struct bed bed;
    struct eice_listener *listener;
    const char *address;
    int port; /* Once it listens */
};

/* A bed and no listener yet; what is to be asked for may be changed. */
void trial_init(struct trial *t);

/* Listen; the code, and the error in @error. */
int trial_try(struct trial *t, struct eice_error *error);

/* Listen, and run until the port is announced. */
int trial_listen(struct trial *t);

/* Connect, say @text, hear it again, and leave. */
void trial_serve(struct trial *t, const char *text);

/* Connect, and be closed as the @n-th that was. */
void trial_lose(struct trial *t, unsigned n);

/* Run until @n connections have ended. */
void trial_until_closed(struct trial *t, unsigned n);

/* Run until the endpoint has accepted @n connections, and a bit longer. */
void trial_until_accepted(struct trial *t, unsigned n);

/* Close the listener and wait for that; or close it and free the bed. */
void trial_close(struct trial *t, enum eice_bye bye);
void trial_end(struct trial *t);

#endif /* LISTEN_TRIAL_H */
