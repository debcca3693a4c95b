/* SPDX-License-Identifier: Apache-2.0 */
/* call_error.c - the sentence, its particulars, and a hint. */
#include "call_error.h"

#include <stdio.h>
#include <string.h>

#include "api_error.h"
#include "err.h"
#include "request.h"
#include "skew.h"

/* What the user can do about credentials that have run out. */
static void hint_expired(struct err *e, const char *source)
{
    if (strcmp(source, "sso") == 0) {
        err_hint(e, "the credentials have expired: run \"aws sso login\" with "
                    "the same profile");
    } else if (strcmp(source, "login") == 0) {
        err_hint(e, "the credentials have expired: run \"aws login\"");
    } else if (strcmp(source, "env") == 0) {
        err_hint(e, "the credentials in the environment have expired: set new "
                    "ones");
    } else {
        err_hint(e, "the credentials (from %s) have expired: get new ones",
                 source);
    }
}

/* Add what the user can do, where we can tell. */
static void hint(const struct call_error_facts *f,
                 const struct api_error *error, struct err *e)
{
    if (f->creds_source == NULL) {
        return;
    }
    if (api_error_may_be_clock(error->code) && f->saw_skew &&
        skew_matters(f->seen_skew_s)) {
        skew_hint(e, f->seen_skew_s);
    } else if (api_error_is_expiry(error->code)) {
        hint_expired(e, f->creds_source);
    } else if (api_error_is_bad_creds(error->code)) {
        err_hint(e,
                 "AWS does not know the access key (from %s): see that it is "
                 "active, and of the partition that the region lies in",
                 f->creds_source);
    }
}

void call_error_explain(struct err *e, const struct response *resp,
                        const struct call_error_facts *f)
{
    struct api_error error;
    bool tried_again;

    api_error_read(&error, f->protocol, resp);
    tried_again = api_error_verdict(&error, resp->status) != VERDICT_DONE;
    err_set(e, api_error_is_throttle(error.code) ? ERR_THROTTLED : ERR_SERVICE,
            "An error occurred (%s) when calling the %s operation%s: %s",
            error.code, f->operation, tried_again ? f->retries : "",
            error.message);
    e->http_status = resp->status;
    snprintf(e->remote_code, sizeof e->remote_code, "%s", error.code);
    snprintf(e->operation, sizeof e->operation, "%s", f->operation);
    snprintf(e->request_id, sizeof e->request_id, "%s", error.request_id);
    hint(f, &error, e);
}
