/* SPDX-License-Identifier: Apache-2.0 */
/* provider.c - asking and answering, the same for every kind. */
#include "provider.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "creds.h"
#include "log.h"

void provider_hold(struct provider_ctx *ctx)
{
    ctx->n_open++;
}

void provider_release(struct provider_ctx *ctx)
{
    assert(ctx->n_open > 0);
    if (--ctx->n_open == 0) {
        ctx->idle_cb(ctx); /* Last: the chain may be freed now. */
    }
}

int64_t provider_now(void)
{
    return (int64_t)time(NULL);
}

void provider_fetch(struct provider *p, const struct provider_need *need,
                    provider_cb cb, void *data)
{
    assert(p->cb == NULL);
    p->need = *need;
    p->cb = cb;
    p->data = data;
    log_debug(p->ctx->log, CREDS, 0, "looking for credentials via: %s",
              p->ops->name);
    p->ops->fetch(p);
}

void provider_stop(struct provider *p)
{
    if (p != NULL && p->cb != NULL) {
        p->cb = NULL;
        p->ops->stop(p);
    }
}

void provider_free(struct provider *p)
{
    if (p != NULL) {
        provider_stop(p);
        p->ops->free(p);
    }
}

/* Answer, once. */
static void answer(struct provider *p, enum provider_answer what,
                   struct creds *creds, const struct err *err)
{
    provider_cb cb = p->cb;

    assert(cb != NULL);
    p->cb = NULL;
    cb(p, what, creds, err);
}

void provider_good(struct provider *p, struct creds *creds)
{
    log_debug(p->ctx->log, CREDS, 0, "%s: found credentials", p->ops->name);
    answer(p, PROVIDER_GOOD, creds, NULL);
}

void provider_pass(struct provider *p, const char *fmt, ...)
{
    char why[256];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    log_debug(p->ctx->log, CREDS, 0, "%s: passed over: %s", p->ops->name, why);
    answer(p, PROVIDER_PASS, NULL, NULL);
}

void provider_bad(struct provider *p, const struct err *err)
{
    log_debug(p->ctx->log, CREDS, 0, "%s: failed: %s", p->ops->name, err->msg);
    answer(p, PROVIDER_BAD, NULL, err);
}

void provider_fail(struct provider *p, const char *fmt, ...)
{
    struct err e;
    va_list ap;

    va_start(ap, fmt);
    err_vset(&e, ERR_CREDENTIALS, fmt, ap);
    va_end(ap);
    provider_bad(p, &e);
}

void provider_keys(struct provider *p, const char *access_key_id,
                   const char *secret, const char *token,
                   const char *account_id, int64_t expires_at)
{
    struct creds *creds = creds_new(p->ops->name, access_key_id, secret, token,
                                    account_id, expires_at);
    struct err e;

    if (creds == NULL) {
        err_set_uv(&e, UV_ENOMEM, p->ops->name);
        provider_bad(p, &e);
        return;
    }
    provider_good(p, creds);
}
