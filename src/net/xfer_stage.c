/* SPDX-License-Identifier: Apache-2.0 */
/* xfer_stage.c - telling from libcurl's numbers how far a transfer came. */
#include "xfer_stage.h"

#include <string.h>
#include <strings.h>

#include "xfer.h"

/* Whether the moment @what (a ..._TIME_T) was reached. */
static bool reached(const struct xfer *x, CURLINFO what)
{
    curl_off_t us = 0;

    curl_easy_getinfo(x->easy, what, &us);
    return us > 0;
}

bool xfer_is_tls_proxy(const char *proxy)
{
    return proxy != NULL && strncasecmp(proxy, "https://", 8) == 0;
}

/* Whether the other side is a proxy that has not yet led us on. */
static bool before_proxy(const struct xfer *x, bool tls)
{
    unsigned n_tls_proxy = xfer_is_tls_proxy(x->proxy) ? 1 : 0;
    long status = 0;
    bool tunnelled = x->proxy != NULL && (tls || x->kind == XFER_TUNNEL);

    curl_easy_getinfo(x->easy, CURLINFO_HTTP_CONNECTCODE, &status);
    return tunnelled && x->n_tls <= n_tls_proxy && status / 100 != 2;
}

enum xfer_stage xfer_stage(const struct xfer *x, CURLcode code)
{
    bool tls = strncmp(x->shown, "https:", 6) == 0;
    bool connected = x->connected || x->n_tls > 0 || code == CURLE_RECV_ERROR ||
                     code == CURLE_SEND_ERROR || code == CURLE_GOT_NOTHING;

    if (reached(x, CURLINFO_PRETRANSFER_TIME_T)) {
        return STAGE_ANSWER;
    }
    if (!reached(x, CURLINFO_NAMELOOKUP_TIME_T)) {
        return STAGE_NAME;
    }
    if (!connected) {
        return STAGE_TCP;
    }
    if (before_proxy(x, tls)) {
        return STAGE_PROXY;
    }
    return tls ? STAGE_TLS : STAGE_ANSWER;
}
