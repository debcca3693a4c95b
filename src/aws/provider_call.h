/* SPDX-License-Identifier: Apache-2.0 */
/* provider_call.h - an API call that a provider makes: in the region of the
 * session (looked up first if need be) or one of its own. */
#ifndef PROVIDER_CALL_H
#define PROVIDER_CALL_H

#include "err.h"
#include "settings.h"

struct buf;
struct call;
struct call_config;
struct provider_ctx;
struct region;
struct response;

enum { PROVIDER_BODY_MAX = 128 * 1024 };

/* Fill the rest of @cfg (endpoint, settings, log and clock are set) for a call
 * to @ep, and append its body to @body, which is checked and wiped for you.
 * What @cfg points to is the provider's and must outlast the callback.  A code
 * and @e end the call. */
typedef int (*provider_dress_cb)(void *data, const struct endpoint *ep,
                                 struct call_config *cfg, struct buf *body,
                                 struct err *e);

/* As call_done_cb.  May come before provider_call_start() returns. */
typedef void (*provider_called_cb)(void *data, const struct response *resp,
                                   const struct err *err);

/* Embedded in a provider; all zero is "not calling". */
struct provider_call {
    struct provider_ctx *ctx;
    enum service service;
    struct region *region; /* While it is looked up */
    struct call *call;     /* While it is under way */
    provider_dress_cb dress;
    provider_called_cb done;
    void *data;
};

/* Call @service in @region (NULL: that of the session).  --endpoint-url does
 * not apply. */
void provider_call_start(struct provider_call *pc, struct provider_ctx *ctx,
                         enum service service, const char *region,
                         provider_dress_cb dress, provider_called_cb done,
                         void *data);

/* Forget it; also what ends a call after its callback.  Any state. */
void provider_call_stop(struct provider_call *pc);

#endif /* PROVIDER_CALL_H */
