/* SPDX-License-Identifier: Apache-2.0 */
/* copier.h - a user of a local, who writes what he reads. */
#ifndef COPIER_H
#define COPIER_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "local.h"
#include "test_loop.h"

enum { CHUNK = 5000 };

/* A user of a local that copies what it reads to where it writes, then shuts
 * down and closes. */
struct copier {
    uv_loop_t loop;
    uv_timer_t guard; /* A hang fails the test */
    uv_idle_t turns;  /* Counts down turns_left, then closes */
    int turns_left;
    struct local *local;
    char chunk[CHUNK];
    size_t total;
    unsigned n_asked; /* How often memory was to be lent */
    int read_end;     /* What ended reading */
    int write_status; /* What the last write() said */
    int lost;         /* What lost_cb said */
    bool sink;        /* Do not write anything back */
    bool stay;        /* Do not close at the end of input */
    bool writing;
    bool closing;
    bool closed;
};

/* A loop and nobody to read from yet. */
void copier_init(struct copier *c);

/* Close the local after some turns, whatever it does. */
void copier_close_in(struct copier *c, int turns);

/* Copy over @local until it is closed; the loop goes, too. */
void copier_run(struct copier *c, struct local *local);

/* All of this, from descriptor @in to @out, which it takes. */
void copier_run_fds(struct copier *c, int in, int out);

/* Instead of running: the loop goes. */
void copier_drop(struct copier *c);

/* The row of a test that must leave no descriptor. */
#define COPIER_TEST(name) cmocka_unit_test_teardown(name, test_fds_check)

#endif /* COPIER_H */
