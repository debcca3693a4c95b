/* SPDX-License-Identifier: Apache-2.0 */
/* op.c - credentials, then a signed call.
 *
 * The happy path: the chain gives credentials, the call is signed with them
 * and answered.
 *
 * What can go wrong: there are no credentials; the call fails after its own
 * retries; or the service does not take the credentials.  Then they are
 * rejected and, if the chain has others, the call is made once more; if it has
 * none the service's refusal is what is reported. */
#include "op.h"

#include <assert.h>
#include <string.h>
#include <uv.h>

#include "buf.h"
#include "chain.h"
#include "creds.h"
#include "err.h"
#include "log.h"
#include "mem.h"
#include "wipe.h"

struct op {
    struct api *api;
    const struct operation *kind;
    struct endpoint endpoint;
    char *body; /* Wiped at the end */
    size_t body_len;
    struct chain_wait *wait; /* While the chain is asked */
    struct creds *creds;     /* Who signs; NULL: nobody */
    struct call *call;       /* While, and after, the call runs */
    struct err refusal;      /* Of the first credentials; code 0: none */
    op_done_cb done;         /* Cleared when it has fired */
    void *data;
};

/* Report the end, once. */
static void op_done(struct op *op, const struct response *resp,
                    const struct err *err)
{
    op_done_cb done = op->done;

    op->done = NULL;
    done(op->data, resp, err); /* Last: the owner may have closed @op. */
}

/* Whether the chain gave the same keys again. */
static bool same_creds(const struct creds *a, const struct creds *b)
{
    return a == b || (strcmp(a->access_key_id, b->access_key_id) == 0 &&
                      strcmp(a->secret_access_key, b->secret_access_key) == 0 &&
                      a->expires_at == b->expires_at);
}

static void on_creds(void *data, struct creds *creds, const struct err *err);

/* Ask the chain. */
static int op_ask(struct op *op)
{
    op->wait = chain_get(op->api->chain, on_creds, op);
    return op->wait != NULL ? 0 : UV_ENOMEM;
}

/* The call is over. */
static void on_call(struct call *call, const struct response *resp,
                    const struct err *err)
{
    struct op *op = call_data(call);

    if (err == NULL || op->creds == NULL || op->refusal.code != 0 ||
        !call_creds_refused(err)) {
        op_done(op, resp, err);
        return;
    }
    log_info(op->api->log, API, 0, "%s: credentials refused, asking for others",
             op->kind->name);
    op->refusal = *err;
    call_close(op->call);
    op->call = NULL;
    chain_reject(op->api->chain, op->creds);
    if (op_ask(op) != 0) {
        op_done(op, NULL, &op->refusal);
    }
}

/* Make the call with the credentials at hand. */
static int op_call(struct op *op)
{
    const struct call_config cfg = {
        .settings = op->api->settings,
        .log = op->api->log,
        .endpoint = &op->endpoint,
        .creds = op->creds,
        .protocol = op->kind->protocol,
        .operation = op->kind->name,
        .target = op->kind->target,
        .body = op->body,
        .body_len = op->body_len,
        .clock_skew_s = &op->api->clock_skew_s,
    };

    op->call = call_new(op->api->net, &cfg, op);
    if (op->call == NULL) {
        return UV_ENOMEM;
    }
    call_start(op->call, on_call);
    return 0;
}

/* The chain has answered. */
static void on_creds(void *data, struct creds *creds, const struct err *err)
{
    struct op *op = data;
    struct err e;

    op->wait = NULL;
    if (op->refusal.code != 0 &&
        (err != NULL || same_creds(op->creds, creds))) {
        op_done(op, NULL, &op->refusal);
        return;
    }
    if (err != NULL) {
        op_done(op, NULL, err);
        return;
    }
    creds_unref(op->creds);
    op->creds = creds_ref(creds);
    if (op_call(op) != 0) {
        err_set_uv(&e, UV_ENOMEM, op->kind->name);
        op_done(op, NULL, &e);
    }
}

int op_start(struct op **out, struct api *api, const struct operation *kind,
             const struct buf *body, op_done_cb done, void *data, struct err *e)
{
    struct op *op;
    int rv;

    *out = NULL;
    op = mem_zalloc(sizeof *op);
    if (op == NULL) {
        return err_set_uv(e, UV_ENOMEM, kind->name);
    }
    *op = (struct op){.api = api, .kind = kind, .done = done, .data = data};
    rv = settings_endpoint(api->settings, kind->service, api->region,
                           kind->use_flag, &op->endpoint, e);
    if (rv != 0) {
        op_close(op);
        return rv;
    }
    rv = buf_error(body);
    if (rv == 0) {
        op->body_len = body->len;
        op->body = mem_strndup(buf_str(body), body->len);
        rv = op->body != NULL ? 0 : UV_ENOMEM;
    }
    if (rv == 0) {
        rv = settings_no_sign(api->settings) ? op_call(op) : op_ask(op);
    }
    if (rv != 0) {
        op_close(op);
        return err_set_uv(e, rv, kind->name);
    }
    *out = op;
    return 0;
}

const struct creds *op_creds(const struct op *op)
{
    return op->creds;
}

void op_close(struct op *op)
{
    if (op == NULL) {
        return;
    }
    if (op->wait != NULL) {
        chain_cancel(op->wait);
    }
    if (op->call != NULL) {
        call_close(op->call);
    }
    creds_unref(op->creds);
    if (op->body != NULL) {
        wipe(op->body, op->body_len);
        mem_free(op->body);
    }
    mem_free(op);
}
