/* SPDX-License-Identifier: Apache-2.0 */
/* ops.c - one question, one answer: resolve, whoami, push a key.
 *
 * The happy path: the first turn of the loop sees to the region, then begins
 * the kind's own work; its answer is read and reported.
 *
 * What can go wrong: the region, the credentials or the call, each with its
 * own words, which are passed on; or an answer that cannot be read. */
#include <eice/eice.h>

#include <assert.h>
#include <string.h>

#include "buf.h"
#include "context.h"
#include "err.h"
#include "fault.h"
#include "instance_connect.h"
#include "mem.h"
#include "op.h"
#include "request.h"
#include "route.h"
#include "sts.h"

enum { BODY_MAX = 64 << 10 };

/* What tells one kind of question from another. */
struct ask {
    /* Begin, the region being known.  UV_EAGAIN: under way; 0: the answer is
     * there; else a code with @e. */
    int (*begin)(struct eice_op *op, struct err *e);
    /* Read the answer (@resp is NULL if begin() made no call) and report it,
     * or @err. */
    void (*report)(struct eice_op *op, const struct response *resp,
                   const struct err *err);
};

struct eice_op {
    struct eice *eice;
    const struct ask *ask;
    uv_timer_t timer;   /* Begins the work; keeps the close asynchronous */
    struct wait wait;   /* For the region, or for the route */
    struct route route; /* eice_resolve() only; eice NULL otherwise */
    struct op *call;    /* The others: while it runs */
    struct buf body;    /* What they send */
    union {
        eice_resolve_cb resolve;
        eice_whoami_cb whoami;
        eice_send_ssh_key_cb send_ssh_key;
    } cb;
    void *data;
    bool closing;
    eice_close_cb close_cb;
    void *close_data;
};

/* Report @code, or that nothing went wrong here. */
static void op_report(struct eice_op *op, int code, const struct err *e)
{
    op->ask->report(op, NULL, code != 0 ? e : NULL);
}

/* The region is known, or cannot be. */
static void on_ready(struct wait *w, const struct err *err)
{
    struct eice_op *op = w->data;
    struct err e;
    int rv;

    if (err != NULL) {
        op->ask->report(op, NULL, err);
        return;
    }
    rv = op->ask->begin(op, &e);
    if (rv != UV_EAGAIN) {
        op_report(op, rv, &e);
    }
}

/* First turn of the loop. */
static void on_begin(uv_timer_t *timer)
{
    struct eice_op *op = timer->data;
    struct err e;
    int rv;

    rv = context_ready(op->eice, &op->wait, on_ready, &e);
    if (rv == 0) {
        rv = op->ask->begin(op, &e);
    }
    if (rv != UV_EAGAIN) {
        op_report(op, rv, &e);
    }
}

/* A call has been answered. */
static void on_call(void *data, const struct response *resp,
                    const struct err *err)
{
    struct eice_op *op = data;

    op->ask->report(op, resp, err);
}

/* A question of the kind @ask, which begins in the loop's next turn; NULL when
 * memory is short. */
static struct eice_op *op_new(struct eice *eice, const struct ask *ask,
                              void *data)
{
    struct eice_op *op;
    int rv;

    op = mem_zalloc(sizeof *op);
    if (op == NULL) {
        return NULL;
    }
    op->eice = eice;
    op->ask = ask;
    op->data = data;
    op->wait.data = op;
    buf_init(&op->body, BODY_MAX);
    rv = uv_timer_init(eice->loop, &op->timer);
    assert(rv == 0);
    op->timer.data = op;
    rv = uv_timer_start(&op->timer, on_begin, 0, 0);
    assert(rv == 0);
    context_hold(eice);
    return op;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct eice_op *op = handle->data;
    struct eice *eice = op->eice;
    eice_close_cb cb = op->close_cb;
    void *data = op->close_data;

    if (op->route.eice != NULL) {
        route_clear(&op->route);
    }
    buf_wipe(&op->body);
    mem_free(op);
    context_release(eice);
    if (cb != NULL) {
        cb(data);
    }
}

void eice_op_close(struct eice_op *op, eice_close_cb cb, void *data)
{
    assert(!op->closing);
    op->closing = true;
    op->close_cb = cb;
    op->close_data = data;
    wait_cancel(&op->wait);
    op_close(op->call);
    op->call = NULL;
    uv_close((uv_handle_t *)&op->timer, on_timer_closed);
}

/* ---- resolve ---------------------------------------------------------- */

static void on_route(struct wait *w, const struct err *err)
{
    struct eice_op *op = w->data;

    op->ask->report(op, NULL, err);
}

static int resolve_begin(struct eice_op *op, struct err *e)
{
    return route_get(&op->route, &op->wait, on_route, e);
}

static void resolve_report(struct eice_op *op, const struct response *resp,
                           const struct err *err)
{
    struct eice_resolved result;
    struct eice_error error;

    (void)resp;
    if (err != NULL) {
        fault_export(&error, err);
        op->cb.resolve(op->data, NULL, &error);
        return;
    }
    facts_publish(op->route.facts, &result);
    op->cb.resolve(op->data, &result, NULL);
}

