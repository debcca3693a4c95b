/* SPDX-License-Identifier: Apache-2.0 */
/* ask.h - what all questions to the library (struct eice_op) have in common. */
#ifndef ASK_H
#define ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include <eice/eice.h>

#include "buf.h"
#include "route.h"
#include "wait.h"

struct err;
struct inventory;
struct op;
struct operation;
struct response;

/* What tells one kind of question from another. */
struct ask {
    /* Read the answer (@resp is NULL if begin() made no call) and report it,
     * or @err. */
    void (*report)(struct eice_op *op, const struct response *resp,
                   const struct err *err);
    /* The one call it takes, the body being made already; else NULL, and
     * begin() is there. */
    const struct operation *kind;
    /* Begin, the region being known.  UV_EAGAIN: under way; 0: the answer is
     * there; else a code with @e. */
    int (*begin)(struct eice_op *op, struct err *e);
};

/* A copy of one filter. */
struct wish_filter {
    char *name;
    char **values;
    size_t n_values;
};

/* What eice_find() was asked, until it is asked. */
struct wish {
    char *word;
    struct wish_filter *filters;
    size_t n_filters;
    bool endpoints;
    bool is_id;
};

struct eice_op {
    struct eice *eice;
    const struct ask *ask;
    uv_timer_t timer;            /* Begins the work; keeps the close
                                    asynchronous */
    struct wait wait;            /* For the region, or for the route */
    struct route route;          /* eice_resolve() only; eice NULL otherwise */
    struct wish wish;            /* eice_find() only */
    struct inventory *inventory; /* The same, while it runs */
    struct op *call;             /* The others: while it runs */
    struct buf body;             /* What they send */
    bool use_endpoint_url;       /* eice_send_ssh_key() only */
    union {
        eice_resolve_cb resolve;
        eice_whoami_cb whoami;
        eice_send_ssh_key_cb send_ssh_key;
        eice_find_cb find;
        eice_text_cb text;
        eice_password_cb password;
    } cb;
    void *data;
    bool closing;
    eice_close_cb close_cb;
    void *close_data;
};

/* A question of the kind @ask, which begins in the loop's next turn; NULL when
 * memory is short. */
struct eice_op *ask_new(struct eice *eice, const struct ask *ask, void *data);

/* For op_start(): a call has been answered. */
void ask_on_call(void *data, const struct response *resp,
                 const struct err *err);

#endif /* ASK_H */
