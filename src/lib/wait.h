/* SPDX-License-Identifier: Apache-2.0 */
/* wait.h - many who wait for one answer. */
#ifndef WAIT_H
#define WAIT_H

struct err;
struct wait;

/* The answer is there, or @err.  Once; not after wait_cancel(). */
typedef void (*wait_cb)(struct wait *w, const struct err *err);

/* Embedded by whoever waits; zeroed when not waiting. */
struct wait {
    void *data;         /* For the waiter */
    wait_cb cb;         /* NULL when not waiting */
    struct waiters *on; /* Whose list it is in */
    struct wait *next;  /* In that list */
};

/* Embedded by whoever is waited for; zeroed to begin with. */
struct waiters {
    struct wait *first;  /* Oldest first */
    struct wait *waking; /* Those being told now */
};

/* Wait for @ws. */
void wait_add(struct waiters *ws, struct wait *w, wait_cb cb);

/* Stop waiting; fine when not waiting. */
void wait_cancel(struct wait *w);

/* Tell everybody who waits now.  A waiter may cancel others, or wait again for
 * the next answer. */
void waiters_wake(struct waiters *ws, const struct err *err);

#endif /* WAIT_H */
