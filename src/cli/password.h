/* SPDX-License-Identifier: Apache-2.0 */
/* password.h - the administrator's password of a Windows instance: asked for,
 * waited for, decrypted. */
#ifndef PASSWORD_H
#define PASSWORD_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include <eice/eice.h>

#include "buf.h"

struct program;
struct rsa_key;

/* The end: @error is NULL when the result is there, which may be that there is
 * no password yet.  Once, from the loop. */
typedef void (*password_cb)(void *data, const struct eice_error *error);

/* Owned by the caller, zeroed; what it ends with is wiped by
 * password_clear(). */
struct password {
    struct program *p;
    const char *instance_id;
    const struct rsa_key *key; /* NULL: leave it encrypted */
    bool wait;                 /* Until there is one */
    /* The result */
    char instance[64];
    char timestamp[48]; /* As the service wrote it */
    struct buf data;    /* As it was sent; wiped too */
    struct buf text;    /* Decrypted, if there is a key and a password */
    bool ready;         /* There is one */
    /* private */
    struct eice_op *op;
    uv_timer_t timer; /* Until it is asked again */
    bool has_timer;
    uint64_t since_ms; /* When it was first asked */
    uint64_t told_ms;  /* When something was said about waiting */
    uint64_t pause_ms; /* Before it is asked again */
    password_cb cb;
    void *cb_data;
};

/* Begin; fields up to "wait" are set.  0, or a code with @error. */
int password_start(struct password *w, password_cb cb, void *data,
                   struct eice_error *error);

/* Stop.  Any state, any callback, once or more; what closes is waited for by
 * program_run(). */
void password_close(struct password *w);

/* After program_run(): wipe and free what it holds. */
void password_clear(struct password *w);

/* Fill @error for a password that is not there yet. */
int password_missing(const struct password *w, struct eice_error *error);

#endif /* PASSWORD_H */
