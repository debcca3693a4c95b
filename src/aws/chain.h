/* SPDX-License-Identifier: Apache-2.0 */
/* chain.h - where credentials come from: the providers in the CLI's order,
 * refreshed on demand, one refresh at a time however many are waiting. */
#ifndef CHAIN_H
#define CHAIN_H

#include <uv.h>

#include "err.h"

struct chain;
struct creds;
struct log;
struct net;
struct settings;
struct chain_wait;

/* Credentials (borrowed: creds_ref() to keep them), or why there are none.
 * Once, never from inside chain_get(); not at all after chain_cancel(). */
typedef void (*chain_cb)(void *data, struct creds *creds,
                         const struct err *err);
typedef void (*chain_close_cb)(void *data);

/* A chain for the selected profile of @settings.  NULL: out of memory. */
struct chain *chain_new(uv_loop_t *loop, struct net *net, const struct log *log,
                        const struct settings *settings);

/* Ask for credentials that are good now.  The returned wait belongs to the
 * chain; it is over after @cb or chain_cancel().  NULL: out of memory. */
struct chain_wait *chain_get(struct chain *chain, chain_cb cb, void *data);

/* Stop waiting. */
void chain_cancel(struct chain_wait *wait);

/* The service said that the credentials are not valid: do not hand out this
 * set again if another can be had. */
void chain_reject(struct chain *chain, const struct creds *creds);

/* Cancel what runs, free the chain, then call @cb. */
void chain_close(struct chain *chain, chain_close_cb cb, void *data);

#endif /* CHAIN_H */
