/* SPDX-License-Identifier: Apache-2.0 */
/* ops.c - one question, one answer: resolve, whoami, push a key.
 *
 * The happy path: ask.c begins a question; its answer is read and reported.
 *
 * What can go wrong: the call, in its own words, which are passed on; or an
 * answer that cannot be read. */
#include <eice/eice.h>

#include <string.h>

#include "ask.h"
#include "buf.h"
#include "context.h"
#include "creds.h"
#include "err.h"
#include "fault.h"
#include "instance_connect.h"
#include "op.h"
#include "request.h"
#include "route.h"
#include "settings.h"
#include "sts.h"

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

static const struct ask ask_resolve = {resolve_report, NULL, resolve_begin};

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
    *out = ask_new(eice, &ask_resolve, data);
    if (*out == NULL) {
        target_clear(&own);
        return fault_nomem(error);
    }
    route_init(&(*out)->route, eice, &own, 0);
    (*out)->cb.resolve = cb;
    return fault_export(error, &e);
}

/* ---- whoami ----------------------------------------------------------- */

static void whoami_report(struct eice_op *op, const struct response *resp,
                          const struct err *err)
{
    const struct creds *creds = op->call != NULL ? op_creds(op->call) : NULL;
    const char *configured = settings_region_source(op->eice->settings);
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
        .source = creds != NULL ? creds->source : NULL,
        .expires_at = creds != NULL ? creds->expires_at : 0,
        .region = op->eice->region,
        .region_source = configured != NULL ? configured : "IMDS",
    };
    op->cb.whoami(op->data, &result, NULL);
    sts_identity_clear(&identity);
}

static const struct ask ask_whoami = {whoami_report, &sts_get_caller_identity,
                                      NULL};

int eice_whoami(struct eice_op **out, struct eice *eice, eice_whoami_cb cb,
                void *data, struct eice_error *error)
{
    struct err none = {0};

    *out = ask_new(eice, &ask_whoami, data);
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

    rv = op_start(&op->call, &op->eice->api,
                  op->use_endpoint_url ? &instance_connect_send_ssh_key_there
                                       : &instance_connect_send_ssh_key,
                  &op->body, ask_on_call, op, e);
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

static const struct ask ask_send_ssh_key = {send_ssh_key_report, NULL,
                                            send_ssh_key_begin};

/* What the API's model says before anything is sent; its limits only if they
 * are to be @validated. */
static int check_key(const struct eice_ssh_key *key, bool validated,
                     struct err *e)
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
    if (validated && strlen(key->public_key) < SHORTEST_KEY) {
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
        check_key(&full, settings_validates(eice->settings), &e) != 0) {
        return fault_export(error, &e);
    }
    *out = ask_new(eice, &ask_send_ssh_key, data);
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
    (*out)->use_endpoint_url = full.use_endpoint_url;
    (*out)->cb.send_ssh_key = cb;
    return fault_export(error, &e);
}
