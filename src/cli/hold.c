/* SPDX-License-Identifier: Apache-2.0 */
/* hold.c - four signals, blocked and counted. */
#include "hold.h"

#include <stddef.h>

static const int held[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

enum { N_HELD = sizeof held / sizeof held[0] };

void hold_mask(sigset_t *mask)
{
    sigemptyset(mask);
    sigprocmask(SIG_BLOCK, NULL, mask);
}

void hold_begin(void)
{
    sigset_t set;
    size_t i;

    sigemptyset(&set);
    for (i = 0; i < N_HELD; i++) {
        sigaddset(&set, held[i]);
    }
    sigprocmask(SIG_BLOCK, &set, NULL);
}

void hold_end(const sigset_t *mask)
{
    sigprocmask(SIG_SETMASK, mask, NULL);
}

int hold_pending(void)
{
    struct sigaction action;
    sigset_t set;
    size_t i;

    sigemptyset(&set);
    sigpending(&set);
    for (i = 0; i < N_HELD; i++) {
        /* Linux keeps a blocked signal even when it is ignored. */
        if (sigismember(&set, held[i]) == 1 &&
            sigaction(held[i], NULL, &action) == 0 &&
            action.sa_handler != SIG_IGN) {
            return held[i];
        }
    }
    return 0;
}