static const struct ask ask_resolve = {resolve_begin, resolve_report};

int eice_resolve(struct eice_op **out, struct eice *eice,
                 const struct eice_target *target, eice_resolve_cb cb,
                 void *data, struct eice_error *error)
{
    struct target own;
    struct err e = {0};

    *out = NULL;
    if (target_init(&own, target, &e) != 0) {
        return fault_export(error, &e);
    }
    *out = op_new(eice, &ask_resolve, data);
    if (*out == NULL) {
        target_clear(&own);
        return fault_nomem(error);
    }
    route_init(&(*out)->route, eice, &own, 0);
    (*out)->cb.resolve = cb;
    return fault_export(error, &e);
}

/* ---- whoami ----------------------------------------------------------- */

static int whoami_begin(struct eice_op *op, struct err *e)
{
    int rv;

    rv = op_start(&op->call, &op->eice->api, &sts_get_caller_identity,
                  &op->body, on_call, op, e);
    return rv == 0 ? UV_EAGAIN : rv;
}

static void whoami_report(struct eice_op *op, const struct response *resp,
                          const struct err *err)
{
    struct sts_identity identity = {0};
    struct eice_identity result;
    struct eice_error error;
    struct err e;

    if (err == NULL &&
        sts_identity_parse(&identity, resp->body, resp->body_len, &e) != 0) {
        err = &e;
    }
    if (err != NULL) {
        fault_export(&error, err);
        op->cb.whoami(op->data, NULL, &error);
        return;
    }
    result = (struct eice_identity){
        .account = identity.account,
        .arn = identity.arn,
        .user_id = identity.user_id,
    };
    op->cb.whoami(op->data, &result, NULL);
    sts_identity_clear(&identity);
}

static const struct ask ask_whoami = {whoami_begin, whoami_report};

int eice_whoami(struct eice_op **out, struct eice *eice, eice_whoami_cb cb,
                void *data, struct eice_error *error)
{
    struct err none = {0};

    *out = op_new(eice, &ask_whoami, data);
    if (*out == NULL) {
        return fault_nomem(error);
    }
    sts_identity_body(&(*out)->body);
    (*out)->cb.whoami = cb;
    return fault_export(error, &none);
}

/* ---- push a key ------------------------------------------------------- */

static int send_ssh_key_begin(struct eice_op *op, struct err *e)
{
    int rv;

    rv = op_start(&op->call, &op->eice->api, &instance_connect_send_ssh_key,
                  &op->body, on_call, op, e);
    return rv == 0 ? UV_EAGAIN : rv;
}

static void send_ssh_key_report(struct eice_op *op, const struct response *resp,
                                const struct err *err)
{
    struct ssh_key_pushed pushed = {0};
    struct eice_error error;
    struct err e;

    if (err == NULL &&
        ssh_key_pushed_parse(&pushed, resp->body, resp->body_len, &e) != 0) {
        err = &e;
    }
    if (err != NULL) {
        fault_export(&error, err);
        op->cb.send_ssh_key(op->data, error.request_id, false, &error);
        return;
    }
    op->cb.send_ssh_key(op->data, pushed.request_id, pushed.success, NULL);
}

static const struct ask ask_send_ssh_key = {send_ssh_key_begin,
                                            send_ssh_key_report};

/* What the API's model says before anything is sent. */
static int check_key(const struct eice_ssh_key *key, struct err *e)
{
    enum { SHORTEST_KEY = 80 };
    struct eice_error bad;

    if (key->instance_id == NULL || key->os_user == NULL ||
        key->os_user[0] == '\0' || key->public_key == NULL) {
        return err_set(e, ERR_USAGE,
                       "Specify an instance id, an OS user and a public key.");
    }
    if (eice_check_instance_id(key->instance_id, &bad) != 0) {
        return err_set(e, ERR_USAGE, "%s", bad.message);
    }
    if (strlen(key->public_key) < SHORTEST_KEY) {
        return err_set(e, ERR_USAGE,
                       "Parameter validation failed: Invalid length for "
                       "parameter SSHPublicKey, value: %zu, valid min length: "
                       "%d",
                       strlen(key->public_key), SHORTEST_KEY);
    }
    return 0;
}

int eice_send_ssh_key(struct eice_op **out, struct eice *eice,
                      const struct eice_ssh_key *key, eice_send_ssh_key_cb cb,
                      void *data, struct eice_error *error)
{
    struct eice_ssh_key full;
    struct ssh_key_push push;
    struct err e = {0};

    *out = NULL;
    if (fault_sized(&full, sizeof full, key, "eice_ssh_key", &e) != 0 ||
        check_key(&full, &e) != 0) {
        return fault_export(error, &e);
    }
    *out = op_new(eice, &ask_send_ssh_key, data);
    if (*out == NULL) {
        return fault_nomem(error);
    }
    push = (struct ssh_key_push){
        .instance_id = full.instance_id,
        .os_user = full.os_user,
        .public_key = full.public_key,
        .availability_zone = full.availability_zone,
    };
    ssh_key_push_body(&(*out)->body, &push);
    (*out)->cb.send_ssh_key = cb;
    return fault_export(error, &e);
}
