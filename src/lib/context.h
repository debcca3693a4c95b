/* SPDX-License-Identifier: Apache-2.0 */
/* context.h - struct eice: settings now, network and credentials when needed.
 *
 * The settings are read by eice_new().  The net and the chain are made by
 * context_need(), which the first piece of work calls. */
#ifndef CONTEXT_H
#define CONTEXT_H

#include <stdbool.h>
#include <uv.h>

#include <eice/eice.h>

#include "chunk.h"
#include "log.h"
#include "op.h"
#include "wait.h"

struct chain;
struct err;
struct net;
struct region;
struct settings;

struct eice {
    uv_loop_t *loop;           /* The caller's */
    struct log log;            /* Given to everything below */
    eice_log_cb log_cb;        /* Where its lines go */
    void *log_data;            /* For log_cb */
    struct settings *settings; /* Flags, environment, profile */
    eice_env_cb env;           /* The caller's environment; NULL: getenv() */
    void *env_data;            /* For env */
    bool use_cache;            /* Of what is learnt about targets */
    char *user_agent;          /* "eice/0.1.0 ..." */
    struct net *net;           /* NULL until needed */
    struct chain *chain;       /* NULL until needed */
    struct api api;            /* What calls need; set with net and chain */
    struct chunk_pool chunks;  /* Memory all tunnels share */
    struct region *lookup;     /* While IMDS is asked for the region */
    char *region;              /* In which we work; NULL: not known yet */
    struct waiters waiters;    /* For the region */
    uv_timer_t timer;          /* Never started; its close callback makes
                                  ours come from the loop */
    unsigned n_handles;        /* Public handles that are not gone yet */
    unsigned n_ids;            /* Ids given to tunnels so far */
    bool closing;              /* eice_close() was called */
    eice_close_cb close_cb;
    void *close_data;
};

/* Make what work on the network needs, unless it is there.  0, or why it
 * cannot be: a bad CA file, no memory. */
int context_need(struct eice *eice, struct err *e);

/* See that eice->region is known, and all that context_need() makes is there.
 * 0: it is and @cb will not fire.  UV_EAGAIN: @cb will tell.  Else a code with
 * @e. */
int context_ready(struct eice *eice, struct wait *w, wait_cb cb, struct err *e);

/* A public handle was made; one is gone.  The last one to go lets a waiting
 * eice_close() go on. */
void context_hold(struct eice *eice);
void context_release(struct eice *eice);

#endif /* CONTEXT_H */
